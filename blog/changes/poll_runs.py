"""Recording polls: one that changed something is a run like an import, with an item for all that it wrote.

One that changed nothing, as most do, leaves no trace. A run begins in the transaction that writes the first
thing, and is done whenever anybody looks: so a poll needs no lock, and may end at any moment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, insert, select, update

from blog.changes.import_runs import WRITTEN, RunRecorder
from blog.importlock import DONE
from blog.models import POLL, POLL_DAYS, ImportItem, ImportRun, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from blog.changes.import_runs import Wanted
    from blog.services import Services


class PollRecorder(RunRecorder):
    """Writes what becomes of the items of one poll, once any of them changes something."""

    def __init__(self, services: Services, wanted: Wanted) -> None:
        super().__init__(services, run_id=0)
        self._wanted = wanted
        self._written: Counter[str] = Counter()

    def end(self) -> None:
        """Record what was told of the items that changed nothing, if others did."""
        others = {name: count for name, count in self.counts.items() if name in ("failed", "kept", "noted")}
        if not self.run_id or not others:
            return
        with self.services.sessions.write() as session:
            told, self._told = self._told, []
            self._insert(session, told)
            self._count(session, dict(self._written) | others)

    def _insert(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        if not self.run_id:
            self.run_id = self._begin(session)
        super()._insert(session, rows)
        self._written.update(str(row["outcome"]) for row in rows if row["outcome"] in WRITTEN)
        self._count(session, dict(self._written))

    def _begin(self, session: Session) -> int:
        now, slug = self.services.clock(), self._wanted.source
        name = session.scalar(select(Source.name).where(Source.slug == slug)) or slug
        values: dict[str, Any] = {"label": name, "importer": POLL, "state": DONE, "counts": {}}
        values |= {"started": now, "finished": now, "options": asdict(self._wanted)}
        return session.execute(insert(ImportRun).values(**values).returning(ImportRun.id)).scalar_one()

    def _count(self, session: Session, counts: Mapping[str, int]) -> None:
        of_run = update(ImportRun).where(ImportRun.id == self.run_id)
        session.execute(of_run.values(counts=dict(counts), done=sum(counts.values())))

    def _save(self, session: Session, done: int) -> None:
        """Nobody watches how far a poll is."""


def forget_old_polls(services: Services) -> None:
    """Delete the items of polls that are too old to be undone; that there was one is kept."""
    before = services.clock() - timedelta(days=POLL_DAYS)
    has_items = exists().where(ImportItem.run_id == ImportRun.id)
    old = select(ImportRun.id).where(ImportRun.importer == POLL, ImportRun.started < before, has_items)
    with services.sessions.read() as session:
        ids = list(session.scalars(old.limit(500)))
    if ids:
        with services.sessions.work() as session:
            session.execute(delete(ImportItem).where(ImportItem.run_id.in_(ids)))
