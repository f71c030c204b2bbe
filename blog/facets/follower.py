"""The follower of the log that keeps the current snapshot.

``current()`` is what every request calls: some microseconds when nothing has changed, and
otherwise the changes since are read, applied to copies, and one reference is swapped. A
scheduled entry joins when its time has come, by the clock, without anything being written.
"""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

from blog.facets.build import with_changes, with_rows
from blog.facets.names import load_names, load_new_names
from blog.facets.read import read_all, read_late, read_rows
from blog.facets.select import newest_entry
from blog.facets.snapshot import Snapshot
from blog.models import NAMES, NEW_NAMES, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from blog.db import Sessions
    from blog.facets.names import Names

# Beyond this many changed entries, and this share of all, one ordered scan is cheaper than look-ups.
_RELOAD_FROM: Final = 5_000
_RELOAD_SHARE: Final = 20
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
        self._pulse: Hashable = None

    def current(self) -> Snapshot:
        """Return the snapshot of now, every committed change included."""
        # What is held is looked at first: taken the other way round, a snapshot could be passed off
        # as that of a pulse which another thread has only just caught up with.
        held, snapshot = self._pulse, self._snapshot
        pulse = self._sessions.pulse()
        if snapshot is not None and pulse == held and not self._is_due(snapshot):
            return snapshot
        with self._lock:
            now = microseconds(self._clock())
            # Taken again under the lock, and before reading: what commits while we read is
            # in the next pulse, so it can be applied twice but never be missed.
            pulse = self._sessions.pulse()
            with self._sessions.read() as session:
                self._snapshot = self._caught_up(session, now)
            self._pulse = pulse
            return self._snapshot

    def _is_due(self, snapshot: Snapshot) -> bool:
        """Tell whether the time of a scheduled entry has come."""
        return bool(snapshot.upcoming) and snapshot.upcoming[0][0] <= microseconds(self._clock())

    def _caught_up(self, session: Session, now: int) -> Snapshot:
        last, at = _last_change(session)
        before = self._snapshot
        if before is None or not _is_of(session, before):
            # No snapshot yet; or another state of the database lies there now, such as a backup.
            with _uncollected():
                return _moved_at(_loaded(session, load_names(session), last, now), at, now)
        since = _changes_since(session, before.position)
        names = _names_after(session, before.names, since.what)
        if len(since.entry_ids) > max(_RELOAD_FROM, len(before.everything) // _RELOAD_SHARE):
            with _uncollected():
                return _moved_at(_loaded(session, names, last, now), at, now)
        ids = since.entry_ids | {entry_id for stamp, entry_id in before.upcoming if stamp <= now}
        after = _with_rows(replace(before, names=names), session, sorted(ids), now)
        return _moved_at(replace(after, position=last), at, now)


class _Since(NamedTuple):
    """What happened since a place in the log: to which entries, and of what kinds."""

    entry_ids: set[int]
    what: set[str]


def _is_of(session: Session, before: Snapshot) -> bool:
    """Tell whether the log is the one that the snapshot has followed: its last change is still what it was."""
    at = session.scalar(select(Change.at).where(Change.id == before.position))
    return before.position == 0 if at is None else microseconds(at) == before.changed


def _last_change(session: Session) -> tuple[int, int]:
    """The id of the last change and when it was made, zeros for an empty log."""
    found = session.execute(select(Change.id, Change.at).order_by(Change.id.desc()).limit(1)).first()
    return (found.id, microseconds(found.at)) if found else (0, 0)


def _moved_at(snapshot: Snapshot, at: int, now: int) -> Snapshot:
    """Note when the public blog last changed: at its last write, or when the newest entry's time came."""
    newest = newest_entry(snapshot)
    stamp = snapshot.rows.stamp(newest) if newest is not None else 0
    return replace(snapshot, changed=at, moved=min(now, max(at, stamp)))


def _changes_since(session: Session, position: int) -> _Since:
    found = session.execute(select(Change.entry_id, Change.what).where(Change.id > position)).all()
    return _Since({one.entry_id for one in found if one.entry_id is not None}, {one.what for one in found})


def _names_after(session: Session, names: Names, what: set[str]) -> Names:
    if NAMES in what:
        return load_names(session)
    return load_new_names(session, names) if NEW_NAMES in what else names


def _loaded(session: Session, names: Names, last: int, now: int) -> Snapshot:
    """Read the whole blog in a few ordered scans."""
    whole = read_all(session, now)
    empty = Snapshot(names, position=last, upcoming=tuple(sorted(whole.upcoming)), late=whole.late)
    return with_rows(empty, whole.rows)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let the garbage collector rest: it would walk through millions of new rows, again and again, in vain."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _with_rows(before: Snapshot, session: Session, ids: Sequence[int], now: int) -> Snapshot:
    """Read these entries again; those that are not there any more, or not public, leave."""
    if not ids:
        return before
    found, touched = dict(read_rows(session, ids)), set(ids)
    upcoming = [pair for pair in before.upcoming if pair[1] not in touched]
    upcoming += [(row.stamp, entry_id) for entry_id, row in found.items() if row.stamp > now]
    here = {entry_id: row for entry_id, row in found.items() if row.stamp <= now}
    after = with_changes(before, [(entry_id, here.get(entry_id)) for entry_id in ids])
    late = before.late.changed(ids, list(read_late(session, ids)))
    return replace(after, upcoming=tuple(sorted(upcoming)), late=late)
