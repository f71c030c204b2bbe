"""Setting one field of many entries, where each may have it; what a reader sees is not rendered anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import and_, case, func, literal, select, update

from blog.changes.departures import departures
from blog.changes.log import record
from blog.changes.lookups import in_pieces, rows_in
from blog.domain.entry import Kind
from blog.models import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

KIND: Final = "kind"
STATUS: Final = "status"
SOURCE: Final = "source_id"
_ENTRY: Final = cast("Table", Entry.__table__)
_NAMED: Final = 5
# The title, or who is quoted, or how the text begins, or its address: something names every entry.
ENTRY_NAME: Final = func.coalesce(
    func.nullif(Entry.title, ""),
    case(
        (and_(Entry.kind == Kind.QUOTATION.value, Entry.citation != ""), literal("Quoting ") + Entry.citation)
    ),
    func.nullif(func.substr(Entry.text, 1, 100), ""),
    Entry.slug,
)


def values_of(session: Session, field: str, entry_ids: Collection[int]) -> dict[int, Any]:
    """Return what these entries have in a field; one that is not there is left out."""
    rows = rows_in(session, select(Entry.id, _ENTRY.c[field]), Entry.id, entry_ids)
    return dict(iter(rows))


def set_field(session: Session, entry_ids: Collection[int], values: Mapping[str, Any], now: datetime) -> None:
    """Give these entries these values, with their lines in the log."""
    ids = sorted(entry_ids)
    with departures(session, ids, now):
        for piece in in_pieces(ids):
            session.execute(update(_ENTRY).where(_ENTRY.c.id.in_(piece)).values(values))
    record(session, "updated", ids, now)


def obstacles(session: Session, field: str, value: Any, entry_ids: Collection[int]) -> dict[int, str]:
    """Return which of these entries cannot have this value in the field, and why."""
    found = _OBSTACLES.get(field)
    return found(session, value, entry_ids) if found else {}


def _without_url(session: Session, value: str, entry_ids: Collection[int]) -> dict[int, str]:
    if value != Kind.LINK.value:
        return {}
    statement = select(Entry.id).where(Entry.url == "")
    return {
        entry: "it has no URL, and a link needs one"
        for (entry,) in rows_in(session, statement, Entry.id, entry_ids)
    }


def _taken_there(session: Session, value: int | None, entry_ids: Collection[int]) -> dict[int, str]:
    """Those whose id at their source is the id of another entry of the source they are to have."""
    statement = select(Entry.id, Entry.external_id).order_by(Entry.id)
    wanted = sorted((entry, name) for entry, name in rows_in(session, statement, Entry.id, entry_ids))
    there = select(Entry.external_id, Entry.id).where(
        Entry.source_id.is_(None) if value is None else Entry.source_id == value
    )
    taken = dict(rows_in(session, there, Entry.external_id, {name for _, name in wanted}))
    found: dict[int, str] = {}
    for entry, name in wanted:
        if taken.setdefault(name, entry) != entry:
            found[entry] = "another entry there has the same id"
    return found


_OBSTACLES: Final[dict[str, Callable[[Session, Any, Collection[int]], dict[int, str]]]] = {
    KIND: _without_url,
    SOURCE: _taken_there,
}


def names_of(session: Session, entry_ids: Sequence[int], limit: int = _NAMED) -> str:
    """Name the first of these entries, and say how many there are besides."""
    some = list(entry_ids)[:limit]
    said = dict(rows_in(session, select(Entry.id, ENTRY_NAME), Entry.id, some))
    listed = ", ".join(f"“{said[one].strip()[:70]}”" for one in some if one in said)
    more = len(entry_ids) - len(some)
    return f"{listed} and {more:,} more" if more else listed
