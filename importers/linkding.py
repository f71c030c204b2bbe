"""linkding's JSON, as its API gives it: bookmarks with notes in Markdown.

Hardly anybody's bookmarks are shared there, so ``shared`` says nothing about who may see them here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blog.domain.entry import Markup
from importers.bookmarks import Bookmark, quoted
from importers.json_stream import shape
from importers.records import bookmarks_of, marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.material import Material
    from importers.records import Record


def detect(material: Material) -> bool:
    """Tell whether it is a list, or a page of one, of objects with linkding's names."""
    keys = shape(material).keys()
    return {"[].url", "[].tag_names"} <= keys or {"results[].url", "results[].tag_names"} <= keys


def count(material: Material) -> int:
    """How many there seem to be."""
    return marks(material, "tag_names")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each bookmark."""
    path = ("results",) if "results" in shape(material) else ()
    return bookmarks_of(material, _bookmark, *path)


def _bookmark(record: Record, now: datetime) -> Bookmark:
    said = record.text("description") or quoted(record.text("website_description"))
    return Bookmark(
        url=record.text("url"),
        title=record.text("title", "website_title"),
        body="\n\n".join(filter(None, (said, record.text("notes")))),
        markup=Markup.MARKDOWN,
        tags=tuple(record.names("tag_names")),
        added=record.time(now, "date_added"),
        changed=record.time(now, "date_modified"),
    )
