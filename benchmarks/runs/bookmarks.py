"""100,000 bookmarks of one Netscape file: `crosstag import`, the same again, and undoing it.

Each is a process of its own; memory is the most that it or one of those it starts held. Whether the blog is
what it was is told by comparing its archives before and after, without what tells of imports.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.generate import home
from benchmarks.measuring import Measured
from benchmarks.subject import clean_environment, command
from blog.export.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.grounds import Ground

BOOKMARKS: Final = 100_000
# What an import and its undoing leave behind: that they were. Feeds name what has left them, so undoing
# leaves the departures of what was there for a while.
_HISTORY: Final = frozenset({"change", "import_run", "import_item", "departure"})


def run(ground: Ground) -> Iterator[Measured]:
    """Import, import again and undo; once, and not for each of the generated blogs."""
    if ground.is_real:
        yield from measured(BOOKMARKS)


def measured(count: int) -> Iterator[Measured]:
    """Import so many bookmarks into an empty blog, once more, and undo it."""
    home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home()) as folder:
        data, file = Path(folder, "blog"), Path(folder, "bookmarks.html")
        write_bookmarks(file, count)
        yield from _command("a blog before it", data, "export", str(Path(folder, "before.zip")))
        yield from _command(f"importing {count:,} bookmarks", data, "import", str(file))
        yield from _command("the same again, nothing changed", data, "import", str(file))
        yield from _command("taking it out as an archive", data, "export", str(Path(folder, "full.zip")))
        yield from _command("undoing it", data, "imports", "undo", "1", "--yes")
        yield from _command("a blog after it", data, "export", str(Path(folder, "after.zip")))
        if contents(Path(folder, "before.zip")) != contents(Path(folder, "after.zip")):
            raise SystemExit("After the undoing the blog is not what it was.")
        yield from _command(
            "restoring the archive", Path(folder, "new"), "restore", str(Path(folder, "full.zip"))
        )


def write_bookmarks(file: Path, count: int) -> None:
    """Write a file of bookmarks as browsers export it, with a folder for each hundred."""
    with file.open("w", encoding="utf-8") as out:
        out.write(
            "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n<DL><p>\n"
        )
        for number in range(count):
            if number % 100 == 0:
                out.write(f"{'</DL><p>' if number else ''}<DT><H3>Folder {number // 100 % 200}</H3>\n<DL><p>\n")
            out.write(
                f'<DT><A HREF="https://site{number % 977}.example/page/{number}" '
                f'ADD_DATE="{1_200_000_000 + number * 997}" '
                f'TAGS="tag{number % 301},tag{number % 53}">Page {number} of the web</A>\n'
                f"<DD>What was said of page {number}, in a line or two that somebody typed.\n"
            )
        out.write("</DL><p>\n</DL><p>\n")


def contents(path: Path) -> dict[str, str]:
    """The digests of all tables of an archive but those that tell of imports."""
    with Archive(path) as archive:
        return {name: one.contents.sha256 for name, one in archive.tables.items() if name not in _HISTORY}


def _command(name: str, data: Path, *words: str) -> Iterator[Measured]:
    start = time.perf_counter()
    process = subprocess.Popen(
        command(data, *words), env=clean_environment({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"crosstag {' '.join(words)} ended with {process.returncode}.")
    busy = used.ru_utime + used.ru_stime
    yield Measured(name=name, unit="s", median=seconds, note=f"processor {busy:.1f} s")
    yield Measured(name=f"{name}: most memory", unit="MB", median=used.ru_maxrss / 1_000)
