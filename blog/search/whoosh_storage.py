"""The files of the Whoosh index: written so that a power loss cannot half-write them, and checked.

Whoosh writes new segment files, then a table of contents under a temporary name, and renames
it: the rename is the commit. It syncs nothing, though, so after a power loss the new table may
lie beside segment files that never reached the disk. :class:`DurableStorage` syncs what was
written before it lets the rename happen.

Beside each table it leaves a *receipt*: the table's checksum, and of every segment file the
size and a checksum of its two ends (a file that never reached the disk is short or all zeros;
reading whole files would make opening a large index slow). :func:`open_index` trusts a table
only with its receipt (tables are pickles: a damaged one could do anything). What is not sound
is thrown away; the follower then fills an empty index.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.util.filelock import try_for

from blog.domain.errors import DataFolderInUse

if TYPE_CHECKING:
    from pathlib import Path

    from whoosh.fields import Schema

INDEX_NAME: Final = "crosstag"
FORMAT: Final = 2
"""Raised whenever analysis or layout changes: an index of another format is built anew."""

_RECEIPT: Final = ".receipt"
_END: Final = 65_536  # bytes at either end of a file that its mark is made of
_PATIENCE: Final = 10.0  # seconds that a process about to repair waits for one that writes

_log = logging.getLogger(__name__)


class DurableStorage(FileStorage):
    """A directory whose tables of contents name only what is safely on the disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))  # type: ignore[no-untyped-call]  # whoosh has partial types
        self._path = path
        self._unsynced: set[str] = set()
        self._marks: dict[str, list[int]] = {}

    def create_file(self, name: str, excl: bool = False, mode: str = "wb", **kwargs: Any) -> Any:
        """Create a file and remember that it is not on the disk yet."""
        self._unsynced.add(name)
        return super().create_file(name, excl=excl, mode=mode, **kwargs)  # type: ignore[no-untyped-call]

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Commit: sync the segments, leave the receipt, rename the table of contents."""
        for name in self._unsynced:
            with contextlib.suppress(FileNotFoundError):
                _sync(self._path / name)
        self._unsynced.clear()
        receipt = self._path / f"{newname}{_RECEIPT}"
        receipt.write_text(json.dumps(self._receipt(oldname)))
        _sync(receipt)
        super().rename_file(oldname, newname, safe=safe)  # type: ignore[no-untyped-call]
        _sync(self._path)
        for old in self._path.glob(f"*{_RECEIPT}"):
            if old != receipt:
                old.unlink(missing_ok=True)

    def _receipt(self, table: str) -> dict[str, Any]:
        segments = f"{INDEX_NAME}_"
        names = [
            entry.name
            for entry in os.scandir(self._path)
            if entry.name.startswith(segments) and "." in entry.name and entry.is_file()
        ]
        # Segment files never change once they are written, so each is read once.
        self._marks = {name: self._marks.get(name) or _mark(self._path / name) for name in names}
        return {"format": FORMAT, "table": zlib.crc32((self._path / table).read_bytes()), "files": self._marks}


class Commit(NamedTuple):
    """One table of contents, told from any other that may come to have its name."""

    table: Path
    following: Path  # what the table of the next commit will be called
    inode: int
    modified: int

    @classmethod
    def of(cls, storage: DurableStorage, generation: int) -> Commit:
        """The commit whose table was read.

        Raises:
            FileNotFoundError: it is there no more.
        """
        names = (TOC._filename(INDEX_NAME, number) for number in (generation, generation + 1))  # type: ignore[no-untyped-call]
        table, following = (storage._path / name for name in names)
        found = table.stat()
        return cls(table, following, found.st_ino, found.st_mtime_ns)

    def is_newest(self) -> bool:
        """Tell whether nobody has committed since, in any process: two looks, a few microseconds.

        Every commit counts the generation up by one, renames its table into place, and before
        it returns deletes the older ones. So after a commit that has returned, the table we
        know is gone; if its process died before the deleting, ours and the following one are
        both there. The names begin anew when a damaged index does: then it is another file. (The
        folder's own time would be one look, but two commits within one tick of the file
        system's clock would be taken for one.)
        """
        try:
            found = self.table.stat()
        except FileNotFoundError:
            return False
        is_same = (found.st_ino, found.st_mtime_ns) == (self.inode, self.modified)
        return is_same and not self.following.exists()


def open_index(path: Path, schema: Schema) -> FileIndex:
    """Open the index in ``path``; make an empty one where there is none, or none that is sound.

    Raises:
        DataFolderInUse: the index needs repair and another process keeps writing to it.
    """
    path.mkdir(parents=True, exist_ok=True)
    storage = DurableStorage(path)
    if not is_sound(storage, schema):
        _start_anew(storage, schema)
    return FileIndex(storage, schema, INDEX_NAME)  # type: ignore[no-untyped-call]


def is_sound(storage: DurableStorage, schema: Schema) -> bool:
    """Tell whether the newest table has a receipt and all its files are there in full."""
    generation = TOC._latest_generation(storage, INDEX_NAME)  # type: ignore[no-untyped-call]
    table = storage._path / TOC._filename(INDEX_NAME, generation)  # type: ignore[no-untyped-call]
    try:
        receipt = json.loads(table.with_name(f"{table.name}{_RECEIPT}").read_text())
        if receipt["format"] != FORMAT or receipt["table"] != zlib.crc32(table.read_bytes()):
            return False
        toc = TOC.read(storage, INDEX_NAME, generation, schema)  # type: ignore[no-untyped-call]
        return all(_is_whole(storage, segment.segment_id(), receipt["files"]) for segment in toc.segments)
    except (OSError, ValueError, KeyError, TypeError, ImportError, AttributeError):
        # The last two are a table that names classes of another version of us.
        return False


def _is_whole(storage: DurableStorage, segment_id: str, files: dict[str, list[int]]) -> bool:
    marks = {name: mark for name, mark in files.items() if name.startswith(f"{segment_id}.")}
    return bool(marks) and all(_mark(storage._path / name) == mark for name, mark in marks.items())


def _mark(path: Path) -> list[int]:
    """The size of a file and a checksum of its first and last bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        checksum = zlib.crc32(file.read(_END))
        if size > _END:
            file.seek(max(_END, size - _END))
            checksum = zlib.crc32(file.read(), checksum)
    return [size, checksum]


def _start_anew(storage: DurableStorage, schema: Schema) -> None:
    """Make an empty index, unless whoever held the lock meanwhile left a sound index."""
    lock = storage.lock(f"{INDEX_NAME}_WRITELOCK")  # type: ignore[no-untyped-call]
    if not try_for(lock.acquire, timeout=_PATIENCE):
        raise DataFolderInUse(f"The search index in {storage._path} needs repair, but another process uses it.")
    try:
        # What looked damaged may only have been a commit seen halfway.
        if not is_sound(storage, schema):
            _empty(storage._path, keep=f"{INDEX_NAME}_WRITELOCK")
            TOC.create(storage, schema, INDEX_NAME)  # type: ignore[no-untyped-call]
    finally:
        lock.release()


def _empty(path: Path, keep: str) -> None:
    """Delete the index, and only it: the folder may be somebody's by mistake."""
    ours = (f"{INDEX_NAME}_", f"_{INDEX_NAME}_", f"{INDEX_NAME}.tmp")
    left_over = [entry for entry in path.iterdir() if entry.name.startswith(ours) and entry.name != keep]
    if left_over:
        _log.warning("The search index in %s is damaged or of another version; it is built anew.", path)
    for entry in left_over:
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
