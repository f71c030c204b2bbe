"""Counting facets: for a set of entries, how many of them each tag, kind, month or source holds.

There are two ways, and both give the same answer in the same order. *Forward*: look up what each entry
has, and count that, in one pass of numpy; its time grows with the entries. *By bitmaps*: intersect the
entries with each set; its time grows with the sets. Where they cross was measured: docs/decisions/0010.
"""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

from blog.facets.rows import KINDS, as_array, month_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import NDArray
    from pyroaring import BitMap

    from blog.domain.entry import Kind
    from blog.facets.snapshot import Snapshot

_Key = TypeVar("_Key")
Months = dict[tuple[int, int], int]

# Up to so many entries, and up to this share of all, tags are counted forward, and beyond by bitmaps:
# where one entry in sixteen matches, a bitmap is one of bits and no more one of lists of ids, and
# intersecting it takes a tenth of the time.
_TAGS_FORWARD: Final = 10_000
_TAGS_FORWARD_SHARE: Final = 16
# The same for kinds and sources, which are few sets, and for months, which are some hundreds.
_FEW_FORWARD: Final = 5_000
_MONTHS_FORWARD: Final = 200_000
# Up to so many numbers it is quicker to sort them than to count them in an array as long as the highest.
_SORTED: Final = 4_096


class TagCount(NamedTuple):
    """A tag id and how many of the entries carry it."""

    tag: int
    entries: int


def top_tags(snapshot: Snapshot, matches: BitMap, skip: Collection[int], limit: int = 40) -> list[TagCount]:
    """Return the tags that most of the matches carry, exactly, the most frequent first.

    Equal counts are ordered by the tag's size in the whole blog, then by its id, whichever
    way they were counted. ``skip`` are tag ids to leave out.
    """
    if len(matches) <= max(_TAGS_FORWARD, len(snapshot.everything) // _TAGS_FORWARD_SHARE):
        return _count_forward(snapshot, matches, skip, limit)
    return _count_by_bitmaps(snapshot, matches, skip, limit)


def _count_forward(snapshot: Snapshot, matches: BitMap, skip: Collection[int], limit: int) -> list[TagCount]:
    tags, counts = _tallied(snapshot.rows.tags_of(as_array(matches)))
    if skip:
        kept = ~np.isin(tags, list(skip))
        tags, counts = tags[kept], counts[kept]
    if len(tags) > limit:
        # Only those that count as much as the last of the best can be among them.
        kept = counts >= np.partition(counts, -limit)[-limit]
        tags, counts = tags[kept], counts[kept]
    best = np.lexsort((tags, -snapshot.tags.sizes[tags], -counts))[:limit]
    return [TagCount(*pair) for pair in zip(tags[best].tolist(), counts[best].tolist(), strict=True)]


def _tallied(numbers: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The different numbers, ascending, and how often each occurs."""
    if len(numbers) <= _SORTED:
        return np.unique(numbers, return_counts=True)
    counts = np.bincount(numbers)
    found = np.flatnonzero(counts)
    return found, counts[found]


def frequent_tags(snapshot: Snapshot, matches: BitMap) -> list[TagCount]:
    """Return the tags that are on enough of the matches to be telling, in the order of tag ids."""
    tags, counts = _tallied(snapshot.rows.tags_of(as_array(matches)))
    frequent = counts >= _telling_from(len(matches))
    tags, counts = tags[frequent], counts[frequent]
    return [TagCount(*pair) for pair in zip(tags.tolist(), counts.tolist(), strict=True)]


def _count_by_bitmaps(snapshot: Snapshot, matches: BitMap, skip: Collection[int], limit: int) -> list[TagCount]:
    """Visit tags from the biggest down; stop when the next cannot beat the worst that is kept."""
    kept: list[tuple[int, int, int]] = []  # (count, size, -tag): the heap's first is the worst
    for tag in map(int, snapshot.tags_by_size):
        size = snapshot.tags.size(tag)
        if len(kept) == limit and size < kept[0][0]:
            break
        count = 0 if tag in skip else matches.intersection_cardinality(snapshot.tags[tag])
        candidate = (count, size, -tag)
        if not count:
            continue
        if len(kept) < limit:
            heapq.heappush(kept, candidate)
        elif candidate > kept[0]:
            heapq.heapreplace(kept, candidate)
    return [TagCount(-tag, count) for count, _, tag in sorted(kept, reverse=True)]


def telling_tags(
    snapshot: Snapshot, matches: BitMap, counts: list[TagCount], limit: int = 10
) -> list[tuple[TagCount, float]]:
    """Order tags by lift: their share in the matches over their share in the whole blog.

    A tag that occurs once or twice beside them says little, however rare it is, so a tag
    must be on one match in fifty, and on two at the least. Those that are no more frequent
    here than everywhere are left out.
    """
    found = len(matches)
    if not found:
        return []
    least = _telling_from(found)
    all_entries = len(snapshot.everything)
    lifts = [
        (counted, (counted.entries / found) / (snapshot.tags.size(counted.tag) / all_entries))
        for counted in counts
        if counted.entries >= least
    ]
    lifts.sort(key=lambda pair: (-pair[1], -pair[0].entries, pair[0].tag))
    return [pair for pair in lifts if pair[1] > 1.2][:limit]


def _telling_from(found: int) -> int:
    return max(2, found // 50)


def count_kinds(snapshot: Snapshot, matches: BitMap) -> dict[Kind, int]:
    """How many of the matches are of each kind, the most frequent first, none without."""
    codes = snapshot.rows.columns.kinds
    return _sizes(snapshot.kinds, matches, codes, lambda code: KINDS[code - 1])


def count_sources(snapshot: Snapshot, matches: BitMap) -> dict[int, int]:
    """How many of the matches are in each source, by its id, the most frequent first, none without."""
    # One that is in several counts for each of them.
    several = matches & snapshot.in_several_sources
    more = Counter(source for entry in several for source in snapshot.rows.also[entry])
    return _sizes(snapshot.sources, matches, snapshot.rows.columns.sources, int, more)


def _sizes(
    bitmaps: Mapping[_Key, BitMap],
    matches: BitMap,
    column: NDArray[Any],
    key: Callable[[int], _Key],
    more: Mapping[_Key, int] | None = None,
) -> dict[_Key, int]:
    """How many of the matches have each value; ``more`` are those that the column does not tell of."""
    if len(matches) <= _FEW_FORWARD:
        numbers, counted = _tallied(column[as_array(matches)])
        pairs = zip(numbers.tolist(), counted.tolist(), strict=True)
        counts = Counter({key(number): count for number, count in pairs if number})
        counts.update(more or {})
    else:
        counts = Counter({key: matches.intersection_cardinality(bitmap) for key, bitmap in bitmaps.items()})
    return {key: count for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count}


def count_months(snapshot: Snapshot, matches: BitMap) -> Months:
    """How many of the matches lie in each (year, month), newest first, none without."""
    if len(matches) == len(snapshot.everything):
        return snapshot.month_sizes
    if len(matches) <= _MONTHS_FORWARD:
        numbers, counts = _tallied(snapshot.rows.columns.months[as_array(matches)])
        pairs = zip(numbers[::-1].tolist(), counts[::-1].tolist(), strict=True)
        return {month_of(number): count for number, count in pairs}
    found = {
        month: matches.intersection_cardinality(snapshot.months[month])
        for month in snapshot.months_newest_first
    }
    return {month: count for month, count in found.items() if count}


def count_days(snapshot: Snapshot, matches: BitMap) -> dict[int, int]:
    """How many of the matches lie on each day, as ``date.toordinal()``, oldest first, none without."""
    days, counts = _tallied(snapshot.rows.columns.days[as_array(matches)])
    return dict(zip(days.tolist(), counts.tolist(), strict=True))


def count_years(months: Mapping[tuple[int, int], int]) -> dict[int, int]:
    """Add up what ``count_months`` found, by year, newest first."""
    years: Counter[int] = Counter()
    for (year, _), count in months.items():
        years[year] += count
    return dict(years)
