"""What other sites say of entries: taken, looked at, and what the author decides of it (Webmention).

Nothing that a stranger sends is shown before its page was looked at and the author, or a rule of the
author's for that site, has approved it. What is shown below an entry is in the log when it changes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update

from blog.changes.log import record_mentions
from blog.domain.errors import CrosstagError, NotThere
from blog.domain.urls import domain_of
from blog.outreach import Mention, MentionHost

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

UNVERIFIED: Final = "unverified"
WAITING: Final = "waiting"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
APPROVE: Final = "approve"
BLOCK: Final = "block"
_MOST_UNVERIFIED: Final = 1_000
_MOST_WAITING: Final = 5_000
_MOST_OF_ENTRY: Final = 500
# Of what nobody has decided on yet, so that no one site takes all the room there is.
_MOST_OF_HOST: Final = 20
_MOST_OF_HOST_AND_ENTRY: Final = 5
_LEASE: Final = timedelta(minutes=10)
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60, 360))
# Pages come and go; those that are shown are looked at again.
_LOOKED_AT_AGAIN: Final = timedelta(days=30)


class Blocked(CrosstagError):
    """The author wants nothing from this site."""


class TooMany(CrosstagError):
    """More is waiting than will be looked at soon."""


@dataclass(frozen=True, slots=True)
class ToVerify:
    """A mention that is ours to look at until the lease is over."""

    id: int
    lease: str
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a page says that links here; all of it plain text, of bounded length."""

    kind: str = "mention"
    author_name: str = ""
    author_url: str = ""
    text: str = ""
    published: datetime | None = None


def take_mention(services: Services, source: str, target: str, entry_id: int) -> None:
    """Note that a page says it links to an entry; one that said so before is looked at again.

    Raises:
        Blocked: its site is blocked.
        TooMany: too many wait to be looked at, or for the author, or of this site, or are below this entry.
    """
    now, host = services.clock(), _host_of(source)
    with services.sessions.work() as session:
        if _rule(session, host) == BLOCK:
            raise Blocked("This blog takes no mentions from there.")
        known = session.scalar(select(Mention).where(Mention.entry_id == entry_id, Mention.source == source))
        if known is not None:
            known.due, known.tries, known.lease = now, 0, ""
            return
        _refuse_too_many(session, host, entry_id)
        session.add(
            Mention(
                entry_id=entry_id,
                source=source,
                target=target,
                host=host,
                state=UNVERIFIED,
                received=now,
                due=now,
            )
        )


def _host_of(url: str) -> str:
    return domain_of(url)[:255]


def _refuse_too_many(session: Session, host: str, entry_id: int) -> None:
    counts = dict(session.execute(select(Mention.state, func.count()).group_by(Mention.state)).all())
    of_entry = session.scalar(select(func.count()).where(Mention.entry_id == entry_id)) or 0
    if (
        counts.get(UNVERIFIED, 0) >= _MOST_UNVERIFIED
        or counts.get(WAITING, 0) >= _MOST_WAITING
        or of_entry >= _MOST_OF_ENTRY
    ):
        raise TooMany("More mentions are waiting than can be looked at. Send it again tomorrow.")
    undecided = select(Mention.entry_id, func.count()).where(
        Mention.state.in_((UNVERIFIED, WAITING)), Mention.host == host
    )
    of_host = dict(session.execute(undecided.group_by(Mention.entry_id)).all())
    if sum(of_host.values()) >= _MOST_OF_HOST or of_host.get(entry_id, 0) >= _MOST_OF_HOST_AND_ENTRY:
        raise TooMany("Many mentions from there are waiting for the author. Send it again tomorrow.")


def _rule(session: Session, host: str) -> str:
    return session.scalar(select(MentionHost.rule).where(MentionHost.host == host)) or ""


def claim_mentions(services: Services, most: int) -> list[ToVerify]:
    """Take up to ``most`` mentions whose pages are to be looked at now."""
    now, lease = services.clock(), secrets.token_hex(16)
    due = select(Mention).where(Mention.due <= now)
    with services.sessions.read() as session:
        if session.scalar(due.with_only_columns(Mention.id).limit(1)) is None:
            return []
    with services.sessions.work() as session:
        rows = session.scalars(
            due.order_by(Mention.due, Mention.id).limit(most).with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            row.lease, row.due = lease, now + _LEASE
        return [ToVerify(row.id, lease, row.source, row.target) for row in rows]


def note_said(services: Services, looked_at: ToVerify, said: Said, final: str) -> None:
    """Note what a page says that does link here; ``final`` is the address that it came from in the end.

    It waits for the author, unless its site is approved, or it was approved and says what it said. A site
    answers for its own pages only: many of them lead on to wherever their visitors like.
    """
    now, host = services.clock(), _host_of(final)
    with services.sessions.write() as session:
        row = _ours(session, looked_at)
        if row is None:
            return
        rules = {_rule(session, row.host), _rule(session, host)}
        if BLOCK in rules:
            _forget(session, row, now)
            return
        before = (row.kind, row.author_name, row.author_url, row.text)
        is_new = before != (said.kind, said.author_name, said.author_url, said.text)
        state = row.state
        if host == row.host and APPROVE in rules and state != REJECTED:
            row.state = APPROVED
        elif state == UNVERIFIED or (state == APPROVED and is_new):
            row.state = WAITING
        row.kind, row.author_name, row.author_url, row.text = (
            said.kind,
            said.author_name,
            said.author_url,
            said.text,
        )
        row.published, row.verified = said.published, now
        row.lease, row.tries, row.due = "", 0, now + _LOOKED_AT_AGAIN
        if APPROVED in (state, row.state) and (is_new or state != row.state):
            record_mentions(session, now)


def note_gone(services: Services, looked_at: ToVerify) -> None:
    """Forget a mention whose page is gone, or links here no more (section 3.2.4)."""
    with services.sessions.write() as session:
        row = _ours(session, looked_at)
        if row is not None:
            _forget(session, row, services.clock())


def note_failure(services: Services, looked_at: ToVerify) -> None:
    """Look at a page again later that could not be had; after some tries, leave it at what is known."""
    now = services.clock()
    with services.sessions.work() as session:
        row = _ours(session, looked_at)
        if row is None:
            return
        row.lease = ""
        if row.tries < len(_WAITS):
            row.due, row.tries = now + _WAITS[row.tries], row.tries + 1
        elif row.verified is None:
            session.delete(row)
        else:
            row.due, row.tries = now + _LOOKED_AT_AGAIN, 0


def _ours(session: Session, looked_at: ToVerify) -> Mention | None:
    ours = (Mention.id == looked_at.id, Mention.lease == looked_at.lease)
    return session.scalar(select(Mention).where(*ours))


def _forget(session: Session, row: Mention, now: datetime) -> None:
    if row.state == APPROVED:
        record_mentions(session, now)
    session.delete(row)


def decide(services: Services, mention_id: int, state: str) -> None:
    """Show a mention below its entry (``APPROVED``), or do not (``REJECTED``).

    Raises:
        NotThere: there is no such mention, or it was not looked at yet.
    """
    with services.sessions.write() as session:
        row = _looked_at(session, mention_id)
        if APPROVED in (row.state, state) and row.state != state:
            record_mentions(session, services.clock())
        row.state = state


def trust_site(services: Services, mention_id: int) -> str:
    """Approve it, and what its site says from now on; return the site.

    What waits from there is looked at once more: it may have been led on to another site.

    Raises:
        NotThere: there is no such mention, or it was not looked at yet.
    """
    now = services.clock()
    with services.sessions.write() as session:
        row = _looked_at(session, mention_id)
        _set_rule(session, row.host, APPROVE)
        row.state = APPROVED
        waiting = update(Mention).where(Mention.host == row.host, Mention.state == WAITING)
        session.execute(waiting.values(due=now, tries=0, lease=""))
        record_mentions(session, now)
        return row.host


def block_site(services: Services, mention_id: int) -> str:
    """Take nothing from its site any more, and forget what it has said; return the site.

    Raises:
        NotThere: there is no such mention, or it was not looked at yet.
    """
    with services.sessions.write() as session:
        host = _looked_at(session, mention_id).host
        _set_rule(session, host, BLOCK)
        session.execute(delete(Mention).where(Mention.host == host))
        record_mentions(session, services.clock())
        return host


def forget_rule(services: Services, host: str) -> None:
    """Ask again what becomes of mentions from a site."""
    with services.sessions.work() as session:
        session.execute(delete(MentionHost).where(MentionHost.host == host))


def _set_rule(session: Session, host: str, rule: str) -> None:
    session.merge(MentionHost(host=host, rule=rule))


def _looked_at(session: Session, mention_id: int) -> Mention:
    row = session.get(Mention, mention_id)
    if row is None or row.state == UNVERIFIED:
        raise NotThere("This mention is not here any more.")
    return row
