"""What a page says that links to an entry: who, what, and whether it is a reply, a like or something else.

Read are microformats (h-entry, with the properties that https://indieweb.org/responses names); of a page
without them its title is known. Nothing of a page is kept as HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag

from blog.changes.mentions import Said
from blog.domain.webmention import LONGEST_URL, links_to, web_address
from blog.pagefacts import decoded, page_facts
from importers.html_tree import Node, read_tree
from importers.microformats import Thing, address_of, entries_in, text_of, time_of
from importers.stamps import read_any_stamp

if TYPE_CHECKING:
    from datetime import datetime

    from blog.fetch import Fetched

_HTML: Final = {"text/html", "application/xhtml+xml"}
_KINDS: Final = {
    "u-in-reply-to": "reply",
    "u-like-of": "like",
    "u-repost-of": "repost",
    "u-bookmark-of": "bookmark",
}
_LONGEST_NAME: Final = 100
_LONGEST_TEXT: Final = 2_000
_JOINERS: Final = "\u200c\u200d"


def read_said(fetched: Fetched, target: str) -> Said | None:
    """Return what a page says, None where it does not link to ``target``, or has an absurd address."""
    kind, _, parameters = fetched.content_type.lower().partition(";")
    # Every reference of the page is joined to its address, which a redirect may have made as long as it likes.
    if kind.strip() not in _HTML or len(fetched.url) > LONGEST_URL:
        return None
    page = decoded(fetched.data, parameters)
    if not links_to(page, fetched.url, target):
        return None
    entry = _entry_about(list(entries_in(read_tree([page]))), fetched.url, target)
    if entry is None:
        title = page_facts(fetched.data, fetched.url, fetched.content_type).title
        return Said(text=_shown(title, _LONGEST_TEXT))
    return _said(Thing(entry), fetched.url, target)


def _entry_about(entries: list[Node], url: str, target: str) -> Node | None:
    """The entry that links to the target; of a page that is a list, it may be any."""
    about = (one for one in entries if links_to(f"{one.source}{one.html()}", url, target))
    return next(about, entries[0] if entries else None)


def _said(thing: Thing, url: str, target: str) -> Said:
    kind = next((kind for name, kind in _KINDS.items() if _is_about(thing, name, url, target)), "mention")
    text = next(filter(None, (thing.first(name, Node.text) for name in ("e-content", "p-content"))), "")
    return Said(
        kind=kind,
        author_name=_shown(thing.first("p-author", text_of), _LONGEST_NAME),
        author_url=_author_url(thing, url),
        text=_shown(text or thing.first("p-summary", text_of) or thing.first("p-name", text_of), _LONGEST_TEXT),
        published=_time(thing),
    )


def _is_about(thing: Thing, name: str, url: str, target: str) -> bool:
    wanted = urldefrag(target).url
    addresses = (web_address(one, url) for one in thing.all(name, address_of))
    return any(one and urldefrag(one).url == wanted for one in addresses)


def _author_url(thing: Thing, url: str) -> str:
    """The address of the author, if there is one: of a card without, its name would be taken for it."""
    return web_address(thing.first("p-author", address_of), url) if thing.first("p-author", _href) else ""


def _href(node: Node) -> str:
    hrefs = (one.attributes.get("href", "") for one in (node, *node.below()))
    return next(filter(None, hrefs), "")


def _time(thing: Thing) -> datetime | None:
    return read_any_stamp(thing.first("dt-published", time_of))


def _shown(text: str, length: int) -> str:
    """One line without control characters, nor those that turn the direction of what follows."""
    kept = (one if one.isprintable() or one in _JOINERS else " " for one in text[: 4 * length])
    line = " ".join("".join(kept).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
