"""Writing what is known of hubs: which is asked for what, what it answered, what it told (WebSub).

A lease that is due is claimed by putting off when it is due: whoever claimed it and died has lost an hour.
What a hub tells makes its source due and nothing else. None of this is in the log, because no page, feed
or index is made from it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from blog.domain.websub import (
    LATE,
    PATIENCE,
    SHORTEST_LEASE,
    Hub,
    LeaseState,
    Mode,
    Step,
    granted,
    next_step,
    pause_after,
    renewal,
)
from blog.models import HubLease, Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from blog.services import Services

# However often a hub tells, its source is asked no more often than that.
_APART: Final = timedelta(minutes=1)
_LONGEST_SENTENCE: Final = 500
NEVER_ASKED_BACK: Final = "The hub took the request, and never asked back whether it was meant."


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be asked of a hub. ``asked`` tells this time from any other."""

    id: int
    mode: Mode
    hub: str
    topic: str
    token: str
    secret: str
    asked: datetime


def note_hub(session: Session, subscription_id: int, hub: Hub, now: datetime) -> None:
    """Note which hub a source names now; another than before is asked anew, and the old one told to stop."""
    known = _of_subscription(session, subscription_id)
    if known is not None and (known.hub, known.topic) == (hub.hub, hub.topic):
        return
    if known is not None:
        known.subscription_id, known.due = None, now
        session.flush()
    if hub:
        session.add(
            HubLease(
                subscription_id=subscription_id,
                hub=hub.hub,
                topic=hub.topic,
                token=secrets.token_urlsafe(32),
                secret=secrets.token_hex(32),
                state=LeaseState.KNOWN,
                due=now,
            )
        )


def let_go(session: Session, subscription_id: int, now: datetime) -> None:
    """Let the hub of a source be told to stop: its feed is another one, or it is polled no more."""
    note_hub(session, subscription_id, Hub(), now)


def look_again(session: Session, subscription_id: int, now: datetime) -> None:
    """Let it be looked at soon what the hub of a source is to do: it is paused, or goes on."""
    theirs = update(HubLease).where(HubLease.subscription_id == subscription_id)
    session.execute(theirs.values(due=now, failures=0))


def _of_subscription(session: Session, subscription_id: int) -> HubLease | None:
    return session.scalar(select(HubLease).where(HubLease.subscription_id == subscription_id))


def claim_errands(services: Services, most: int) -> list[Errand]:
    """Decide about up to ``most`` leases that are due; return what is to be asked of their hubs."""
    now = services.clock()
    due = select(HubLease.id).where(HubLease.due <= now).order_by(HubLease.due, HubLease.id).limit(most)
    errands = []
    with services.sessions.work() as session:
        for lease_id in session.scalars(due).all():
            lease, subscription = _locked(session, HubLease.id == lease_id, skip=True)
            if lease is not None and lease.due is not None and lease.due <= now:
                errand = _decided(session, lease, subscription, now)
                errands += [errand] if errand else []
    return errands


def _locked(
    session: Session, which: ColumnElement[bool], *, skip: bool = False
) -> tuple[HubLease | None, Subscription | None]:
    """A lease and its subscription, which is locked first, as whoever settles a poll does.

    So nobody waits for somebody who waits for them. With ``skip`` nobody is waited for at all: what
    somebody else has is none.
    """
    found = session.execute(select(HubLease.id, HubLease.subscription_id).where(which)).first()
    if found is None:
        return None, None
    subscription = None
    if found.subscription_id is not None:
        its = select(Subscription).where(Subscription.id == found.subscription_id)
        subscription = session.scalar(its.with_for_update(skip_locked=skip))
        if subscription is None and skip:
            return None, None
    lease = session.scalar(select(HubLease).where(HubLease.id == found.id).with_for_update(skip_locked=skip))
    is_theirs = lease is not None and lease.subscription_id is not None
    return lease, subscription if is_theirs else None


def _decided(
    session: Session, lease: HubLease, subscription: Subscription | None, now: datetime
) -> Errand | None:
    is_wanted = subscription is not None and not subscription.disabled
    if lease.until is not None and lease.until <= now:
        _end(lease, subscription, "The lease ended, and was not renewed.", now)
    state = LeaseState(lease.state)
    is_kept = subscription is not None
    match next_step(state, is_wanted=is_wanted, is_kept=is_kept, failures=lease.failures):
        case Step.ASK:
            lease.state = state if state is LeaseState.VERIFIED else LeaseState.ASKED
            return _errand(lease, Mode.SUBSCRIBE, now)
        case Step.LEAVE:
            lease.failures = lease.failures + 1 if state is LeaseState.LEAVING else 0
            lease.state = LeaseState.LEAVING
            return _errand(lease, Mode.UNSUBSCRIBE, now)
        case Step.GIVE_UP:
            _fail(lease, subscription, NEVER_ASKED_BACK, now)
        case Step.REST:
            lease.state, lease.mode, lease.due, lease.until = LeaseState.KNOWN, "", None, None
        case Step.FORGET:
            session.delete(lease)
    return None


def _errand(lease: HubLease, mode: Mode, now: datetime) -> Errand:
    lease.mode, lease.asked, lease.due = mode, now, now + PATIENCE
    return Errand(
        id=lease.id,
        mode=mode,
        hub=lease.hub,
        topic=lease.topic,
        token=lease.token,
        secret=lease.secret,
        asked=now,
    )


def note_refusal(services: Services, errand: Errand, sentence: str) -> None:
    """Note that a hub would not take what it was asked; what it has granted before is good till its end."""
    now = services.clock()
    with services.sessions.work() as session:
        lease, subscription = _locked(session, HubLease.id == errand.id)
        if lease is not None and (lease.asked, lease.mode) == (errand.asked, errand.mode):
            _fail(lease, subscription, sentence, now)


def _fail(lease: HubLease, subscription: Subscription | None, sentence: str, now: datetime) -> None:
    if lease.state == LeaseState.LEAVING:
        # It is asked to stop once more in an hour, which counts as a failure then.
        lease.error = sentence[:_LONGEST_SENTENCE]
    elif lease.state == LeaseState.VERIFIED and lease.until is not None:
        lease.failures, lease.error = lease.failures + 1, sentence[:_LONGEST_SENTENCE]
        lease.due = min(now + pause_after(lease.failures), max(lease.until, now))
    else:
        _end(lease, subscription, sentence, now)


def _end(lease: HubLease, subscription: Subscription | None, sentence: str, now: datetime) -> None:
    """Fall back to polling, as often as without a hub."""
    lease.state, lease.until, lease.is_proven = LeaseState.REFUSED, None, False
    lease.failures, lease.error = lease.failures + 1, sentence[:_LONGEST_SENTENCE]
    lease.due = now + pause_after(lease.failures)
    if subscription is not None:
        wait = timedelta(seconds=max(subscription.interval, subscription.least_interval))
        subscription.next_poll = min(subscription.next_poll, now + wait)


def confirm(services: Services, token: str, mode: str, topic: str, lease_seconds: Sequence[str]) -> bool:
    """Tell whether a hub that asks whether we mean it may go on (section 5.3): only what was asked of it."""
    now = services.clock()
    with services.sessions.work() as session:
        lease, subscription = _locked(session, HubLease.token == token)
        if lease is None or lease.asked is None or now - lease.asked > LATE:
            return False
        if (lease.mode, lease.topic) != (mode, topic):
            return False
        if mode == Mode.UNSUBSCRIBE:
            _stop(lease, now)
            return True
        if subscription is None or subscription.disabled:
            return False
        return _begin(lease, subscription, granted(lease_seconds), now)


def _stop(lease: HubLease, now: datetime) -> None:
    lease.state, lease.until, lease.is_proven = LeaseState.KNOWN, None, False
    # Of a source that is polled again meanwhile the hub is asked again; of one that is gone this is forgotten.
    lease.due = now + PATIENCE


def _begin(lease: HubLease, subscription: Subscription, length: timedelta, now: datetime) -> bool:
    if length < SHORTEST_LEASE:
        _end(lease, subscription, "The hub would tell for no time worth it.", now)
        return False
    lease.state, lease.until = LeaseState.VERIFIED, now + length
    lease.due, lease.failures, lease.error = renewal(now, lease.until), 0, ""
    return True


def note_denial(services: Services, token: str, topic: str, reason: str) -> bool:
    """Note that a hub will not tell, or not any more (section 5.2); False where it was never to."""
    now = services.clock()
    with services.sessions.work() as session:
        lease, subscription = _locked(session, HubLease.token == token)
        if lease is None or lease.topic != topic:
            return False
        if lease.mode != Mode.UNSUBSCRIBE:
            # As plain text: PostgreSQL stores no NUL.
            said = " ".join("".join(one if one.isprintable() else " " for one in reason).split())[:200]
            sentence = f"The hub denied it: {said}" if said else "The hub denied it."
            _end(lease, subscription, sentence, now)
        return True


def note_push(services: Services, token: str) -> None:
    """Let a source be asked at once, because its hub has told, with its signature, of something new."""
    now = services.clock()
    with services.sessions.work() as session:
        lease, subscription = _locked(session, HubLease.token == token)
        if lease is None or subscription is None or lease.state != LeaseState.VERIFIED:
            return
        lease.last_push, lease.is_proven, lease.error = now, True, ""
        if not subscription.failures:
            # What its server asked for when it failed is waited for all the same.
            soon = soonest(subscription.last_polled, subscription.least_interval, now)
            subscription.next_poll = min(subscription.next_poll, soon)


def soonest(last_polled: datetime | None, least_interval: int, now: datetime) -> datetime:
    """When a source may be asked at the soonest, that was asked at this time."""
    apart = max(_APART, timedelta(seconds=least_interval))
    return max(now, last_polled + apart) if last_polled else now


def note_bad_signature(services: Services, token: str) -> None:
    """Note, for whoever looks, that a hub tells with a signature that is not good."""
    with services.sessions.work() as session:
        lease, _ = _locked(session, HubLease.token == token)
        if lease is not None:
            lease.error = "It told of something without a good signature, which was ignored."


def after_poll(session: Session, subscription_id: int, since: datetime, *, untold_news: bool) -> bool:
    """Compare what a poll found with what the hub told; say whether it told again while the source was asked.

    A hub that did not tell of what there was is not relied on any more, until it tells again.
    """
    lease = _of_subscription(session, subscription_id)
    if lease is None:
        return False
    told_meanwhile = lease.last_push is not None and lease.last_push > since
    if untold_news and not told_meanwhile:
        lease.is_proven = False
    return told_meanwhile
