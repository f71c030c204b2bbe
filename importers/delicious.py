"""The JSON that delicious gave its users at the end: times as texts of digits, tags as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importers.bookmarks import Bookmark, prose
from importers.json_stream import shape
from importers.records import bookmarks_of, marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.material import Material
    from importers.records import Record


def detect(material: Material) -> bool:
    """Tell whether it is a list of objects with the names that delicious used."""
    keys = shape(material).keys()
    return {"[].url", "[].created"} <= keys and bool({"[].others", "[].owner", "[].private"} & keys)


def count(material: Material) -> int:
    """How many bookmarks there seem to be."""
    return marks(material, "url")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each bookmark; private ones are hidden."""
    return bookmarks_of(material, _bookmark)


def _bookmark(record: Record, now: datetime) -> Bookmark:
    body, markup = prose(record.text("description"))
    return Bookmark(
        url=record.text("url"),
        title=record.text("title"),
        body=body,
        markup=markup,
        tags=tuple(record.names("tags", apart=r"[,\s]+")),
        added=record.time(now, "created"),
        is_private=record.flag("private"),
    )
