"""Omnivore's JSON, a file of metadata for each hundred pages; highlights stand in files beside them.

What a page says of itself is quoted. The pages' texts are others' and stay where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blog.domain.entry import LeftOut, Markup
from importers.bookmarks import Bookmark, quoted
from importers.json_stream import shape
from importers.records import bookmarks_of, marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.bookmarks import Read
    from importers.material import Material
    from importers.records import Record


def detect(material: Material) -> bool:
    """Tell whether it is a list of objects with Omnivore's names."""
    return {"[].savedAt", "[].url", "[].slug"} <= shape(material).keys()


def count(material: Material) -> int:
    """How many there seem to be."""
    return marks(material, "savedAt")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each page but those in the trash."""
    return bookmarks_of(material, _bookmark)


def _bookmark(record: Record, now: datetime) -> Read:
    if record.text("state").lower() == "deleted":
        return LeftOut(external_id=record.text("url"), reason="It is in the trash.")
    return Bookmark(
        url=record.text("url"),
        title=record.text("title"),
        body=quoted(record.text("description")),
        markup=Markup.MARKDOWN,
        tags=tuple(record.names("labels")),
        added=record.time(now, "savedAt", "publishedAt"),
        changed=record.time(now, "updatedAt"),
    )
