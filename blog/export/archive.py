"""The complete archive: a zip file with a table a file, the pictures, and a manifest that vouches for all.

    tables/entry.ndjson      a row a line, in the order of the table's key
    media/NAME               the pictures that were uploaded
    manifest.json            format, schema, and for each file how much it holds and its SHA-256

The same blog is the same bytes: nothing in it tells when, where or on which database it was made. It is
written as it is read, so its size is no matter of memory. Reading it trusts nothing: files are found by
the manifest and never by a path, and what was read must be what the manifest says.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from blog.domain.errors import BadImport
from blog.domain.pictures import PictureName
from blog.export.tables import BadArchive, from_lines, kinds_of, to_line
from importers.zip_archive import Packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Table

    from blog.export.tables import Row

FORMAT: Final = "crosstag archive"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
# The oldest that a zip file can say: the time of its making would make it another file each time.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_PIECE: Final = 1 << 20
# A line is a row, and the longest of them an entry of some megabytes with all that is made of it.
_LONGEST_LINE: Final = 200_000_000
_LARGEST_MANIFEST: Final = 100_000_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Contents(NamedTuple):
    """What the manifest says of a file: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class ArchiveWriter:
    """Writes an archive into a file that can be sought in; use it as a context manager, and ``finish`` it."""

    def __init__(self, file: IO[bytes], *, schema: str, with_accounts: bool) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._manifest: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "schema": schema,
            "accounts": with_accounts,
            "tables": {},
            "media": {},
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()

    def add_table(self, table: Table, rows: Iterable[Row]) -> int:
        """Write all rows of a table; return how many there are."""
        kinds, count = kinds_of(table), 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for row in rows:
                count += 1
                yield to_line(row, kinds)

        contents = self._add(f"tables/{table.name}.ndjson", lines(), zipfile.ZIP_DEFLATED)
        about = {"rows": count, **contents._asdict(), "columns": kinds}
        self._manifest["tables"][table.name] = about
        return count

    def add_picture(self, name: str, file: IO[bytes]) -> None:
        """Write a picture, which no packing makes smaller."""
        pieces = iter(lambda: file.read(_PIECE), b"")
        self._manifest["media"][name] = self._add(f"media/{name}", pieces, zipfile.ZIP_STORED)._asdict()

    def finish(self, counters: Mapping[str, int]) -> None:
        """Write the manifest, without which it is no archive; ``counters`` are the last ids that were given."""
        self._manifest["counters"] = dict(counters)
        text = json.dumps(self._manifest, indent=1).encode("ascii")
        self._add(MANIFEST, [text], zipfile.ZIP_DEFLATED)

    def _add(self, name: str, pieces: Iterable[bytes], method: int) -> Contents:
        about = zipfile.ZipInfo(name, _NO_TIME)
        about.compress_type, about.external_attr = method, 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(about, "w", force_zip64=True) as packed:
            for piece in pieces:
                packed.write(piece)
                digest.update(piece)
                size += len(piece)
        return Contents(size, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class ArchivedTable:
    """What the manifest says of a table; ``kinds`` are those of its columns."""

    name: str
    rows: int
    kinds: Mapping[str, str]
    contents: Contents


class Archive:
    """An archive that is read; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open it, and read its manifest.

        Raises:
            BadArchive: it is none, it is broken, or a newer Crosstag has made it.
        """
        try:
            self._zip = zipfile.ZipFile(path)
            manifest = json.loads(self._packed(MANIFEST, _LARGEST_MANIFEST).read())
        except FileNotFoundError as error:
            raise BadArchive(f"There is no file {path}.") from error
        except (zipfile.BadZipFile, BadImport, ValueError, RecursionError) as error:
            raise BadArchive(f"{path} is no complete archive of Crosstag's, or a broken one.") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise BadArchive(f"{path} is no complete archive of Crosstag's.")
        if manifest.get("version") != VERSION:
            raise BadArchive(f"{path} is from a newer Crosstag. Update this one, and try again.")
        try:
            self._read(manifest)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadArchive(f"{path} is broken: its manifest is none ({error}).") from error

    def _read(self, manifest: Mapping[str, Any]) -> None:
        self.schema = str(manifest["schema"])
        self.with_accounts = bool(manifest["accounts"])
        self.counters = {str(name): int(last) for name, last in manifest["counters"].items()}
        self.tables = {name: _table(name, about) for name, about in manifest["tables"].items()}
        self.pictures = {name: _contents(about) for name, about in manifest["media"].items()}
        if bad := next((name for name in self.pictures if PictureName.parse(name) is None), None):
            raise ValueError(f"{bad[:80]!r} is no name of a picture")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()

    def rows(self, table: ArchivedTable) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table.

        Raises:
            BadArchive: they are not what the manifest says; the last of them tells.
        """
        count = 0
        lines = self._checked(f"tables/{table.name}.ndjson", table.contents, by_lines=True)
        for row in from_lines(lines, table.name, table.kinds):
            count += 1
            yield row
        if count != table.rows:
            raise BadArchive(f"The archive is broken: {table.name} has {count:,} rows, not {table.rows:,}.")

    def picture(self, name: str) -> Iterator[bytes]:
        """Yield a picture in pieces; raises ``BadArchive`` as ``rows`` does."""
        return self._checked(f"media/{name}", self.pictures[name])

    def _checked(self, name: str, contents: Contents, *, by_lines: bool = False) -> Iterator[bytes]:
        digest = hashlib.sha256()
        try:
            with self._packed(name, contents.size).open() as file:
                read = file.readline if by_lines else file.read
                longest = _LONGEST_LINE if by_lines else _PIECE
                while piece := read(longest):
                    digest.update(piece)
                    yield piece
        except BadImport as error:
            raise BadArchive(f"The archive is broken: {error.sentence}") from error
        if digest.hexdigest() != contents.sha256:
            raise BadArchive(f"The archive is broken: {name} is not what its manifest says.")

    def _packed(self, name: str, most: int) -> Packed:
        try:
            entry = self._zip.getinfo(name)
        except KeyError as error:
            raise BadImport(f"{name} is missing.") from error
        if entry.file_size > most:
            raise BadImport(f"{name} is larger than its manifest says.")
        return Packed(self._zip, entry)


def _table(name: str, about: Mapping[str, Any]) -> ArchivedTable:
    kinds = {str(column): str(kind) for column, kind in about["columns"].items()}
    if not all(_NAME.fullmatch(one) for one in (name, *kinds)):
        raise ValueError(f"{name[:80]!r} or one of its columns is no name of a table")
    return ArchivedTable(name, int(about["rows"]), kinds, _contents(about))


def _contents(about: Mapping[str, Any]) -> Contents:
    return Contents(int(about["size"]), str(about["sha256"]))
