"""Which links of entries other sites are to be told of: following the log, and noting how telling them went.

Told are sites that an entry of the author's own links to, published since the setting is on: not what was
imported or polled, nor what is older. What an entry says no more is told once again, and so is what it
says anew (Webmention, sections 3.1.4 and 3.1.5).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import and_, delete, exists, func, or_, select, update

from blog.changes.lookups import rows_in
from blog.domain.dates import day_path
from blog.domain.urls import bare_host
from blog.domain.webmention import outgoing_links
from blog.models import Change, Entry, ImportItem, public_at
from blog.outreach import Follower, SentMention

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

NAME: Final = "webmention"
WAITING: Final = "waiting"
SENT: Final = "sent"
NONE: Final = "none"
FAILED: Final = "failed"
# So many lines of the log at a time: an import writes ten thousands.
_AT_ONCE: Final = 500
# An author who sees a mistake in what was just published mends it within the minute.
_UNTIL_TOLD: Final = timedelta(seconds=30)
_LEASE: Final = timedelta(minutes=10)
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60, 360, 1_440))
_LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class Telling:
    """A site that is ours to tell until the lease is over."""

    id: int
    lease: str
    source: str
    target: str
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What telling a site came to; ``again`` where it is to be tried again later."""

    state: str
    endpoint: str = ""
    note: str = ""
    again: bool = False


class _Content(NamedTuple):
    """What an entry links to, and what stands for all that it says."""

    source: str
    targets: list[str]
    digest: str


def follow_links(services: Services, base_url: str) -> bool:
    """Look at what was written since the last time; tell whether there is more of it.

    The first time nothing is looked at: that is where the following begins.
    """
    now = services.clock()
    with services.sessions.read() as session:
        follower = session.get(Follower, NAME)
        last = session.scalar(select(func.max(Change.id))) or 0
        if follower is not None:
            lines = _lines(session, follower.position)
            ids = _touched(session, follower, lines, now)
            if not lines and not ids:
                return False
            contents = _contents(session, ids, follower.since, now, base_url)
    if follower is None:
        _begin(services, last, now)
        return False
    position = lines[-1][0] if lines else follower.position
    with services.sessions.work() as session:
        ours = (Follower.name == NAME, Follower.position == follower.position, Follower.told == follower.told)
        moved = update(Follower).where(*ours).values(position=position, told=now).returning(Follower.name)
        # Otherwise another process was faster, and has written all this.
        if session.scalar(moved) is not None:
            _write(session, ids, contents, now)
    return len(lines) == _AT_ONCE


def stop_following(services: Services, name: str) -> None:
    """Forget how far the log was followed: nobody is told what is written until that begins again."""
    with services.sessions.read() as session:
        if session.get(Follower, name) is None:
            return
    with services.sessions.work() as session:
        session.execute(delete(Follower).where(Follower.name == name))


def _begin(services: Services, position: int, now: datetime) -> None:
    with services.sessions.work() as session:
        if session.get(Follower, NAME) is None:
            session.add(Follower(name=NAME, position=position, since=now, told=now))


def _lines(session: Session, position: int) -> Sequence[tuple[int, int | None]]:
    statement = select(Change.id, Change.entry_id).where(Change.id > position).order_by(Change.id)
    return [(line, entry) for line, entry in session.execute(statement.limit(_AT_ONCE))]


def _touched(
    session: Session, follower: Follower, lines: Sequence[tuple[int, int | None]], now: datetime
) -> set[int]:
    """The entries of these lines, and those whose time has come meanwhile."""
    its_time = and_(public_at(now), Entry.published > follower.told)
    ids = {entry for _, entry in lines if entry is not None}
    return ids | set(session.scalars(select(Entry.id).where(its_time)))


def _contents(
    session: Session, ids: Iterable[int], since: datetime, now: datetime, base_url: str
) -> dict[int, _Content]:
    """What those of these entries say that others are to be told of."""
    imported = exists().where(ImportItem.entry_id == Entry.id, ImportItem.outcome == "created")
    own = (public_at(now), Entry.published >= since, Entry.source_id.is_(None), ~imported)
    columns = select(Entry.id, Entry.day, Entry.slug, Entry.title, Entry.url, Entry.via_url, Entry.html).where(
        *own
    )
    found = {}
    for row in rows_in(session, columns, Entry.id, sorted(ids)):
        source = f"{base_url}/{day_path(row.day)}/{row.slug}/"
        said = "\n".join((row.title, row.url, row.via_url, row.html))
        digest = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
        found[row.id] = _Content(source, outgoing_links(row.html, (row.url, row.via_url), base_url), digest)
    return found


def _write(session: Session, ids: Iterable[int], contents: Mapping[int, _Content], now: datetime) -> None:
    known: dict[int, list[SentMention]] = {}
    for (row,) in rows_in(session, select(SentMention), SentMention.entry_id, sorted(ids)):
        known.setdefault(row.entry_id, []).append(row)
    for entry_id in known.keys() | contents.keys():
        _write_of(session, entry_id, known.get(entry_id, []), contents.get(entry_id), now)


def _write_of(
    session: Session, entry_id: int, known: Iterable[SentMention], content: _Content | None, now: datetime
) -> None:
    wanted = dict.fromkeys(content.targets if content else [])
    for row in known:
        is_wanted = row.target in wanted
        wanted.pop(row.target, None)
        if is_wanted and content and (row.digest != content.digest or row.is_gone):
            row.digest, row.is_gone = content.digest, False
            _ask_again(row, now)
        elif not is_wanted and not row.is_gone:
            if row.endpoint:
                row.is_gone = True
                _ask_again(row, now)
            else:
                session.delete(row)
    if content:
        session.add_all(_fresh(entry_id, content, target, now) for target in wanted)


def _ask_again(row: SentMention, now: datetime) -> None:
    row.state, row.tries, row.due, row.lease = WAITING, 0, now + _UNTIL_TOLD, ""


def _fresh(entry_id: int, content: _Content, target: str, now: datetime) -> SentMention:
    return SentMention(
        entry_id=entry_id,
        source=content.source,
        target=target,
        host=bare_host(target.split("/")[2])[:255],
        digest=content.digest,
        state=WAITING,
        due=now + _UNTIL_TOLD,
    )


def claim_tellings(services: Services, most: int) -> list[Telling]:
    """Take up to ``most`` links whose sites are to be told now, one of a host; then ``note_told``."""
    now, lease = services.clock(), secrets.token_hex(16)
    due = select(SentMention).where(SentMention.state == WAITING, SentMention.due <= now)
    with services.sessions.read() as session:
        if session.scalar(due.with_only_columns(SentMention.id).limit(1)) is None:
            return []
    with services.sessions.work() as session:
        rows = session.scalars(
            due.order_by(SentMention.due, SentMention.id).limit(50 * most).with_for_update(skip_locked=True)
        )
        taken = list({row.host: row for row in reversed(rows.all())}.values())[-most:]
        for row in taken:
            # Whoever dies with it leaves it to others when that time is over.
            row.lease, row.due = lease, now + _LEASE
        return [Telling(row.id, lease, row.source, row.target, row.is_gone) for row in taken]


def note_told(services: Services, telling: Telling, told: Told) -> None:
    """Note how telling a site went, unless the link changed meanwhile and is to be told again anyway."""
    now = services.clock()
    with services.sessions.work() as session:
        row = session.scalar(
            select(SentMention).where(SentMention.id == telling.id, SentMention.lease == telling.lease)
        )
        if row is None:
            return
        row.lease, row.at, row.note = "", now, told.note[:_LONGEST_NOTE]
        row.endpoint = told.endpoint or row.endpoint
        if told.again and row.tries < len(_WAITS):
            row.due, row.tries = now + _WAITS[row.tries], row.tries + 1
        else:
            row.state = FAILED if told.again else told.state


def try_again(services: Services, entry_id: int) -> int:
    """Tell once more those sites of an entry that could not be told; return how many these are."""
    now = services.clock()
    failed = (SentMention.entry_id == entry_id, or_(SentMention.state == FAILED, SentMention.state == NONE))
    with services.sessions.work() as session:
        again = update(SentMention).where(*failed).values(state=WAITING, tries=0, due=now, lease="")
        return len(session.scalars(again.returning(SentMention.id)).all())
