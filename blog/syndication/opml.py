"""Lists of feeds as OPML 2.0 (https://opml.org/spec2.opml), which feed readers import."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

MEDIA_TYPE: Final = "text/x-opml"
# XML 1.0, section 2.2: no escaping makes these legal in a document.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOutline:
    """A feed: its name, its address, the page that it is of (may be empty), and its categories."""

    name: str
    feed_url: str
    url: str
    categories: tuple[str, ...]


def write_opml(
    title: str, owner: str, groups: Mapping[str, Sequence[FeedOutline]], modified: datetime | None
) -> bytes:
    """Return the feeds by group as an OPML document in UTF-8; those of the group "" stand at the top level."""
    root = Element("opml", {"version": "2.0"})
    head = SubElement(root, "head")
    SubElement(head, "title").text = _clean(title)
    if modified is not None:
        SubElement(head, "dateModified").text = format_datetime(modified, usegmt=True)
    SubElement(head, "ownerName").text = _clean(owner)
    body = SubElement(root, "body")
    for label, feeds in groups.items():
        parent = SubElement(body, "outline", {"text": _clean(label), "title": _clean(label)}) if label else body
        for feed in feeds:
            SubElement(parent, "outline", _attributes(feed))
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _attributes(feed: FeedOutline) -> dict[str, str]:
    found = {"type": "rss", "text": feed.name, "title": feed.name, "xmlUrl": feed.feed_url}
    if feed.url:
        found["htmlUrl"] = feed.url
    if feed.categories:
        # A comma parts two of them, and a slash begins a path.
        found["category"] = ",".join(re.sub("[,/]", " ", one).strip() for one in feed.categories)
    return {name: _clean(value) for name, value in found.items()}


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
