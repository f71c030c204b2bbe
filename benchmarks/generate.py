"""Generates blogs of any size whose distributions are those of a real one.

    python -m benchmarks.generate --entries 1000000 [--seed 1] [--data DIR]
    python -m benchmarks.generate --learn BLOG

The same seed and number make the same blog, wherever. ``--learn`` writes figures.json anew from
the blog in a data directory. What is modelled how stands at the top of the modules in blogs/:
tagging.py (tags and what they stand beside), laws.py (how many different tags, domains and words
there are, and how big), prose.py (texts), days.py (dates). Every name, host and word is made up;
only numbers were learned. The laws are those of a blog that has grown: below a thousand entries
it looks like none.

This is the one place that writes below ``blog.changes``: that renders, checks and looks names up
entry by entry, which for a million takes the better part of an hour. What it would have written is
put into the tables directly, with its lines in the log; tests hold the one to the other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.blogs.figures import STORED, load_figures, store_figures
from benchmarks.blogs.learn import learn
from benchmarks.blogs.plan import draw_plan
from benchmarks.blogs.rows import EntryRow, Rows
from blog.config import load
from blog.db import Sessions, migrate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# To be counted up whenever the same seed makes another blog.
VERSION: Final = 1
_RECIPE: Final = "recipe.json"
# A blog that was not finished is thrown away whole, so nothing has to survive a failure.
_PRAGMAS: Final = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "cache_size = -1000000",
    "locking_mode = EXCLUSIVE",
)


def home() -> Path:
    """Where generated blogs live: outside of the repository, and kept between runs."""
    return Path(os.environ.get("CROSSTAG_BENCH_DIR") or Path.home() / ".cache" / "crosstag-bench")


def generated(entries: int, seed: int = 1, data: Path | None = None) -> Path:
    """Return the data directory of a generated blog, making it where there is none or one of another recipe."""
    data = data or home() / f"{entries}-{seed}"
    figures = hashlib.blake2b(STORED.read_bytes(), digest_size=8).hexdigest()
    recipe = {"version": VERSION, "figures": figures, "entries": entries, "seed": seed}
    if _recipe(data) == recipe:
        return data
    # Under another name until it is whole, so that what lies at ``data`` is.
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    generate(fresh, entries, seed)
    (fresh / _RECIPE).write_text(json.dumps(recipe), encoding="utf-8")
    if data.exists():
        _refuse_other_peoples(data)
        shutil.rmtree(data)
    fresh.rename(data)
    return data


def _recipe(data: Path) -> object:
    path = data / _RECIPE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _refuse_other_peoples(data: Path) -> None:
    """A directory that holds anything but a generated blog is not ours to replace."""
    if any(data.iterdir()) and _recipe(data) is None:
        raise SystemExit(f"{data} is not empty, and holds no generated blog. Name another directory.")


def generate(data: Path, entries: int, seed: int) -> None:
    """Make a blog of so many entries in a directory that has none."""
    settings = load(data, {})
    with closing(Sessions(settings.database_url)) as sessions:
        migrate(sessions)
    figures = load_figures()
    rows = Rows(draw_plan(figures, seed, entries), figures, seed, settings.list_words)
    with closing(sqlite3.connect(data / "blog.db", isolation_level=None)) as database:
        for pragma in _PRAGMAS:
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        _insert_all(database, rows)
        database.execute("COMMIT")


def _insert_all(database: sqlite3.Connection, rows: Rows) -> None:
    for table, title, names in (
        ("tag", "name", rows.tags),
        ("source", "name", rows.sources),
        ("series", "title", rows.series),
    ):
        extra = ("url",) if table == "source" else ("description", "description_html")
        columns = ("id", "slug", title, *extra)
        blanks = ("",) * len(extra)
        _insert(database, table, columns, ((at, name, name, *blanks) for at, name in enumerate(names, start=1)))
    for batch in rows.entries():
        _insert(database, "entry", EntryRow._fields, batch)
    _insert(database, "entry_tag", ("entry_id", "tag_id"), rows.entry_tags())
    _insert(database, "change", ("at", "what", "entry_id"), rows.changes())


def _insert(
    database: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def main() -> None:
    """Generate a blog, or learn figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=10_000, help="how many entries")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help=f"the data directory to make [{home()}/ENTRIES-SEED]")
    parser.add_argument("--learn", type=Path, metavar="BLOG", help="learn from the blog in this data directory")
    given = parser.parse_args()
    if given.learn:
        with closing(Sessions(load(given.learn, {}).database_url)) as sessions, sessions.read() as session:
            store_figures(learn(session))
        print(f"The figures are in {STORED}.")
        return
    start = time.perf_counter()
    data = generated(given.entries, given.seed, given.data)
    size = (data / "blog.db").stat().st_size / 1_000_000
    print(f"{given.entries:,} entries in {data}: {time.perf_counter() - start:.1f} s, {size:,.0f} MB.")


if __name__ == "__main__":
    main()
