"""How each kind of operation is undone: robust to whatever has been changed since.

What is slow, such as rendering bodies, is made ready before anybody has to wait for the write
lock; what comes back from these functions does the writing under it, and tells in words what
could not be put back.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import bindparam, delete, insert, select, update

from blog.changes.columns import derived_again
from blog.changes.differences import difference_from_json, put_back
from blog.changes.entries import DELETED
from blog.changes.fields import SOURCE, names_of, obstacles, set_field, values_of
from blog.changes.filing import file_under
from blog.changes.log import record, record_names
from blog.changes.lookups import rows_in
from blog.changes.retagging import Filed, write_retagging
from blog.changes.slugs import FreeSlugs
from blog.changes.vocabulary import read_vocabulary
from blog.domain.entry import Markup
from blog.models import Entry, Revision, Series, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

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
            write_retagging(session, plan, now)
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
    if session.scalar(select(Entry.id).where(Entry.source_id == source_id).limit(1)) is None:
        session.execute(delete(Source).where(Source.id == source_id))
        record_names(session, now)


def undo_deletion(services: Services, kept: Mapping[str, Any]) -> Callable[[Session, datetime], list[str]]:
    """Bring deleted entries back, with their ids, their URIs, their tags and all that was written."""
    entry_ids: list[int] = kept["entries"]
    with services.sessions.read() as session:
        found = _last_words(session, entry_ids)
    rows = {entry: _row(fields, services) for entry, fields in found.items()}
    tags = {entry: fields["tags"] for entry, fields in found.items()}

    def write(session: Session, now: datetime) -> list[str]:
        back, notes = _that_can_come_back(session, rows)
        lost = len(entry_ids) - len(rows)
        if lost:
            notes.append(f"Nothing is kept any more of {lost:,} of the entries.")
        notes += _insert_again(session, back)
        if file_under(session, {entry: tags[entry] for entry in back}):
            record_names(session, now)
        record(session, "created", sorted(back), now)
        return notes

    return write


def _last_words(session: Session, entry_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What each of these entries said when it was deleted."""
    statement = select(Revision.entry_id, Revision.id, Revision.fields).where(Revision.reason == DELETED)
    rows = sorted(rows_in(session, statement, Revision.entry_id, entry_ids), key=lambda row: row.id)
    return {row.entry_id: row.fields for row in rows}


def _row(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """The columns of an entry, from its revision."""
    markup = Markup(fields["markup"])
    derived = derived_again(fields["url"], fields["body"], markup, fields["atom_id"], services.settings)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("published", "updated")}
    kept = {column.name: fields[column.name] for column in _ENTRY.columns if column.name in fields}
    return kept | derived | times | {"day": date.fromisoformat(fields["day"])}


def _that_can_come_back(
    session: Session, rows: Mapping[int, dict[str, Any]]
) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """The rows of those that are not there, and whose place nothing else has taken."""
    here = {entry for (entry,) in rows_in(session, select(Entry.id), Entry.id, list(rows))}
    notes = [f"There already: {names_of(session, sorted(here))}."] if here else []
    back = {entry: row for entry, row in rows.items() if entry not in here}
    for column, there in (("source_id", Source.id), ("series_id", Series.id)):
        wanted = {row[column] for row in back.values()}
        living = {None, *(one for (one,) in rows_in(session, select(there), there, wanted - {None}))}
        lost = [entry for entry, row in back.items() if row[column] not in living]
        back |= {entry: back[entry] | {column: None} for entry in lost}
        called = column.removesuffix("_id")
        notes += [f"Without its {called}, which is gone: {_called(back[entry])}." for entry in lost]
    again = _written_again(session, back)
    notes += [f"Imported or written again since, so not brought back: {_called(back[one])}." for one in again]
    return {entry: row for entry, row in back.items() if entry not in again}, notes


def _written_again(session: Session, back: Mapping[int, dict[str, Any]]) -> list[int]:
    """Those whose URI, or whose id at their source, is that of an entry which is there."""
    uris = [row["atom_id"] for row in back.values()]
    known = {uri for (uri,) in rows_in(session, select(Entry.atom_id), Entry.atom_id, uris)}
    names = {row["external_id"] for row in back.values()}
    statement = select(Entry.source_id, Entry.external_id)
    taken = {(source, name) for source, name in rows_in(session, statement, Entry.external_id, names)}
    again = []
    for entry, row in back.items():
        key = (row["source_id"], row["external_id"])
        if row["atom_id"] in known or key in taken:
            again.append(entry)
        taken.add(key)
    return again


def _called(row: Mapping[str, Any]) -> str:
    return str(row["title"] or row["text"][:70] or row["slug"])


def _insert_again(session: Session, back: Mapping[int, dict[str, Any]]) -> list[str]:
    """Insert the rows, each at its address, or at a free one; tell which had to move."""
    slugs = FreeSlugs(session, {})
    slugs.expect([(row["day"], row["slug"]) for row in back.values()])
    notes, rows = [], []
    for row in back.values():
        slug = slugs.take((row["day"], row["slug"]))
        if slug != row["slug"]:
            notes.append(f"“{_called(row)}” is at “{slug}” now, for its address was taken.")
        rows.append(row | {"slug": slug})
    if rows:
        session.execute(insert(_ENTRY), rows)
    return notes
