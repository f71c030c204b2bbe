"""The follower of the log that keeps the text index up to date.

The index remembers the last change it holds in the very commit that holds it. Whatever
happens between a commit to SQL and a commit to the index, the next ``catch_up`` begins
where the index really is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from fasteners import InterProcessLock
from sqlalchemy import func, select

from blog.domain.entry import Status
from blog.models import Change, Entry
from blog.search.engine import Document
from blog.search.remembered import RememberedMatches

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from pathlib import Path

    from pyroaring import BitMap
    from sqlalchemy.orm import Session

    from blog.db import Sessions
    from blog.domain.textquery import TextQuery
    from blog.search.engine import FieldLookup, SearchEngine

# One index commit for so many entries: bounded memory, and few segments.
_BATCH: Final = 2_000
_LOOK_UP: Final = 500
_DOCUMENT: Final = (
    Entry.id,
    Entry.title,
    Entry.text,
    Entry.citation,
    Entry.context,
    Entry.via_title,
    Entry.image_alt,
    Entry.domain,
)


class SearchFollower:
    """Keeps one engine's index in step with the log; safe to share between threads."""

    def __init__(self, sessions: Sessions, engine: SearchEngine, lock_file: Path) -> None:
        self._sessions = sessions
        self.engine = engine
        self.remembered = RememberedMatches()
        self._mark = lock_file.with_suffix(".mark")
        self._threads = threading.Lock()
        self._processes = InterProcessLock(lock_file)

    def behind(self) -> int:
        """How many changes of the log the index does not hold yet."""
        with self._sessions.read() as session:
            return max(0, _last_change(session) - self.engine.position())

    def matches(self, query: TextQuery, fields: FieldLookup, everything: BitMap, state: Hashable) -> BitMap:
        """What a text finds out of ``everything``, remembered for a while; do not change it.

        ``state`` stands for all that ``fields`` and ``everything`` are made from.
        """
        key = (query.node, state, self.engine.position())
        return self.remembered.get(key, lambda: self.engine.matches(query, fields, everything))

    def catch_up(self, on_progress: Callable[[int], None] | None = None) -> bool:
        """Apply every change since the index's position; False if somebody else is at it.

        ``on_progress`` is told the number of entries after each batch.
        """
        return self._alone(lambda: self._catch_up(on_progress))

    def rebuild(self, on_progress: Callable[[int], None] | None = None) -> bool:
        """Throw the index away and make it anew from SQL; False if somebody else is writing to it."""
        return self._alone(lambda: self._rebuild(on_progress))

    def _alone(self, work: Callable[[], bool]) -> bool:
        """Do the work as the only thread of the only process that does.

        Each batch is a commit of its own, so the engine's own lock does not keep a second
        process from clearing, between two of them, what the first has done so far.
        """
        if not self._threads.acquire(blocking=False):
            return False
        try:
            if not self._processes.acquire(blocking=False):
                return False
            try:
                return work()
            finally:
                self._processes.release()
        finally:
            self._threads.release()

    def _rebuild(self, on_progress: Callable[[int], None] | None) -> bool:
        self.engine.clear()
        return self._catch_up(on_progress)

    def _catch_up(self, on_progress: Callable[[int], None] | None) -> bool:
        with self._sessions.read() as session:
            last = _last_change(session)
            position = self.engine.position()
            if position == last == 0:
                return True
            if position == 0 or not self._is_of(session, position):
                # Position 0 may be a rebuild that did not get to its end.
                self.engine.clear()
                return self._apply(session, _all_ids(session), 0, last, on_progress)
            if position == last:
                return True
            return self._apply(session, _changed_ids(session, position), position, last, on_progress)

    def _apply(
        self,
        session: Session,
        ids: Sequence[int],
        position: int,
        last: int,
        on_progress: Callable[[int], None] | None,
    ) -> bool:
        """Index in batches; the position moves with the last one, so a crash repeats, and skips nothing."""
        starts = range(0, max(len(ids), 1), _BATCH)
        for start in starts:
            batch = ids[start : start + _BATCH]
            documents = list(_documents(session, batch))
            gone = set(batch).difference(document.entry_id for document in documents)
            is_last = start == starts[-1]
            if not self.engine.apply(documents, gone, last if is_last else position):
                return False
            if on_progress:
                on_progress(len(batch))
        self._write_mark(session, last)
        return True

    def belongs(self) -> bool:
        """Tell whether the index follows this very log, and not that of another or an older database."""
        with self._sessions.read() as session:
            position = self.engine.position()
            return position == 0 or self._is_of(session, position)

    def _is_of(self, session: Session, position: int) -> bool:
        """Compare what the change at the index's position is with what it was when it was indexed.

        A database that was put back from a backup counts its changes up again, past where the
        index was: the number alone would not tell.
        """
        try:
            return self._mark.read_text(encoding="utf-8") == _mark_of(session, position)
        except (OSError, UnicodeDecodeError):
            return False

    def _write_mark(self, session: Session, position: int) -> None:
        # After the index's own commit. A crash between the two makes the index anew, once.
        fresh = self._mark.with_suffix(".new")
        fresh.write_text(_mark_of(session, position), encoding="utf-8")
        fresh.replace(self._mark)

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()


def _mark_of(session: Session, position: int) -> str:
    found = session.execute(
        select(Change.at, Change.what, Change.entry_id).where(Change.id == position)
    ).first()
    return f"{position} {found.at.isoformat()} {found.what} {found.entry_id}" if found else ""


def _last_change(session: Session) -> int:
    return session.scalar(select(func.max(Change.id))) or 0


def _all_ids(session: Session) -> list[int]:
    return list(session.scalars(select(Entry.id).order_by(Entry.id)))


def _changed_ids(session: Session, position: int) -> list[int]:
    changed = select(Change.entry_id).where(Change.id > position, Change.entry_id.is_not(None))
    return [one for one in session.scalars(changed.distinct().order_by(Change.entry_id)) if one is not None]


def _documents(session: Session, ids: Sequence[int]) -> Iterator[Document]:
    """Read what is to be indexed of these entries; drafts and hidden ones are not."""
    for start in range(0, len(ids), _LOOK_UP):
        statement = select(*_DOCUMENT).where(
            Entry.id.in_(ids[start : start + _LOOK_UP]), Entry.status == Status.PUBLISHED.value
        )
        for row in session.execute(statement):
            extra = " ".join((row.citation, row.context, row.via_title, row.image_alt, row.domain))
            yield Document(row.id, row.title, row.text, extra)
