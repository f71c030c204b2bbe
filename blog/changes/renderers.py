"""Rendering in processes beside this one, while an import reads on and writes.

Python renders on one core only, whatever the number of threads. So an import that has more than
some hundred bodies to render shares them out to processes that do nothing else
(``blog/changes/renderer.py``), a batch or two before it needs them.

Nothing depends on these processes. What one of them was given is rendered here when it was
killed, or has run out of memory. They end when this process ends, however that happens: what
they read from is closed then.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blog.config import cores
from blog.rendering import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blog.rendering import Rendered, Unrendered

# Below this, starting the processes costs more than they save (docs/decisions/0013).
MANY: Final = 1_000
# Fewer than these are rendered in the time in which they could be sent.
_FEW: Final = 20
# With this many it is reading and writing, here, that an import waits for.
_MOST_PROCESSES: Final = 4
log = logging.getLogger(__name__)


def usable_cores() -> int:
    """Return how many processes can render at once: with one core it is better done here."""
    usable = cores()
    return min(usable, _MOST_PROCESSES) if usable > 1 else 0


class Renderers:
    """The processes that render for one import; there are none before there is much to render.

    They are commands of their own, and none of multiprocessing's: those run the main script once
    more, which costs most of a second with ours, and which nobody expects who calls an import from
    a script of theirs; and they go on when this process is killed. No thread is needed here to
    speak with them, because theirs read and write whenever there is something to.
    """

    def __init__(self, processes: int = 0, *, many: int = MANY) -> None:
        self._number = processes
        self._left = many
        self._processes: list[_Process] = []

    def render(self, bodies: Sequence[Unrendered]) -> Rendering:
        """Begin to render these, elsewhere if there have been many by now."""
        self._left -= len(bodies)
        if self._left >= 0 or len(bodies) < _FEW or self._number < 1:
            return Rendering([_Share(bodies)])
        if not self._processes:
            self._processes = [_Process() for _ in range(self._number)]
        shares = [bodies[first :: self._number] for first in range(self._number)]
        return Rendering([one.begin(share) for one, share in zip(self._processes, shares, strict=True)])

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for process in self._processes:
            process.end()
        self._processes = []


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process renders of some bodies, in answer to its question of this number."""

    bodies: Sequence[Unrendered]
    process: _Process | None = None
    number: int = 0

    def result(self) -> Sequence[Rendered]:
        answer = self.process.answer(self.number) if self.process else None
        return [render(*one) for one in self.bodies] if answer is None else answer


@dataclass(frozen=True, slots=True)
class Rendering:
    """Bodies that are being rendered, each share of them every so many; or that will be, when asked for."""

    shares: Sequence[_Share]

    @property
    def is_elsewhere(self) -> bool:
        """Whether it goes on while this process does something else."""
        return any(share.process for share in self.shares)

    def results(self) -> list[Rendered]:
        """Return the bodies rendered, in their order, once they are."""
        done = [share.result() for share in self.shares]
        return [done[at % len(done)][at // len(done)] for at in range(sum(map(len, done)))]


class _Process:
    """One process, and the questions it was asked; it answers in their order."""

    def __init__(self) -> None:
        self._connection, its_end = Pipe()
        with its_end:
            self._process = _started(its_end.fileno())
        self._asked = self._answered = 0
        self._answers: dict[int, Sequence[Rendered]] = {}
        self._is_lost = False

    def begin(self, bodies: Sequence[Unrendered]) -> _Share:
        """Ask it to render these."""
        if self._is_lost:
            return _Share(bodies)
        try:
            self._connection.send(bodies)
        except OSError:
            self._lose()
            return _Share(bodies)
        self._asked += 1
        return _Share(bodies, self, self._asked)

    def answer(self, number: int) -> Sequence[Rendered] | None:
        """Return its answer to the question of this number; None if there will be none."""
        try:
            while self._answered < number and not self._is_lost:
                answer = self._connection.recv()
                self._answered += 1
                self._answers[self._answered] = answer
        except (EOFError, OSError):
            self._lose()
        return self._answers.pop(number, None)

    def end(self) -> None:
        """End it and wait until it is gone."""
        self._process.terminate()
        self._process.wait()
        self._connection.close()

    def _lose(self) -> None:
        self._is_lost = True
        log.warning("A process that renders has ended; what it was to render is rendered without it.")


def _started(socket: int) -> subprocess.Popen[bytes]:
    """Start a process that finds the modules where this one does, and answers on this socket."""
    return subprocess.Popen(  # noqa: S603  # the command is our own
        [sys.executable, "-m", "blog.changes.renderer", str(socket)],
        pass_fds=[socket],
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)},
        # Ctrl-C is for this process, which then ends the others.
        process_group=0,
    )
