"""What was given to import: a file, a folder, a zip file, or the bytes of an answer from the web.

Importers see names and bytes and nothing of where they lie, so a folder on disk and a
fetched feed are read by the same code, and a parser cannot reach a file it was not given.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from blog.domain.errors import BadImport
from importers.zip_archive import Packed, files_of, is_zip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Material:
    """Named bytes with a label for messages; made by ``of_path`` or ``of_bytes``.

    ``is_packed`` says that it was a zip file.
    """

    def __init__(
        self, label: str, parts: Mapping[str, Path | bytes | Packed], *, is_packed: bool = False
    ) -> None:
        self.label = label
        self.is_packed = is_packed
        self._parts = parts
        self._last_head: tuple[str, int, bytes] = ("", 0, b"")

    @classmethod
    def of_path(cls, path: Path) -> Material:
        """The file at ``path``, or every file in the folder, or in the zip file, there.

        Hidden files and folders are left out (version control, and the ``._name`` doubles
        that some systems leave beside each file), and so is every link that leads out of
        the folder.

        Raises:
            BadImport: nothing is there, it cannot be read, or it is an empty folder.
        """
        try:
            root = path.resolve(strict=True)
            parts = dict(_files_below(root)) if root.is_dir() else {root.name: root}
        except FileNotFoundError as error:
            raise BadImport(f"There is nothing at {path}.") from error
        except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
            raise BadImport(f"{path} cannot be read: {_said_by(error)}.") from error
        if not root.is_dir() and not root.is_file():
            raise BadImport(f"{path} is neither a file nor a folder.")
        if not parts:
            raise BadImport(f"The folder {path} has no files to import.")
        single = cls(str(path), parts)
        if root.is_file() and is_zip(single.head(root.name, 4)):
            return cls(str(path), files_of(root, str(path)), is_packed=True)
        return single

    @classmethod
    def of_bytes(cls, data: bytes, label: str) -> Material:
        """One nameless file, or those in a zip file; ``label`` is the address it came from, if any.

        Raises:
            BadImport: it is a zip file that is broken, or that nobody would make.
        """
        if is_zip(data):
            return cls(label, files_of(io.BytesIO(data), label), is_packed=True)
        return cls(label, {label.rstrip("/").rpartition("/")[2] or label: data})

    def names(self) -> list[str]:
        """The paths relative to the folder, with ``/``, sorted; a single file has one."""
        return sorted(self._parts)

    def only(self, name: str) -> Material:
        """One of the files, by itself."""
        return Material(name, {name: self._parts[name]})

    def open(self, name: str) -> IO[bytes]:
        """Open one of ``names()`` for reading.

        Raises:
            BadImport: no such name, or it cannot be read (any more).
        """
        part = self._parts.get(name)
        if part is None:
            raise BadImport(f"{self.label} has no file {name}.")
        if isinstance(part, bytes):
            return io.BytesIO(part)
        if isinstance(part, Packed):
            return part.open()
        try:
            return part.open("rb")
        except OSError as error:
            raise BadImport(f"{name} cannot be read: {_said_by(error)}.") from error

    def read(self, name: str) -> bytes:
        """All bytes of one of ``names()``; raises ``BadImport`` as ``open`` does."""
        part = self._parts.get(name)
        if isinstance(part, Packed):
            return part.read()
        with self.open(name) as file:
            return file.read()

    def head(self, name: str, size: int = 65_536) -> bytes:
        """The first ``size`` bytes, which is enough to tell a format.

        The last ones are kept, because every importer asks for them in turn.
        """
        last, read, head = self._last_head
        if last != name or read < size:
            with self.open(name) as file:
                head = file.read(size)
            self._last_head = (name, size, head)
        return head[:size]

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines without their ends, one in memory at a time."""
        with self.open(name) as file:
            for line in file:
                yield line.rstrip(b"\r\n")


def _files_below(root: Path) -> Iterator[tuple[str, Path]]:
    # os.walk does not follow links to folders, so a loop of them cannot hold us.
    for folder, folders, files in os.walk(root, onerror=_stop):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(folder, name)
            if not name.startswith(".") and _stays_inside(path, root):
                yield path.relative_to(root).as_posix(), path


def _stays_inside(path: Path, root: Path) -> bool:
    # In this order, because a link that leads to itself is no file but cannot be resolved.
    return path.is_file() and path.resolve().is_relative_to(root)


def _stop(error: OSError) -> None:
    # Without this os.walk would silently leave out what it may not read.
    raise error


def _said_by(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
