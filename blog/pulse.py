"""Whether an SQLite database has changed, in a tenth of a microsecond.

Every request asks. ``PRAGMA data_version`` of a connection that never writes answers in two microseconds
with its lock, half of what a cached page takes. What that pragma looks at is the header of the WAL
index, 48 bytes at the beginning of the ``-shm`` file that all connections share (sqlite.org/walformat.html,
section 2.1): every transaction counts it up and gives it another checksum before the commit returns. So
these bytes are mapped into memory and compared.

A writer may be half-way through them when they are read. That reads as a change, which is then looked
for, and read once more. Where there is no such file, or its header is not of the one version that is
known, the pragma is asked.
"""

from __future__ import annotations

import mmap
import sqlite3
import threading
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

# Version, an unused word, the count of changes, whether it is initialised (in the machine's byte order).
_HEADER: Final = Struct("=III?")
_VERSION: Final = 3_007_000
_SIZE: Final = 48


class SqlitePulse:
    """Gives a value that is another one whenever the database has changed. Safe to share between threads."""

    def __init__(self, database: str) -> None:
        self._path = Path(database)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._header: mmap.mmap | None = None

    def __call__(self) -> Hashable:
        """Return the value of now."""
        header = self._header
        if header is not None:
            return header[:_SIZE]
        with self._lock:
            if self._connection is None:
                self._open()
            return self._header[:_SIZE] if self._header is not None else self._data_version()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, check_same_thread=False)
        # A connection that has read once keeps the shared file where it is, until it is closed.
        self._data_version()
        self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._header = self._mapped()

    def _mapped(self) -> mmap.mmap | None:
        shared = self._path.resolve()
        try:
            with shared.with_name(f"{shared.name}-shm").open("rb") as file:
                header = mmap.mmap(file.fileno(), _SIZE, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return None
        version, _, _, is_initialised = _HEADER.unpack_from(header)
        return header if version == _VERSION and is_initialised else None

    def _data_version(self) -> int:
        assert self._connection is not None, "it is opened before it is asked"
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            # The bytes stay mapped for whoever still looks at them, and go with the last one.
            self._header = None
            if self._connection is not None:
                self._connection.close()
                self._connection = None
