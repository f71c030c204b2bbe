"""Reading feeds in processes beside this one, each within its time.

A feed of two megabytes can be made so that to read it takes minutes, and Python gives up no computation
but with its process. So the processes that read are not the one that polls, which may be answering
readers of the blog as well: one that takes too long is ended, and the next feed gets a new one.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blog.domain.errors import BadImport

if TYPE_CHECKING:
    from blog.poller.reading import FeedRead

PROCESSES: Final = 2
SECONDS: Final = 20.0
# Until a process has started, which is our time and not the feed's.
_TO_START: Final = 60.0


class Readers:
    """Processes that read, started when there is something to; safe to share between threads."""

    def __init__(self, processes: int = PROCESSES, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._free: queue.LifoQueue[_Reader] = queue.LifoQueue()
        self._all = [_Reader() for _ in range(processes)]
        for reader in self._all:
            self._free.put(reader)

    def read(self, data: bytes, url: str) -> FeedRead:
        """Read what ``url`` sent, once a process is free to.

        Raises:
            BadImport: it is in no format known here, nothing of it can be read, or not in time.
        """
        reader = self._free.get()
        try:
            answer = reader.ask(data, url, self._seconds)
        finally:
            self._free.put(reader)
        if isinstance(answer, str):
            raise BadImport(answer)
        return answer

    def processes(self) -> list[subprocess.Popen[bytes]]:
        """The processes that there are now."""
        return [reader.process for reader in self._all if reader.process is not None]

    def close(self) -> None:
        """End the processes."""
        for reader in self._all:
            reader.end()


class _Reader:
    """One process, which is there while it is needed; for one thread at a time."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, data: bytes, url: str, seconds: float) -> FeedRead | str:
        try:
            self._begin()
            self._connection.send((data, url))
            if self._connection.poll(seconds):
                answer: FeedRead | str = self._connection.recv()
                return answer
        except (EOFError, OSError):
            self.end()
            return f"What {url} sent cannot be read: that ended the process that tried."
        self.end()
        return f"To read what {url} sent takes more than {seconds:g} seconds."

    def _begin(self) -> None:
        """Start the process unless there is one, and wait until it is ready."""
        if self.process is not None and self.process.poll() is None:
            return
        self.end()
        self._connection, its_end = Pipe()
        with its_end:
            self.process = _started(its_end.fileno())
        if not self._connection.poll(_TO_START):
            raise EOFError
        self._connection.recv()

    def end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            self._connection.close()


def _started(socket: int) -> subprocess.Popen[bytes]:
    """Start a process that finds the modules where this one does, and answers on this socket."""
    return subprocess.Popen(  # noqa: S603  # the command is our own
        [sys.executable, "-m", "blog.poller.reader", str(socket)],
        pass_fds=[socket],
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)},
        # Ctrl-C is for this process, which then ends the others.
        process_group=0,
    )
