"""The home page: the latest of everything, with activity folded so that it drowns nothing.

What programs report (releases, commits, check-ins) can be twenty items a day. The page shows the newest
entries of the other kinds, day by day, and of the activity between them a quiet line: for each of these
days, and one for all days on which nothing else was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Kind
from blog.domain.filters import EVERYTHING, Filter
from blog.facets.count import count_days
from blog.facets.rows import as_array
from blog.facets.select import matching, newest
from blog.facets.sets import EMPTY
from blog.queries.entries import EntryView, load_entries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyroaring import BitMap

    from blog.facets.snapshot import Snapshot
    from blog.services import Services

_NAMED: Final = 3
_ACTIVITY: Final = Filter(kinds=frozenset({Kind.ACTIVITY}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Activity on one line: how much there is, the newest of it, and the page that has it all."""

    count: int
    entries: tuple[EntryView, ...]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeDay:
    """A day with its entries, or, without any, the stretch of days from ``first`` to ``day``."""

    day: date
    first: date
    entries: tuple[EntryView, ...]
    activity: Folded | None

    @property
    def url(self) -> str:
        """Where the day is."""
        return EVERYTHING.in_period(self.day.year, self.day.month, self.day.day).url()


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The days, newest first, and where what is older begins: empty where nothing is."""

    days: tuple[HomeDay, ...]
    older_url: str


def home_page(services: Services) -> Home:
    """Return the home page: as many entries as a page has, activity not counted."""
    snapshot, size = services.facets.current(), services.settings.page_size
    others = snapshot.everything - snapshot.kinds.get(Kind.ACTIVITY, EMPTY)
    ids = newest(snapshot, others, 0, size + 1)
    more, ids = ids[size:], ids[:size]
    days = snapshot.rows.columns.days
    wanted = _since(date.fromordinal(int(days[ids].min()))) if more else _ACTIVITY
    activity = matching(snapshot, wanted)
    stretches = _stretches(sorted({int(days[one]) for one in ids}), count_days(snapshot, activity))
    folded = {stretch: _folded(snapshot, *stretch) for stretch in stretches}
    with services.sessions.read() as session:
        found = load_entries(session, snapshot, [*ids, *(one for some in folded.values() for one in some)])
    entries = {one.id: one for one in found}
    return Home(
        days=tuple(
            _day(stretch, count, [entries[one] for one in folded[stretch] if one in entries], found[: len(ids)])
            for stretch, count in stretches.items()
        ),
        older_url=EVERYTHING.url(_page_of(snapshot, activity, more[0], size)) if more else "",
    )


def _since(first: date, last: date | None = None) -> Filter:
    return Filter(kinds=_ACTIVITY.kinds, since=first, until=last)


def _stretches(written: list[int], active: dict[int, int]) -> dict[tuple[int, int], int]:
    """The days that something was written on, and the stretches between them, newest first, as ordinals.

    With each goes how much activity there was.
    """
    stretches: dict[tuple[int, int], int] = {}
    on, first, last, count = set(written), 0, 0, 0
    for day in [*sorted(on | active.keys()), 0]:
        if first and (day in on or not day):
            stretches[first, last] = count
            first = count = 0
        if day in on:
            stretches[day, day] = active.get(day, 0)
        elif day:
            first, last, count = first or day, day, count + active[day]
    return dict(reversed(stretches.items()))


def _folded(snapshot: Snapshot, first: int, last: int) -> list[int]:
    """The newest activity of a stretch."""
    days = _since(date.fromordinal(first), date.fromordinal(last))
    return newest(snapshot, matching(snapshot, days), 0, _NAMED)


def _day(stretch: tuple[int, int], count: int, folded: list[EntryView], found: Iterable[EntryView]) -> HomeDay:
    first, day = map(date.fromordinal, stretch)
    wanted = _ACTIVITY.in_period(day.year, day.month, day.day) if first == day else _since(first, day)
    return HomeDay(
        day=day,
        first=first,
        entries=tuple(one for one in found if one.day == day and one.kind is not Kind.ACTIVITY),
        activity=Folded(count=count, entries=tuple(folded), url=wanted.url()) if count else None,
    )


def _page_of(snapshot: Snapshot, activity: BitMap, entry_id: int, size: int) -> int:
    """The page of everything on which the first entry that is not shown stands, or the one before that."""
    stamps = snapshot.rows.columns.stamps
    newer = int((stamps[as_array(activity)] > stamps[entry_id]).sum())
    return (size + newer) // size + 1
