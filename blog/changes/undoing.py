"""How each kind of operation is undone: robust to whatever has been changed since.

What is slow, such as rendering bodies, is made ready before anybody has to wait for the write
lock; what comes back from these functions does the writing under it, and tells in words what
could not be put back.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import bindparam, delete, select, update

from blog.changes.differences import difference_from_json, put_back
from blog.changes.fields import SOURCE, names_of, obstacles, set_field, values_of
from blog.changes.filing import SOURCE_IS_USED
from blog.changes.intersections import carry_along, carry_back
from blog.changes.log import record_names
from blog.changes.restoring import bring_back, gone_entries, last_words
from blog.changes.retagging import Filed, write_retagging
from blog.changes.rulebook import forget_given
from blog.changes.vocabulary import read_vocabulary
from blog.models import Entry, Series, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from blog.services import Services

_ENTRY: Final = cast("Table", Entry.__table__)
_SET_UPDATED: Final = (
    update(_ENTRY).where(_ENTRY.c.id == bindparam("_id")).values(updated=bindparam("_updated"))
)


def undo_retagging(_services: Services, kept: Mapping[str, Any]) -> Callable[[Session, datetime], list[str]]:
    """Put tags back: what was added goes, what was removed comes, where it still is as it was left."""
    changed = difference_from_json(kept)

    def write(session: Session, now: datetime) -> list[str]:
        plan, notes = put_back(read_vocabulary(session), changed, Filed(session))
        if plan:
            carry_along(session, plan.before, plan.after, now)
            write_retagging(session, plan, now)
        # A tag that comes back out of another has no new name that could be followed.
        carry_back(session, kept.get("introductions", ()), now)
        return notes

    return write


def undo_field(_services: Services, kept: Mapping[str, Any]) -> Callable[[Session, datetime], list[str]]:
    """Put a field of many entries back, where it still has the value that the operation gave it."""

    def write(session: Session, now: datetime) -> list[str]:
        notes: list[str] = []
        for value, entry_ids in kept["from"]:
            notes += _put_field_back(session, kept["field"], kept["to"], value, entry_ids, now)
        _put_updated_back(session, dict(kept.get("updated_from", ())), kept.get("updated_to", ""))
        if kept.get("made_source"):
            _forget_source(session, kept["made_source"], now)
        return notes

    return write


def undo_rules(services: Services, kept: Mapping[str, Any]) -> Callable[[Session, datetime], list[str]]:
    """Put back what rules changed of entries that were there, and forget what tags were from them."""
    parts = [undo_field(services, one) for one in reversed(kept["fields"])]
    parts += [undo_retagging(services, kept["tags"])] if kept["tags"] else []

    def write(session: Session, now: datetime) -> list[str]:
        notes = [note for part in parts for note in part(session, now)]
        forget_given(session, [(entry, tag) for tag, entries in kept["given"] for entry in entries])
        unused = select(Series.id).where(Series.id.in_(kept["made_series"]))
        unused = unused.where(~select(Entry.id).where(Entry.series_id == Series.id).exists())
        if gone := list(session.scalars(unused)):
            session.execute(delete(Series).where(Series.id.in_(gone)))
            record_names(session, now)
        return notes

    return write


def _put_field_back(
    session: Session, field: str, given: Any, value: Any, entry_ids: list[int], now: datetime
) -> list[str]:
    here = values_of(session, field, entry_ids)
    ours = [entry for entry, current in here.items() if current == given]
    if field == SOURCE and value is not None and session.get(Source, value) is None:
        return [f"The source they came from is not there any more: {names_of(session, ours)}."] if ours else []
    cannot = obstacles(session, field, value, ours)
    set_field(session, [entry for entry in ours if entry not in cannot], {field: value}, now)
    changed = [entry for entry, current in here.items() if current != given]
    notes = [f"Changed again since, and left so: {names_of(session, changed)}."] if changed else []
    notes += [f"Left, because {why}: {names_of(session, some)}." for why, some in by_reason(cannot).items()]
    gone = len(entry_ids) - len(here)
    return notes + ([f"Not there any more: {gone:,} of the entries."] if gone else [])


def _put_updated_back(session: Session, before: Mapping[int, str], given: str) -> None:
    here = values_of(session, "updated", before)
    ours = [entry for entry, current in here.items() if current.isoformat() == given]
    if ours:
        rows = [{"_id": entry, "_updated": datetime.fromisoformat(before[entry])} for entry in ours]
        session.execute(_SET_UPDATED, rows)


def by_reason(cannot: Mapping[int, str]) -> dict[str, list[int]]:
    """Return the entries that cannot be changed, by why not."""
    found: dict[str, list[int]] = {}
    for entry, why in cannot.items():
        found.setdefault(why, []).append(entry)
    return found


def _forget_source(session: Session, source_id: int, now: datetime) -> None:
    """Remove a source that the operation made, unless something has come to use it."""
    if session.scalar(select(Source.id).where(Source.id == source_id, ~SOURCE_IS_USED)) is not None:
        session.execute(delete(Source).where(Source.id == source_id))
        record_names(session, now)


def undo_deletion(services: Services, kept: Mapping[str, Any]) -> Callable[[Session, datetime], list[str]]:
    """Bring deleted entries back, with their ids, their URIs, their tags and all that was written."""
    entry_ids: list[int] = kept["entries"]
    with services.sessions.read() as session:
        gone = gone_entries(last_words(session, entry_ids), services.settings)

    def write(session: Session, now: datetime) -> list[str]:
        _, notes = bring_back(session, gone, now)
        lost = len(entry_ids) - len(gone)
        return [*notes, f"Nothing is kept any more of {lost:,} of the entries."] if lost else notes

    return write
