"""Rows out of one database and into another, some thousands at a time, and where its ids go on."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import String, func, insert, select, text, true

from blog.export.tables import never_gives_an_id_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.orm import Session

    from blog.export.tables import Row

_BATCH: Final = 2_000


def rows_of(session: Session, table: Table, *which: ColumnElement[bool]) -> Iterator[Row]:
    """Yield rows of a table, all or some, in the order of its key, which is the same on every database."""
    order = [_ordered(session, column) for column in table.primary_key.columns]
    statement = select(table).where(*which).order_by(*order).execution_options(yield_per=_BATCH)
    yield from (row._asdict() for row in session.execute(statement))


def _ordered(session: Session, column: ColumnElement[Any]) -> ColumnElement[Any]:
    # PostgreSQL would order text by the language that the database was made for.
    is_text = isinstance(column.type, String) and session.get_bind().dialect.name == "postgresql"
    return column.collate("C") if is_text else column


def insert_rows(
    session: Session, table: Table, rows: Iterable[Row], on_progress: Callable[[int], None] | None = None
) -> None:
    """Insert rows; ``on_progress`` is told how many after each batch."""
    waiting = iter(rows)
    while batch := [dict(row) for row in islice(waiting, _BATCH)]:
        session.execute(insert(table), batch)
        if on_progress:
            on_progress(len(batch))


def tables_with_rows(
    session: Session, tables: Iterable[Table], which: Callable[[Table], ColumnElement[bool]] = lambda _: true()
) -> list[str]:
    """Return the names of those tables that have rows, or those rows."""
    first = {one.name: session.execute(select(one).where(which(one)).limit(1)).first() for one in tables}
    return [name for name, row in first.items() if row is not None]


def counters(session: Session, tables: Iterable[Table]) -> dict[str, int]:
    """Return the last id that was ever given, for the tables where no id is given twice."""
    return {table.name: _counter(session, table) for table in tables if never_gives_an_id_twice(table)}


def _counter(session: Session, table: Table) -> int:
    if session.get_bind().dialect.name == "sqlite":
        known = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(session.scalar(known, {"name": table.name}) or 0)
    # The name comes from PostgreSQL itself, quoted where that is needed.
    state = session.execute(
        text(f"SELECT last_value, is_called FROM {_sequence(session, table)}")  # noqa: S608
    ).one()
    return int(state.last_value) if state.is_called else 0


def _sequence(session: Session, table: Table) -> str | None:
    """The sequence that PostgreSQL takes the ids of a table from, None where it counts none up."""
    key = table.primary_key.columns.keys()
    if len(key) != 1:
        return None
    quoted = session.connection().dialect.identifier_preparer.format_table(table)
    found = session.scalar(select(func.pg_get_serial_sequence(quoted, key[0])))
    return str(found) if found else None


def go_on_from(session: Session, tables: Iterable[Table], given: Mapping[str, int]) -> None:
    """Let ids go on after those that are there, and after the last ones that were ever given."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for table in tables:
        if not is_sqlite:
            _go_on_on_postgresql(session, table, given.get(table.name, 0))
        elif given.get(table.name) and never_gives_an_id_twice(table):
            _go_on_on_sqlite(session, table, given[table.name])


def _go_on_on_sqlite(session: Session, table: Table, last: int) -> None:
    values = {"name": table.name, "last": max(last, _counter(session, table))}
    session.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
    session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)


def _go_on_on_postgresql(session: Session, table: Table, last: int) -> None:
    sequence = _sequence(session, table)
    if sequence is None:
        return
    (key,) = table.primary_key.columns
    highest = max(last, session.scalar(select(func.max(key))) or 0)
    if highest:
        session.execute(select(func.setval(sequence, highest)))
