"""Pocket's exports: CSV of its last years, in which tags stand apart by ``|``, and HTML before."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from importers import csv_stream
from importers.bookmarks import Bookmark, Read, as_items, clock, title_of_markup
from importers.breakage import BrokenFile
from importers.decoding import beginning, pieces
from importers.html_stream import BreaksOff, tokens
from importers.records import Record, occurrences
from importers.stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.material import Material

_SAVED: Final = re.compile(r"""<a\s[^<>]*\btime_added\s{0,9}=""", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title>\s*Pocket Export\s*</title>", re.IGNORECASE)
_LINK: Final = re.compile(r"<a\s{1,9}href", re.IGNORECASE)


def detect(material: Material) -> bool:
    """Tell whether it is CSV with Pocket's columns, or HTML with Pocket's title or attributes."""
    return _is_csv(material) or _is_html(material)


def _is_csv(material: Material) -> bool:
    return {"url", "time_added"} <= csv_stream.columns(material)


def _is_html(material: Material) -> bool:
    names = material.names()
    if len(names) != 1:
        return False
    head = beginning(material, names[0])
    return head.lstrip("\ufeff \r\n\t").startswith("<") and bool(_TITLE.search(head) or _SAVED.search(head))


def count(material: Material) -> int:
    """How many bookmarks there seem to be."""
    return csv_stream.count(material) if _is_csv(material) else occurrences(material, _LINK)


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each saved page, whether it was read or not."""
    if _is_csv(material):
        return csv_stream.bookmarks_of(material, _row)
    return as_items(partial(_links, material, clock()), material.label)


def _row(record: Record, now: datetime) -> Bookmark:
    return Bookmark(
        url=record.text("url"),
        title=record.text("title"),
        tags=tuple(record.names("tags", apart=r"\|")),
        added=record.time(now, "time_added"),
    )


def _links(material: Material, now: datetime) -> Iterator[Read]:
    said: dict[str, str] | None = None
    title: list[str] = []
    try:
        for token in tokens(pieces(material, material.names()[0])):
            if isinstance(token, str):
                title.append(token)
            elif token.name in {"a", "/a", "li", "/li", "/ul"}:
                if said:
                    yield _link(said, "".join(title), now)
                said, title = token.attributes() if token.name == "a" else None, []
            else:
                title.append(token.source)
    except BreaksOff as error:
        raise BrokenFile(f"it breaks off in “{str(error)[:80]}”") from error
    if said:
        raise BrokenFile("it breaks off in the last title")


def _link(said: dict[str, str], title: str, now: datetime) -> Bookmark:
    return Bookmark(
        url=said.get("href", ""),
        title=title_of_markup(title),
        tags=tuple(said.get("tags", "").split(",")),
        added=read_stamp(said.get("time_added"), now),
    )
