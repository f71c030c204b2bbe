"""Who is at an import: one at a time on each machine, and how others can tell.

A run's row says that it goes on; whether it really does, the lock says, which ends with its process
however that ends. Of a run on another machine, which has the database in common but no files, nobody can
tell but by the time that it notes after each batch.
"""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from blog.domain.errors import CrosstagError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
UNDOING: Final = "undoing"
UNDONE: Final = "undone"
_SILENCE: Final = timedelta(minutes=5)
_OWNER: Final = "owner"
_SEEN: Final = "seen"


class ImportUnderWay(CrosstagError):
    """Another import, or the undoing of one, goes on."""


@contextmanager
def import_lock(data_dir: Path) -> Iterator[None]:
    """Hold the lock of imports.

    Raises:
        ImportUnderWay: somebody else holds it.
    """
    file = _opened(data_dir)
    try:
        if not _locked(file):
            raise ImportUnderWay("Another import goes on. Try again when it is done.")
        yield
    finally:
        os.close(file)


def is_held(data_dir: Path) -> bool:
    """Tell whether somebody on this machine holds the lock of imports."""
    file = _opened(data_dir)
    try:
        return not _locked(file)
    finally:
        os.close(file)


def goes_on(data_dir: Path, state: str, options: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether somebody is at a run in this state; otherwise, if it says so, it was broken off."""
    if state not in (RUNNING, UNDOING):
        return False
    return is_held(data_dir) if options.get(_OWNER) == socket.gethostname() else is_elsewhere(options, now)


def is_elsewhere(options: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether another machine has noted lately that it is at a run."""
    if options.get(_OWNER) in (None, socket.gethostname()):
        return False
    return now - datetime.fromisoformat(options[_SEEN]) < _SILENCE


def owned(now: datetime) -> dict[str, str]:
    """Return what a run's options say of who is at it."""
    return {_OWNER: socket.gethostname(), _SEEN: now.isoformat()}


def _opened(data_dir: Path) -> int:
    return os.open(data_dir / "import.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(file: int) -> bool:
    # Not fcntl's other lock, which two threads of one process can both have.
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
