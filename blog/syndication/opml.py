"""OPML 2.0 (https://opml.org/spec2.opml): the feeds that a blog polls, as every reader of feeds takes them.

What all items of a source are tagged is its ``category``, and it stands in a group of its first tag: most
readers know groups only. A tag that ``category`` cannot spell, because it has a comma or a slash, is a group.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MEDIA_TYPE: Final = "text/x-opml"
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledFeed:
    """A feed in the list; ``home`` is its page, where that is known."""

    name: str
    url: str
    home: str
    tags: tuple[str, ...]


def write_opml(title: str, feeds: Iterable[PolledFeed], made: datetime | None, owner: str = "") -> bytes:
    """Return the feeds as an OPML document in UTF-8; ``made`` is when the list became what it is."""
    root = Element("opml", {"version": "2.0"})
    head, body = SubElement(root, "head"), SubElement(root, "body")
    SubElement(head, "title").text = _legal(title)
    if made is not None:
        SubElement(head, "dateCreated").text = format_datetime(made, usegmt=True)
    if owner:
        SubElement(head, "ownerName").text = _legal(owner)
    for feed in feeds:
        parent = body
        for name in _groups(feed.tags):
            parent = _group(parent, _legal(name))
        SubElement(parent, "outline", _attributes(feed))
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _groups(tags: tuple[str, ...]) -> tuple[str, ...]:
    unspelled = tuple(tag for tag in tags if "," in tag or "/" in tag)
    return unspelled or tags[:1]


def _group(parent: Element, name: str) -> Element:
    for one in parent:
        if one.get("text") == name and "xmlUrl" not in one.attrib:
            return one
    return SubElement(parent, "outline", {"text": name, "title": name})


def _attributes(feed: PolledFeed) -> dict[str, str]:
    said = {"type": "rss", "text": feed.name, "title": feed.name, "xmlUrl": feed.url, "htmlUrl": feed.home}
    said["category"] = ",".join(tag for tag in feed.tags if "," not in tag and "/" not in tag)
    return {name: _legal(value) for name, value in said.items() if value}


def _legal(text: str) -> str:
    return _NOT_XML.sub("", text)
