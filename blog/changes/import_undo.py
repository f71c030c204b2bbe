"""Undoing an import: what it created goes, what it changed goes back, and what was edited since stays.

It goes some hundred items at a time, each whole or not at all, last one first, and marks them; one that
was cut off goes on where it was when it is begun again.

A poll is undone for good: what it brought stays deleted, and what it changed stays as it was until the
source says something new. Otherwise the next one, in an hour, would do it all again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import bindparam, delete, func, select, update

from blog.changes.columns import BadDraft
from blog.changes.departures import departures
from blog.changes.entries import DELETED, delete_entries, update_entries
from blog.changes.import_names import Thing, undo_names
from blog.changes.import_runs import Wanted, refuse_while_elsewhere
from blog.changes.import_states import states_of
from blog.changes.joins_undo import also_in, undo_joins
from blog.changes.log import record, record_names
from blog.changes.lookups import rows_in
from blog.changes.slugs import FreeSlugs
from blog.changes.vanished import unmark_run
from blog.domain.errors import CrosstagError, NotThere
from blog.importlock import UNDOING, UNDONE, import_lock, owned
from blog.models import POLL, POLL_DAYS, Change, Entry, ImportItem, ImportRun, Revision, Series
from importers.pipeline import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from blog.changes.entries import Rewritten
    from blog.services import Services

BATCH: Final = 500
# What became of an item when its run was undone.
GONE: Final = "gone"
BACK: Final = "back"
STAYS: Final = "stays"
# Why a revision was kept.
UNDONE_IMPORT: Final = "import undone"
_MARKS: Final = (GONE, BACK, STAYS)
_ENTRIES: Final = (Outcome.CREATED.value, Outcome.UPDATED.value, Outcome.JOINED.value)
UNDOABLE: Final = (*_ENTRIES, *(thing.value for thing in Thing))
_ENTRY: Final = cast("Table", Entry.__table__)
_ITEM: Final = cast("Table", ImportItem.__table__)
_SET_VERDICT: Final = (
    update(_ITEM)
    .where(_ITEM.c.id == bindparam("_id"))
    .values(outcome=bindparam("_outcome"), reason=bindparam("_reason"))
)


class AlreadyUndone(CrosstagError):
    """There is nothing left to undo."""


class TooOld(CrosstagError):
    """Nothing is kept any more of what it did."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What became of an item, and why it is not what the import had found."""

    outcome: str
    reason: str = ""


# An item of which there is nothing to tell any more has none.
_Verdicts = dict[int, _Verdict]
_Undo = Callable[["Session", "Sequence[ImportItem]", datetime], _Verdicts]


def undo_run(
    services: Services,
    run_id: int,
    *,
    by: str = "",
    on_begun: Callable[[int], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Undo an import; return how many of its items are gone, are back at what they were, and stay.

    Raises:
        NotThere: there is no such import.
        AlreadyUndone: it is undone.
        TooOld: it was a poll, and is too long ago.
        ImportUnderWay: an import goes on, this one or another.
    """
    with import_lock(services.settings.data_dir):
        wanted, is_poll = _begin(services, run_id)
        if on_begun:
            on_begun(run_id)
        entries = _Entries(services, run_id, wanted, by, is_poll=is_poll)
        steps: list[tuple[Collection[str], _Undo]] = [(_ENTRIES, entries.undo)]
        steps += [((thing,), _undo_names) for thing in Thing]
        for outcomes, undo in steps:
            for count in _in_batches(services, run_id, outcomes, undo):
                if on_progress:
                    on_progress(count)
        return _finish(services, run_id)


def _begin(services: Services, run_id: int) -> tuple[Wanted, bool]:
    with services.sessions.write() as session:
        refuse_while_elsewhere(session, services.clock())
        run = session.get(ImportRun, run_id)
        if run is None:
            raise NotThere(f"There is no import number {run_id}.")
        if run.state == UNDONE:
            raise AlreadyUndone(f"Import number {run_id} is undone already.")
        is_poll = run.importer == POLL
        if is_poll and services.clock() - run.started > timedelta(days=POLL_DAYS):
            raise TooOld(f"What a poll did can be undone for {POLL_DAYS} days, and this one is longer ago.")
        count = select(func.count(ImportItem.id)).where(ImportItem.run_id == run_id)
        run.done = session.scalar(count.where(ImportItem.outcome.in_(_MARKS))) or 0
        run.expected = run.done + (session.scalar(count.where(ImportItem.outcome.in_(UNDOABLE))) or 0)
        run.state, run.error = UNDOING, ""
        run.options = run.options | owned(services.clock())
        return Wanted.of(run.options), is_poll


def _finish(services: Services, run_id: int) -> dict[str, int]:
    with services.sessions.write() as session:
        unmark_run(session, run_id)
        session.execute(update(ImportRun).where(ImportRun.id == run_id).values(state=UNDONE))
        marked = (ImportItem.run_id == run_id, ImportItem.outcome.in_(_MARKS))
        statement = select(ImportItem.outcome, func.count()).where(*marked)
        return dict(session.execute(statement.group_by(ImportItem.outcome)).all())


def _in_batches(services: Services, run_id: int, outcomes: Collection[str], undo: _Undo) -> Iterator[int]:
    """Undo the items with these outcomes, the last ones first; yield how many were done at once."""
    below = sys.maxsize
    while True:
        with services.sessions.write() as session:
            these = select(ImportItem).where(ImportItem.run_id == run_id, ImportItem.id < below)
            these = these.where(ImportItem.outcome.in_(outcomes)).order_by(ImportItem.id.desc()).limit(BATCH)
            items = session.scalars(these).all()
            if not items:
                return
            now, below = services.clock(), items[-1].id
            _mark(session, items, undo(session, items, now))
            run = session.get_one(ImportRun, run_id)
            run.done, run.options = run.done + len(items), run.options | owned(now)
        yield len(items)


def _mark(session: Session, items: Sequence[ImportItem], verdicts: _Verdicts) -> None:
    rows = [
        {"_id": item.id, "_outcome": verdicts[item.id].outcome, "_reason": verdicts[item.id].reason}
        for item in items
        if item.id in verdicts
    ]
    if rows:
        session.execute(_SET_VERDICT, rows)
    told_of = [item.id for item in items if item.id not in verdicts]
    session.execute(delete(_ITEM).where(_ITEM.c.id.in_(told_of)))


def _undo_names(session: Session, items: Sequence[ImportItem], now: datetime) -> _Verdicts:
    stays = undo_names(session, items)
    record_names(session, now)
    called = {one.id: f"The {one.outcome} {one.external_id}" for one in items}
    return {item: _Verdict(STAYS, f"{called[item]} stays: {why}") for item, why in stays.items()}


class _Entries:
    """Undoes what a run did to entries."""

    def __init__(self, services: Services, run_id: int, wanted: Wanted, by: str, *, is_poll: bool) -> None:
        self._settings = services.settings
        self._run_id = run_id
        self._status = wanted.status
        self._by = by
        self._is_poll = is_poll

    def undo(self, session: Session, items: Sequence[ImportItem], now: datetime) -> _Verdicts:
        """Delete the entries that these items made, and put back those that they changed."""
        of_run = select(ImportItem.entry_id).where(ImportItem.run_id == self._run_id)
        made = of_run.where(ImportItem.outcome == Outcome.CREATED)
        entry_ids = _entry_ids(items)
        created = {one for (one,) in rows_in(session, made, ImportItem.entry_id, entry_ids)}
        here = {one for (one,) in rows_in(session, select(Entry.id), Entry.id, entry_ids)}
        verdicts = {
            one.id: _Verdict(GONE, "It was deleted before.")
            for one in items
            if one.entry_id not in here or one.outcome == Outcome.JOINED
        }
        # What joined an entry leaves it first: who has nothing else by then can go.
        joined = undo_joins(session, self._settings, items, now, status=self._status, by=self._by)
        verdicts |= {
            one: _Verdict(STAYS, left.stays) if left.stays else _Verdict(BACK, _changed_since(left.fields))
            for one, left in joined.items()
        }
        settled = verdicts.keys() - {one for one, left in joined.items() if left.stays}
        living = [one for one in items if one.id not in verdicts]
        # What was created, and then changed by a second item of the same name, goes with the first.
        verdicts |= {
            one.id: _Verdict(GONE)
            for one in items
            if one.outcome == Outcome.UPDATED and one.entry_id in created and one.id not in settled
        }
        verdicts |= self._delete(session, [one for one in living if one.outcome == Outcome.CREATED], now)
        return verdicts | self._revert(session, [one for one in living if one.entry_id not in created], now)

    def _delete(self, session: Session, items: Sequence[ImportItem], now: datetime) -> _Verdicts:
        edited = self._edited(session, items)
        gone = [one.entry_id for one in items if one.entry_id is not None and one.id not in edited]
        if self._is_poll:
            # By its last revision the next poll knows that it stays deleted.
            delete_entries(session, gone, now, by=self._by)
        else:
            # No revision is kept, nor those there are: the source has all of it still, and what the author
            # deleted is known by its last one.
            session.execute(delete(Revision).where(Revision.entry_id.in_(gone)))
            with departures(session, gone, now):
                session.execute(delete(_ENTRY).where(_ENTRY.c.id.in_(gone)))
            record(session, DELETED, gone, now)
        return {
            one.id: _Verdict(STAYS, edited[one.id]) if one.id in edited else _Verdict(GONE) for one in items
        }

    def _edited(self, session: Session, items: Sequence[ImportItem]) -> dict[int, str]:
        """Why some of these cannot be deleted; as a rule one look at the log tells that all can."""
        entry_ids = _entry_ids(items)
        log = select(Change.entry_id, func.max(Change.id)).group_by(Change.entry_id)
        last = dict(rows_in(session, log, Change.entry_id, entry_ids))
        own = select(ImportItem.entry_id, func.max(ImportItem.change_id)).group_by(ImportItem.entry_id)
        of_run = own.where(ImportItem.run_id == self._run_id)
        written = dict(rows_in(session, of_run, ImportItem.entry_id, entry_ids))
        touched = [one for one in items if last.get(one.entry_id) != written.get(one.entry_id)]
        later = _later_runs(session, self._run_id, _entry_ids(touched))
        reasons = {one.id: later[one.entry_id] for one in touched if one.entry_id in later}
        others = also_in(session, _entry_ids(touched))
        reasons |= {one.id: others[one.entry_id] for one in touched if one.entry_id in others}
        states = states_of(session, _entry_ids(touched))
        for one in touched:
            changed = states[one.entry_id or 0].changed(self._status, one.source)
            if one.id not in reasons and changed:
                reasons[one.id] = f"Changed since: {', '.join(changed)}."
        return reasons

    def _revert(self, session: Session, items: Sequence[ImportItem], now: datetime) -> _Verdicts:
        """Put entries back to what they said before, where they say what the import wrote."""
        # Of several changes of one entry, the first remembers what was there before.
        first = {one.entry_id or 0: one for one in items}
        states = states_of(session, list(first))
        later = _later_runs(session, self._run_id, list(first))
        kept = rows_in(session, select(Revision), Revision.id, [one.revision_id for one in first.values()])
        before = {one.entry_id: one.fields for (one,) in kept}
        series = dict(session.execute(select(Series.id, Series.slug)).all()) if before else {}
        verdicts: dict[int, _Verdict] = {}
        changes: list[Rewritten] = []
        for entry_id in first:
            if entry_id in later or entry_id not in before:
                verdicts[entry_id] = _Verdict(STAYS, later.get(entry_id, "Nothing is kept of what it was."))
                continue
            change, stays = states[entry_id].back_to(before[entry_id], series, for_good=self._is_poll)
            try:
                if change.fields:
                    changes.append((change, states[entry_id].columns(change, self._settings)))
                verdicts[entry_id] = _Verdict(
                    STAYS if stays and not change.fields else BACK, _changed_since(stays)
                )
            except BadDraft as error:
                verdicts[entry_id] = _Verdict(STAYS, error.sentence)
        update_entries(
            session, self._settings, changes, FreeSlugs(session, {}), now, by=self._by, reason=UNDONE_IMPORT
        )
        return {one.id: verdicts[one.entry_id or 0] for one in items}


def _changed_since(names: Sequence[str]) -> str:
    return f"Changed since, and left so: {', '.join(names)}." if names else ""


def _entry_ids(items: Sequence[ImportItem]) -> list[int]:
    return [one.entry_id for one in items if one.entry_id is not None]


def _later_runs(session: Session, run_id: int, entry_ids: Sequence[int]) -> dict[int | None, str]:
    """Which of these a later import has changed, with what to do about it."""
    statement = select(ImportItem.entry_id, func.max(ImportItem.run_id)).group_by(ImportItem.entry_id)
    later = statement.where(ImportItem.run_id > run_id, ImportItem.outcome == Outcome.UPDATED)
    return {
        entry: f"Import number {run} has changed it since. Undo that one first."
        for entry, run in rows_in(session, later, ImportItem.entry_id, entry_ids)
    }
