"""Readwise's CSV: what was marked in books and articles, which becomes quotations.

A highlight has no id in it, so its words, with the title and the author, are what names it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from blog.domain.entry import Kind
from importers import csv_stream
from importers.bookmarks import Bookmark
from importers.old_markup import read_quotation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.material import Material
    from importers.records import Record


def detect(material: Material) -> bool:
    """Tell whether it is CSV with Readwise's columns."""
    return {"highlight", "book title"} <= csv_stream.columns(material)


def count(material: Material) -> int:
    """How many highlights there seem to be."""
    return csv_stream.count(material)


def parse(material: Material) -> Iterator[Item]:
    """Yield a quotation for each highlight; a note on it is its context."""
    return csv_stream.bookmarks_of(material, _quotation)


def _quotation(record: Record, now: datetime) -> Bookmark:
    body, markup = read_quotation(record.text("highlight"))
    title, author = record.line("book title"), record.line("book author")
    return Bookmark(
        url=record.text("url", "source url"),
        kind=Kind.QUOTATION,
        own_id=_id(body, title, author),
        body=body,
        markup=markup,
        citation=", ".join(filter(None, (author, title))),
        context=record.line("note"),
        tags=(*record.names("tags"), *record.names("document tags")),
        added=record.time(now, "highlighted at"),
    )


def _id(*words: str) -> str:
    return (
        f"readwise:{hashlib.blake2b(chr(10).join(words).encode(errors='replace'), digest_size=16).hexdigest()}"
    )
