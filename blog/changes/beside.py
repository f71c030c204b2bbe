"""What is known of entries beside what they say, kept with their last revision and brought back with them.

That is who mentions them, which tags are from which rule, what their sources say otherwise, and that they
were taken apart from others.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import insert, select

from blog.changes.lookups import rows_in
from blog.models import Conflict, Rule, RuledTag, Source, Tag, TakenApart, UtcDateTime
from blog.outreach import Mention

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

# Under this name a revision has it, by the names of the tables.
BESIDE: Final = "beside"
_TABLES: Final = {
    model.__tablename__: cast("Table", model.__table__) for model in (TakenApart, RuledTag, Conflict, Mention)
}
_LEADS: Final = {"tag_id": Tag.id, "rule_id": Rule.id, "source_id": Source.id}
Rows = dict[str, list[dict[str, Any]]]


def kept_beside(session: Session, entry_ids: Collection[int]) -> dict[int, dict[str, Rows]]:
    """Return what is known beside these entries, under its name; of which there is nothing is left out."""
    found: dict[int, dict[str, Rows]] = {}
    for name, table in _TABLES.items():
        columns = [column for column in table.columns if column.name not in ("id", "lease")]
        for row in rows_in(session, select(*columns), table.c.entry_id, entry_ids):
            rows = found.setdefault(row.entry_id, {BESIDE: {}})[BESIDE]
            rows.setdefault(name, []).append({key: _plain(value) for key, value in row._mapping.items()})
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def bring_beside_back(session: Session, kept: Mapping[int, Rows]) -> None:
    """Insert what was known beside entries that came back, where what it is about is still there."""
    for name, table in _TABLES.items():
        rows = [_as_stored(table, row) for some in kept.values() for row in some.get(name, ())]
        for column in set(_LEADS) & set(table.columns.keys()):
            rows = _that_lead(session, table, column, rows)
        if rows:
            session.execute(insert(table), rows)


def _as_stored(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    times = {one.name for one in table.columns if isinstance(one.type, UtcDateTime)}
    return {
        name: datetime.fromisoformat(value) if name in times and value else value for name, value in row.items()
    }


def _that_lead(session: Session, table: Table, column: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose tag or source is there; a rule that is gone is forgotten, and what it said stays."""
    wanted = {row[column] for row in rows} - {None}
    living = {None, *(one for (one,) in rows_in(session, select(_LEADS[column]), _LEADS[column], wanted))}
    if column == "rule_id":
        return [row | {column: row[column] if row[column] in living else None} for row in rows]
    return [row for row in rows if row[column] in living]
