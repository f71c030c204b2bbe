"""Recording imports: each is a run, with an item for everything that it wrote or could not.

Items are written in the very transaction that writes what they tell of, so a run that is killed has
told all that it did. One import goes on at a time on each machine, held by a lock that ends with its
process; so a run that says it is running, while nobody holds the lock, was broken off. Run again, with
the same material and options, it goes on under its old number.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import delete, func, insert, select, update

from blog.changes.import_names import Marks, item_rows, known_names, made_since, marks, spoken_of
from blog.domain.entry import Kind, Status
from blog.domain.errors import CrosstagError
from blog.importlock import (
    DONE,
    FAILED,
    RUNNING,
    UNDOING,
    ImportUnderWay,
    import_lock,
    is_elsewhere,
    owned,
)
from blog.models import Change, ImportItem, ImportRun, Revision
from importers.pipeline import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from blog.changes.import_names import Known
    from blog.domain.entry import Item
    from blog.services import Services
    from importers.pipeline import Decision, Key, Told

# What is only to be known of an item, and changed nothing.
NOTED: Final = "noted"
# What is recorded in the transaction that wrote it.
WRITTEN: Final = (Outcome.CREATED, Outcome.UPDATED, Outcome.JOINED)
_EVERY: Final = 1.0
# Written by the hundred, past the mapper, which would look at each value of each row.
_ITEM: Final = cast("Table", ImportItem.__table__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an import was begun with: the source and the kind given, and what new entries begin as.

    ``everything`` says that the material is all there is, so that what is not in it has vanished.
    """

    source: str = ""
    kind: Kind | None = None
    status: Status | None = None
    everything: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Wanted:
        """Read what a run keeps of them."""
        kind, status = options.get("kind"), options.get("status")
        return cls(
            source=options.get("source", ""),
            kind=Kind(kind) if kind else None,
            status=Status(status) if status else None,
            everything=options.get("everything", False),
        )


@dataclass(frozen=True, slots=True)
class Beginning:
    """The last ids of the log, the revisions and what else an import makes, before a batch is written."""

    change: int
    revision: int
    names: Marks


@dataclass(slots=True)
class RunRecorder:
    """Writes what becomes of the items of one run."""

    services: Services
    run_id: int
    counts: dict[str, int] = field(default_factory=dict)
    _done: int = 0
    _told: list[dict[str, Any]] = field(default_factory=list)
    _saved: float = 0.0

    def begin(self, session: Session) -> Beginning:
        """Look, under the write lock, at what is there before a batch is written."""
        last = (select(func.max(model.id)).scalar_subquery() for model in (Change, Revision))
        change, revision = session.execute(select(*last)).one()
        return Beginning(change or 0, revision or 0, marks(session))

    def wrote(
        self, session: Session, before: Beginning, decisions: Sequence[Decision], created: Mapping[Key, int]
    ) -> None:
        """Record what became of the items of a batch, in the transaction that has written them."""
        log = select(Change.entry_id, Change.id).where(Change.id > before.change).order_by(Change.id)
        changes = dict(session.execute(log.where(Change.entry_id.is_not(None))).all())
        kept = select(Revision.entry_id, Revision.id).where(Revision.id > before.revision)
        revisions = dict(session.execute(kept).all())
        ids = {one.key: created.get(one.key, one.entry_id) for one in decisions}
        rows = [
            {
                "source": one.draft.source,
                "external_id": one.draft.external_id,
                "outcome": one.outcome.value,
                "reason": "; ".join(one.notes),
                "entry_id": ids[one.key],
                "revision_id": revisions.get(ids[one.key] or 0),
                "change_id": changes[ids[one.key]],
            }
            for one in decisions
            if ids[one.key] in changes and one.outcome in WRITTEN
        ]
        self._insert(session, [*rows, *_filled(item_rows({}, made_since(session, before.names)))])
        self._save(session, self._done + len(decisions))

    @contextmanager
    def naming(self, session: Session, items: Sequence[Item]) -> Iterator[None]:
        """Record what the block makes of tags, old names, series, sources and redirects."""
        spoken = spoken_of(items)
        before: Known = known_names(session, spoken)
        yield
        self._insert(session, _filled(item_rows(before, known_names(session, spoken))))

    def tell(self, told: Told) -> None:
        """Take in what became of an item; what has been written is recorded already."""
        outcome = NOTED if told.outcome is None else told.outcome.value
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if told.outcome in (Outcome.FAILED, Outcome.KEPT, None):
            row = {"outcome": outcome, "external_id": told.external_id, "reason": told.reason}
            source = told.draft.source if told.draft else ""
            self._told += _filled([row | {"source": source, "entry_id": told.entry_id}])

    def advance(self, count: int) -> None:
        """Note how far it is, once a second where nothing is written anyway."""
        self._done += count
        if time.monotonic() - self._saved > _EVERY:
            with self.services.sessions.write() as session:
                self._save(session, self._done)

    def finish(self, state: str, error: str = "") -> None:
        """Note how it ended."""
        with self.services.sessions.write() as session:
            self._save(session, self._done)
            ended = {"state": state, "error": error, "finished": self.services.clock()}
            ended["counts"] = _all_counts(session, self.run_id, self.counts)
            session.execute(update(ImportRun).where(ImportRun.id == self.run_id).values(**ended))

    def _save(self, session: Session, done: int) -> None:
        told, self._told = self._told, []
        self._insert(session, told)
        run = session.get_one(ImportRun, self.run_id)
        run.done, run.counts = done, dict(self.counts)
        run.options = run.options | owned(self.services.clock())
        self._saved = time.monotonic()

    def _insert(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            session.execute(insert(_ITEM), [{"run_id": self.run_id, **row} for row in rows])


_EMPTY: Final = {"source": "", "reason": "", "entry_id": None, "revision_id": None, "change_id": None}


def _filled(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with every column, so that all are inserted with one statement."""
    return [_EMPTY | dict(row) for row in rows]


def _all_counts(session: Session, run_id: int, counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of a run, with what it had written before it was broken off, which it then met unchanged."""
    statement = select(ImportItem.outcome, func.count()).where(ImportItem.run_id == run_id)
    rows = session.execute(statement.where(ImportItem.outcome.in_(WRITTEN)).group_by(ImportItem.outcome))
    before = {outcome: count - counts.get(outcome, 0) for outcome, count in rows}
    found = dict(counts) | {outcome: counts.get(outcome, 0) + more for outcome, more in before.items()}
    unchanged = found.get(Outcome.UNCHANGED, 0) - sum(before.values())
    return {str(outcome): count for outcome, count in found.items()} | {
        Outcome.UNCHANGED.value: max(0, unchanged)
    }


@contextmanager
def recorded(
    services: Services,
    *,
    label: str,
    importer: str,
    wanted: Wanted,
    expected: int | None = None,
    by: str = "",
) -> Iterator[RunRecorder]:
    """Record an import while the block goes on; if it was broken off before, under the number it had.

    Raises:
        ImportUnderWay: another one goes on.
    """
    with import_lock(services.settings.data_dir):
        run_id = _begin(services, label, importer, wanted, expected, by)
        recorder = RunRecorder(services, run_id)
        try:
            yield recorder
        except CrosstagError as error:
            recorder.finish(FAILED, error.sentence)
            raise
        except BaseException as error:
            stopped = isinstance(error, (KeyboardInterrupt, SystemExit))
            what = str(error).partition("\n")[0][:300]
            recorder.finish(FAILED, "It was stopped." if stopped else f"It broke: {what}")
            raise
        recorder.finish(DONE)


def _begin(services: Services, label: str, importer: str, wanted: Wanted, expected: int | None, by: str) -> int:
    options = asdict(wanted)
    now = services.clock()
    with services.sessions.write() as session:
        refuse_while_elsewhere(session, now)
        kept = options | owned(now)
        values: dict[str, Any] = {
            "state": RUNNING,
            "error": "",
            "finished": None,
            "expected": expected,
            "options": kept,
        }
        values |= {"done": 0, "counts": {}, "by": by}
        before = _broken_off(session, label, importer, options)
        if before is not None:
            session.execute(update(ImportRun).where(ImportRun.id == before).values(**values))
            again = (Outcome.FAILED, Outcome.KEPT, NOTED)
            session.execute(
                delete(ImportItem).where(ImportItem.run_id == before, ImportItem.outcome.in_(again))
            )
            return before
        values |= {"started": now, "label": label, "importer": importer}
        return session.execute(insert(ImportRun).values(**values).returning(ImportRun.id)).scalar_one()


def _broken_off(session: Session, label: str, importer: str, options: Mapping[str, Any]) -> int | None:
    """The last run of this material, if it did not come to its end and was begun in the same way."""
    statement = select(ImportRun.id, ImportRun.state, ImportRun.options).where(
        ImportRun.label == label, ImportRun.importer == importer
    )
    last = session.execute(statement.order_by(ImportRun.id.desc()).limit(1)).first()
    if last is None or last.state not in (RUNNING, FAILED):
        return None
    # A run of before an option was there had it off.
    same = all((last.options.get(name) or None) == (value or None) for name, value in options.items())
    return last.id if same else None


def refuse_while_elsewhere(session: Session, now: datetime) -> None:
    """Refuse while a run goes on on another machine.

    Raises:
        ImportUnderWay: one does.
    """
    for run in session.scalars(select(ImportRun).where(ImportRun.state.in_([RUNNING, UNDOING]))):
        if is_elsewhere(run.options, now):
            raise ImportUnderWay(f"The import of {run.label} goes on, on another machine.")
