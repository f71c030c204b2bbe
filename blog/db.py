"""The database: how it is opened, how a transaction begins, how the schema is brought up to date.

SQLite in WAL mode is the default and PostgreSQL the other one; nothing above this floor
asks which it is. ``Sessions`` keeps reading and writing apart: a writing transaction takes
SQLite's one write lock when it *begins*, so that it waits its turn (``busy_timeout``)
instead of failing half-way, when its first write finds the database changed since its
first read.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from blog.config import bundled
from blog.pulse import SqlitePulse

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Select

BUSY_TIMEOUT_MS: Final = 15_000
# Any constant will do, so long as nobody else in the same PostgreSQL database uses it.
WRITE_LOCK: Final = 7_205_019_441
_BARE_ROWS: Final = 20_000


class Sessions:
    """Opens sessions on one database; cheap to keep, to be closed at the end of the process."""

    def __init__(self, database_url: str) -> None:
        self.engine = make_engine(database_url)
        # A page asks several questions; one snapshot of the data answers them all, as SQLite's does anyway.
        reading = (
            self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        self._read = sessionmaker(reading, expire_on_commit=False)
        writing = self.engine.execution_options(crosstag_writes=True)
        self._write = sessionmaker(writing, expire_on_commit=False)
        self._pulse = SqlitePulse(str(self.engine.url.database)) if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is SQLite."""
        return self.engine.dialect.name == "sqlite"

    def read(self) -> Session:
        """Return a session for reading; use it as a context manager."""
        return self._read()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open the one writing transaction there is at a time; it commits when the block ends well.

        Change ids must become visible in their order, or a follower that has read id 10
        never sees a 9 that commits later. SQLite has one writer anyway; on PostgreSQL an
        advisory lock, held until the transaction ends, makes writers take turns too.
        """
        with self._write.begin() as session:
            if not self.is_sqlite:
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
            yield session

    @contextmanager
    def work(self) -> Iterator[Session]:
        """Open a transaction that writes nothing the log tells of; it commits when the block ends well.

        On PostgreSQL it waits for nobody but those who write the very rows that it does. On SQLite it
        is ``write``: there is one writer.
        """
        with self._write.begin() as session:
            yield session

    def pulse(self) -> Hashable:
        """Return a value that is another one whenever the database has changed.

        It costs two microseconds on SQLite, and one index look-up on PostgreSQL. It tells
        that something changed, not what: followers read the log for that.
        """
        if self._pulse is not None:
            return self._pulse()
        with self.engine.connect() as connection:
            return int(connection.scalar(text("SELECT coalesce(max(id), 0) FROM change")) or 0)

    def close(self) -> None:
        """Give back every connection."""
        if self._pulse is not None:
            self._pulse.close()
        self.engine.dispose()


def bare_rows(session: Session, statement: Select[*tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield the rows of a long answer as the driver gives them, some thousands at a time.

    SQLAlchemy makes an object of each row, and turns its values into others: of a million rows
    that is some seconds, where all that is wanted are numbers. The values are the driver's own.
    """
    connection = session.connection()
    asked = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection
    # A plain cursor of psycopg reads the whole answer into memory; a named one, part by part.
    cursor = driver.cursor() if connection.dialect.name == "sqlite" else driver.cursor(name="crosstag")
    with closing(cursor):
        cursor.execute(asked)
        yield from iter(lambda: cursor.fetchmany(_BARE_ROWS), [])


def make_engine(database_url: str) -> Engine:
    """Return an engine whose connections are set up the way everything here expects."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=8)
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own idea of when a transaction begins is switched off: _begin_sqlite says so.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL: a confirmed save survives the plug being pulled, which NORMAL does not promise in WAL mode.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.close()


def _let_go_of_foreign_keys(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = OFF")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("crosstag_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def alembic_config(database_url: str) -> Config:
    """Return the configuration of our migrations for this database."""
    config = Config()
    config.set_main_option("script_location", str(bundled("migrations")).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def migrate(sessions: Sessions) -> tuple[str | None, str]:
    """Bring the schema up to date; return the revision before and after.

    Processes that start at once take turns, and those who come second find nothing to do.
    """
    url = sessions.engine.url.render_as_string(hide_password=False)
    config = alembic_config(url)
    head = _newest_revision()
    before = schema_revision(sessions)
    if before != head:
        with migrating(url) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before, head


@cache
def _newest_revision() -> str:
    """The revision that this program has; finding out takes longer than all else of opening a blog."""
    head = ScriptDirectory.from_config(alembic_config("")).get_current_head()
    assert head is not None, "the migrations folder holds at least one revision"
    return head


@contextmanager
def migrating(database_url: str) -> Iterator[Connection]:
    """Open the writing transaction in which the schema is changed; it commits when the block ends well.

    SQLite makes many a table anew to change it, and the dropping of the old one would delete what refers
    to its rows. So it does not look at foreign keys meanwhile, but at all of them in the end.
    """
    sessions = Sessions(database_url)
    if sessions.is_sqlite:
        event.listen(sessions.engine, "connect", _let_go_of_foreign_keys)
    try:
        with sessions.write() as session:
            yield session.connection()
            if sessions.is_sqlite and session.execute(text("PRAGMA foreign_key_check")).first():
                raise RuntimeError("the migration would leave rows that refer to nothing")
    finally:
        sessions.close()


def schema_revision(sessions: Sessions) -> str | None:
    """Return the revision that the database is at, None for an empty one."""
    with sessions.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()
