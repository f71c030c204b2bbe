"""Linkwarden's JSON: collections within collections, by number, with the links of each.

The file is a copy of the account, too; of that nothing is read. Texts of pages, and pins,
which are links once more, are passed over.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from importers.bookmarks import Bookmark, prose
from importers.json_stream import outlines, shape
from importers.records import Record, bookmarks_of, marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.material import Material

_OWN_COLLECTION: Final = "unorganized"
_DEEPEST: Final = 20


def detect(material: Material) -> bool:
    """Tell whether it is an object with collections that have links."""
    return {"collections[].name", "collections[].links"} <= shape(material).keys()


def count(material: Material) -> int:
    """How many links there seem to be."""
    return marks(material, "collectionId")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each; collections are its tags."""
    collections = {
        one.text("id"): (one.line("name"), one.text("parentId"))
        for one in map(Record, outlines(material, "collections"))
    }
    read = partial(_bookmark, collections=collections)
    return bookmarks_of(material, read, "collections", "links")


def _bookmark(record: Record, now: datetime, collections: Mapping[str, tuple[str, str]]) -> Bookmark:
    body, markup = prose(record.text("description"))
    folders = tuple(_path(record.text("collectionId"), collections))
    return Bookmark(
        url=record.text("url"),
        title=record.text("name"),
        body=body,
        markup=markup,
        tags=(*record.names("tags"), *folders),
        folders=folders,
        added=record.time(now, "importDate", "createdAt"),
        changed=record.time(now, "updatedAt"),
    )


def _path(number: str, collections: Mapping[str, tuple[str, str]]) -> list[str]:
    """The names of a collection and of those that it is in, the outermost first."""
    names: list[str] = []
    while number in collections and len(names) < _DEEPEST:
        name, number = collections[number]
        names.insert(0, "" if name.lower() == _OWN_COLLECTION else name)
    return names
