"""Pinboard's JSON: ``description`` is the title there and ``extended`` the note; tags stand apart by spaces."""

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
    """Tell whether it is a list of objects with Pinboard's names."""
    return {"[].href", "[].description", "[].time"} <= shape(material).keys()


def count(material: Material) -> int:
    """How many bookmarks there seem to be."""
    return marks(material, "href")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each bookmark; what is not shared is hidden."""
    return bookmarks_of(material, _bookmark)


def _bookmark(record: Record, now: datetime) -> Bookmark:
    body, markup = prose(record.text("extended"))
    return Bookmark(
        url=record.text("href"),
        title=record.text("description"),
        body=body,
        markup=markup,
        tags=tuple(record.names("tags", apart=r"\s+")),
        added=record.time(now, "time"),
        is_private=record.text("shared").lower() == "no",
    )
