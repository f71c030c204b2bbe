"""The file ``Bookmarks`` of Chrome and its relatives: a tree in JSON, times in microseconds since 1601.

A folder is named behind its children, so the file is read whole. Bookmarks in the trash,
which Opera and Vivaldi keep in the same file, are left out.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Item, LeftOut
from importers.bookmarks import Bookmark, Read, as_items, clock, prose
from importers.json_stream import shape, whole
from importers.records import Record, as_record, marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from importers.material import Material

_ROOTS: Final = ("bookmark_bar", "other", "synced")


def detect(material: Material) -> bool:
    """Tell whether it is an object with Chrome's roots."""
    return any(f"roots.{root}" in shape(material) for root in _ROOTS)


def count(material: Material) -> int:
    """How many bookmarks there seem to be."""
    return marks(material, "url")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each bookmark; folders are its tags, but not the browser's own."""
    tree = as_record(whole(material)).record("roots")
    return as_items(partial(_bookmarks, tree, clock()), material.label)


def _bookmarks(roots: Record, now: datetime) -> Iterator[Read]:
    for name in roots.values:
        for node, folders in _nodes(roots.record(name)):
            if node.text("type") != "url" and not node.text("url"):
                continue
            if name == "trash":
                yield LeftOut(external_id=node.text("url"), reason="It is in the trash.")
            else:
                yield _bookmark(node, folders, now)


def _nodes(root: Record) -> Iterator[tuple[Record, tuple[str, ...]]]:
    waiting: list[tuple[Record, tuple[str, ...]]] = [(root, ())]
    while waiting:
        node, folders = waiting.pop()
        yield node, folders
        name = "" if node is root else node.line("name")
        below = (*folders, name) if name else folders
        waiting += [(child, below) for child in reversed(node.records("children"))]


def _bookmark(node: Record, folders: tuple[str, ...], now: datetime) -> Bookmark:
    body, markup = prose(node.record("meta_info").text("Description"))
    return Bookmark(
        url=node.text("url"),
        title=node.text("name"),
        body=body,
        markup=markup,
        tags=folders,
        folders=folders,
        added=node.time(now, "date_added"),
        changed=node.time(now, "date_modified"),
    )
