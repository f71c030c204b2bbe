"""Reading what is polled, and how that goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select

from blog.domain.entry import Kind, Status
from blog.domain.errors import NotThere
from blog.domain.websub import LeaseState
from blog.models import Appearance, Entry, HubLease, Source, Subscription

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select

    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class HubView:
    """The hub of a source, and how it stands with it."""

    hub: str
    topic: str
    state: LeaseState
    until: datetime | None
    last_push: datetime | None
    error: str

    @property
    def words(self) -> str:
        """How it stands, in a few words."""
        return _WORDS[self.state]


_WORDS: Final = {
    LeaseState.KNOWN: "not asked to tell",
    LeaseState.ASKED: "asked to tell, and has not asked back yet",
    LeaseState.VERIFIED: "tells of what is new",
    LeaseState.REFUSED: "does not tell",
    LeaseState.LEAVING: "asked to stop",
}


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
    source_id: int
    least: timedelta
    hub: HubView | None

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


def next_poll(services: Services, *, with_hubs: bool = False) -> datetime | None:
    """Return when the next source is due, or its hub, which may be long past; None where nothing will be."""
    now = services.clock()
    free = or_(Subscription.leased_until.is_(None), Subscription.leased_until <= now)
    statement = select(func.min(Subscription.next_poll)).where(Subscription.disabled == "", free)
    with services.sessions.read() as session:
        due = [session.scalar(statement), session.scalar(select(func.min(HubLease.due))) if with_hubs else None]
    return min((one for one in due if one is not None), default=None)


def polled_feeds(services: Services) -> dict[str, str]:
    """Return the slugs of the sources that are polled, by the addresses that their feeds have and had."""
    statement = select(Source.slug, Subscription.feed_url, Subscription.moved_from)
    with services.sessions.read() as session:
        rows = session.execute(statement.join(Source, Source.id == Subscription.source_id)).all()
    before = {url: slug for slug, _, moved_from in rows for url in moved_from}
    return before | {feed_url: slug for slug, feed_url, _ in rows}


def secret_of_hub(services: Services, token: str) -> str | None:
    """Return what the hub signs with that calls under this token; None where there is none."""
    with services.sessions.read() as session:
        return session.scalar(select(HubLease.secret).where(HubLease.token == token))


def _statement() -> Select[Any]:
    entries = select(func.count(Entry.id)).where(Entry.source_id == Source.id).scalar_subquery()
    also = select(func.count(Appearance.id)).where(Appearance.source_id == Source.id).scalar_subquery()
    joined = select(Subscription, Source, entries + also, HubLease)
    joined = joined.join(Source, Source.id == Subscription.source_id)
    return joined.outerjoin(HubLease, HubLease.subscription_id == Subscription.id)


def _hub(lease: HubLease) -> HubView:
    return HubView(
        hub=lease.hub,
        topic=lease.topic,
        state=LeaseState(lease.state),
        until=lease.until,
        last_push=lease.last_push,
        error=lease.error,
    )


def _polled(row: Subscription, source: Source, entries: int, lease: HubLease | None) -> Polled:
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
        source_id=source.id,
        least=timedelta(seconds=row.least_interval),
        hub=_hub(lease) if lease else None,
    )
