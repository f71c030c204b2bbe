"""The follower of the log that keeps the current snapshot.

``current()`` is what every request calls: some microseconds when nothing has changed, and
otherwise the changes since are read, applied to copies, and one reference is swapped. A
scheduled entry joins when its time has come, by the clock, without anything being written.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from blog.domain.entry import Kind, Status
from blog.facets.build import Changes, with_changes
from blog.facets.names import load_names
from blog.facets.rows import Place, Row
from blog.facets.select import newest_entry
from blog.facets.snapshot import Snapshot, empty_snapshot
from blog.models import Change, Entry, entry_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from blog.db import Sessions

# Beyond this many changed entries one ordered scan of everything is cheaper than look-ups.
_RELOAD_FROM: Final = 5_000
_LOOK_UP: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return an aware time as whole microseconds since 1970."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class FacetFollower:
    """Keeps the snapshot of one database up to date; safe to share between threads."""

    def __init__(self, sessions: Sessions, clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._pulse = -1

    def current(self) -> Snapshot:
        """Return the snapshot of now, every committed change included."""
        # What is held is looked at first: taken the other way round, a snapshot could be passed off
        # as that of a pulse which another thread has only just caught up with.
        held, snapshot = self._pulse, self._snapshot
        pulse = self._sessions.pulse()
        now = microseconds(self._clock())
        if snapshot is not None and pulse == held and not _due(snapshot, now):
            return snapshot
        with self._lock:
            # Taken again under the lock, and before reading: what commits while we read is
            # in the next pulse, so it can be applied twice but never be missed.
            pulse = self._sessions.pulse()
            with self._sessions.read() as session:
                self._snapshot = self._caught_up(session, now)
            self._pulse = pulse
            return self._snapshot

    def _caught_up(self, session: Session, now: int) -> Snapshot:
        last, at = _last_change(session)
        before = self._snapshot
        if before is None or last < before.position:
            # No snapshot yet; or the log is shorter than what we hold: another database lies there now.
            return _moved_at(_loaded(session, last, now), at, now)
        ids, names_changed = _changes_since(session, before.position)
        if len(ids) > _RELOAD_FROM:
            return _moved_at(_loaded(session, last, now), at, now)
        if names_changed:
            before = replace(before, names=load_names(session))
        ids |= {entry_id for stamp, entry_id in before.upcoming if stamp <= now}
        after = replace(_with_rows(before, session, sorted(ids), now), position=last)
        return _moved_at(after, at, now)


def _due(snapshot: Snapshot, now: int) -> bool:
    return bool(snapshot.upcoming) and snapshot.upcoming[0][0] <= now


def _last_change(session: Session) -> tuple[int, int]:
    """The id of the last change and when it was made, zeros for an empty log."""
    found = session.execute(select(Change.id, Change.at).order_by(Change.id.desc()).limit(1)).first()
    return (found.id, microseconds(found.at)) if found else (0, 0)


def _moved_at(snapshot: Snapshot, at: int, now: int) -> Snapshot:
    """Note when the public blog last changed: at its last write, or when the newest entry's time came."""
    newest = newest_entry(snapshot)
    stamp = snapshot.rows.stamp(newest) if newest is not None else 0
    return replace(snapshot, moved=min(now, max(at, stamp)))


def _changes_since(session: Session, position: int) -> tuple[set[int], bool]:
    found = session.execute(select(Change.entry_id, Change.what).where(Change.id > position)).all()
    return {row.entry_id for row in found if row.entry_id is not None}, any(
        row.what == "names" for row in found
    )


def _loaded(session: Session, last: int, now: int) -> Snapshot:
    """Read the whole blog in two ordered scans."""
    scheduled: list[tuple[int, int]] = []
    changes = _public(_read_rows(session, None), now, scheduled)
    snapshot = with_changes(empty_snapshot(load_names(session)), changes)
    return replace(snapshot, position=last, upcoming=tuple(sorted(scheduled)))


def _with_rows(before: Snapshot, session: Session, ids: Sequence[int], now: int) -> Snapshot:
    """Read these entries again; those that are not there any more, or not public, leave."""
    if not ids:
        return before
    touched = set(ids)
    scheduled = [pair for pair in before.upcoming if pair[1] not in touched]
    changes: Changes = []
    for start in range(0, len(ids), _LOOK_UP):
        changes += _public(_read_rows(session, ids[start : start + _LOOK_UP]), now, scheduled)
    gone = touched.difference(entry_id for entry_id, _ in changes)
    changes += [(entry_id, None) for entry_id in gone]
    return replace(with_changes(before, changes), upcoming=tuple(sorted(scheduled)))


def _public(rows: Iterator[tuple[int, Row]], now: int, scheduled: list[tuple[int, int]]) -> Changes:
    """Keep the rows whose time has come; note the others in ``scheduled``."""
    changes: Changes = []
    for entry_id, row in rows:
        if row.stamp > now:
            scheduled.append((row.stamp, entry_id))
        else:
            changes.append((entry_id, row))
    return changes


def _read_rows(session: Session, ids: Sequence[int] | None) -> Iterator[tuple[int, Row]]:
    """Read the published entries, all or these, in the order of their ids, with their tags."""
    entries = select(
        Entry.id, Entry.published, Entry.day, Entry.kind, Entry.source_id, Entry.series_id, Entry.domain
    ).where(Entry.status == Status.PUBLISHED.value)
    pairs = select(entry_tag.c.entry_id, entry_tag.c.tag_id)
    if ids is not None:
        entries = entries.where(Entry.id.in_(ids))
        pairs = pairs.where(entry_tag.c.entry_id.in_(ids))
    tagged = session.execute(pairs.order_by(entry_tag.c.entry_id, entry_tag.c.tag_id))
    tags = _TagsInStep(iter(tagged))
    shared: dict[Place, Place] = {}
    for entry_id, published, day, kind, source, series, domain in session.execute(
        entries.order_by(Entry.id).execution_options(yield_per=5_000)
    ):
        place = Place(Kind(kind), source, series, domain)
        place = shared.setdefault(place, place)
        yield entry_id, Row(microseconds(published), day.toordinal(), place, tags.of(entry_id))


class _TagsInStep:
    """Merges (entry id, tag id) pairs, in the order of entries, with a walk over the entries."""

    def __init__(self, pairs: Iterator[tuple[int, int]]) -> None:
        self._pairs = pairs
        self._next = next(pairs, None)
        self._shared: dict[tuple[int, ...], tuple[int, ...]] = {}

    def of(self, entry_id: int) -> tuple[int, ...]:
        """Return the tag ids of this entry; ask in ascending order."""
        found: list[int] = []
        while self._next is not None and self._next[0] <= entry_id:
            if self._next[0] == entry_id:
                found.append(self._next[1])
            self._next = next(self._pairs, None)
        tags = tuple(found)
        return self._shared.setdefault(tags, tags)
