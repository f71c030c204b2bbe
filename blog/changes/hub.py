"""Which feeds the hub is to be told of (WebSub): queued as the log is followed, and taken from there.

A feed is in the queue once, however often it changes before the hub is told. None of this is in the log.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from blog.changes.lookups import in_pieces
from blog.models import Change
from blog.outreach import Follower, HubPing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

NAME: Final = "hub"
# What an author changes in a row, or a program many times a second, is told once.
_COLLECTED: Final = timedelta(seconds=5)
_LEASE: Final = timedelta(minutes=10)
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
_LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the log was followed: the last change, and the time up to which scheduled entries were told."""

    position: int
    told: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """What the log says since: the entries that were written, and whether any of them was there before."""

    entries: frozenset[int]
    is_only_new: bool


@dataclass(frozen=True, slots=True)
class Ping:
    """A feed that is ours to tell the hub of, until the lease is over."""

    address: str
    lease: str


def reached(services: Services, begin_at: int, now: datetime) -> Reached | None:
    """Return how far the log was followed; None the first time, which is where the following begins."""
    with services.sessions.read() as session:
        row = session.get(Follower, NAME)
    if row is not None:
        return Reached(row.position, row.told)
    with services.sessions.work() as session:
        if session.get(Follower, NAME) is None:
            session.add(Follower(name=NAME, position=begin_at, since=now, told=now))
    return None


def happened(services: Services, since: int, until: int) -> Happened:
    """Return what the log says of entries after a change, up to another."""
    statement = select(Change.entry_id, Change.what).where(Change.id > since, Change.id <= until)
    with services.sessions.read() as session:
        rows = session.execute(statement.where(Change.entry_id.is_not(None)).distinct()).all()
    written = {entry for entry, _ in rows if entry is not None}
    new = {entry for entry, what in rows if what == "created"}
    return Happened(frozenset(written), written <= new)


def queue_pings(
    services: Services, before: Reached, position: int, now: datetime, addresses: Iterable[str]
) -> bool:
    """Queue these feeds, and note that the log was followed; False where another process did it."""
    with services.sessions.work() as session:
        ours = (Follower.name == NAME, Follower.position == before.position, Follower.told == before.told)
        moved = update(Follower).where(*ours).values(position=position, told=now).returning(Follower.name)
        if session.scalar(moved) is None:
            return False
        _queue(session, list(addresses), now + _COLLECTED)
    return True


def _queue(session: Session, addresses: list[str], due: datetime) -> None:
    known: set[str] = set()
    for piece in in_pieces(addresses):
        # Without its lease, the one who is telling the hub at this moment does not take it for told.
        again = update(HubPing).where(HubPing.address.in_(piece)).values(due=due, tries=0, lease="")
        known.update(session.scalars(again.returning(HubPing.address)))
    session.add_all(HubPing(address=one, due=due) for one in addresses if one not in known)


def claim_pings(services: Services, most: int) -> list[Ping]:
    """Take up to ``most`` feeds that the hub is to be told of now; tell it, then ``note_pinged``."""
    now, lease = services.clock(), secrets.token_hex(16)
    due = select(HubPing).where(HubPing.due <= now)
    with services.sessions.read() as session:
        if session.scalar(due.with_only_columns(HubPing.address).limit(1)) is None:
            return []
    with services.sessions.work() as session:
        ordered = due.order_by(HubPing.due, HubPing.address).limit(most)
        rows = session.scalars(ordered.with_for_update(skip_locked=True)).all()
        for row in rows:
            row.lease, row.due = lease, now + _LEASE
        return [Ping(row.address, lease) for row in rows]


def note_pinged(services: Services, ping: Ping) -> None:
    """Note that the hub knows of a feed, unless that has changed again meanwhile."""
    with services.sessions.work() as session:
        ours = (HubPing.address == ping.address, HubPing.lease == ping.lease)
        session.execute(delete(HubPing).where(*ours))


def note_not_pinged(services: Services, pings: Iterable[Ping], note: str) -> None:
    """Try again later to tell the hub of these feeds; after six hours of trying, no more."""
    now = services.clock()
    with services.sessions.work() as session:
        for ping in pings:
            row = session.get(HubPing, ping.address)
            if row is None or row.lease != ping.lease:
                continue
            row.lease, row.note = "", note[:_LONGEST_NOTE]
            if row.tries < len(_WAITS):
                row.due, row.tries = now + _WAITS[row.tries], row.tries + 1
            else:
                session.delete(row)
