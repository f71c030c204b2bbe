"""A zip file as the files in it: read where they lie, never written to the disk.

What cannot be meant refuses all of it: a name that leads out of the archive, a size or a number
of files that no export has, and bytes that unpack to hundreds of times as many. Links are left
out, as are hidden files and what macOS adds, and an archive within is a file like any other.
"""

from __future__ import annotations

import io
import lzma
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from blog.domain.errors import BadImport

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import WriteableBuffer

MOST_FILES: Final = 100_000
LARGEST: Final = 4_000_000_000
LARGEST_IN_MEMORY: Final = 200_000_000
_MOST_EXPANSION: Final = 200
_HARMLESS: Final = 50_000_000
_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_BREAKAGE: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError),  # a method of packing that is not known, or a password
)
_DRIVE: Final = re.compile(r"[A-Za-z]:(?:/|\Z)")


def is_zip(head: bytes) -> bool:
    """Tell whether a file that begins so is a zip file."""
    return head.startswith(_MARKS)


@dataclass(frozen=True, slots=True)
class Packed:
    """A file in an archive."""

    archive: zipfile.ZipFile
    entry: zipfile.ZipInfo

    def open(self) -> IO[bytes]:
        """Open it for reading; what goes wrong then is a ``BadImport``, too."""
        name = self.entry.filename
        if self.entry.flag_bits & 1:
            raise BadImport(f"{name} is encrypted; unpack the archive and import what is in it.")
        try:
            return io.BufferedReader(_Unpacking(self.archive.open(self.entry), name))
        except _BREAKAGE as error:
            raise BadImport(f"{name} in the archive cannot be read: {error}.") from error

    def read(self) -> bytes:
        """All of it.

        Raises:
            BadImport: that is too much to have in memory, or it cannot be read.
        """
        if self.entry.file_size > LARGEST_IN_MEMORY:
            raise BadImport(
                f"{self.entry.filename} is too large to be read out of a zip file; unpack it first."
            )
        with self.open() as file:
            return file.read()


class _Unpacking(io.RawIOBase):
    """The bytes of a packed file, with one kind of error."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        try:
            data = self._file.read(len(view))
        except _BREAKAGE as error:
            raise BadImport(f"{self._name} in the archive cannot be read: {error}.") from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def files_of(file: Path | IO[bytes], label: str) -> dict[str, Packed]:
    """The files in an archive by their paths, without the folder that all of them are in.

    Raises:
        BadImport: it is broken, empty, too large, or a name in it leads elsewhere.
    """
    try:
        archive = zipfile.ZipFile(file)
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except _BREAKAGE as error:
        raise BadImport(f"{label} is a broken zip file: {error}.") from error
    _check(entries, label)
    files = {_name(entry): Packed(archive, entry) for entry in entries if _is_wanted(entry)}
    if not files:
        raise BadImport(f"{label} is a zip file with no files to import.")
    top = _common_folder(list(files))
    return {name[len(top) :]: packed for name, packed in files.items()}


def _check(entries: list[zipfile.ZipInfo], label: str) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MOST_FILES:
        raise BadImport(f"{label} has {len(entries):,} files, and no more than {MOST_FILES:,} are read.")
    if unpacked > LARGEST or (unpacked > _HARMLESS and unpacked > _MOST_EXPANSION * packed):
        raise BadImport(f"{label} unpacks to {unpacked:,} bytes; unpack it yourself and import what is in it.")
    for entry in entries:
        if _leads_out(_name(entry)):
            raise BadImport(f"{label} has a file whose name leads out of it: {entry.filename[:80]}.")


def _name(entry: zipfile.ZipInfo) -> str:
    return entry.filename.replace("\\", "/")


def _leads_out(name: str) -> bool:
    return ".." in name.split("/") or name.startswith("/") or bool(_DRIVE.match(name))


def _is_wanted(entry: zipfile.ZipInfo) -> bool:
    parts = _name(entry).split("/")
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return not is_link and "__MACOSX" not in parts and not any(part.startswith(".") for part in parts)


def _common_folder(names: list[str]) -> str:
    """The one folder that all files are in, with its slash; "" where there is none.

    A folder like Jekyll's ``_drafts`` means something, and is not taken away.
    """
    first, slash, _ = names[0].partition("/")
    top = first + slash
    return top if slash and first[0] != "_" and all(name.startswith(top) for name in names) else ""
