"""Raindrop's CSV: a note of one's own, what the page says of itself, and what was marked in it."""

from __future__ import annotations

import re
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

_OTHERS: Final = frozenset({"time_added", "selection", "highlight", "saved date"})
_TELLING: Final = frozenset({"excerpt", "note", "folder", "highlights"})
_OWN_FOLDERS: Final = frozenset({"unsorted", "trash"})
_LABEL: Final = re.compile(r"^Highlight:\s*", re.MULTILINE)


def detect(material: Material) -> bool:
    """Tell whether it is CSV with Raindrop's columns, of which an export of one folder has fewer."""
    found = csv_stream.columns(material)
    return {"url", "created"} <= found and bool(_TELLING & found) and not _OTHERS & found


def count(material: Material) -> int:
    """How many bookmarks there seem to be."""
    return csv_stream.count(material)


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each bookmark; folders are tags, and the page's own words are quoted."""
    return csv_stream.bookmarks_of(material, _bookmark)


def _bookmark(record: Record, now: datetime) -> Bookmark:
    note, excerpt = record.text("note"), record.text("excerpt")
    marked = _LABEL.sub("", record.text("highlights"))
    parts = (note, quoted("" if excerpt == note else excerpt), quoted(marked))
    said = (folder.strip() for folder in record.line("folder").split("/"))
    folders = tuple(name for name in said if name.lower() not in _OWN_FOLDERS)
    return Bookmark(
        url=record.text("url"),
        title=record.text("title"),
        body="\n\n".join(filter(None, parts)),
        markup=Markup.MARKDOWN,
        tags=(*record.names("tags"), *folders),
        folders=folders,
        added=record.time(now, "created"),
    )
