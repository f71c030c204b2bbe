"""``crosstag`` as a process that has loaded it before it begins: forked, and not started anew.

Loading takes some seconds and a hundred tests need a server of their own. What runs is the same command
in a process of its own, which can be killed with its workers; tests/test_cli.py and tests/test_serving.py
start it as an operator does.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

_STARTER: Final = multiprocessing.get_context("forkserver")
_STARTER.set_forkserver_preload(["forked", "blog.cli", "blog.commands.serve"])


# As rich finds it, when it is loaded.
os.environ.setdefault("COLUMNS", "200")


def run_forked(words: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run a command to its end; return its exit code, and all that it printed."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        running = Forked(words, Path.cwd(), log, environment)
        return running.wait(), log.read_text(encoding="utf-8")


class Forked:
    """A command that runs, with all that it prints in a file."""

    def __init__(
        self, words: list[str], folder: Path, log: Path, environment: dict[str, str] | None = None
    ) -> None:
        foreign = ("CROSSTAG_", "DATABASE_URL")
        known = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        known |= environment or {}
        self._process: ForkServerProcess = _STARTER.Process(
            target=_run, args=(words, str(folder), str(log), known)
        )
        self._process.start()

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    def kill(self) -> None:
        """Kill it and its children."""
        assert self._process.pid
        os.killpg(self._process.pid, signal.SIGKILL)
        self._end(10)

    def stop(self) -> None:
        """End it in peace."""
        self._process.terminate()
        self._end(30)

    def wait(self) -> int:
        """Return its exit code, when it has ended."""
        self._process.join(300)
        code = self._process.exitcode
        assert code is not None
        self._process.close()
        return code

    def _end(self, seconds: float) -> None:
        self._process.join(seconds)
        assert not self._process.is_alive()
        self._process.close()


def _run(words: list[str], folder: str, log: str, environment: dict[str, str]) -> None:
    os.setsid()
    # As it is where a shell has started it: its workers are forked from it.
    multiprocessing.set_start_method("fork", force=True)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with open(log, "wb", buffering=0) as file:  # noqa: PTH123  its number is wanted
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["crosstag", *words]
    warnings.simplefilter("error")

    from blog.cli import main

    main()
