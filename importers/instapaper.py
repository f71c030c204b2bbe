"""Instapaper's CSV: ``Selection`` is what was marked in the page; later files have times and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blog.domain.entry import Markup
from importers import csv_stream
from importers.bookmarks import Bookmark, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.material import Material
    from importers.records import Record

_OWN_FOLDERS: Final = frozenset({"unread", "archive", "starred", "home", "liked"})


def detect(material: Material) -> bool:
    """Tell whether it is CSV with Instapaper's columns."""
    return {"url", "selection", "folder"} <= csv_stream.columns(material)


def count(material: Material) -> int:
    """How many pages there seem to be."""
    return csv_stream.count(material)


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each page; what was selected is quoted."""
    return csv_stream.bookmarks_of(material, _bookmark)


def _bookmark(record: Record, now: datetime) -> Bookmark:
    said = record.line("folder")
    folder = "" if said.lower() in _OWN_FOLDERS else said
    return Bookmark(
        url=record.text("url"),
        title=record.text("title"),
        body=quoted(record.text("selection")),
        markup=Markup.MARKDOWN,
        # ["one","two"], or nothing but the brackets
        tags=(*(name.strip(' "') for name in record.text("tags").strip("[]").split(",")), folder),
        folders=(folder,),
        added=record.time(now, "timestamp"),
    )
