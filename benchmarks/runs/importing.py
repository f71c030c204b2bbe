"""``crosstag import`` of the real blog as one command, its text index included; and the same once more,
with nothing to change.

Processor time counts the command and the processes it starts; memory is the most that one of them held.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generate import home
from benchmarks.grounds import CORPUS
from benchmarks.measuring import Measured
from benchmarks.subject import clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.grounds import Ground


def run(ground: Ground) -> Iterator[Measured]:
    """Import the real blog twice; a generated blog has nothing it could be imported from."""
    if not ground.is_real:
        return
    home().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home()) as folder:
        yield from _import(Path(folder) / "blog", "importing and indexing")
        yield from _import(Path(folder) / "blog", "the same again, nothing changed")


def _import(data: Path, name: str) -> Iterator[Measured]:
    start = time.perf_counter()
    process = subprocess.Popen(
        command(data, "import", str(CORPUS)), env=clean_environment({}), stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    # It was waited for behind the back of subprocess, which would otherwise wait for it again.
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"The import ended with {process.returncode}.")
    busy = used.ru_utime + used.ru_stime
    yield Measured(name=name, unit="s", median=seconds, note=f"processor {busy:.1f} s")
    yield Measured(name=f"{name}: most memory", unit="MB", median=used.ru_maxrss / 1_000)
