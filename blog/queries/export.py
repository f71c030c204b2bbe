"""Taking the whole blog out of the database: one snapshot of it, while it may be written to."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import func, select

from blog.config import AMENDABLE
from blog.db import schema_revision
from blog.domain.pictures import PictureName
from blog.export.archive import Archive, ArchiveWriter
from blog.export.files import whole_file
from blog.export.rows import counters, rows_of
from blog.export.tables import BadArchive, as_archived, of_archive, tables_of_archive
from blog.models import Media, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from blog.config import Settings
    from blog.export.tables import Row
    from blog.services import Services


def archive_size(services: Services, *, with_accounts: bool = False) -> int:
    """Return how many rows an archive would hold."""
    with services.sessions.read() as session:
        tables = tables_of_archive(with_accounts=with_accounts)
        counts = (select(func.count()).select_from(one).where(of_archive(one)) for one in tables)
        return sum(session.scalar(count) or 0 for count in counts)


def save_archive(
    services: Services,
    path: Path,
    *,
    with_accounts: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> list[str]:
    """Write the complete archive into a file, whole or not at all; return what pictures had no file.

    Raises:
        BadArchive: there is a file of this name, and it is no archive.
    """
    if path.exists():
        # Yesterday's archive may be replaced; anything else there is somebody's.
        try:
            with Archive(path):
                pass
        except BadArchive as error:
            raise BadArchive(f"{path} is there already and is no archive. Choose another name.") from error
    with whole_file(path) as file:
        return write_archive(services, file, with_accounts=with_accounts, on_progress=on_progress)


def write_archive(
    services: Services,
    file: IO[bytes],
    *,
    with_accounts: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> list[str]:
    """Write the complete archive into a file that is open; return what pictures had no file."""
    schema = schema_revision(services.sessions) or ""
    tables = tables_of_archive(with_accounts=with_accounts)
    with (
        ArchiveWriter(file, schema=schema, with_accounts=with_accounts) as writer,
        services.sessions.read() as session,
    ):
        for table in tables:
            count = writer.add_table(table, _rows(session, table, services.site.given))
            if on_progress:
                on_progress(count)
        missing = _add_pictures(session, writer, services.settings.media_dir)
        writer.finish(counters(session, tables))
    return missing


def _rows(session: Session, table: Table, given: Settings) -> Iterator[Row]:
    """The rows of a table; what the operator's file says of the blog stands in for the author's settings.

    That file stays behind, and with it would the blog's name and address.
    """
    rows = (as_archived(table, row) for row in rows_of(session, table, of_archive(table)))
    if table.name != Setting.__tablename__:
        return rows
    said: dict[str, Any] = {row["name"]: row["value"] for row in rows}
    said |= {name: getattr(given, name) for name in AMENDABLE if name in given.given}
    return ({"name": name, "value": said[name]} for name in sorted(said))


def _add_pictures(session: Session, writer: ArchiveWriter, folder: Path) -> list[str]:
    """Write the pictures; return those whose file is not there."""
    missing = []
    for text in session.scalars(select(Media.name).order_by(Media.id)):
        name = PictureName.parse(text)
        for one in filter(None, (name, name and name.small)):
            try:
                with (folder / str(one)).open("rb") as file:
                    writer.add_picture(str(one), file)
            except FileNotFoundError:
                missing.append(str(one))
    return missing
