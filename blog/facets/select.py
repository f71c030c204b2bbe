"""From a filter to the entries it means, and to one page of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
from pyroaring import BitMap

from blog.domain.dates import days_in_month
from blog.facets.count import count_months
from blog.facets.late import late_entries
from blog.facets.rows import as_array, as_bitmap, month_number, month_of
from blog.facets.sets import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from blog.domain.filters import Filter
    from blog.facets.count import Months
    from blog.facets.snapshot import Snapshot

# Of so many, all months are counted in less time than it takes to look at the last few of them.
_FEW: Final = 5_000


def matching(snapshot: Snapshot, wanted: Filter) -> BitMap:
    """Return the ids of the entries that the filter means, its text left aside.

    The smallest set goes first, so an intersection costs about as much as its rarest term.
    The answer may be one of the snapshot's own bitmaps: do not change it.
    """
    parts = sorted(_parts(snapshot, wanted), key=len)
    matches = parts[0] if parts else snapshot.everything
    for part in parts[1:]:
        if not matches:
            break
        matches = matches & part
    for slug in wanted.without:
        matches = matches - snapshot.tag(slug)
    return matches


def _parts(snapshot: Snapshot, wanted: Filter) -> Iterator[BitMap]:
    for slug in wanted.tags:
        yield snapshot.tag(slug)
    for group in wanted.any_of:
        yield BitMap.union(*(snapshot.tag(slug) for slug in group))
    if wanted.kinds:
        yield BitMap.union(*(snapshot.kinds.get(kind, EMPTY) for kind in wanted.kinds), EMPTY)
    if wanted.source:
        source = snapshot.names.sources.get(wanted.source)
        yield snapshot.sources.get(source.id, EMPTY) if source else EMPTY
    if wanted.series:
        series = snapshot.names.series.get(wanted.series)
        yield snapshot.series.get(series.id, EMPTY) if series else EMPTY
    if wanted.domain:
        yield snapshot.domains.get(wanted.domain, EMPTY)
    if wanted.year is not None or wanted.since or wanted.until:
        yield _in_period(snapshot, *period(wanted))


def period(wanted: Filter) -> tuple[date, date]:
    """The first and the last day of the filter's period."""
    if wanted.year is None:
        return wanted.since or date.min, wanted.until or date.max
    first = date(wanted.year, wanted.month or 1, wanted.day or 1)
    if wanted.day:
        return first, first
    month = wanted.month or 12
    return first, date(wanted.year, month, days_in_month(wanted.year, month))


def _in_period(snapshot: Snapshot, first: date, last: date) -> BitMap:
    """Whole months by their bitmaps; the one or two months cut through, by the days of their entries."""
    opening, closing = (first.year, first.month), (last.year, last.month)
    found = [bitmap for month, bitmap in snapshot.months.items() if opening < month < closing]
    found += [_days_of(snapshot, snapshot.months.get(edge, EMPTY), first, last) for edge in {opening, closing}]
    return BitMap.union(*found)


def _days_of(snapshot: Snapshot, month: BitMap, first: date, last: date) -> BitMap:
    ids = as_array(month)
    days = snapshot.rows.columns.days[ids]
    inside = (days >= first.toordinal()) & (days <= last.toordinal())
    return month if inside.all() else as_bitmap(ids[inside])


def newest(
    snapshot: Snapshot, matches: BitMap, start: int, stop: int, months: Months | None = None
) -> list[int]:
    """Return the ids at ``start`` to ``stop`` of the matches, newest first.

    Months partition the entries: whole months before the page are skipped by how many matches
    they hold, and only the months the page lies in are sorted. No page is deep. ``months`` is
    what ``count_months`` says of the matches, for callers that know it already.
    """
    page: list[int] = []
    passed = 0
    for month, inside in _by_month(snapshot, matches) if months is None else months.items():
        if passed >= stop:
            break
        if passed + inside > start:
            ordered = newest_first(snapshot, matches & snapshot.months[month])
            page += ordered[max(0, start - passed) : stop - passed]
        passed += inside
    return page


def entered_last(snapshot: Snapshot, wanted: Filter, matches: BitMap, start: int, stop: int) -> list[int]:
    """Return the ids at ``start`` to ``stop`` of the matches, those that entered the filter last first.

    An entry enters when it is published, or when it gets the tag that it lacked. Where no tag of the filter
    came late to anything, these are the ``newest``; else each late one is put where its time belongs
    among the others.
    """
    late = late_entries(snapshot, wanted, matches)
    if not len(late.ids):
        return newest(snapshot, matches, start, stop)
    others = matches - as_bitmap(np.sort(late.ids))
    places = np.arange(len(late.ids)) + _newer_than(snapshot, others, late.times)
    before, inside = np.searchsorted(places, (start, stop))
    page: list[int] = newest(snapshot, others, start - int(before), stop - int(inside))
    for place, entry_id in zip(places[before:inside].tolist(), late.ids[before:inside].tolist(), strict=True):
        page.insert(place - start, entry_id)
    return page


def _newer_than(snapshot: Snapshot, ids: BitMap, times: NDArray[np.int64]) -> NDArray[np.intp]:
    """How many of the entries were published after each of these times, which descend.

    Months are those of the blog's calendar, so the days around the end of one are looked for in its
    neighbours, too; months beyond them count whole.
    """
    counts = {month_number(date(*month, 1)): size for month, size in count_months(snapshot, ids).items()}
    months = _utc_months(times)
    newer = np.zeros(len(times), np.intp)
    for month in np.unique(months).tolist():
        near = [month_of(month + step) for step in (-1, 0, 1)]
        some = as_array(BitMap.union(*(snapshot.months.get(one, EMPTY) for one in near)) & ids)
        stamps = np.sort(snapshot.rows.columns.stamps[some])
        here = months == month
        beyond = sum(size for other, size in counts.items() if other > month + 1)
        newer[here] = beyond + len(stamps) - np.searchsorted(stamps, times[here], side="right")
    return newer


def _utc_months(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The months, as ``month_number`` has them, in which times lie."""
    months: NDArray[np.int64] = times.view("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months + 1970 * 12


def _by_month(snapshot: Snapshot, matches: BitMap) -> Iterator[tuple[tuple[int, int], int]]:
    """How many of the matches each month has, newest first, looked at as far as somebody asks."""
    if len(matches) <= _FEW or len(matches) == len(snapshot.everything):
        yield from count_months(snapshot, matches).items()
    else:
        for month in snapshot.months_newest_first:
            yield month, matches.intersection_cardinality(snapshot.months[month])


def newest_first(snapshot: Snapshot, ids: BitMap) -> list[int]:
    """Sort entries by the time of publication, newest first; of equal times the later id first."""
    return snapshot.rows.newest_first(as_array(ids))


def newest_entry(snapshot: Snapshot) -> int | None:
    """The id of the entry published last, None in an empty blog."""
    return next(iter(newest(snapshot, snapshot.everything, 0, 1)), None)
