"""Writing who reads which feed: what every process has heard in a minute is added up here.

Of a reader nothing is kept but one of 16 million numbers, made of address and agent with a salt of the
day; and that only until the day is over. Nothing of it is in the log: no page for readers shows it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from pyroaring import BitMap
from sqlalchemy import delete, func, select, update

from blog.changes.lookups import in_pieces
from blog.domain.errors import BadFilter
from blog.domain.feed_addresses import parse_feed
from blog.domain.networks import network_of
from blog.outreach import KEPT_DAYS, FeedCount, FeedSalt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from sqlalchemy.orm import Session

    from blog.audience import Heard
    from blog.services import Services

# Of three bytes there are so few that each stands for hundreds of addresses: with the salt, even, none is
# to be found out. Of ten thousand readers three are taken for another, one in three thousand.
_BYTES: Final = 3
_SALT: Final = 32
# A day's feeds: whoever asks for more invents them, and can invent those of filters that are not plain only.
_MOST_FEEDS: Final = 5_000
_MOST_NOT_PLAIN: Final = 2_000
_MOST_SEARCHES: Final = 500
_MOST_SERVICES: Final = 10
# So many of a day's feeds of filters that are not plain stay, when it is over.
_KEPT_NOT_PLAIN: Final = 300
_RANKED_DAYS: Final = 30
# What an index of PostgreSQL takes as a key.
_LONGEST: Final = 2_000


@dataclass(slots=True)
class _Count:
    """What is known of a feed on this day."""

    services: dict[str, int]
    seen: BitMap


def add_heard(services: Services, heard: Mapping[str, Heard]) -> None:
    """Add what was heard to the counts of today; forget what is left of the readers of days before."""
    today = services.clock().date()
    # One after the other, on PostgreSQL too: two processes add to the same rows.
    with services.sessions.write() as session:
        salt = _salt(session, today)
        wanted = _canonical(heard)
        known = _known(session, today, wanted)
        fresh = _with_room(session, today, [address for address in wanted if address not in known])
        for address in [*known, *fresh]:
            count = known.get(address) or _Count({}, BitMap())
            _add(count, wanted[address], salt)
            _write(session, today, address, count, is_new=address not in known)


def _canonical(heard: Mapping[str, Heard]) -> dict[str, list[Heard]]:
    """What was heard by the one address of each feed: some clients encode it otherwise than we do."""
    found: dict[str, list[Heard]] = {}
    for address, one in heard.items():
        try:
            spelled = parse_feed(address).address
        except BadFilter:
            continue
        if len(spelled) <= _LONGEST:
            found.setdefault(spelled, []).append(one)
    return found


def _salt(session: Session, today: date) -> bytes:
    """The salt of today; if it is the first that is asked for, those before go, with all they were for."""
    found = session.scalar(select(FeedSalt.salt).where(FeedSalt.day == today))
    if found is not None:
        return found
    for day in session.scalars(select(FeedSalt.day)).all():
        _forget_made_up(session, day)
    session.execute(delete(FeedSalt))
    session.execute(update(FeedCount).where(FeedCount.seen.is_not(None)).values(seen=None))
    session.execute(delete(FeedCount).where(FeedCount.day < today - timedelta(days=KEPT_DAYS)))
    salt = secrets.token_bytes(_SALT)
    session.add(FeedSalt(day=today, salt=salt))
    return salt


def _forget_made_up(session: Session, day: date) -> None:
    """Of a day that is over, keep of the feeds of filters that are not plain those most asked for.

    Those that were asked for on most days, that is, and by most: what services say of themselves is no
    reason to keep anything.
    """
    columns = select(FeedCount.address, FeedCount.readers, FeedCount.services).where(FeedCount.day == day)
    asked = {
        row.address: row.readers + len(row.services)
        for row in session.execute(columns)
        if _sort(row.address) != "plain"
    }
    if len(asked) <= _KEPT_NOT_PLAIN:
        return
    on_days = _on_days(session, day, asked)
    ranked = sorted(asked, key=lambda address: (-on_days[address], -asked[address]))
    for piece in in_pieces(ranked[_KEPT_NOT_PLAIN:]):
        session.execute(delete(FeedCount).where(FeedCount.day == day, FeedCount.address.in_(piece)))


def _on_days(session: Session, last: date, addresses: Iterable[str]) -> dict[str, int]:
    """On how many of the 30 days up to the last each was asked for."""
    days = select(FeedCount.address, func.count()).where(
        FeedCount.day > last - timedelta(days=_RANKED_DAYS), FeedCount.day <= last
    )
    return {
        address: count
        for piece in in_pieces(addresses)
        for address, count in session.execute(
            days.where(FeedCount.address.in_(piece)).group_by(FeedCount.address)
        )
    }


def _known(session: Session, today: date, addresses: Iterable[str]) -> dict[str, _Count]:
    columns = select(FeedCount.address, FeedCount.services, FeedCount.seen).where(FeedCount.day == today)
    return {
        row.address: _Count(dict(row.services), BitMap.deserialize(row.seen) if row.seen else BitMap())
        for piece in in_pieces(addresses)
        for row in session.execute(columns.where(FeedCount.address.in_(piece)))
    }


def _with_room(session: Session, today: date, fresh: Iterable[str]) -> list[str]:
    """Those of the addresses for which there is room among today's, where others come before searches."""
    taken = Counter(map(_sort, session.scalars(select(FeedCount.address).where(FeedCount.day == today))))
    found = []
    for address in fresh:
        sort = _sort(address)
        not_plain = taken["search"] + taken["path"]
        if (
            taken.total() < _MOST_FEEDS
            and (sort == "plain" or not_plain < _MOST_NOT_PLAIN)
            and (sort != "search" or taken["search"] < _MOST_SEARCHES)
        ):
            taken[sort] += 1
            found.append(address)
    return found


@lru_cache(maxsize=2 * _MOST_FEEDS)
def _sort(address: str) -> Literal["plain", "path", "search"]:
    """Tell feeds of plain filters from others that have a path of their own, and these from searches."""
    if address.startswith("/search."):
        return "search"
    try:
        return "plain" if parse_feed(address)[0].is_plain else "path"
    except BadFilter:  # of a day before, when addresses were others
        return "path"


def _add(count: _Count, heard: Iterable[Heard], salt: bytes) -> None:
    for one in heard:
        count.seen |= BitMap(_number(address, agent, salt) for address, agent in one.readers)
        for name, subscribers in one.services.items():
            if name in count.services or len(count.services) < _MOST_SERVICES:
                count.services[name] = subscribers


def _number(address: str, agent: str, salt: bytes) -> int:
    said = f"{network_of(address)}\n{agent}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(said, key=salt, digest_size=_BYTES).digest())


def _write(session: Session, today: date, address: str, count: _Count, *, is_new: bool) -> None:
    values = {"services": count.services, "readers": len(count.seen), "seen": count.seen.serialize()}
    if is_new:
        session.add(FeedCount(day=today, address=address, **values))
    else:
        row = update(FeedCount).where(FeedCount.day == today, FeedCount.address == address)
        session.execute(row.values(**values))
