"""wallabag's JSON of both versions. The first has no dates, and tags in one text.

The pages' texts are others' and stay where they are; what was marked in them is quoted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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

_OF_API: Final = "_embedded.items"


def detect(material: Material) -> bool:
    """Tell whether it is a list of objects with the names of either version."""
    keys = {path.removeprefix(_OF_API) for path in shape(material)}
    return "[].url" in keys and (
        {"[].is_archived", "[].is_starred"} <= keys or {"[].is_read", "[].is_fav"} <= keys
    )


def count(material: Material) -> int:
    """How many there seem to be."""
    return marks(material, "is_archived", "is_read")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each page."""
    path = ("_embedded", "items") if "_embedded.items" in shape(material) else ()
    return bookmarks_of(material, _bookmark, *path)


def _bookmark(record: Record, now: datetime) -> Bookmark:
    marked = (_annotation(one) for one in record.records("annotations"))
    return Bookmark(
        url=record.text("url", "given_url"),
        title=record.text("title"),
        body="\n\n".join(filter(None, marked)),
        markup=Markup.MARKDOWN,
        tags=tuple(record.names("tags")),
        added=record.time(now, "created_at"),
        changed=record.time(now, "updated_at"),
    )


def _annotation(record: Record) -> str:
    return "\n\n".join(filter(None, (quoted(record.text("quote")), record.text("text"))))
