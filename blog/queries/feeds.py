"""What a filter's feed holds: its newest entries, its archives (RFC 5005), and what left it (RFC 6721).

The entries of a filter are cut into archives from the one that entered it first on, so many to each. What
comes enters at the other end: so an archive that is full stays what it is. The feed that is subscribed to
holds all that is behind the last full one: as many as ``feed_size`` says at the least, and up to half as
many more. So a walk from there back through the archives meets each entry once, whatever enters meanwhile.
docs/decisions/0024-archives-of-feeds.md tells what was weighed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, not_, or_, select

from blog.facets.select import entered_last, period
from blog.models import DEPARTURE_DAYS, Departure, Entry, Reach
from blog.queries.browse import meaning_of
from blog.queries.entries import EntryView, load_entries
from blog.queries.paging import NoSuchPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from pyroaring import BitMap
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from blog.domain.filters import Filter
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

# So many of the last departures of each reach are looked at, and so many at a time.
_LOOKED_AT: Final = 2_000
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Departed:
    """An entry that left the filter: its URI, and when."""

    atom_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FeedEntries:
    """What a feed holds, the entries that entered last first; ``archives`` is how many are behind it."""

    entries: list[EntryView]
    archives: int
    departed: tuple[Departed, ...] = ()


def feed_entries(services: Services, wanted: Filter) -> FeedEntries:
    """Return what the feed of a filter holds."""
    snapshot, now = services.facets.current(), services.clock()
    matches = meaning_of(services, snapshot, wanted)
    archives = _count_archives(services, matches)
    ids = entered_last(snapshot, wanted, matches, 0, len(matches) - archives * _archive_size(services))
    with services.sessions.read() as session:
        departed = _departed(session, snapshot, wanted, matches, now, services.settings.feed_size)
        return FeedEntries(load_entries(session, snapshot, ids), archives, departed)


def archived_entries(services: Services, wanted: Filter, number: int) -> FeedEntries:
    """Return what one archive of a filter's feed holds; the first is number 1.

    One that is not full yet has nothing.

    Raises:
        NoSuchPage: there is none of this number, nor will it be the next.
    """
    snapshot, size = services.facets.current(), _archive_size(services)
    matches = meaning_of(services, snapshot, wanted)
    archives = _count_archives(services, matches)
    if number > archives + 1:
        raise NoSuchPage(f"There is no archive {number}: this feed has {archives or 'none'}.")
    if number > archives:
        return FeedEntries([], archives)
    last = len(matches) - (number - 1) * size
    ids = entered_last(snapshot, wanted, matches, last - size, last)
    with services.sessions.read() as session:
        return FeedEntries(load_entries(session, snapshot, ids), archives)


def _archive_size(services: Services) -> int:
    return max(1, services.settings.feed_size // 2)


def _count_archives(services: Services, matches: BitMap) -> int:
    return max(0, len(matches) - services.settings.feed_size) // _archive_size(services)


def _departed(
    session: Session, snapshot: Snapshot, wanted: Filter, matches: BitMap, now: datetime, most: int
) -> tuple[Departed, ...]:
    """What left the filter and has not come back, the last one first; so many at the most.

    Nobody knows of what is gone whether a text matched it.
    """
    if wanted.text:
        return ()
    recent = Departure.at > now - timedelta(days=DEPARTURE_DAYS)
    conditions = (recent, *_conditions(snapshot, wanted))
    found: dict[str, Departed] = {}
    for reach in range(_reach(wanted) + 1):
        for uri, one in _last_of(session, conditions, reach, matches, most).items():
            found[uri] = max(one, found.get(uri, one), key=_time)
    return tuple(sorted(found.values(), key=_time, reverse=True)[:most])


def _time(one: Departed) -> datetime:
    return one.at


def _reach(wanted: Filter) -> Reach:
    """The furthest of the departures that may be from the filter."""
    if wanted.without:
        return Reach.WITHOUT
    return Reach.TAGGED if wanted.tags or wanted.any_of else Reach.ANY


def _last_of(
    session: Session, conditions: Sequence[ColumnElement[bool]], reach: int, matches: BitMap, most: int
) -> dict[str, Departed]:
    """The last departures of one reach, by their URIs.

    Most of those that are looked at may have stayed, or come back: so all that is read of them are numbers.
    """
    of_reach = select(Departure.id).where(Departure.reach == reach).order_by(Departure.id.desc())
    before = func.coalesce(of_reach.offset(_LOOKED_AT).limit(1).scalar_subquery(), 0)
    looked_at = (Departure.reach == reach, Departure.id > before, *conditions)
    rows = session.execute(select(Departure.id, Departure.entry_id).where(*looked_at)).all()
    ids = sorted((one for one, entry_id in rows if entry_id not in matches), reverse=True)
    found: dict[str, Departed] = {}
    for start in range(0, len(ids), _AT_ONCE):
        piece = Departure.id.in_(ids[start : start + _AT_ONCE])
        named = select(Departure.atom_id, Departure.at).where(piece).order_by(Departure.id.desc())
        left = [Departed(uri, at) for uri, at in session.execute(named)]
        found = {one.atom_id: one for one in _gone(session, left, matches)} | found
        if len(found) >= most:
            break
    return found


def _gone(session: Session, left: list[Departed], matches: BitMap) -> Iterator[Departed]:
    """Each entry once; what was imported anew is another row with the same URI."""
    uris = {one.atom_id for one in left}
    again = select(Entry.atom_id, Entry.id).where(Entry.atom_id.in_(uris))
    named = {uri for uri, entry_id in session.execute(again) if entry_id in matches} if left else set()
    for one in left:
        if one.atom_id not in named:
            named.add(one.atom_id)
            yield one


def _conditions(snapshot: Snapshot, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """That an entry was in the filter; tags go by all names that they have had."""
    names = snapshot.names
    for slug in wanted.tags:
        yield _tagged(snapshot, [slug])
    for group in wanted.any_of:
        yield _tagged(snapshot, group)
    if wanted.without:
        yield not_(_tagged(snapshot, wanted.without))
    if wanted.kinds:
        yield Departure.kind.in_([kind.value for kind in wanted.kinds])
    if wanted.source:
        yield Departure.sources.contains(f" {names.sources[wanted.source].id} ")
    if wanted.series:
        yield Departure.series_id == names.series[wanted.series].id
    if wanted.domain:
        yield Departure.domain == wanted.domain
    if wanted.year is not None or wanted.since or wanted.until:
        first, last = period(wanted)
        yield and_(Departure.day >= first, Departure.day <= last)


def _tagged(snapshot: Snapshot, slugs: Iterable[str]) -> ColumnElement[bool]:
    living = set(slugs)
    old = {name for name, slug in snapshot.names.aliases.items() if slug in living}
    return or_(*(Departure.tags.contains(f" {name} ", autoescape=True) for name in sorted(living | old)))
