"""Changing what was said of a source when it was taken up: its name, its feed, what becomes of its items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from blog.changes.hub_leases import let_go
from blog.changes.log import record_names
from blog.changes.sources import checked_name
from blog.changes.subscriptions import LONGEST_URL, BadSubscription, host_of, id_of
from blog.domain.tags import slugify
from blog.models import Source, Subscription

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.domain.entry import Kind, Status
    from blog.services import Services

LONGEST_INTERVAL: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOptions:
    """What is to change; None stays as it is.

    ``kind`` is empty for what each item is by itself. ``least`` is how long to wait between two times at
    least, zero where that is left to how often there is something.
    """

    name: str | None = None
    feed_url: str | None = None
    kind: Kind | str | None = None
    tags: tuple[str, ...] | None = None
    status: Status | None = None
    least: timedelta | None = None


def change_options(services: Services, slug: str, wanted: PollOptions) -> None:
    """Change them, all or none. They hold for what is read from now on.

    Whoever gives another feed has looked that there is one (``blog/poller/discovery.py``).

    Raises:
        NotThere: no such source is polled.
        BadSource: the name is none.
        BadSubscription: the feed is another source's, or the interval is too long.
        BadTag: a tag has no letter or digit.
    """
    for tag in wanted.tags or ():
        slugify(tag)
    if wanted.least is not None and not timedelta(0) <= wanted.least <= LONGEST_INTERVAL:
        raise BadSubscription(f"A source is asked every {LONGEST_INTERVAL.days} days at least.")
    now = services.clock()
    with services.sessions.write() as session:
        row = session.get_one(Subscription, id_of(session, slug))
        if wanted.name is not None:
            _rename(session, row.source_id, wanted.name, now)
        row.kind = row.kind if wanted.kind is None else wanted.kind
        row.tags = row.tags if wanted.tags is None else list(wanted.tags)
        row.status = wanted.status or row.status
        if wanted.least is not None:
            _ask_every(row, wanted.least)
        if wanted.feed_url is not None and wanted.feed_url != row.feed_url:
            _ask_elsewhere(session, row, wanted.feed_url, now)


def _rename(session: Session, source_id: int, name: str, now: datetime) -> None:
    source = session.get_one(Source, source_id)
    if source.name != (known := checked_name(name)):
        source.name = known
        record_names(session, now)


def _ask_every(row: Subscription, least: timedelta) -> None:
    row.least_interval = int(least.total_seconds())
    if row.last_polled and not row.failures:
        wait = max(row.interval, row.in_feed, row.least_interval)
        row.next_poll = row.last_polled + timedelta(seconds=wait)


def _ask_elsewhere(session: Session, row: Subscription, url: str, now: datetime) -> None:
    """Ask at another address, at once; what is on its way from the old one will not be taken in."""
    host = host_of(url)
    if len(url) > LONGEST_URL or not host:
        raise BadSubscription("The address of the feed is too long, or none.")
    taken = select(Source.slug).join(Subscription, Subscription.source_id == Source.id)
    if other := session.scalar(taken.where(Subscription.feed_url == url)):
        raise BadSubscription(f"{url} is polled already, as “{other}”.")
    row.moved_from = [*row.moved_from, row.feed_url]
    row.feed_url, row.host = url, host
    row.etag = row.last_modified = row.digest = row.last_error = row.lease = ""
    row.failures, row.in_feed, row.leased_until, row.next_poll = 0, 0, None, now
    let_go(session, row.id, now)
