"""A directory that is written again and again: only what has changed, and nothing that is not ours.

``.crosstag-export`` in it lists, with digests, the files that were written. A file that is not on the list,
or is not any more what was written, is somebody's: it is neither written over nor deleted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from blog.domain.errors import CrosstagError

if TYPE_CHECKING:
    from collections.abc import Iterator

LIST: Final = ".crosstag-export"
_FRESH: Final = ".new-"


class CannotWrite(CrosstagError):
    """The directory cannot be written to as it is."""


@dataclass(slots=True)
class Written:
    """What became of the files; ``left_alone`` names those that are somebody's."""

    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    left_alone: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """All of it in words."""
        return (
            f"{self.new:,} files new, {self.changed:,} changed, {self.same:,} as they were, {self.gone:,} gone."
        )


class Folder:
    """The directory while it is written. Of a file it keeps a name and a digest in memory."""

    def __init__(self, root: Path) -> None:
        """Read what was written the last time.

        Raises:
            CannotWrite: the list of it is broken.
        """
        self._root = root
        self._before = _listed(root / LIST)
        self._now: dict[str, str] = {}
        self.written = Written()

    def write(self, name: str, data: bytes) -> None:
        """Let a file have this content."""
        path, digest = self._root / name, hashlib.sha256(data).hexdigest()
        there = _digest(path)
        if there == digest:
            self.written.same += 1
        elif there is not None and there != self._before.get(name):
            self.written.left_alone.append(name)
            return
        else:
            self._write(path, data)
            self.written.new += there is None
            self.written.changed += there is not None
        self._now[name] = digest

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise CannotWrite(f"{path.parent} is a file, and would have to be a directory.") from error
        _replace(path, data)

    def finish(self) -> Written:
        """Delete what was written before and is not any more, unless somebody changed it; and note the rest."""
        for name in sorted(self._before.keys() - self._now.keys() - {*self.written.left_alone}):
            there = _digest(self._root / name)
            if there == self._before[name]:
                (self._root / name).unlink()
                self.written.gone += 1
            elif there is not None:
                self.written.left_alone.append(name)
        lines = (f"{self._now[name]}  {name}\n" for name in sorted(self._now))
        _replace(self._root / LIST, "".join(lines).encode())
        return self.written


def _listed(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    return dict(_lines(path))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        parts = name.split("/")
        # It lies where others may write: nothing outside of the directory is deleted because it says so.
        if not name or ".." in parts or "" in parts or Path(name).is_absolute():
            raise CannotWrite(f"{path} is broken. Delete it: files that are there are then left as they are.")
        yield name, digest


def _digest(path: Path) -> str | None:
    """The digest of a file, None where nothing is; of what is no plain file, something that no file has."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return "-"
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _replace(path: Path, data: bytes) -> None:
    # Whole or not at all, but not waited for until it is on the disk, which for a hundred thousand files is
    # half an hour. What a loss of power takes, the next export writes again.
    fresh = path.with_name(f"{_FRESH}{path.name}")
    fresh.write_bytes(data)
    fresh.replace(path)
