"""What a source's bytes say, made fit to be taken in without anybody looking.

Whoever imports a file has chosen it. What a source sends changes without notice, so less is believed of
it: it gives entries of its own and nothing else, whatever format it is in. It makes no redirects and
renames no tags, it files nothing under other sources or into series, and it does not send more at a time
than a person could look through.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from blog.domain.entry import Draft, Rejected
from blog.domain.errors import BadImport
from blog.domain.schedule import period_in_feed
from blog.domain.urls import web_url
from blog.domain.websub import Hub
from blog.rendering import to_html
from importers import registry
from importers.material import Material
from importers.text import title_of_html, unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

MOST_ITEMS: Final = 1_000
LONGEST_BODY: Final = 500_000
# A body this short is rendered in no time, whatever it is made of.
_HARMLESS_BODY: Final = 20_000
_HEAD: Final = 65_536
_DELETED_ENTRY: Final = re.compile(
    rb"""<(?:[\w-]{1,20}:)?deleted-entry\s(?:[^<>]{0,500}?\s)?ref\s{0,5}=\s{0,5}["']([^"'<>]{1,1000})["']"""
)
_FEEDS: Final = {"feed", "json-feed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRead:
    """What a source says: its items, its name and its page where it gives them, and how long it asks to wait.

    ``format`` is what people call the format. ``is_feed`` tells whether that is one of feeds, which may
    be without items and still be what was looked for. ``hub`` is as it is written in the feed. ``deleted``
    are the ids of what it says itself is deleted (RFC 6721).
    """

    title: str
    home: str
    format: str
    is_feed: bool
    wish: timedelta
    items: tuple[Draft | Rejected, ...]
    hub: Hub
    deleted: tuple[str, ...] = ()

    @property
    def drafts(self) -> list[Draft]:
        """The items that could be read."""
        return [one for one in self.items if isinstance(one, Draft)]


def read_source(data: bytes, url: str) -> FeedRead:
    """Read what ``url`` sent.

    Raises:
        BadImport: it is in no format known here, or nothing of it can be read.
    """
    material = Material.of_bytes(data, url)
    importer = next((one for one in registry.importers() if one.detect(material)), None)
    if importer is None:
        raise BadImport(f"What {url} sent is no feed, but {_kind_of(data)}.")
    head = _head(data)
    return FeedRead(
        title=_title(head),
        home=_home(head, url),
        format=importer.title,
        is_feed=importer.name in _FEEDS,
        wish=period_in_feed(*(_said(head, name) for name in ("ttl", "updatePeriod", "updateFrequency"))),
        items=tuple(_fit(importer.parse(material))),
        hub=_hub(head),
        deleted=tuple(_deleted(data)),
    )


def _fit(items: Iterable[object]) -> Iterator[Draft | Rejected]:
    count = 0
    for item in items:
        if not isinstance(item, Draft | Rejected):
            continue
        count += 1
        if count > MOST_ITEMS:
            reason = f"No more than {MOST_ITEMS:,} items are taken at a time."
            yield Rejected(external_id=item.external_id, reason=reason)
            return
        yield _own(item) if isinstance(item, Draft) else item


def _own(draft: Draft) -> Draft | Rejected:
    """The draft as the source's own entry, unless its body would keep us too long."""
    if len(draft.body) > LONGEST_BODY:
        reason = f"It has more than {LONGEST_BODY:,} characters."
        return Rejected(external_id=draft.external_id, reason=reason)
    if len(draft.body) > _HARMLESS_BODY:
        # Rendered once where that has a time limit, and not for the first time where it has none.
        to_html(draft.body, draft.markup)
    return replace(draft, source="", series="", series_order=None)


def _kind_of(data: bytes) -> str:
    start = data[:1_000].lstrip().lower()
    if not start:
        return "empty"
    if start.startswith((b"<!doctype html", b"<html", b"<head")) or b"<html" in start:
        return "a web page"
    return "something else"


# --- What a feed says of itself, before its first item

_FIRST_ITEM: Final = re.compile(r"<(?:[\w-]{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_CDATA: Final = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ALTERNATE: Final = re.compile(
    r"""<(?:[\w-]{1,20}:)?link\b(?=[^<>]{0,500}\srel\s*=\s*["']alternate["'])[^<>]{0,500}?\shref\s*=\s*["']([^"'<>]{1,2000})"""
)


def _deleted(data: bytes) -> Iterator[str]:
    """The ids of the tombstones in an Atom feed: ``at:deleted-entry``."""
    for found in islice(_DELETED_ENTRY.finditer(data), MOST_ITEMS):
        yield unescape(found[1].decode("utf-8", "replace"))


def _head(data: bytes) -> str:
    """What comes before the first item, as text; all of it where it is JSON."""
    if data[:1_000].lstrip().startswith(b"{"):
        return data.decode("utf-8", "replace")
    declared = _ENCODING.match(data)
    name = declared[1].decode("ascii") if declared else "utf-8"
    try:
        text = data[:_HEAD].decode(codecs.lookup(name).name, "replace")
    except (LookupError, UnicodeError):
        text = data[:_HEAD].decode("utf-8", "replace")
    first = _FIRST_ITEM.search(text)
    return text[: first.start()] if first else text


def _said(head: str, name: str) -> str:
    """The text of the first element of that name; of JSON, the value."""
    if head.lstrip().startswith("{"):
        return _said_in_json(head, name)
    found = re.search(rf"<(?:[\w-]{{1,20}}:)?{name}(?:\s[^<>]{{0,300}})?>", head, re.IGNORECASE)
    if found is None:
        return ""
    text = _CDATA.sub(lambda cdata: cdata[1].replace("<", "&lt;"), head[found.end() : found.end() + 2_000])
    return unescape(text.partition("<")[0]).strip()


def _said_in_json(head: str, name: str) -> str:
    try:
        value = json.loads(head).get(name)
    except (ValueError, RecursionError, AttributeError):
        return ""
    return value if isinstance(value, str) else ""


def _title(head: str) -> str:
    return title_of_html(_said(head, "title"))


def _home(head: str, url: str) -> str:
    """The page that a feed belongs to."""
    alternate = _ALTERNATE.search(head)
    said = unescape(alternate[1]) if alternate else _said(head, "home_page_url") or _said(head, "link")
    try:
        return web_url(urljoin(url, said)) if said else ""
    except ValueError:
        return ""


_LINK: Final = re.compile(r"<(?:[\w-]{1,20}:)?link\b([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""\s(rel|href)\s{0,9}=\s{0,9}(?:"([^"<>]{0,2000})"|'([^'<>]{0,2000})')""")


def _hub(head: str) -> Hub:
    """The first hub that a feed names, and the topic that it is told of there."""
    if head.lstrip().startswith("{"):
        return Hub(_hub_in_json(head), _said_in_json(head, "feed_url"))
    found: dict[str, str] = {}
    for link in _LINK.finditer(head):
        said = {name: unescape(one or other) for name, one, other in _ATTRIBUTE.findall(link[1])}
        for relation in said.get("rel", "").lower().split():
            found.setdefault(relation, said.get("href", ""))
    return Hub(found.get("hub", ""), found.get("self", ""))


def _hub_in_json(head: str) -> str:
    """The address of the first hub of WebSub (JSON Feed 1.1, ``hubs``)."""
    try:
        hubs = json.loads(head).get("hubs")
    except (ValueError, RecursionError, AttributeError):
        return ""
    for hub in hubs if isinstance(hubs, list) else []:
        said = (hub.get("type"), hub.get("url")) if isinstance(hub, dict) else (None, None)
        if isinstance(said[0], str) and isinstance(said[1], str) and said[0].lower() == "websub":
            return said[1]
    return ""
