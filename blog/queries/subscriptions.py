"""Reading what is polled, and how that goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from blog.domain.entry import Kind, Status
from blog.domain.errors import NotThere
from blog.models import Entry, Source, Subscription

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select

    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """A source that is polled, as its operator sees it.

    ``next_poll`` is None for one that is not asked again; ``disabled`` says why. ``error`` is what was
    amiss the last time, which need not have been all of it: ``failures`` counts the times in a row that
    nothing came.
    """

    slug: str
    name: str
    url: str
    feed_url: str
    kind: Kind | None
    tags: tuple[str, ...]
    status: Status
    interval: timedelta
    next_poll: datetime | None
    last_polled: datetime | None
    last_success: datetime | None
    last_changed: datetime | None
    failures: int
    error: str
    disabled: str
    moved_from: tuple[str, ...]
    in_blogroll: bool
    entries: int

    @property
    def state(self) -> str:
        """How it goes, in a word or two."""
        if self.disabled:
            return "not polled"
        if self.failures:
            return "failing"
        return "well" if self.last_polled else "new"


def polled_sources(services: Services) -> list[Polled]:
    """Return all that is polled, by name."""
    with services.sessions.read() as session:
        rows = session.execute(_statement().order_by(func.lower(Source.name), Source.id))
        return [_polled(*row) for row in rows]


def polled_source(services: Services, slug: str) -> Polled:
    """Return one source that is polled.

    Raises:
        NotThere: no such source is.
    """
    with services.sessions.read() as session:
        row = session.execute(_statement().where(Source.slug == slug)).one_or_none()
    if row is None:
        raise NotThere(f"No source “{slug}” is polled.")
    return _polled(*row)


def next_poll(services: Services) -> datetime | None:
    """Return when the next source is due, which may be long past; None where nothing will be."""
    now = services.clock()
    free = or_(Subscription.leased_until.is_(None), Subscription.leased_until <= now)
    statement = select(func.min(Subscription.next_poll)).where(Subscription.disabled == "", free)
    with services.sessions.read() as session:
        return session.scalar(statement)


def _statement() -> Select[Any]:
    entries = select(func.count(Entry.id)).where(Entry.source_id == Source.id).scalar_subquery()
    return select(Subscription, Source, entries).join(Source, Source.id == Subscription.source_id)


def _polled(row: Subscription, source: Source, entries: int) -> Polled:
    return Polled(
        slug=source.slug,
        name=source.name,
        url=source.url,
        feed_url=row.feed_url,
        kind=Kind(row.kind) if row.kind else None,
        tags=tuple(row.tags),
        status=Status(row.status),
        interval=timedelta(seconds=row.interval),
        next_poll=None if row.disabled else row.next_poll,
        last_polled=row.last_polled,
        last_success=row.last_success,
        last_changed=row.last_changed,
        failures=row.failures,
        error=row.last_error,
        disabled=row.disabled,
        moved_from=tuple(row.moved_from),
        in_blogroll=row.in_blogroll,
        entries=entries,
    )
