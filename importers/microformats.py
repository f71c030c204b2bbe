"""Pages with microformats (h-feed, h-entry, and hAtom before them): what IndieWeb sites are made of.

What becomes of an entry is what becomes of an item of a feed. A bookmark links to what it is a
bookmark of. Properties are read as https://microformats.org/wiki/microformats2-parsing has it;
those of an author's card, or of another entry within, are not the entry's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from blog.domain.errors import BadImport
from importers.decoding import beginning, pieces
from importers.feed import MAX_BYTES, read_items
from importers.feed_document import FeedDocument, FeedItem, Prose
from importers.html_tree import Node, read_tree
from importers.records import occurrences
from importers.stamps import read_any_stamp
from importers.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blog.domain.entry import Item
    from importers.material import Material

_HEAD: Final = 1_000_000
_MOST_VALUES: Final = 100
_ENTRY: Final = re.compile(
    r"""\sclass\s{0,9}=\s{0,9}(?:["'][^"'<>]{0,300}?\b|)(?:h-entry|hentry)(?![\w-])""", re.IGNORECASE
)
_ROOT: Final = re.compile(r"h-[a-z]+(?:-[a-z]+)*")
_OLD_ROOTS: Final = frozenset({"hentry", "hfeed", "vcard"})
# Names of hAtom by those of today.
_OLD_NAMES: Final = {
    "p-name": "entry-title",
    "e-content": "entry-content",
    "p-summary": "entry-summary",
    "dt-published": "published",
    "dt-updated": "updated",
    "p-category": "p-category",
}
_SOURCES: Final = {"a": "href", "area": "href", "link": "href", "img": "src", "object": "data"} | dict.fromkeys(
    ("audio", "video", "source", "iframe"), "src"
)
_TARGETS: Final = ("u-bookmark-of", "u-repost-of", "u-like-of")


def detect(material: Material) -> bool:
    """Tell whether it is one page of HTML with an entry in it."""
    names = material.names()
    if len(names) != 1 or not material.head(names[0], 200).replace(b"\0", b"").lstrip(
        b"\xef\xbb\xbf\xff\xfe \t\r\n"
    ).startswith(b"<"):
        return False
    return bool(_ENTRY.search(beginning(material, names[0], _HEAD)))


def count(material: Material) -> int:
    """How many entries there seem to be."""
    return occurrences(material, _ENTRY, longest=400)


def parse(material: Material) -> Iterator[Item]:
    """Yield an entry for each; the label is the base of addresses if it is one."""
    name = material.names()[0]
    size = len(material.read(name))
    if size > MAX_BYTES:
        raise BadImport(f"The page has {size:,} bytes, and no more than {MAX_BYTES:,} are read.")
    root = read_tree(pieces(material, name))
    base = next((node.attributes.get("href", "") for node in root.below() if node.name == "base"), "")
    home = _joined(material.label, base) if base else _joined(material.label, "") or _home(root)
    items = tuple(_item(entry, home) for entry in entries_in(root))
    yield from read_items(FeedDocument(home, None, items, False), now=datetime.now(UTC), address=material.label)


def entries_in(node: Node) -> Iterator[Node]:
    """The entries, but not those within another: a reply or a quoted one is part of that."""
    for child in node.nodes():
        if {"h-entry", "hentry"} & set(child.classes):
            yield child
        else:
            yield from entries_in(child)


def _home(root: Node) -> str:
    feed = next((node for node in root.below() if "h-feed" in node.classes), None)
    return _joined("", Thing(feed).first("u-url", address_of)) if feed else ""


class Thing:
    """A microformat: its element, and those within that are not of another one within it."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._nodes = [(node, node.classes) for node in root.below(_is_root)]
        self._is_old = not any(_ROOT.fullmatch(name) for name in root.classes)

    def all(self, name: str, read: Callable[[Node], str]) -> list[str]:
        """Every value of a property, as it is called today; else as it was called."""
        found = [node for node, classes in self._nodes if name in classes]
        if not found and name == "p-category":
            found = [node for node, _ in self._nodes if "tag" in node.attributes.get("rel", "").split()]
        if not found and self._is_old:
            found = [node for node, classes in self._nodes if _OLD_NAMES.get(name) in classes]
        return [value for value in map(read, found[:_MOST_VALUES]) if value]

    def first(self, name: str, read: Callable[[Node], str]) -> str:
        """The first value of a property that is not empty."""
        return next(iter(self.all(name, read)), "")

    def bookmark(self) -> str:
        """The address that is marked as the entry's own, as in hAtom."""
        rels = ((node.attributes.get("rel", "").split(), node) for node, _ in self._nodes)
        return next((node.attributes.get("href", "") for rel, node in rels if "bookmark" in rel), "")


def _item(entry: Node, home: str) -> FeedItem:
    thing = Thing(entry)
    title, content = one_line(thing.first("p-name", text_of)), thing.first("e-content", Node.html).strip()
    plain = thing.first("e-content", Node.text) or thing.first("p-content", text_of)
    summary = thing.first("p-summary", text_of)
    if not (title or content or plain or summary):
        plain = entry.text()
    link = thing.first("u-url", address_of) or thing.bookmark() or entry.attributes.get("href", "")
    target = next(filter(None, (thing.first(name, address_of) for name in _TARGETS)), "")
    own = thing.first("u-uid", address_of) or link
    said = one_line(plain or summary)
    return FeedItem(
        id=(_joined(home, own) or own) if own else "",
        link=_joined(home, target or link) if target or link else "",
        # Of a note, programs take the text for the name, too.
        title=Prose("" if said and said.startswith(title.rstrip("…")) else title),
        body=Prose(content, "text/html") if content else Prose(plain or summary),
        published=read_any_stamp(thing.first("dt-published", time_of)),
        updated=read_any_stamp(thing.first("dt-updated", time_of)),
        tags=tuple(thing.all("p-category", text_of)),
        images=(*thing.all("u-photo", address_of), *thing.all("u-featured", address_of)),
        via_url="",
        via_title="",
    )


def _is_root(node: Node) -> bool:
    return any(_ROOT.fullmatch(name) or name in _OLD_ROOTS for name in node.classes)


def text_of(node: Node) -> str:
    """The value of a ``p-`` property."""
    if _is_root(node) and (name := Thing(node).first("p-name", text_of)):
        return name
    said = node.attributes
    match node.name:
        case "abbr" | "link" if "title" in said:
            return said["title"]
        case "data" | "input" if "value" in said:
            return said["value"]
        case "img" | "area" if "alt" in said:
            return said["alt"]
    return _of_values(node) or node.text()


def time_of(node: Node) -> str:
    """The value of a ``dt-`` property; its date and its time may stand apart."""
    said = node.attributes
    if node.name in {"time", "ins", "del"} and "datetime" in said:
        return said["datetime"].strip()
    return _of_values(node) or text_of(node)


def address_of(node: Node) -> str:
    """The value of a ``u-`` property."""
    if _is_root(node) and (url := Thing(node).first("u-url", address_of)):
        return url
    return node.attributes.get(_SOURCES.get(node.name, ""), "").strip() or text_of(node)


def _of_values(node: Node) -> str:
    """The values of the elements in it that are marked as such, but not of those within them."""
    parts = [child for child in node.below(_is_value) if _is_value(child)]
    return " ".join(part.attributes.get("datetime") or _plain_value(part) for part in parts[:_MOST_VALUES])


def _plain_value(node: Node) -> str:
    said = node.attributes
    return said.get("title", "") if node.name == "abbr" else said.get("value", "") or node.text()


def _is_value(node: Node) -> bool:
    return "value" in node.classes


def _joined(base: str, reference: str) -> str:
    try:
        joined = urljoin(base, reference)
    except ValueError:
        return ""
    return joined if joined.startswith(("http://", "https://")) else ""
