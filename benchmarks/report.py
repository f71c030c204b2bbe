"""Results as JSON, as a table on the terminal, and as Markdown in benchmarks/README.md."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.grounds import SIZES, commit
from benchmarks.measuring import REQUESTS, Measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

README: Final = Path(__file__).with_name("README.md")
_MARKS: Final = ("<!-- figures: python -m benchmarks --publish writes these -->", "<!-- end of figures -->")

_TO: Final = " → "
_WHOLE: Final = 100

Table = dict[str, list[Measured]]
"""What was measured in one run, by the label of the blog."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when, and what of."""

    commit: str
    date: str
    processor: str
    cores: int
    gigabytes: int
    system: str
    python: str
    sqlite: str

    @classmethod
    def this(cls) -> Machine:
        """The machine we are on, now."""
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return cls(
            commit=commit(),
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            processor=_processor(),
            cores=os.cpu_count() or 1,
            gigabytes=round(pages / 2**30),
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            sqlite=sqlite3.sqlite_version,
        )

    def sentence(self) -> str:
        """Say it in one line."""
        return (
            f"{self.date}, commit `{self.commit}`. {self.cores} cores of {self.processor}, "
            f"{self.gigabytes} GB, {self.system}; Python {self.python}, SQLite {self.sqlite}."
        )


def _processor() -> str:
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        said = ""
    found = re.search(r"^model name\s*:\s*(.+)$", said, re.MULTILINE)
    return found[1] if found else platform.machine()


def as_json(machine: Machine, tables: Mapping[str, Table]) -> str:
    """Return everything, for other programs."""
    measured = {
        run: {label: [asdict(one) for one in cells] for label, cells in table.items()}
        for run, table in tables.items()
    }
    return json.dumps({"machine": asdict(machine), "measured": measured}, indent=1)


def as_markdown(machine: Machine, tables: Mapping[str, Table], words: Mapping[str, str]) -> str:
    """Return the tables; ``words`` say what each is about."""
    parts = [machine.sentence()]
    for run, table in tables.items():
        if any(table.values()):
            parts += [f"### {run.capitalize()}", words[run], "\n".join(_markdown_table(table))]
    return "\n\n".join(parts)


def publish(markdown: str, readme: Path = README) -> None:
    """Put the tables between their marks."""
    before, _, rest = readme.read_text(encoding="utf-8").partition(_MARKS[0])
    _, _, after = rest.partition(_MARKS[1])
    readme.write_text(f"{before}{_MARKS[0]}\n\n{markdown}\n\n{_MARKS[1]}{after}", encoding="utf-8")


def _markdown_table(table: Table) -> Iterator[str]:
    columns = _columns(list(table))
    yield f"| | unit | {' | '.join(columns)} |"
    yield f"|---|---|{'---:|' * len(columns)}"
    cells = {(label, one.name): one for label, measured in table.items() for one in measured}
    for name, first in {one.name: one for measured in table.values() for one in measured}.items():
        row = [_cell(cells, column, name) for column in columns]
        shown = f"*{name}*" if first.is_limit else name
        yield f"| {shown} | {first.unit} | {' | '.join(row)} |"
    notes = [f"- {label}, {one.name}: {one.note}" for (label, _), one in cells.items() if one.note]
    if notes:
        yield from ("", *notes)


def _columns(labels: Sequence[str]) -> list[str]:
    """One for each blog, and after each generated one its growth from the one before."""
    columns: list[str] = []
    before = ""
    for label in labels:
        columns.append(label)
        if before:
            columns.append(f"{before}{_TO}{label}")
        before = label if label in SIZES else before
    return columns


def _cell(cells: Mapping[tuple[str, str], Measured], column: str, name: str) -> str:
    label, is_growth, later = column.partition(_TO)
    one = cells.get((label, name))
    if one is None or not one.unit:
        return ""
    if not is_growth:
        return figure(one)
    other = cells.get((later, name))
    return f"× {_short(other.median / one.median)}" if other and one.median else ""


def figure(one: Measured) -> str:
    """The median, the 95th percentile, and of how many where that are not all."""
    shown = _short(one.median) if one.p95 is None else f"{_short(one.median)} / {_short(one.p95)}"
    return shown if one.p95 is None or one.count == REQUESTS else f"{shown} ({one.count})"


def _short(value: float) -> str:
    """Three digits that count, and thousands apart."""
    if value >= _WHOLE:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{value:.{max(0, min(3, digits))}f}"
