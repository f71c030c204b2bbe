"""Marking what is not at its source any more. Nothing is deleted, and what comes back is marked no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from blog.changes.import_runs import WRITTEN
from blog.changes.lookups import in_pieces, rows_in
from blog.domain.vanishing import vanished_from
from blog.models import Appearance, Entry, ImportItem, ImportRun, Reading, Source, Vanished

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.domain.vanishing import Listed
    from blog.services import Services
    from importers.pipeline import Key

WHY: Final = "It is not at its source any more. It is marked, and stays."


@dataclass(frozen=True, slots=True)
class Absent:
    """An entry, or one appearance of it, that its source does not have any more."""

    source: str
    external_id: str
    entry_id: int
    appearance_id: int | None


def mark(session: Session, absent: Sequence[Absent], now: datetime, run_id: int | None = None) -> None:
    """Mark these as vanished."""
    if absent:
        rows = [
            {"entry_id": one.entry_id, "appearance_id": one.appearance_id, "at": now, "run_id": run_id}
            for one in absent
        ]
        session.execute(insert(Vanished), rows)


def marked_keys(session: Session) -> dict[Key, list[int]]:
    """Return all that is marked, by source and external id, with the ids of the marks."""
    found: dict[Key, list[int]] = {}
    for is_own, model in ((True, Entry), (False, Appearance)):
        where = Vanished.entry_id == Entry.id if is_own else Vanished.appearance_id == Appearance.id
        statement = select(Vanished.id, Source.slug, model.external_id).join(model, where)
        statement = statement.outerjoin(Source, Source.id == model.source_id)
        if is_own:
            statement = statement.where(Vanished.appearance_id.is_(None))
        for mark_id, source, external_id in session.execute(statement):
            found.setdefault((source or "", external_id), []).append(mark_id)
    return found


def unmark(session: Session, mark_ids: Iterable[int]) -> None:
    """Take these marks off."""
    for piece in in_pieces(mark_ids):
        session.execute(delete(Vanished).where(Vanished.id.in_(piece)))


def unmark_run(session: Session, run_id: int) -> None:
    """Take off the marks that an import made."""
    session.execute(delete(Vanished).where(Vanished.run_id == run_id))


def absent_from(services: Services, seen: Mapping[str, Collection[str]], importer: str) -> list[Absent]:
    """Return what came from these sources, by their slugs, and is not among the external ids seen there.

    What the author wrote here never came from anywhere; and what is marked is not found again. Of the blog's
    own only what came by the same importer counts: a file of bookmarks does not tell what an old blog has.
    """
    found: list[Absent] = []
    with services.sessions.read() as session:
        marked = marked_keys(session)
        came = _own_by(session, importer) if "" in seen else set()
        for source, names in seen.items():
            source_id = session.scalar(select(Source.id).where(Source.slug == source)) if source else None
            if source and source_id is None:
                continue
            found += [
                one
                for one in _of_source(session, source, source_id)
                if one.external_id not in names
                and (source, one.external_id) not in marked
                and (source or one.external_id in came)
            ]
    return found


def _own_by(session: Session, importer: str) -> set[str]:
    """The external ids of the blog's own that runs of this importer have brought."""
    items = select(ImportItem.external_id).join(ImportRun, ImportRun.id == ImportItem.run_id)
    items = items.where(ImportRun.importer == importer, ImportItem.source == "")
    return set(session.scalars(items.where(ImportItem.outcome.in_(WRITTEN))))


def _of_source(
    session: Session, source: str, source_id: int | None, names: Collection[str] | None = None
) -> Iterable[Absent]:
    # What the author wrote here remembers of no source what it said, made one with something else or not.
    came, has_joined = (one.upstream["status"].as_string().is_not(None) for one in (Entry, Appearance))
    entries = select(Entry.external_id, Entry.id).where(came, Entry.source_id == source_id)
    joined = select(Appearance.external_id, Appearance.entry_id, Appearance.id)
    joined = joined.where(has_joined, Appearance.source_id == source_id)
    if names is None:
        rows = [*session.execute(entries), *session.execute(joined)]
    else:
        rows = [
            *rows_in(session, entries, Entry.external_id, names),
            *rows_in(session, joined, Appearance.external_id, names),
        ]
    return [Absent(source, name, entry, *(rest or [None])) for name, entry, *rest in rows]


def note_reading(
    services: Services,
    source: str,
    listed: Sequence[Listed],
    here: Collection[str],
    deleted: Collection[str] = (),
) -> int:
    """Take in what a feed lists, in its order, and mark what has vanished from it; return how many.

    ``here`` are all ids in it, those that could not be read among them; ``deleted`` are those that it says
    itself are deleted (RFC 6721).
    """
    with services.sessions.read() as session:
        source_id = session.scalar(select(Source.id).where(Source.slug == source))
        before = session.get(Reading, source_id) if source_id is not None else None
        last = [(name, at) for name, at in before.items] if before else []
    if source_id is None or (last == list(listed) and not deleted):
        return 0
    gone = {*vanished_from(last, here), *(set(deleted) - set(here))}
    with services.sessions.write() as session:
        items = [list(one) for one in listed]
        if listed and (row := session.get(Reading, source_id)):
            row.items = items
        elif listed:
            session.execute(insert(Reading).values(source_id=source_id, items=items))
        marked = marked_keys(session) if gone else {}
        absent = [
            one
            for one in (_of_source(session, source, source_id, gone) if gone else ())
            if (source, one.external_id) not in marked
        ]
        mark(session, absent, services.clock())
    return len(absent)
