"""What was done to many entries or to tags, the last first, and what of it can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.models import UNDO_DAYS, Operation
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

PAGE: Final = 50
ADDRESS: Final = "/admin/history/"


@dataclass(frozen=True, slots=True)
class DoneOnce:
    """An operation; ``notes`` say what of it could not be put back when it was undone."""

    id: int
    at: datetime
    by: str
    summary: str
    undone: datetime | None
    undone_by: str
    notes: tuple[str, ...]
    can_undo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One page of operations."""

    operations: tuple[DoneOnce, ...]
    total: int
    page: int
    pages: int
    links: PageLinks


def history(services: Services, page: int = 1) -> History:
    """Return a page of what was done, the last first.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    with services.sessions.read() as session:
        total = session.scalar(select(func.count(Operation.id))) or 0
        pages = count_pages(total, PAGE, page)
        some = select(Operation.id).order_by(Operation.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
        operations = _operations(session, session.scalars(some).all(), services)
    return History(
        operations=tuple(operations),
        total=total,
        page=page,
        pages=pages,
        links=page_links(lambda number: f"{ADDRESS}?page={number}" if number > 1 else ADDRESS, page, pages),
    )


def operation(services: Services, operation_id: int) -> DoneOnce | None:
    """Return one operation; None where there is no such one."""
    with services.sessions.read() as session:
        return next(iter(_operations(session, [operation_id], services)), None)


def _operations(session: Session, ids: Sequence[int], services: Services) -> list[DoneOnce]:
    """Read these operations, the last first. What undoing them takes can be long, and is not read."""
    oldest = services.clock() - timedelta(days=UNDO_DAYS)
    rows = session.execute(select(*_COLUMNS).where(Operation.id.in_(ids)).order_by(Operation.id.desc())).all()
    undone = select(Operation.id, Operation.undo).where(
        Operation.id.in_([row.id for row in rows if row.undone])
    )
    said: dict[int, dict[str, Any]] = dict(iter(session.execute(undone)))
    return [
        DoneOnce(
            id=row.id,
            at=row.at,
            by=row.by,
            summary=row.summary,
            undone=row.undone,
            undone_by=said.get(row.id, {}).get("by", ""),
            notes=tuple(said.get(row.id, {}).get("notes", ())),
            can_undo=row.undone is None and row.at >= oldest,
        )
        for row in rows
    ]


_COLUMNS: Final = (Operation.id, Operation.at, Operation.by, Operation.summary, Operation.undone)
