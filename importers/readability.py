"""Readability's JSON, whose names begin with ``article__`` and whose excerpts are HTML-escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blog.domain.entry import Markup
from importers.bookmarks import Bookmark, quoted
from importers.json_stream import shape
from importers.records import bookmarks_of, marks
from importers.text import unescape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.material import Material
    from importers.records import Record

_NO_TITLE: Final = "No title found"


def detect(material: Material) -> bool:
    """Tell whether it is an object with a list of Readability's bookmarks."""
    return "bookmarks[].article__url" in shape(material)


def count(material: Material) -> int:
    """How many there seem to be."""
    return marks(material, "article__url")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each page; what it says of itself is quoted."""
    return bookmarks_of(material, _bookmark, "bookmarks")


def _bookmark(record: Record, now: datetime) -> Bookmark:
    title = record.text("article__title")
    return Bookmark(
        url=record.text("article__url"),
        title="" if title == _NO_TITLE else title,
        body=quoted(unescape(record.text("article__excerpt"))),
        markup=Markup.MARKDOWN,
        tags=tuple(record.names("tags")),
        added=record.time(now, "date_added"),
    )
