"""The JSON of karakeep (Hoarder before): links, and texts, which become notes.

Pictures and documents are not in it, only that there was something.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from blog.domain.entry import Kind, Markup, Rejected
from importers.bookmarks import Bookmark
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
    """Tell whether it is an object with a list of karakeep's bookmarks."""
    return {"bookmarks[].createdAt", "bookmarks[].content"} <= shape(material).keys()


def count(material: Material) -> int:
    """How many there seem to be."""
    return marks(material, "createdAt")


def parse(material: Material) -> Iterator[Item]:
    """Yield a link or a note for each bookmark."""
    return bookmarks_of(material, _bookmark, "bookmarks")


def _bookmark(record: Record, now: datetime) -> Read:
    content = record.record("content")
    note, text = record.text("note"), content.text("text")
    if not (content.text("url") or text):
        name = record.line("title") or note[:80] or "a bookmark without content"
        return Rejected(external_id=name, reason="It is a picture or a document, which the file does not have.")
    return Bookmark(
        url=content.text("url"),
        kind=Kind.NOTE if text else Kind.LINK,
        own_id=_id(record.text("createdAt"), text) if text else "",
        title=record.text("title"),
        body="\n\n".join(filter(None, (text, note))),
        markup=Markup.MARKDOWN,
        tags=tuple(record.names("tags")),
        added=record.time(now, "createdAt"),
    )


def _id(created: str, text: str) -> str:
    return (
        f"karakeep:{hashlib.blake2b(f'{created} {text}'.encode(errors='replace'), digest_size=16).hexdigest()}"
    )
