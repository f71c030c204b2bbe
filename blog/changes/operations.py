"""Operations: changes of many entries or of a tag, which can be undone for thirty days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from blog.changes.taking_apart import undo_making_one
from blog.changes.undoing import undo_deletion, undo_field, undo_retagging, undo_rules
from blog.domain.dates import spoken_day
from blog.domain.errors import CrosstagError, NotThere
from blog.models import UNDO_DAYS, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from blog.services import Services

Undoer = "Callable[[Services, Mapping[str, Any]], Callable[[Session, datetime], list[str]]]"

RETAGGED: Final = "tags"
FIELD_SET: Final = "field"
ENTRIES_DELETED: Final = "entries deleted"
MADE_ONE: Final = "made one"
RULES_APPLIED: Final = "rules"
# Every kind of operation, and how it is undone.
_UNDONE_BY: Final[
    dict[str, Callable[[Services, Mapping[str, Any]], Callable[[Session, datetime], list[str]]]]
] = {
    RETAGGED: undo_retagging,
    FIELD_SET: undo_field,
    ENTRIES_DELETED: undo_deletion,
    MADE_ONE: undo_making_one,
    RULES_APPLIED: undo_rules,
}


class CannotUndo(CrosstagError):
    """The operation was undone already, or is too long ago."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone, and in words what could not be put back."""

    summary: str
    notes: tuple[str, ...]


def record_operation(
    session: Session, what: str, summary: str, undo: Mapping[str, Any], by: str, now: datetime
) -> int:
    """Note an operation with what it takes to undo it; return its id.

    What too old ones would have taken is thrown away at the same time.
    """
    assert what in _UNDONE_BY, "every kind of operation can be undone"
    too_old = Operation.at < now - timedelta(days=UNDO_DAYS)
    session.execute(update(Operation).where(too_old, Operation.undone.is_(None)).values(undo={}))
    values = {"at": now, "by": by, "what": what, "summary": summary, "undo": dict(undo)}
    return session.execute(insert(Operation).values(values).returning(Operation.id)).scalar_one()


def undo_operation(services: Services, operation_id: int, by: str) -> Undone:
    """Put back what an operation changed, as far as nothing has been changed again since.

    Raises:
        NotThere: there is no such operation.
        CannotUndo: it was undone already, or is too long ago.
    """
    with services.sessions.read() as session:
        found = _undoable(session, operation_id, services.clock())
    write = _UNDONE_BY[found.what](services, found.undo)
    with services.sessions.write() as session:
        now = services.clock()
        # Once more, under the lock: somebody else may have been faster.
        _undoable(session, operation_id, now)
        notes = write(session, now)
        done = {"by": by, "notes": notes}
        session.execute(update(Operation).where(Operation.id == operation_id).values(undone=now, undo=done))
    return Undone(found.summary, tuple(notes))


def _undoable(session: Session, operation_id: int, now: datetime) -> Row[Any]:
    columns = (Operation.at, Operation.what, Operation.summary, Operation.undo, Operation.undone)
    found = session.execute(select(*columns).where(Operation.id == operation_id)).first()
    if found is None:
        raise NotThere(f"There is no operation number {operation_id}.")
    if found.undone is not None:
        raise CannotUndo(f"This was undone on {spoken_day(found.undone.date())} already: {found.summary}.")
    if found.at < now - timedelta(days=UNDO_DAYS):
        raise CannotUndo(
            f"This was on {spoken_day(found.at.date())}; only {UNDO_DAYS} days back can be undone."
        )
    return found
