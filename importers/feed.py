"""RSS 0.9x to 2.0, RDF and Atom: items become links, articles or notes.

A feed says less than a blog knows, so some things are decided here. An item with a long
text is an article, another one with a title is a link, and one without a title is a note:
a link's title is its face. ``crosstag import --kind`` says otherwise. Broken feeds are
normal input; what is made of each kind of breakage stands beside the code that does it.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from blog.domain.entry import Draft, Item, Kind, Markup, Rejected
from blog.domain.errors import BadImport
from importers.feed_document import (
    LONGEST_PROLOG,
    FeedDocument,
    FeedItem,
    Prose,
    looks_like_feed,
    read_document,
)
from importers.text import one_line, text_of_html, title_of_html, unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from importers.material import Material

MAX_BYTES: Final = 20_000_000
LONG_TEXT: Final = 800
MAX_TAGS: Final = 100
_LONGEST_URL: Final = 2_000
_URI: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S")
_LONGEST_ID: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_BREAK = re.compile(r"[\t\n\r]")
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_REFERENCE = re.compile(r"""(\s(?:href|src|poster|cite)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)


def detect(material: Material) -> bool:
    """Tell whether it is one file whose root element is that of a feed."""
    names = material.names()
    return len(names) == 1 and looks_like_feed(material.head(names[0], LONGEST_PROLOG))


def count(material: Material) -> int:
    """How many items there seem to be: closing tags, which costs no parsing."""
    data = material.read(material.names()[0])
    return data.count(b"</item>") + data.count(b"</entry>")


def parse(material: Material) -> Iterator[Item]:
    """Yield an entry for each item; the label is the base of last resort if it is an address."""
    data = material.read(material.names()[0])
    return read_feed(data, now=datetime.now(UTC), address=material.label)


def read_feed(data: bytes, *, now: datetime, address: str = "", cap: int = MAX_BYTES) -> Iterator[Item]:
    """Yield an entry for each item of the feed in ``data``, a ``Rejected`` where that fails.

    Raises:
        BadImport: it has more than ``cap`` bytes, or it is no feed at all.
    """
    if len(data) > cap:
        raise BadImport(f"The feed has {len(data):,} bytes, and no more than {cap:,} are read.")
    yield from read_items(read_document(data), now=now, address=address)


def read_items(feed: FeedDocument, *, now: datetime, address: str = "") -> Iterator[Item]:
    """Yield an entry for each item of a feed that was read, a ``Rejected`` where that fails."""
    home = _web_address(feed.link, address) or _web_address(address, "")
    items = feed.items[:-1] if feed.breaks_off else feed.items
    yield from _drafts(feed, items, home, now)
    if feed.breaks_off and feed.items:
        last = _title(feed.items[-1].title) or feed.items[-1].link or "the last item"
        yield Rejected(external_id=last, reason="The feed breaks off in the middle of it.")


def _drafts(feed: FeedDocument, items: Iterable[FeedItem], home: str, now: datetime) -> Iterator[Item]:
    seen: set[str] = set()
    ids = _ids(feed.items, home)
    taken = set(ids)
    for item, external_id in zip(items, ids, strict=False):
        if external_id in seen:
            yield Rejected(external_id=external_id, reason="The feed has another item with the same id.")
            continue
        seen.add(external_id)
        published = next((t for t in (item.published, item.updated, feed.updated) if _is_sane(t, now)), None)
        if published is None:
            yield Rejected(external_id=external_id, reason="Neither it nor the feed has a usable date.")
        else:
            draft = _draft(item, external_id, published, home, now)
            former = _by_other_scheme(external_id)
            yield draft if former in taken else replace(draft, former_id=former)


def _ids(items: Iterable[FeedItem], home: str) -> list[str]:
    """Each item's own id; else its link; else a digest of what it says.

    Some feeds give every item the same id. An id that items with different links share
    names none of them.
    """
    links = defaultdict(set)
    for item in items:
        links[item.id].add(item.link)
    return [
        (_own_id(item.id, home) if item.id and len(links[item.id]) == 1 else "")
        or _web_address(item.link, home)
        or _digest(item)
        for item in items
    ]


def _own_id(item_id: str, home: str) -> str:
    """An id that is a URI names the item everywhere; any other ("17") only within its feed."""
    return (item_id if _URI.match(item_id) or not home else f"{home}#{item_id}")[:_LONGEST_ID]


def _by_other_scheme(external_id: str) -> str:
    """What an item was called before its site moved from http to https, or back; "" if that says nothing.

    Its own ids follow such a move where they are links, or are numbers that the home page makes unique.
    """
    scheme, _, rest = external_id.partition("://")
    other = {"http": "https", "https": "http"}.get(scheme, "")
    return f"{other}://{rest}"[:_LONGEST_ID] if other else ""


def _digest(item: FeedItem) -> str:
    said = f"{item.title.text}\n{item.body.text}".encode()
    return f"sha256:{hashlib.sha256(said).hexdigest()}"


def _is_sane(moment: datetime | None, now: datetime) -> bool:
    # The very first second of 1970 is how programs write "no date".
    return moment is not None and _EPOCH < moment <= now + timedelta(days=1)


def _draft(item: FeedItem, external_id: str, published: datetime, home: str, now: datetime) -> Draft:
    title, url = _title(item.title), _web_address(item.link, home)
    body, markup = _body(item.body, _web_address(item.body.base, home) or home)
    changed = item.updated if item.updated and _is_sane(item.updated, now) else None
    return Draft(
        kind=_kind(title, url, body, markup),
        external_id=external_id,
        published=published,
        updated=changed if changed and changed > published else None,
        title=title,
        body=body,
        markup=markup,
        url=url,
        via_url=_web_address(item.via_url, home),
        via_title=one_line(item.via_title),
        image_url=next(filter(None, (_web_address(image, home) for image in item.images)), ""),
        tags=tuple(dict.fromkeys(filter(None, (one_line(tag, 100) for tag in item.tags))))[:MAX_TAGS],
    )


def _kind(title: str, url: str, body: str, markup: Markup) -> Kind:
    # Fifty thousand characters of markup around less than LONG_TEXT of text is no article.
    text = text_of_html(body[:50_000]) if markup is Markup.HTML else body
    if len(text) > LONG_TEXT:
        return Kind.ARTICLE
    return Kind.LINK if title and url else Kind.NOTE


def _title(title: Prose) -> str:
    return title_of_html(title.text) if title.is_html else one_line(title.text)


def _body(body: Prose, base: str) -> tuple[str, Markup]:
    if "markdown" in body.type:
        return body.text, Markup.MARKDOWN
    if not body.is_html:
        return body.text, Markup.TEXT
    # RSS calls every description HTML. One without a tag is text whose lines mean something.
    if "<" not in body.text:
        return unescape(body.text), Markup.TEXT
    return (_with_absolute_links(body.text, base) if base else body.text), Markup.HTML


def _with_absolute_links(html: str, base: str) -> str:
    def absolute(match: re.Match[str]) -> str:
        mark = "'" if match[2].startswith("'") else '"'
        joined = _joined(base, match[2].strip("\"' \n\t"))
        return f"{match[1]}{mark}{joined.replace(mark, '')}{mark}"

    return _TAG.sub(lambda tag: _REFERENCE.sub(absolute, tag.group()), html)


def _joined(base: str, reference: str) -> str:
    """The reference resolved; anything that has a scheme of its own stays as it is."""
    try:
        if urlsplit(reference).scheme or reference.startswith("#"):
            return reference
        return urljoin(base, reference)
    except ValueError:
        return reference


def _web_address(reference: str, base: str) -> str:
    """The http or https address that is meant, "" where it is anything else."""
    if not reference or len(reference) > _LONGEST_URL:
        return ""
    try:
        # Browsers drop line breaks and tabs from addresses (WHATWG URL, section 4.4).
        url = urljoin(base, _BREAK.sub("", reference.strip()).replace(" ", "%20"))
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        return url if usable else ""
    except ValueError:
        return ""
