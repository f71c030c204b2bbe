"""CSV exports: told by their columns, and read a row at a time.

Columns are known by name, so their order does not matter, nor how many a later year added.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Rejected
from importers.bookmarks import as_items, clock
from importers.breakage import BrokenFile
from importers.decoding import beginning, pieces
from importers.records import Record
from importers.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from blog.domain.entry import Item
    from importers.bookmarks import Read
    from importers.material import Material

LONGEST_FIELD: Final = 10_000_000
_LONGEST_HEADER: Final = 4_000
_SEPARATORS: Final = ",;\t"


def columns(material: Material) -> frozenset[str]:
    """The names of the columns of a single CSV file, in lower case; nothing if it cannot be one."""
    names = material.names()
    if len(names) != 1:
        return frozenset()
    first = _first_line(material)
    return frozenset(_header(first, _separator(first))) if first else frozenset()


def _first_line(material: Material) -> str:
    head = beginning(material, material.names()[0], _LONGEST_HEADER).lstrip("\ufeff")
    line = head.splitlines()[0] if head.strip() else ""
    return "" if "\0" in line or line.lstrip().startswith(("<", "{", "[")) else line


def _separator(line: str) -> str:
    return max(_SEPARATORS, key=line.count)


def _header(line: str, separator: str) -> list[str]:
    try:
        row = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []
    return [name.strip().lower() for name in row]


def count(material: Material) -> int:
    """How many rows there seem to be: lines, of which some belong to one row."""
    lines = sum(1 for line in _lines(pieces(material, material.names()[0])) if line.strip())
    return max(lines - 1, 0)


def bookmarks_of(material: Material, read: Callable[[Record, datetime], Read]) -> Iterator[Item]:
    """Yield an entry for each row, as ``read`` reads it."""
    now = clock()
    return as_items(lambda: (_read(row, now, read) for row in _rows(material)), material.label)


def _read(row: Record | Rejected, now: datetime, read: Callable[[Record, datetime], Read]) -> Read:
    return row if isinstance(row, Rejected) else read(row, now)


def _rows(material: Material) -> Iterator[Record | Rejected]:
    separator = _separator(_first_line(material))
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(_lines(pieces(material, material.names()[0])), delimiter=separator)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        for row in reader:
            if any(value.strip() for value in row[len(names) :]):
                yield Rejected(
                    external_id=one_line(" ".join(row), 200),
                    reason=f"Its row has {len(row)} values for {len(names)} columns.",
                )
            elif any(value.strip() for value in row):
                yield Record(dict(zip(names, row, strict=False)))
    except csv.Error as error:
        raise BrokenFile(f"line {reader.line_num:,}: {error}") from error


def _lines(source: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, which are line feeds; a row may have several."""
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    rest = ""
    for piece in source:
        # A mark at the very beginning would be part of the first column's name.
        text = rest + newlines.decode(piece).replace("\0", "").replace("\ufeff", "")
        *lines, rest = text.split("\n")
        yield from (f"{line}\n" for line in lines)
    if rest:
        yield rest
