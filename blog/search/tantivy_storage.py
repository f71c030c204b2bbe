"""The files of the tantivy index: checked when it is opened, thrown away when they are not sound.

Tantivy writes each file once, syncs it, and ends it with its checksum; a commit is the renaming
of ``meta.json``, which names the files. So a crash or a power loss leaves the commit before. What
is left to see is what befell the disk or a copy since: here every file's checksum is compared when
the index is opened (1 GB in a second). Damaged files would otherwise be noticed in the middle of a
query, or not at all.

What is not sound is thrown away; the follower then fills an empty index.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from mmap import ACCESS_READ, mmap
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from tantivy import Index
from whoosh.util.filelock import FileLock, try_for

from blog.domain.errors import DataFolderInUse
from blog.search.tantivy_documents import make_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT: Final = 1
"""Raised whenever analysis or layout changes: an index of another format is built anew."""

TABLE: Final = "meta.json"
LOCK: Final = ".tantivy-writer.lock"

_MARKER: Final = "crosstag.format"
_OURS: Final = re.compile(r"meta\.json|\.managed\.json|crosstag\.format|\.tmp\w+|[0-9a-f]{32}(\.[0-9]+)?\.\w+")
_PARTS: Final = ("idx", "pos", "term", "store", "fast", "fieldnorm")
# The end of each file: where it was made and its checksum as JSON, the JSON's length, and a number.
_TAIL: Final = Struct("<II")
_TAIL_NUMBER: Final = 1337
_ATTEMPTS: Final = 3
_PATIENCE: Final = 10.0  # seconds that a process about to repair waits for one that writes

_log = logging.getLogger(__name__)


def open_index(path: Path) -> Index:
    """Open the index in ``path``; make an empty one where there is none, or none that is sound.

    Raises:
        DataFolderInUse: the index needs repair and another process keeps writing to it.
    """
    path.mkdir(parents=True, exist_ok=True)
    # A file that is gone may have been merged away by a writer since its name was read.
    if not any(is_sound(path) for _ in range(_ATTEMPTS)):
        _start_anew(path)
    return reopen_index(path)


def reopen_index(path: Path) -> Index:
    """Open an index that was found sound."""
    index = Index.open(str(path))
    # We look for new commits ourselves, at each question; tantivy's way is to look every half second.
    index.config_reader("Manual")
    return index


def is_sound(path: Path) -> bool:
    """Tell whether the index is of our format and all its files are whole."""
    try:
        return (
            (path / _MARKER).read_text() == str(FORMAT)
            and all(map(_is_whole, _files(path)))
            and Index.is_compatible(str(path))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _files(path: Path) -> Iterator[Path]:
    """The files of the newest commit."""
    for segment in json.loads((path / TABLE).read_bytes())["segments"]:
        name = segment["segment_id"].replace("-", "")
        yield from (path / f"{name}.{part}" for part in _PARTS)
        deletes: dict[str, Any] | None = segment["deletes"]
        if deletes:
            yield path / f"{name}.{deletes['opstamp']}.del"


def _is_whole(file: Path) -> bool:
    with (
        file.open("rb") as opened,
        mmap(opened.fileno(), 0, access=ACCESS_READ) as data,
        memoryview(data) as view,
    ):
        length, number = _TAIL.unpack_from(view, len(view) - _TAIL.size)
        end = len(view) - _TAIL.size - length
        if number != _TAIL_NUMBER or end < 0:
            return False
        footer = json.loads(bytes(view[end : -_TAIL.size]))
        with view[:end] as content:
            return bool(zlib.crc32(content) == footer["crc"])


def _start_anew(path: Path) -> None:
    """Make an empty index, unless whoever held the lock meanwhile left a sound one."""
    lock = FileLock(str(path / LOCK))
    if not try_for(lock.acquire, timeout=_PATIENCE):
        raise DataFolderInUse(f"The search index in {path} needs repair, but another process uses it.")
    try:
        if not is_sound(path):
            _empty(path)
            Index(make_schema(), str(path), reuse=False)
            (path / _MARKER).write_text(str(FORMAT))
    finally:
        lock.release()


def _empty(path: Path) -> None:
    """Delete the index, and only it: the folder may be somebody's by mistake."""
    left_over = [entry for entry in path.iterdir() if _OURS.fullmatch(entry.name) and entry.is_file()]
    if left_over:
        _log.warning("The search index in %s is damaged or of another version; it is built anew.", path)
    for entry in left_over:
        entry.unlink()
