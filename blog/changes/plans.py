"""Actions of an author on many entries or on a tag: planned, shown beforehand, carried out.

An action is a value, such as ``Merge("js", "javascript")``. What it would do is planned from
what is there, purely; the preview shows that plan, and carrying it out makes the same plan
again, under the write lock, and writes it. So what is shown is what is done.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import select

from blog.changes.fields import ENTRY_NAME
from blog.changes.lookups import rows_in
from blog.changes.operations import record_operation
from blog.domain.errors import CrosstagError
from blog.models import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

_SHOWN: Final = 5


class NothingToDo(CrosstagError):
    """The action would change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an action will do.

    ``summary`` says it in the imperative, as the history does too. ``entries`` are those it
    touches, ``redirects`` the addresses that will lead on, and ``notes`` what else there is to
    know. ``left`` gives, by entry, why it will stay as it is. ``write`` does it and returns what
    it takes to undo it, for the kind of operation that ``what`` names.
    """

    what: str
    summary: str
    entries: Collection[int]
    write: Callable[[Session, datetime, str], Mapping[str, Any]]
    redirects: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    left: Mapping[int, str] = field(default_factory=dict)


class Action(Protocol):
    """Something an author wants done."""

    def plan(self, session: Session) -> Plan:
        """Decide what it will do, from what is there; nothing is written.

        Raises:
            CrosstagError: it cannot be done at all; the sentence says why.
        """
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """An entry by its name: its title, or how it begins."""

    id: int
    name: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an action would do: how many entries it touches, and the newest of them."""

    summary: str
    count: int
    first: tuple[Named, ...]
    redirects: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    left: tuple[tuple[Named, str], ...]
    left_count: int


@dataclass(frozen=True, slots=True)
class Done:
    """What was done; ``left`` names the entries that stayed as they were, with why."""

    operation: int
    summary: str
    count: int
    left: tuple[tuple[Named, str], ...]
    left_count: int


def preview(services: Services, action: Action) -> Preview:
    """Tell what an action would do, and write nothing.

    Raises:
        CrosstagError: it cannot be done; the sentence says why.
    """
    with services.sessions.read() as session:
        return preview_of(session, action.plan(session))


def preview_of(session: Session, plan: Plan) -> Preview:
    """Return what there is to show of a plan."""
    return Preview(
        summary=plan.summary,
        count=len(plan.entries),
        first=_newest(session, plan.entries),
        redirects=plan.redirects,
        notes=plan.notes,
        left=_left(session, plan),
        left_count=len(plan.left),
    )


def carry_out(services: Services, action: Action, by: str = "") -> Done:
    """Do it, in one transaction, and note it as one operation.

    Raises:
        CrosstagError: it cannot be done; the sentence says why.
    """
    with services.sessions.write() as session:
        now = services.clock()
        plan = action.plan(session)
        undo = plan.write(session, now, by)
        operation = record_operation(session, plan.what, plan.summary, undo, by, now)
        return Done(operation, plan.summary, len(plan.entries), _left(session, plan), len(plan.left))


def _left(session: Session, plan: Plan) -> tuple[tuple[Named, str], ...]:
    return tuple((one, plan.left[one.id]) for one in _newest(session, plan.left))


def _newest(session: Session, entry_ids: Collection[int]) -> tuple[Named, ...]:
    """Name the newest of these entries."""
    times = rows_in(session, select(Entry.published, Entry.id), Entry.id, entry_ids)
    newest = [entry for _, entry in heapq.nlargest(_SHOWN, ((at, one) for at, one in times))]
    named = name_entries(session, newest)
    return tuple(named[entry] for entry in newest)


def name_entries(session: Session, entry_ids: Collection[int]) -> dict[int, Named]:
    """Return these entries by their names."""
    statement = select(Entry.id, ENTRY_NAME, Entry.status)
    return {row[0]: Named(*row) for row in rows_in(session, statement, Entry.id, entry_ids)}
