"""What lies on the author's desk: drafts, what is scheduled, the inbox, and what was last changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.domain.entry import Status
from blog.models import Conflict, Entry, public_at
from blog.queries.entries import beginning, permalink

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from blog.services import Services

_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """An entry in short, whatever its status. ``name`` is its title or how it begins, and never empty."""

    id: int
    kind: str
    name: str
    status: str
    published: datetime
    updated: datetime
    permalink: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Some of each, newest first, with how many there are of what waits."""

    drafts: list[DeskEntry]
    draft_count: int
    scheduled: list[DeskEntry]
    scheduled_count: int
    inbox_count: int
    conflict_count: int
    latest: list[DeskEntry]


def desk(services: Services) -> Desk:
    """Return what lies on the desk now."""
    now = services.clock()
    is_draft, is_waiting = Entry.status == Status.DRAFT, Entry.status == Status.INBOX
    is_scheduled = (Entry.status == Status.PUBLISHED) & (Entry.published > now)
    with services.sessions.read() as session:
        return Desk(
            drafts=_some(session, is_draft, Entry.id.desc()),
            draft_count=_count(session, is_draft),
            scheduled=_some(session, is_scheduled, Entry.published),
            scheduled_count=_count(session, is_scheduled),
            inbox_count=_count(session, is_waiting),
            conflict_count=session.scalar(select(func.count(Conflict.id)).where(Conflict.settled.is_(None)))
            or 0,
            latest=_some(session, public_at(now), Entry.published.desc()),
        )


def _some(session: Session, which: ColumnElement[bool], order: Any) -> list[DeskEntry]:
    shown = (
        Entry.id,
        Entry.kind,
        Entry.title,
        Entry.status,
        Entry.published,
        Entry.updated,
        Entry.day,
        Entry.slug,
    )
    begins = func.substr(Entry.text, 1, 300).label("begins")
    rows = session.execute(select(*shown, begins, Entry.citation).where(which).order_by(order).limit(_SHOWN))
    return [
        DeskEntry(
            row.id,
            row.kind,
            row.title or (f"Quoting {row.citation}" if row.citation else beginning(row.begins)) or row.slug,
            row.status,
            row.published,
            row.updated,
            permalink(row.day, row.slug),
        )
        for row in rows
    ]


def _count(session: Session, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(Entry.id)).where(which)) or 0
