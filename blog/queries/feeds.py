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
from blog.models import DEPARTURE_DAYS, Departure, Entry
from blog.queries.browse import meaning_of
from blog.queries.entries import EntryView, load_entries
from blog.queries.paging import NoSuchPage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pyroaring import BitMap
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from blog.domain.filters import Filter
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

# So many of the last departures are looked at, and so many of those from the filter.
_LOOKED_AT: Final = 20_000
_FOUND: Final = 5_000


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
        left = _departed(session, snapshot, wanted, matches, now)
        departed = tuple(left[: services.settings.feed_size])
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
    session: Session, snapshot: Snapshot, wanted: Filter, matches: BitMap, now: datetime
) -> list[Departed]:
    """What left the filter and has not come back, the last one first.

    Nobody knows of what is gone whether a text matched it.
    """
    if wanted.text:
        return []
    last = select(func.coalesce(func.max(Departure.id), 0)).scalar_subquery()
    recent = (Departure.id > last - _LOOKED_AT, Departure.at > now - timedelta(days=DEPARTURE_DAYS))
    statement = select(Departure.entry_id, Departure.atom_id, Departure.at).where(
        *recent, *_conditions(snapshot, wanted)
    )
    rows = session.execute(statement.order_by(Departure.id.desc()).limit(_FOUND))
    left = [Departed(uri, at) for entry_id, uri, at in rows if entry_id not in matches]
    return list(_gone(session, left, matches))


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
        yield Departure.source_id == names.sources[wanted.source].id
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
