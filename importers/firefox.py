"""Firefox's own backup: a tree of folders in JSON, with times in microseconds.

In backups of some years tags are folders too, below a root of their own, with the tagged
bookmarks in them once more: as a bookmark without a title. A folder's tags must be known
before its first bookmark, and that root comes last, so the file is read whole.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Item, Rejected
from importers.bookmarks import Bookmark, Read, as_items, clock, prose
from importers.json_stream import shape, whole
from importers.records import Record, as_record, marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from importers.material import Material

_PLACE: Final = "text/x-moz-place"
_FOLDER: Final = "text/x-moz-place-container"
_SEPARATOR: Final = "text/x-moz-place-separator"
_TAGS: Final = ("tagsFolder", "tags________")
_ROOTS: Final = ("root________", "toolbar_____", "menu________", "unfiled_____", "mobile______")


def detect(material: Material) -> bool:
    """Tell whether it is an object of the type of Firefox's folders."""
    found = shape(material)
    return found.get("root") == "placesRoot" or found.get("type") == _FOLDER


def count(material: Material) -> int:
    """How many bookmarks there seem to be."""
    return marks(material, "uri")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each bookmark; folders and tags are its tags."""
    tree = as_record(whole(material))
    return as_items(partial(_bookmarks, tree, _tagged(tree), clock()), material.label)


def _nodes(tree: Record) -> Iterator[tuple[Record, tuple[str, ...]]]:
    """Every node of a tree but its folders of tags, with the folders that it is in."""
    waiting: list[tuple[Record, tuple[str, ...]]] = [(tree, ())]
    while waiting:
        node, folders = waiting.pop()
        if _is_tags(node):
            continue
        yield node, folders
        name = "" if node.text("root") or node.text("guid") in _ROOTS or node is tree else node.line("title")
        below = (*folders, name) if name else folders
        waiting += [(child, below) for child in reversed(node.records("children"))]


def _is_tags(node: Record) -> bool:
    return node.text("root") == _TAGS[0] or node.text("guid") == _TAGS[1]


def _tagged(tree: Record) -> Mapping[str, list[str]]:
    """The tags of each address, where tags are folders."""
    tags: dict[str, list[str]] = defaultdict(list)
    for root in filter(_is_tags, tree.records("children")):
        for tag in root.records("children"):
            for place in tag.records("children"):
                tags[place.text("uri")].append(tag.line("title"))
    return tags


def _bookmarks(tree: Record, tagged: Mapping[str, list[str]], now: datetime) -> Iterator[Read]:
    for node, folders in _nodes(tree):
        kind = node.text("type")
        if kind == _PLACE or node.text("uri"):
            yield _bookmark(node, folders, tagged.get(node.text("uri"), []), now)
        elif feed := _annotation(node, "livemark/feedURI"):
            yield Rejected(external_id=feed, reason="It is a live bookmark: a feed, and no page.")
        elif kind not in {_FOLDER, _SEPARATOR} and node is not tree:
            yield Rejected(external_id=node.line("title") or kind, reason="It is no bookmark.")


def _bookmark(node: Record, folders: tuple[str, ...], tags: list[str], now: datetime) -> Bookmark:
    body, markup = prose(_annotation(node, "bookmarkProperties/description"))
    return Bookmark(
        url=node.text("uri"),
        title=node.text("title"),
        body=body,
        markup=markup,
        tags=(*node.names("tags"), *tags, *folders),
        folders=folders,
        added=node.time(now, "dateAdded", "lastModified"),
        changed=node.time(now, "lastModified"),
    )


def _annotation(node: Record, name: str) -> str:
    return next((one.text("value") for one in node.records("annos") if one.text("name") == name), "")
