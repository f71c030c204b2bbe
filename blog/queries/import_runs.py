"""Reading what was imported: the runs, what became of each item, and what undoing one would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from sqlalchemy import func, select

from blog.domain.errors import NotThere
from blog.importlock import DONE, FAILED, RUNNING, UNDOING, UNDONE, goes_on
from blog.models import POLL, POLL_DAYS, Change, Entry, ImportItem, ImportRun
from blog.queries.entries import beginning
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from blog.services import Services

_RUNS: Final = 50
_ITEMS: Final = 100
_AT_ONCE: Final = 1_000
# In the order in which they are told; what else a run made besides entries is kept as items, too.
OUTCOMES: Final = ("failed", "kept", "noted", "stays", "updated", "back", "joined", "created", "gone")
COUNTED: Final = ("created", "joined", "updated", "unchanged", "kept", "failed", "noted")
_NOT_UNDOABLE: Final = ("failed", "kept", "noted", "stays", "back", "gone")
_WORDS: Final = {
    RUNNING: "broken off",
    UNDOING: "broken off while it was undone",
    DONE: "done",
    FAILED: "not finished",
    UNDONE: "undone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """An import, or a poll that changed something.

    ``goes_on`` tells whether somebody is at it; one that says so and is not was broken off.
    """

    id: int
    label: str
    importer: str
    by: str
    started: datetime
    finished: datetime | None
    state: str
    goes_on: bool
    error: str
    counts: dict[str, int]
    done: int
    expected: int | None
    options: dict[str, Any]
    is_too_old: bool

    @property
    def is_poll(self) -> bool:
        """Whether it was a poll."""
        return self.importer == POLL

    @property
    def state_in_words(self) -> str:
        """How it stands."""
        if self.goes_on:
            return "being undone" if self.state == UNDOING else "running"
        return _WORDS[self.state]

    @property
    def can_be_undone(self) -> bool:
        """Whether there is anything left of it to undo."""
        return self.state != UNDONE and not self.goes_on and not self.is_too_old

    @property
    def share(self) -> float | None:
        """How much of it is done, up to 1; None where nobody can tell."""
        return min(1.0, self.done / self.expected) if self.expected else None


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of the runs, newest first."""

    runs: list[RunView]
    total: int
    links: PageLinks
    page: int


@dataclass(frozen=True, slots=True)
class ItemView:
    """What became of an item. ``entry_id`` is None where there is no such entry, or none any more."""

    outcome: str
    name: str
    external_id: str
    reason: str
    entry_id: int | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of the items of a run, of one outcome or of all."""

    items: list[ItemView]
    total: int
    by_outcome: dict[str, int]
    links: PageLinks
    page: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What undoing a run would do, as far as the log tells: what was edited since may turn out to stay."""

    created: int
    updated: int
    joined: int
    edited: int
    total: int

    @property
    def sentence(self) -> str:
        """The same in words."""
        goes = f"{self.created:,} entries that it created are deleted"
        back = f"{self.updated:,} that it changed are put back"
        stays = f"{self.edited:,} of them were changed since, and stay where that shows"
        leaves = f"; {self.joined:,} that it made one with others leave those again" if self.joined else ""
        return f"{goes}, {back}{leaves}; {stays}."


def import_runs(services: Services, page: int = 1, *, polls: bool = False, source: str = "") -> RunPage:
    """Return a page of the imports; or of the polls that changed something, of all sources or of one.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    wanted = [ImportRun.importer == POLL if polls else ImportRun.importer != POLL]
    wanted += [ImportRun.options["source"].as_string() == source] if source else []
    with services.sessions.read() as session:
        total = session.scalar(select(func.count(ImportRun.id)).where(*wanted)) or 0
        pages = count_pages(total, _RUNS, page)
        newest = select(ImportRun).where(*wanted).order_by(ImportRun.id.desc())
        found = session.scalars(newest.limit(_RUNS).offset((page - 1) * _RUNS))
        runs = [_view(services, run) for run in found]
    asked = urlencode({"of": "polls", **({"source": source} if source else {})}) + "&" if polls else ""
    return RunPage(
        runs, total, page_links(lambda number: f"/admin/imports/?{asked}page={number}", page, pages), page
    )


def import_run(services: Services, run_id: int) -> RunView:
    """Return one run.

    Raises:
        NotThere: there is no such import.
    """
    with services.sessions.read() as session:
        run = session.get(ImportRun, run_id)
        if run is None:
            raise NotThere(f"There is no import number {run_id}.")
        return _view(services, run)


def _view(services: Services, run: ImportRun) -> RunView:
    here = goes_on(services.settings.data_dir, run.state, run.options, services.clock())
    return RunView(
        id=run.id,
        label=run.label,
        importer=run.importer,
        by=run.by,
        started=run.started,
        finished=run.finished,
        state=run.state,
        goes_on=here,
        error=run.error,
        counts={one: run.counts[one] for one in COUNTED if run.counts.get(one)},
        done=run.done,
        expected=run.expected,
        options=run.options,
        is_too_old=run.importer == POLL and services.clock() - run.started > timedelta(days=POLL_DAYS),
    )


def item_page(services: Services, run_id: int, outcome: str = "", page: int = 1) -> ItemPage:
    """Return a page of what became of the items of a run: what went wrong first, or one outcome only.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    of_run = ImportItem.run_id == run_id
    with services.sessions.read() as session:
        counted = select(ImportItem.outcome, func.count()).where(of_run, ImportItem.outcome.in_(OUTCOMES))
        found = dict(session.execute(counted.group_by(ImportItem.outcome)).all())
        by_outcome: dict[str, int] = {one: found[one] for one in OUTCOMES if one in found}
        shown = (outcome,) if outcome in OUTCOMES else tuple(by_outcome)
        total = sum(by_outcome.get(one, 0) for one in shown)
        pages = count_pages(total, _ITEMS, page)
        rows = _items(session, run_id, by_outcome, shown, (page - 1) * _ITEMS)
    query = f"outcome={outcome}&" if outcome in OUTCOMES else ""
    links = page_links(lambda number: f"/admin/imports/{run_id}/?{query}page={number}", page, pages)
    return ItemPage(rows, total, by_outcome, links, page)


def _items(
    session: Session, run_id: int, counts: dict[str, int], shown: tuple[str, ...], skip: int
) -> list[ItemView]:
    """A page of items, outcome after outcome, each in the order of the import."""
    found: list[ItemView] = []
    for outcome in shown:
        here = counts.get(outcome, 0)
        if skip < here and len(found) < _ITEMS:
            wanted = _statement(run_id).where(ImportItem.outcome == outcome)
            found += _named(session.execute(wanted.limit(_ITEMS - len(found)).offset(skip)).all())
        skip = max(0, skip - here)
    return found


def items_of(services: Services, run_id: int) -> Iterator[ItemView]:
    """Yield what became of every item, what went wrong first, some at a time."""
    with services.sessions.read() as session:
        for outcome in OUTCOMES:
            last = 0
            while True:
                wanted = _statement(run_id).where(ImportItem.outcome == outcome, ImportItem.id > last)
                rows = session.execute(wanted.limit(_AT_ONCE)).all()
                if not rows:
                    break
                last = rows[-1].id
                yield from _named(rows)


def _statement(run_id: int) -> Any:
    item = (ImportItem.id, ImportItem.outcome, ImportItem.external_id, ImportItem.reason)
    begins = func.substr(Entry.text, 1, 300).label("begins")
    columns = select(*item, Entry.id.label("entry_id"), Entry.title, begins)
    joined = columns.outerjoin(Entry, Entry.id == ImportItem.entry_id)
    return joined.where(ImportItem.run_id == run_id).order_by(ImportItem.id)


def _named(rows: Sequence[Row[Any]]) -> list[ItemView]:
    return [
        ItemView(
            row.outcome,
            row.title or beginning(row.begins or "") or row.external_id,
            row.external_id,
            row.reason,
            row.entry_id,
        )
        for row in rows
    ]


def undo_outlook(services: Services, run_id: int) -> Outlook:
    """Return what undoing a run would do."""
    written = (ImportItem.run_id == run_id) & ImportItem.outcome.in_(("created", "updated", "joined"))
    last = select(func.max(Change.id)).where(Change.entry_id == ImportItem.entry_id).scalar_subquery()
    counted = select(ImportItem.outcome, func.count()).where(written).group_by(ImportItem.outcome)
    with services.sessions.read() as session:
        by_outcome = dict(session.execute(counted).all())
        newest = (
            select(ImportItem.entry_id, func.max(ImportItem.change_id).label("own"), last.label("last"))
            .where(written)
            .group_by(ImportItem.entry_id)
            .subquery()
        )
        edited = session.scalar(select(func.count()).select_from(newest).where(newest.c.own != newest.c.last))
        undoable = (ImportItem.run_id == run_id, ImportItem.outcome.not_in(_NOT_UNDOABLE))
        total = session.scalar(select(func.count(ImportItem.id)).where(*undoable)) or 0
    created, updated, joined = (by_outcome.get(one, 0) for one in ("created", "updated", "joined"))
    return Outlook(created, updated, joined, edited or 0, total)
