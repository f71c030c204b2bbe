"""The text index made anew, whole, by each engine there is: entries a second, and its size on disk.

The limit is FTS5, which indexes the same texts in one statement.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generate import home
from benchmarks.limits import index_with_fts5
from benchmarks.measuring import Measured
from benchmarks.subject import engines, opened, with_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.grounds import Ground


def run(ground: Ground) -> Iterator[Measured]:
    """Index the blog with each engine, in a directory of its own beside the same database."""
    database = {"database_url": f"sqlite:///{(ground.data / 'blog.db').resolve()}"}
    for engine in engines():
        with tempfile.TemporaryDirectory(dir=home()) as folder:
            with opened(Path(folder), database | with_engine(engine)) as services:
                start = time.perf_counter()
                indexed: list[int] = []
                services.search.rebuild(indexed.append)
                spent = time.perf_counter() - start
            yield from _result(engine, sum(indexed), spent, Path(folder))
    with tempfile.TemporaryDirectory(dir=home()) as folder:
        start = time.perf_counter()
        entries = index_with_fts5(ground.data / "blog.db", Path(folder) / "fts5.db")
        yield from _result("FTS5", entries, time.perf_counter() - start, Path(folder), is_limit=True)


def _result(
    name: str, entries: int, seconds: float, folder: Path, *, is_limit: bool = False
) -> Iterator[Measured]:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1_000_000
    whole = f"{entries:,} entries in {seconds:,.1f} s"
    yield Measured(
        name=f"{name}: entries", unit="a second", median=entries / seconds, note=whole, is_limit=is_limit
    )
    yield Measured(name=f"{name}: on disk", unit="MB", median=size, is_limit=is_limit)
