"""From a filter to the entries it means, and to one page of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyroaring import BitMap

from blog.domain.dates import days_in_month
from blog.facets.count import count_months
from blog.facets.rows import as_array, as_bitmap
from blog.facets.sets import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blog.domain.filters import Filter
    from blog.facets.count import Months
    from blog.facets.snapshot import Snapshot


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
        yield _in_period(snapshot, *_limits(wanted))


def _limits(wanted: Filter) -> tuple[date, date]:
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
    for month, inside in (count_months(snapshot, matches) if months is None else months).items():
        if passed >= stop:
            break
        if passed + inside > start:
            ordered = newest_first(snapshot, matches & snapshot.months[month])
            page += ordered[max(0, start - passed) : stop - passed]
        passed += inside
    return page


def newest_first(snapshot: Snapshot, ids: BitMap) -> list[int]:
    """Sort entries by the time of publication, newest first; of equal times the later id first."""
    return snapshot.rows.newest_first(as_array(ids))


def newest_entry(snapshot: Snapshot) -> int | None:
    """The id of the entry published last, None in an empty blog."""
    return next(iter(newest(snapshot, snapshot.everything, 0, 1)), None)
