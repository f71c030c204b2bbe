"""Writing what is polled: taking sources up, claiming them, and noting how asking them went.

Whoever polls a source claims it first: a lease, with a name that nobody else can have, says until when it
is theirs. Two pollers, of one process or of two machines, never fetch one source at once; and of one that
died what it held is free again when the lease is over. None of this is in the log: the one page made from
it, the blogroll, is made anew whenever somebody asks for it.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sqlalchemy import delete, func, or_, select, update

from blog.changes.hub_leases import after_poll, let_go, look_again, note_hub, soonest
from blog.changes.log import record_names
from blog.changes.lookups import in_pieces
from blog.changes.names import write_names
from blog.domain.entry import Kind, SourceDraft, Status
from blog.domain.errors import CrosstagError, NotThere
from blog.domain.schedule import FIRST, Rhythm, Word
from blog.domain.tags import slugify
from blog.domain.websub import LeaseState
from blog.models import HubLease, Source, Subscription

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.domain.schedule import Plan
    from blog.domain.websub import Hub
    from blog.services import Services

PER_HOST: Final = 2
PAUSED: Final = "It is paused."
LONGEST_URL: Final = 2_000
# Beside the time that fetching may take: for what waits to be read and to be written.
_LEASE: Final = timedelta(minutes=10)
# Among so many that are due it is looked for some whose hosts are not asked already.
_LOOKED_AT: Final = 200


class BadSubscription(CrosstagError):
    """What was to be polled cannot be, or is already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """What is to be polled, and what becomes of its items; without a kind each has its own."""

    name: str
    feed_url: str
    url: str = ""
    kind: Kind | None = None
    tags: tuple[str, ...] = ()
    status: Status = Status.INBOX


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A source that is ours to ask until the lease is over, and what is known of it."""

    id: int
    lease: str
    source: str
    feed_url: str
    kind: Kind | None
    tags: tuple[str, ...]
    status: Status
    etag: str
    last_modified: str
    digest: str
    rhythm: Rhythm
    in_feed: timedelta
    is_new: bool
    least: timedelta
    since: datetime
    word: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What asking a source came to.

    ``error`` is a sentence where something was amiss, which need not mean that all of it failed;
    ``disabled`` one where it is not to be asked again. ``holds_back_host`` is how long other sources of
    its host have to wait, too. What stands for the answer is None where there was none to take in, and
    ``hub`` where nothing was read that could name one.
    """

    plan: Plan
    error: str = ""
    disabled: str = ""
    changed: bool = False
    holds_back_host: timedelta = timedelta(0)
    moved_to: str = ""
    answer: Answered | None = None
    hub: Hub | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What stands for an answer that was taken in, so that the next one can be known to be the same."""

    etag: str
    last_modified: str
    digest: str
    in_feed: timedelta


def subscribe(services: Services, wanted: Subscribed) -> str:
    """Take a source up: it is polled as soon as anybody polls; return its slug.

    Raises:
        BadSubscription: its feed, or a source of that name, is polled already, or the address is too long.
        BadTag: the name has no letter or digit.
    """
    slug, host = slugify(wanted.name), host_of(wanted.feed_url)
    if len(wanted.feed_url) > LONGEST_URL or not host:
        raise BadSubscription("The address of the feed is too long, or none.")
    for tag in wanted.tags:
        slugify(tag)
    now = services.clock()
    with services.sessions.write() as session:
        _refuse_twice(session, slug, wanted)
        changed, _ = write_names(session, [SourceDraft(slug=slug, name=wanted.name, url=wanted.url)])
        if changed:
            record_names(session, now)
        source_id = session.scalars(select(Source.id).where(Source.slug == slug)).one()
        session.add(
            Subscription(
                source_id=source_id,
                feed_url=wanted.feed_url,
                host=host,
                kind=wanted.kind or "",
                tags=list(wanted.tags),
                status=wanted.status,
                created=now,
                interval=int(FIRST.total_seconds()),
                next_poll=now,
                moved_from=[],
            )
        )
    return slug


def _refuse_twice(session: Session, slug: str, wanted: Subscribed) -> None:
    known = select(Subscription.feed_url, Source.slug).join(Source, Source.id == Subscription.source_id)
    same = or_(Subscription.feed_url == wanted.feed_url, Source.slug == slug)
    for feed_url, source in session.execute(known.where(same)):
        if feed_url == wanted.feed_url:
            raise BadSubscription(f"{feed_url} is polled already, as “{source}”.")
        raise BadSubscription(f"“{source}” is polled already, from {feed_url}. Give this one another name.")


def host_of(url: str) -> str:
    """Return the host of an address, empty where it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")[:255]
    except ValueError:
        return ""


def pause(services: Services, slug: str) -> None:
    """Poll a source no more, until it is resumed.

    Raises:
        NotThere: no such source is polled.
    """
    _change(services, slug, disabled=PAUSED)


def resume(services: Services, slug: str) -> None:
    """Poll a source again, whatever it was that ended it, and at once.

    Raises:
        NotThere: no such source is, or was, polled.
    """
    _change(services, slug, disabled="", failures=0, last_error="", next_poll=services.clock())


def show_in_blogroll(services: Services, slug: str, *, shown: bool) -> None:
    """Show a source in the blogroll, where the blog has one, or leave it out.

    Raises:
        NotThere: no such source is polled.
    """
    _change(services, slug, in_blogroll=shown)


def unsubscribe(services: Services, slug: str) -> None:
    """Poll a source no more, and forget how that went; the source and its entries stay.

    Raises:
        NotThere: no such source is polled.
    """
    with services.sessions.work() as session:
        _delete(session, id_of(session, slug), services.clock())


def _delete(session: Session, subscription_id: int, now: datetime) -> None:
    let_go(session, subscription_id, now)
    session.flush()
    session.execute(delete(Subscription).where(Subscription.id == subscription_id))


def hand_over(session: Session, source_id: int, into_id: int, now: datetime) -> None:
    """Let what is polled for one source be polled for another, unless something is for that one already."""
    taken = session.scalar(select(Subscription.id).where(Subscription.source_id == into_id))
    ours = session.scalar(select(Subscription.id).where(Subscription.source_id == source_id).with_for_update())
    if taken is None:
        theirs = update(Subscription).where(Subscription.source_id == source_id)
        session.execute(theirs.values(source_id=into_id))
    elif ours is not None:
        _delete(session, ours, now)


def _change(services: Services, slug: str, **values: object) -> None:
    with services.sessions.work() as session:
        found = id_of(session, slug)
        session.execute(update(Subscription).where(Subscription.id == found).values(**values))
        look_again(session, found, services.clock())


def id_of(session: Session, slug: str) -> int:
    """The id of what is polled, which nobody else changes meanwhile."""
    statement = select(Subscription.id).join(Source, Source.id == Subscription.source_id)
    found = session.scalar(statement.where(Source.slug == slug).with_for_update(of=Subscription))
    if found is None:
        raise NotThere(f"No source “{slug}” is polled.")
    return found


def claim(services: Services, most: int) -> list[Claimed]:
    """Take up to ``most`` sources that are due, those first that are so for longest; ask them, then ``settle``.

    Of one host no more are out at a time than ``PER_HOST``, with those that others hold.
    """
    now = services.clock()
    until = now + _LEASE + timedelta(seconds=services.settings.fetch_timeout)
    lease = secrets.token_hex(16)
    # Claims take turns, on PostgreSQL too: who is out at a host is counted before more are sent there.
    with services.sessions.write() as session:
        asked = _asked(session, now)
        rows = _within_hosts(_due(session, now, asked), asked, most)
        ids = [subscription.id for subscription, _ in rows]
        if ids:
            taken = update(Subscription).where(Subscription.id.in_(ids))
            session.execute(taken.values(lease=lease, leased_until=until))
        words = _words(session, rows, now)
        return [_claimed(one, source, lease, now, words.get(one.id, Word.NOBODY)) for one, source in rows]


def _words(session: Session, rows: Sequence[tuple[Subscription, str]], now: datetime) -> dict[int, Word]:
    """What the hubs of these have told since they were asked last, where they are known to tell."""
    ids = [subscription.id for subscription, _ in rows]
    proven = (HubLease.is_proven, HubLease.state == LeaseState.VERIFIED, HubLease.until > now)
    statement = select(HubLease).where(HubLease.subscription_id.in_(ids), *proven)
    leases = {lease.subscription_id: lease for lease in session.scalars(statement)} if ids else {}
    return {
        one.id: Word.NEWS if _has_told(leases[one.id], one.last_polled) else Word.QUIET
        for one, _ in rows
        if one.id in leases
    }


def _has_told(lease: HubLease, last_polled: datetime | None) -> bool:
    return lease.last_push is not None and (last_polled is None or lease.last_push > last_polled)


def _asked(session: Session, now: datetime) -> Counter[str]:
    """How many of each host are out."""
    statement = select(Subscription.host, func.count()).where(Subscription.leased_until > now)
    return Counter(dict(session.execute(statement.group_by(Subscription.host)).all()))


def _due(session: Session, now: datetime, asked: Counter[str]) -> Sequence[tuple[Subscription, str]]:
    full = [host for host, count in asked.items() if count >= PER_HOST]
    statement = (
        select(Subscription, Source.slug)
        .join(Source, Source.id == Subscription.source_id)
        .where(Subscription.next_poll <= now, Subscription.disabled == "")
        .where(or_(Subscription.leased_until.is_(None), Subscription.leased_until <= now))
        .where(Subscription.host.not_in(full))
        .order_by(Subscription.next_poll, Subscription.id)
        .limit(_LOOKED_AT)
        # A row that somebody is changing, who may be pausing it, is left for the next time.
        .with_for_update(skip_locked=True, of=Subscription)
    )
    return [(subscription, source) for subscription, source in session.execute(statement)]


def _within_hosts(
    due: Iterable[tuple[Subscription, str]], asked: Counter[str], most: int
) -> list[tuple[Subscription, str]]:
    taken: list[tuple[Subscription, str]] = []
    for subscription, source in due:
        if len(taken) < most and asked[subscription.host] < PER_HOST:
            asked[subscription.host] += 1
            taken.append((subscription, source))
    return taken


def _claimed(row: Subscription, source: str, lease: str, now: datetime, word: Word) -> Claimed:
    return Claimed(
        id=row.id,
        lease=lease,
        source=source,
        feed_url=row.feed_url,
        kind=Kind(row.kind) if row.kind else None,
        tags=tuple(row.tags),
        status=Status(row.status),
        etag=row.etag,
        last_modified=row.last_modified,
        digest=row.digest,
        rhythm=Rhythm(interval=timedelta(seconds=row.interval), failures=row.failures),
        in_feed=timedelta(seconds=row.in_feed),
        is_new=row.last_success is None,
        least=timedelta(seconds=row.least_interval),
        since=now,
        word=word,
    )


def source_of(services: Services, claimed: Claimed) -> str | None:
    """Return the slug of the source that this is polled for now; None where it is not ours any more."""
    ours = (Subscription.id == claimed.id, Subscription.lease == claimed.lease)
    statement = select(Source.slug).join(Subscription, Subscription.source_id == Source.id).where(*ours)
    with services.sessions.read() as session:
        return session.scalar(statement)


def settle(services: Services, claimed: Claimed, learnt: Learnt) -> bool:
    """Note what asking a source came to, and give it back; False where it was not ours any more."""
    now = services.clock()
    with services.sessions.work() as session:
        row = session.scalar(
            select(Subscription)
            .where(Subscription.id == claimed.id, Subscription.lease == claimed.lease)
            .with_for_update()
        )
        if row is None:
            return False
        _note(row, learnt, now)
        _compare_with_hub(session, row, claimed, learnt, now)
        if learnt.moved_to:
            _move(session, row, learnt.moved_to)
        host = row.host
    if learnt.holds_back_host:
        _hold_back(services, claimed.id, host, now + learnt.holds_back_host)
    return True


def _note(row: Subscription, learnt: Learnt, now: datetime) -> None:
    rhythm = learnt.plan.rhythm
    row.lease, row.leased_until = "", None
    row.last_polled, row.next_poll = now, now + learnt.plan.wait
    row.interval, row.failures = int(rhythm.interval.total_seconds()), rhythm.failures
    row.last_error = learnt.error
    # Whoever paused it meanwhile meant it.
    row.disabled = row.disabled or learnt.disabled
    if not rhythm.failures:
        row.last_success = now
    if learnt.changed:
        row.last_changed = now
    if learnt.answer is not None:
        row.etag, row.last_modified = learnt.answer.etag, learnt.answer.last_modified
        row.digest, row.in_feed = learnt.answer.digest, int(learnt.answer.in_feed.total_seconds())


def _compare_with_hub(
    session: Session, row: Subscription, claimed: Claimed, learnt: Learnt, now: datetime
) -> None:
    untold_news = learnt.changed and not claimed.is_new and claimed.word is not Word.NEWS
    if after_poll(session, row.id, claimed.since, untold_news=untold_news):
        row.next_poll = min(row.next_poll, soonest(now, row.least_interval, now))
    if learnt.hub is not None:
        note_hub(session, row.id, learnt.hub, now)
    if learnt.disabled:
        look_again(session, row.id, now)


def _move(session: Session, row: Subscription, url: str) -> None:
    """Ask at the new address from now on, unless that is too long, or another source's already."""
    taken = session.scalar(select(Subscription.id).where(Subscription.feed_url == url))
    host = host_of(url)
    if taken is None and host and len(url) <= LONGEST_URL:
        row.moved_from = [*row.moved_from, row.feed_url]
        row.feed_url, row.host = url, host


def _hold_back(services: Services, subscription_id: int, host: str, until: datetime) -> None:
    """Let the others of a host wait, in a transaction of its own.

    Two of one host that are settled at once would each wait for the row that the other has. Who is being
    settled right now has its own next time anyway.
    """
    others = select(Subscription.id).where(Subscription.host == host, Subscription.id != subscription_id)
    others = others.where(Subscription.next_poll < until).order_by(Subscription.id)
    with services.sessions.work() as session:
        for ids in in_pieces(session.scalars(others.with_for_update(skip_locked=True)).all()):
            held = update(Subscription).where(Subscription.id.in_(ids))
            session.execute(held.values(next_poll=until))


def release(services: Services, claimed: Iterable[Claimed]) -> None:
    """Give back what will not be asked: it is due as it was."""
    claimed = list(claimed)
    if not claimed:
        return
    with services.sessions.work() as session:
        for one in claimed:
            ours = update(Subscription).where(Subscription.id == one.id, Subscription.lease == one.lease)
            session.execute(ours.values(lease="", leased_until=None))
