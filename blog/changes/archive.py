"""Putting a complete archive into an empty blog, and a blog into another database."""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import delete

from blog.db import Sessions, alembic_config, migrate, schema_revision
from blog.export.archive import Archive
from blog.export.files import whole_file
from blog.export.rows import counters, go_on_from, insert_rows, rows_of, tables_with_rows
from blog.export.tables import (
    BadArchive,
    as_archived,
    every_table,
    kinds_of,
    of_archive,
    table_of,
    tables_of_archive,
)
from blog.importlock import import_lock
from blog.outreach import Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from blog.services import Services

    Progress = Callable[[int], None] | None


def restore_archive(services: Services, path: Path, *, on_progress: Progress = None) -> None:
    """Make an empty blog the one in an archive, all of it or nothing.

    Authors may be there, unless the archive brings its own.

    Raises:
        BadArchive: the blog is not empty, or the archive is none, broken, or from a newer Crosstag.
    """
    with Archive(path) as archive, import_lock(services.settings.data_dir):
        tables = tables_of_archive(with_accounts=archive.with_accounts)
        with services.sessions.read() as session:
            _refuse_unless_empty(tables_with_rows(session, tables, of_archive))
        _restore_pictures(archive, services.settings.media_dir)
        with _ready(services, archive) as fill, services.sessions.write() as session:
            # Once more, by now as the only one who writes.
            _refuse_unless_empty(tables_with_rows(session, tables, of_archive))
            # What is followed is another log from now on.
            session.execute(delete(Follower))
            fill(session, on_progress)
            go_on_from(session, tables, archive.counters)


def _refuse_unless_empty(taken: list[str]) -> None:
    if taken:
        raise BadArchive(
            f"This blog is not empty: it has rows in {', '.join(taken)}. Nothing was changed. Restore into "
            "a new one, with “crosstag --data NEW-DIRECTORY restore FILE”, or into an empty database."
        )


def _restore_pictures(archive: Archive, folder: Path) -> None:
    """Write the pictures; one that is there is the same, for its content names it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in archive.pictures:
        if not (folder / name).exists():
            with whole_file(folder / name) as file:
                file.writelines(archive.picture(name))


@contextmanager
def _ready(services: Services, archive: Archive) -> Iterator[Callable[[Session, Progress], None]]:
    """What fills the tables: from the archive itself, or from it as the schema has become since."""
    now = schema_revision(services.sessions)
    if archive.schema == now:
        _check_columns(archive)
        yield lambda session, on_progress: _fill_from(archive, session, on_progress)
        return
    with tempfile.TemporaryDirectory(dir=services.settings.data_dir, prefix="restoring-") as folder:
        url = f"sqlite:///{Path(folder).resolve() / 'blog.db'}"
        with closing(_brought_up_to_date(archive, url)) as sessions, sessions.read() as source:
            yield lambda session, on_progress: _copy(
                source, session, with_accounts=archive.with_accounts, on_progress=on_progress
            )


def _check_columns(archive: Archive) -> None:
    ours = {table.name: kinds_of(table) for table in tables_of_archive(with_accounts=archive.with_accounts)}
    if ours != {name: table.kinds for name, table in archive.tables.items()}:
        raise BadArchive("The archive has other tables or columns than its revision has. It is not restored.")


def _fill_from(archive: Archive, session: Session, on_progress: Progress) -> None:
    for table in tables_of_archive(with_accounts=archive.with_accounts):
        insert_rows(session, table, archive.rows(archive.tables[table.name]), on_progress)


def _brought_up_to_date(archive: Archive, url: str) -> Sessions:
    """A database with the schema that the archive was made from, filled, and then migrated to today's.

    Raises:
        BadArchive: its revision is not known here.
    """
    config = alembic_config(url)
    try:
        known = ScriptDirectory.from_config(config).get_revision(archive.schema)
        # Alembic understands words, too, such as "head": these are no revision that an archive is of.
        if known.revision != archive.schema:
            raise CommandError(archive.schema)
        command.upgrade(config, archive.schema)
    except CommandError as error:
        raise BadArchive(
            f"The archive is of revision {archive.schema}, which is not known here: a newer Crosstag has "
            "made it. Update this one, and try again."
        ) from error
    sessions = Sessions(url)
    try:
        with sessions.write() as session:
            _fill_as_it_is(session, archive)
        migrate(sessions)
    except BaseException:
        sessions.close()
        raise
    return sessions


def _fill_as_it_is(session: Session, archive: Archive) -> None:
    for table in archive.tables.values():
        insert_rows(session, table_of(table.name, table.kinds), archive.rows(table))


def copy_blog(source: Sessions, target: Sessions, *, on_progress: Progress = None) -> None:
    """Copy everything, accounts and sessions included, into an empty database.

    Nobody writes to the old one meanwhile, so nothing that was confirmed is missing from the new one.

    Raises:
        BadArchive: the new one is not empty.
    """
    migrate(source)
    migrate(target)
    with source.write() as reading, target.write() as writing:
        if taken := tables_with_rows(writing, every_table()):
            raise BadArchive(
                f"The other database is not empty: it has rows in {', '.join(taken)}. Nothing was changed. "
                "Name an empty one."
            )
        _copy(reading, writing, with_accounts=None, on_progress=on_progress)
        go_on_from(writing, every_table(), counters(reading, every_table()))


def _copy(source: Session, target: Session, *, with_accounts: bool | None, on_progress: Progress) -> None:
    """Copy the tables of an archive; without saying whether with accounts, all tables there are."""
    tables = every_table() if with_accounts is None else tables_of_archive(with_accounts=with_accounts)
    for table in tables:
        if with_accounts is None:
            rows = rows_of(source, table)
        else:
            rows = (as_archived(table, row) for row in rows_of(source, table, of_archive(table)))
        insert_rows(target, table, rows, on_progress)
