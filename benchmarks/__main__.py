"""Runs the benchmarks: each of the runs on each of the blogs.

    python -m benchmarks [--sizes real,10k,100k,1m] [--only browse,text] [--json FILE] [--publish] [--reindex]

Blogs are generated as they are needed, and kept (see generate.py). Results go to the terminal, to
a JSON file, and with ``--publish`` to benchmarks/README.md. Nothing leaves this machine: all load
is on loopback, and all of it bounded.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.generate import home
from benchmarks.grounds import REAL, SIZES, ground
from benchmarks.report import Machine, Table, as_json, as_markdown, figure, publish
from benchmarks.runs import (
    bookmarks,
    browse,
    facets,
    importing,
    indexing,
    pages,
    polling,
    publishing,
    served,
    starting,
    text,
)
from benchmarks.subject import opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from benchmarks.grounds import Ground
    from benchmarks.measuring import Measured

RUNS: Final[dict[str, ModuleType]] = {
    "browse": browse,
    "facets": facets,
    "text": text,
    "pages": pages,
    "served": served,
    "start": starting,
    "publish": publishing,
    "import": importing,
    "bookmarks": bookmarks,
    "poll": polling,
    "index": indexing,
}


def main() -> None:
    """Measure what was asked for."""
    given = _arguments()
    machine = Machine.this()
    tables: dict[str, Table] = {run: {} for run in given.only}
    print(machine.sentence())
    for label in given.sizes:
        found = ground(label)
        if found is None:
            print(f"\n{label}: not measured, the real blog in ../shared/corpus is not on this machine.")
            continue
        _prepare(found, anew=given.reindex)
        for run in given.only:
            tables[run][label] = _measure(run, found)
            # After each run, so that what was measured is kept when something later goes wrong.
            given.json.write_text(as_json(machine, tables), encoding="utf-8")
    print(f"\nAll of it is in {given.json}.")
    if given.publish:
        publish(as_markdown(machine, tables, {run: _words(RUNS[run]) for run in tables}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--sizes", type=_SomeOf([REAL, *SIZES]), default=[REAL, "10k", "100k"], help="which blogs, with commas"
    )
    parser.add_argument("--only", type=_SomeOf(list(RUNS)), default=list(RUNS), help="which runs, with commas")
    parser.add_argument("--json", type=Path, default=home() / "results.json", help="where the figures go")
    parser.add_argument("--publish", action="store_true", help="also put the tables into benchmarks/README.md")
    parser.add_argument("--reindex", action="store_true", help="make text indexes that are there anew, first")
    return parser.parse_args()


class _SomeOf:
    """Reads words with commas between, each one of those known, in the order in which they are known."""

    def __init__(self, known: Sequence[str]) -> None:
        self._known = known

    def __call__(self, words: str) -> list[str]:
        asked = words.split(",")
        for word in asked:
            if word not in self._known:
                raise argparse.ArgumentTypeError(f"“{word}” is none of {', '.join(self._known)}")
        return [word for word in self._known if word in asked]


def _prepare(found: Ground, *, anew: bool) -> None:
    """Bring the text index up to date, which everything else takes for granted."""
    print(f"\n{found.label}: {found.data}", flush=True)
    with opened(found.data) as services:
        done = services.search.rebuild() if anew else services.search.catch_up()
    if not done:
        raise SystemExit(f"Another process is writing to the text index in {found.data}.")


def _measure(run: str, found: Ground) -> list[Measured]:
    print(f"\n{found.label}, {run}", flush=True)
    measured = []
    for one in RUNS[run].run(found):
        shown = f"{figure(one):>22} {one.unit}" if one.unit else ""
        print(f"  {one.name:58}{shown}{f'   {one.note}' if one.note else ''}", flush=True)
        measured.append(one)
    return measured


def _words(run: ModuleType) -> str:
    """What a run says of itself, as paragraphs of Markdown."""
    return (run.__doc__ or "").strip()


if __name__ == "__main__":
    main()
