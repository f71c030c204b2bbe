"""Whether an SQLite database has changed: asked at every request, answered in two microseconds.

``PRAGMA data_version`` of a connection that never writes is another number whenever anybody else has
committed. What it looks at, the header of the ``-shm`` file, could be mapped into memory and compared
in a tenth of the time; but SQLite's locks are on that very file, and a process that closes any
descriptor of a file gives up all its locks on it (POSIX, ``fcntl``): confirmed writes were lost that way.
So nothing here opens a file of the database but SQLite.
"""

from __future__ import annotations

import sqlite3
import threading


class SqlitePulse:
    """Gives a number that is another one whenever the database has changed. Safe to share between threads."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._cursor: sqlite3.Cursor | None = None

    def __call__(self) -> int:
        """Return the number of now."""
        with self._lock:
            if self._cursor is None:
                self._cursor = sqlite3.connect(self._database, check_same_thread=False).cursor()
            number: int = self._cursor.execute("PRAGMA data_version").fetchone()[0]
            return number

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._cursor is not None:
                self._cursor.connection.close()
                self._cursor = None
