"""The layout of a backup: one pair of files per table, read a row at a time.

``NAME.metadata.json`` lists the columns and ``NAME.ndjson`` has one JSON array per row. A
row that cannot be read is put aside with its reason and the next one is read.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Rejected
from blog.domain.errors import BadImport
from importers.dates import read_date
from importers.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from importers.material import Material

_METADATA: Final = ".metadata.json"
_ROWS: Final = ".ndjson"


class BadRow(ValueError):
    """A row lacks what it cannot do without; the message says what."""


class Row:
    """One row; every cell may be missing, None or of the neighbouring type."""

    def __init__(self, cells: dict[str, object]) -> None:
        self._cells = cells

    def text(self, column: str) -> str:
        """The cell as clean text without space around it, "" where there is none."""
        cell = self._cells.get(column)
        if cell is None or cell == "":
            return ""  # most cells are
        return clean(str(cell)).strip() if isinstance(cell, str | int | float) else ""

    def number(self, column: str) -> int | None:
        """The cell as a whole number; foreign keys are sometimes strings."""
        cell = self._cells.get(column)
        if isinstance(cell, int):
            return int(cell)
        return int(cell) if isinstance(cell, str) and cell.isdecimal() and len(cell) < 20 else None

    def flag(self, column: str) -> bool:
        """The cell as yes or no: 1, true, "1" and "t" are yes."""
        return self.text(column).lower() in {"1", "true", "t"}

    def key(self, column: str = "id") -> int:
        """The cell as a number that must be there; raises ``BadRow``."""
        number = self.number(column)
        if number is None:
            raise BadRow(f"its {column} is not a number")
        return number

    def time(self, column: str) -> datetime | None:
        """The cell as a time in UTC, None where it is empty; raises ``BadRow``."""
        cell = self._cells.get(column)
        if cell is None or cell == "":
            return None
        try:
            return read_date(cell)
        except ValueError as error:
            raise BadRow(f"its {column} cannot be read: {error}") from error


class Tables:
    """The tables of one backup. What could not be read waits in ``take_rejected()``."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._names = frozenset(material.names())
        self._rejected: list[Rejected] = []
        self._folder = _folder_of_most(self._names)

    def look_ahead(self) -> Tables:
        """Another reader of the same tables, for rows that will be read once more.

        What it cannot read is then told by the second reading, not twice.
        """
        return Tables(self._material)

    def __contains__(self, table: str) -> bool:
        return self._folder + table + _ROWS in self._names

    def columns(self, table: str) -> list[str] | None:
        """The table's columns, None where the metadata is missing or is something else."""
        name = self._folder + table + _METADATA
        if name not in self._names:
            return None
        try:
            metadata = json.loads(self._material.read(name))
        except (ValueError, RecursionError):
            return None
        columns = metadata.get("columns") if isinstance(metadata, dict) else None
        return columns if isinstance(columns, list) and all(isinstance(c, str) for c in columns) else None

    def rows(self, table: str) -> Iterator[Row]:
        """The rows that can be read, in the order of the file; none for a missing table."""
        if table not in self:
            return
        columns = self.columns(table)
        if columns is None:
            self.reject(table, f"its columns are unknown: {table}{_METADATA} is missing or does not list them")
            return
        for number, line in enumerate(self._material.lines(self._folder + table + _ROWS), 1):
            if line.strip():
                try:
                    yield _row(line, columns)
                except BadRow as error:
                    self.reject(f"{table}, line {number}", str(error))

    def size(self, table: str) -> int:
        """How many rows the table has, broken ones too."""
        if table not in self:
            return 0
        return sum(1 for line in self._material.lines(self._folder + table + _ROWS) if line.strip())

    def reject(self, what: str, reason: str) -> None:
        """Put aside that ``what`` could not be used."""
        self._rejected.append(Rejected(external_id=what, reason=f"{reason[:1].upper()}{reason[1:]}."))

    def take_rejected(self) -> list[Rejected]:
        """Everything put aside since the last time this was asked."""
        taken, self._rejected = self._rejected, []
        return taken


def is_backup(material: Material, tables: frozenset[str]) -> bool:
    """Tell whether ``material`` has one of ``tables`` in this layout, with its columns."""
    names = material.names()
    likely = {name.rpartition("/")[2].removesuffix(_METADATA) for name in names if name.endswith(_METADATA)}
    if not likely & tables:
        return False
    backup = Tables(material)
    try:
        return any(table in backup and backup.columns(table) is not None for table in likely & tables)
    except BadImport:
        return False


def _folder_of_most(names: frozenset[str]) -> str:
    # A clone of a backup repository keeps the tables in a folder beside its README.
    folders = Counter(name.rpartition("/")[0] for name in sorted(names) if name.endswith(_METADATA))
    folder = folders.most_common(1)[0][0] if folders else ""
    return f"{folder}/" if folder else ""


def _row(line: bytes, columns: list[str]) -> Row:
    try:
        cells = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"this is not JSON: {error}") from error
    if not isinstance(cells, list):
        raise BadRow("this is not a JSON array")
    if len(cells) != len(columns):
        raise BadRow(f"it has {len(cells)} cells and the table {len(columns)} columns")
    return Row(dict(zip(columns, cells, strict=True)))
