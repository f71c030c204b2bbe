"""Atom feeds: RFC 4287, with the "via" and "related" links of its section 4.2.7.2.

Archives keep to RFC 5005, section 4; what left a feed is named as RFC 6721 says.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    from blog.syndication.items import Feed, FeedItem

MEDIA_TYPE: Final = "application/atom+xml"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_HISTORY: Final = "http://purl.org/syndication/history/1.0"
_TOMBSTONES: Final = "http://purl.org/atompub/tombstones/1.0"
# XML 1.0, section 2.2: no escaping makes these legal in a document.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# RFC 3987: what no IRI holds unencoded, and addresses that people paste do.
_NOT_IRI: Final = re.compile(r'[\x00-\x20"<>\\^`{|}\x7f]')
# What an empty feed was last updated at (RFC 4287, 4.2.15 wants a date): never.
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_atom(feed: Feed, generator: str) -> bytes:
    """Return the feed as an Atom document in UTF-8."""
    root = Element("feed", {"xmlns": _NAMESPACE, "xml:lang": feed.language})
    if feed.archive_url:
        root.set("xmlns:fh", _HISTORY)
    if feed.deleted:
        root.set("xmlns:at", _TOMBSTONES)
    _text(root, "title", feed.title)
    if feed.subtitle:
        _text(root, "subtitle", feed.subtitle)
    _text(root, "id", feed.id)
    _link(root, "self", feed.archive_url or feed.atom_url, type=MEDIA_TYPE)
    if feed.hub:
        _link(root, "hub", feed.hub)
    _link(root, "alternate", feed.page_url, type="text/html")
    _history(root, feed)
    _text(root, "updated", _rfc3339(max((item.updated for item in feed.items), default=_NEVER)))
    author = SubElement(root, "author")
    _text(author, "name", feed.author)
    _text(author, "uri", feed.base_url + "/")
    _text(root, "generator", generator)
    # The schema of RFC 4287 has what is not its own before the entries, though no order means anything.
    for one in feed.deleted:
        SubElement(root, "at:deleted-entry", {"ref": _legal(one.id), "when": _rfc3339(one.when)})
    for item in feed.items:
        _entry(root, item, feed.tag_scheme)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _history(root: Element, feed: Feed) -> None:
    if feed.archive_url:
        SubElement(root, "fh:archive")
        _link(root, "current", feed.atom_url, type=MEDIA_TYPE)
        _link(root, "next-archive", feed.following, type=MEDIA_TYPE)
    if feed.previous:
        _link(root, "prev-archive", feed.previous, type=MEDIA_TYPE)


def _entry(root: Element, item: FeedItem, tag_scheme: str) -> None:
    entry = SubElement(root, "entry")
    _text(entry, "title", item.title)
    _text(entry, "id", item.id)
    _link(entry, "alternate", item.url, type="text/html")
    if item.related:
        _link(entry, "related", item.related, title=item.related_title)
    if item.via:
        _link(entry, "via", item.via, title=item.via_title)
    _text(entry, "published", _rfc3339(item.published))
    _text(entry, "updated", _rfc3339(item.updated))
    for slug, name in item.tags:
        SubElement(entry, "category", {"term": slug, "scheme": tag_scheme, "label": _legal(name)})
    _text(entry, "content", item.html, type="html")


def _text(parent: Element, name: str, value: str, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = _legal(value)


def _link(parent: Element, rel: str, href: str, **attributes: str) -> None:
    given = {name: _legal(value) for name, value in attributes.items() if value}
    SubElement(parent, "link", {"rel": rel, "href": _iri(href)} | given)


def _iri(address: str) -> str:
    return _NOT_IRI.sub(lambda found: f"%{ord(found.group()):02X}", _legal(address))


def _legal(text: str) -> str:
    return _NOT_XML.sub("", text)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
