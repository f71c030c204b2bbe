"""From a filter to the entries it means, and to one page of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pyroaring import BitMap

from blog.domain.dates import days_in_month
from blog.facets.snapshot import EMPTY, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blog.domain.filters import Filter


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
    """Whole months by their bitmaps; the one or two months cut through, entry by entry."""
    found = [EMPTY, EMPTY]
    for (year, month), bitmap in snapshot.months.items():
        opening, closing = date(year, month, 1), date(year, month, days_in_month(year, month))
        if first <= opening and closing <= last:
            found.append(bitmap)
        elif opening <= last and first <= closing:
            low, high = first.toordinal(), last.toordinal()
            found.append(BitMap(one for one in bitmap if low <= snapshot.rows.day(one) <= high))
    return BitMap.union(*found)


def newest(snapshot: Snapshot, matches: BitMap, start: int, stop: int) -> list[int]:
    """Return the ids at ``start`` to ``stop`` of the matches, newest first.

    Months partition the entries: whole months before the page are skipped by their
    cardinality, and only the months the page lies in are sorted. No page is deep.
    """
    page: list[int] = []
    passed = 0
    stop = min(stop, len(matches))
    for month in snapshot.months_newest_first:
        if passed >= stop:
            break
        inside = matches.intersection_cardinality(snapshot.months[month])
        if passed + inside > start:
            ordered = newest_first(snapshot, matches & snapshot.months[month])
            page += ordered[max(0, start - passed) : stop - passed]
        passed += inside
    return page


def newest_first(snapshot: Snapshot, ids: BitMap | list[int]) -> list[int]:
    """Sort entries by the time of publication, newest first; of equal times the later id first."""
    stamp = snapshot.rows.stamp
    return sorted(ids, key=lambda one: (stamp(one), one), reverse=True)


def newest_entry(snapshot: Snapshot) -> int | None:
    """The id of the entry published last, None in an empty blog."""
    return next(iter(newest(snapshot, snapshot.everything, 0, 1)), None)
