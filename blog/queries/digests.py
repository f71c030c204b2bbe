"""A filter's digests: which periods have entries, what one of them holds, and what their feed holds.

A period goes by the days of the blog's calendar, so what is tagged late is in the digest of the day that it
was published on. However many entries a period has, no more than ``MOST_ENTRIES`` of them are read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import numpy as np
from sqlalchemy import select

from blog.domain.dates import FIRST_YEAR, LAST_YEAR
from blog.domain.digests import Digest, Period, Rhythm
from blog.domain.entry import Kind, Markup
from blog.domain.errors import NotThere
from blog.domain.filters import EVERYTHING, Filter
from blog.facets.count import count_days
from blog.facets.select import matching, newest
from blog.facets.select import period as days_of
from blog.models import Entry
from blog.queries.browse import meaning_of
from blog.queries.choices import Choice
from blog.queries.entries import EntryView, load_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from pyroaring import BitMap

    from blog.facets.snapshot import Snapshot
    from blog.services import Services

MOST_ENTRIES: Final = 200
# What a feed holds: so many periods, and of each so many entries at the most.
_FEED_PERIODS: Final = {Rhythm.DAILY: 14, Rhythm.WEEKLY: 8, Rhythm.MONTHLY: 6}
_MOST_IN_FEED: Final = 60
_KINDS: Final = list(Kind)
_FIRST_DAY: Final = date(FIRST_YEAR, 1, 1)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LAST_DAY: Final = date(LAST_YEAR, 12, 31)


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of one kind, in the order in which they were published."""

    kind: Kind
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One period of a digest: of its ``total`` entries the newest, by kind; ``all_url`` lists all.

    ``uri`` is a ``tag:`` URI (RFC 4151) that no renaming changes: tags, sources and series are in it by their
    numbers, which stay when names change. Merging a tag into another makes its digest the other's.
    ``ends`` is when it is over, and ``is_finished`` whether it was by then.
    """

    digest: Digest
    period: Period
    title: str
    uri: str
    total: int
    groups: tuple[Group, ...]
    all_url: str
    ends: datetime
    is_finished: bool

    @property
    def shown(self) -> int:
        """How many entries are in the groups."""
        return sum(len(group.entries) for group in self.groups)

    @property
    def updated(self) -> datetime:
        """When it was last changed: it ended, or an entry in it was edited."""
        return max([self.ends, *(entry.updated for group in self.groups for entry in group.entries)])


@dataclass(frozen=True, slots=True)
class IssuePage:
    """One period, with those before and after it that have entries."""

    issue: Issue
    previous: Choice | None
    next: Choice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestIndex:
    """The periods of a year that have entries, newest first, and the years; without any, ``year`` is None.

    ``latest`` is the period that has begun last of those with entries, in the index of no year in particular.
    """

    digest: Digest
    year: int | None
    periods: tuple[Choice, ...]
    years: tuple[Choice, ...]
    latest: Issue | None


def digest_index(services: Services, digest: Digest, year: int | None = None) -> DigestIndex:
    """Return the periods of a year, else of the last one that has entries.

    Raises:
        NotThere: none of that year has any.
    """
    snapshot = services.facets.current()
    matches = meaning_of(services, snapshot, digest.wanted)
    counts = _count_periods(snapshot, matches, digest.rhythm)
    periods = [(_period(digest.rhythm, first), count) for first, count in counts.items()]
    years: dict[int, int] = {}
    for period, count in periods:
        years[period.year] = years.get(period.year, 0) + count
    if year is not None and year not in years:
        raise NotThere(f"There is nothing of {year} here.")
    latest = periods[0][0] if periods and year is None else None
    shown = year if latest is None else latest.year
    return DigestIndex(
        digest=digest,
        year=shown,
        periods=tuple(Choice(one.label, digest.url(one.name), n) for one, n in periods if one.year == shown),
        years=tuple(Choice(str(one), digest.url(f"{one:04}"), n) for one, n in years.items()),
        latest=_issues(services, snapshot, digest, [latest], matches, MOST_ENTRIES)[0] if latest else None,
    )


def issue_page(services: Services, digest: Digest, period: Period) -> IssuePage:
    """Return one period, which may have no entries.

    Raises:
        NotThere: it has none, and has not even begun.
    """
    snapshot = services.facets.current()
    matches = meaning_of(services, snapshot, digest.wanted)
    counts = _count_periods(snapshot, matches, digest.rhythm)
    here = period.first.toordinal()
    if here not in counts and period.first > today(services):
        raise NotThere(f"{period.title} has not begun yet.")
    (issue,) = _issues(services, snapshot, digest, [period], matches, MOST_ENTRIES)
    later = [first for first in counts if first > here]
    earlier = (first for first in counts if first < here)
    return IssuePage(
        issue,
        _choice(digest, next(earlier, None), counts),
        _choice(digest, later[-1] if later else None, counts),
    )


def finished_issues(services: Services, digest: Digest) -> list[Issue]:
    """Return what the feed of a digest holds: its last periods that are over and had entries, newest first."""
    snapshot, day = services.facets.current(), today(services)
    matches = meaning_of(services, snapshot, digest.wanted)
    counts = _count_periods(snapshot, matches, digest.rhythm)
    begun = (_period(digest.rhythm, first) for first in counts)
    finished = list(islice((one for one in begun if one.last < day), _FEED_PERIODS[digest.rhythm]))
    return _issues(services, snapshot, digest, finished, matches, _MOST_IN_FEED)


def bodies_of(services: Services, entries: Iterable[EntryView]) -> dict[int, tuple[str, Markup]]:
    """Return what the authors of these entries wrote, and in what, by id."""
    ids = [entry.id for entry in entries]
    with services.sessions.read() as session:
        rows = session.execute(select(Entry.id, Entry.body, Entry.markup).where(Entry.id.in_(ids)))
        return {row.id: (row.body, Markup(row.markup)) for row in rows}


def today(services: Services) -> date:
    """The day on the blog's calendar."""
    return services.clock().astimezone(services.settings.zone).date()


def _count_periods(snapshot: Snapshot, matches: BitMap, rhythm: Rhythm) -> dict[int, int]:
    """How many of the matches lie in each period, by its first day's number, newest first, none without.

    A blog of decades has thousands of days with entries: they are put together without a value for each.
    """
    counts = count_days(snapshot, matches)
    days = np.fromiter(counts, np.int64, len(counts))
    firsts, begin = np.unique(_first_days(days, rhythm), return_index=True)
    sizes = np.fromiter(counts.values(), np.int64, len(counts))
    totals = np.add.reduceat(sizes, begin) if len(begin) else sizes
    return dict(zip(firsts[::-1].tolist(), totals[::-1].tolist(), strict=True))


def _first_days(days: NDArray[np.int64], rhythm: Rhythm) -> NDArray[np.int64]:
    if rhythm is Rhythm.WEEKLY:
        # The day with the number 1 was a Monday.
        return days - (days - 1) % 7
    if rhythm is Rhythm.MONTHLY:
        months = (days - _EPOCH).astype("datetime64[D]").astype("datetime64[M]")
        return months.astype("datetime64[D]").astype(np.int64) + _EPOCH
    return days


def _period(rhythm: Rhythm, first: int) -> Period:
    return Period(rhythm, date.fromordinal(first))


def _choice(digest: Digest, first: int | None, counts: Mapping[int, int]) -> Choice | None:
    if first is None:
        return None
    period = _period(digest.rhythm, first)
    return Choice(period.title, digest.url(period.name), counts[first])


def _issues(
    services: Services,
    snapshot: Snapshot,
    digest: Digest,
    periods: Sequence[Period],
    matches: BitMap,
    most: int,
) -> list[Issue]:
    """The periods with their entries, which are read with one statement."""
    inside = [matches & matching(snapshot, _narrowed(EVERYTHING, period)) for period in periods]
    ids = [newest(snapshot, some, 0, most) for some in inside]
    with services.sessions.read() as session:
        found = load_entries(session, snapshot, [one for some in ids for one in some])
    entries = {entry.id: entry for entry in found}
    zone, day = services.settings.zone, today(services)
    sentence, what = digest.wanted.title(snapshot.display_names), _by_numbers(snapshot, digest.wanted)
    authority = services.settings.authority
    return [
        Issue(
            digest=digest,
            period=period,
            title=f"{sentence}: {period.title}",
            uri=f"tag:{authority},{period.first.isoformat()}:digest/{period.rhythm}/{period.name}/{what}",
            total=len(some),
            groups=_by_kind(entries[one] for one in reversed(shown) if one in entries),
            all_url=_narrowed(digest.wanted, period).url(),
            ends=datetime.combine(period.last + timedelta(days=1), time(), zone),
            is_finished=period.last < day,
        )
        for period, some, shown in zip(periods, inside, ids, strict=True)
    ]


def _by_numbers(snapshot: Snapshot, wanted: Filter) -> str:
    """Say a filter by what stays when names change."""
    known = snapshot.names
    numbers = {slug: str(known.tags[slug].id) for slug in wanted.all_tags if slug in known.tags}
    source, series = known.sources.get(wanted.source), known.series.get(wanted.series)
    numbered = replace(
        wanted.renamed(numbers),
        source=str(source.id) if source else "",
        series=str(series.id) if series else "",
        sort=None,
    )
    return urlencode(numbered.pairs()) or "everything"


def _by_kind(entries: Iterable[EntryView]) -> tuple[Group, ...]:
    by_kind = sorted(entries, key=lambda entry: _KINDS.index(entry.kind))
    return tuple(Group(kind, tuple(some)) for kind, some in groupby(by_kind, key=attrgetter("kind")))


def _narrowed(wanted: Filter, period: Period) -> Filter:
    """The filter within the period; where the two have no day in common, the filter as it is."""
    first, last = days_of(wanted)
    since, until = max(period.first, first, _FIRST_DAY), min(period.last, last, _LAST_DAY)
    if since > until:
        return wanted
    return replace(wanted.at_any_time(), since=since, until=until, sort=None)
