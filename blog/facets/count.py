"""Counting facets: for a set of entries, how many of them each tag, kind, month or source holds."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pyroaring import BitMap

    from blog.domain.entry import Kind
    from blog.facets.snapshot import Snapshot

# Below this many entries it is cheaper to count their tags one by one than to intersect
# with the biggest tags; benchmarks/facets.py finds the crossing.
_COUNT_FORWARD: Final = 3_000


_Key = TypeVar("_Key")


class TagCount(NamedTuple):
    """A tag id and how many of the entries carry it."""

    tag: int
    entries: int


def top_tags(snapshot: Snapshot, matches: BitMap, skip: Collection[int], limit: int = 40) -> list[TagCount]:
    """Return the tags that most of the matches carry, exactly, the most frequent first.

    Equal counts are ordered by the tag's size in the whole blog, then by its id, whichever
    way they were counted. ``skip`` are tag ids to leave out.
    """
    if len(matches) <= _COUNT_FORWARD:
        return _count_forward(snapshot, matches, skip, limit)
    return _count_by_bitmaps(snapshot, matches, skip, limit)


def _count_forward(snapshot: Snapshot, matches: BitMap, skip: Collection[int], limit: int) -> list[TagCount]:
    counts = count_tags(snapshot, matches)
    for tag in skip:
        counts.pop(tag, None)
    best = heapq.nsmallest(
        limit, counts.items(), key=lambda item: (-item[1], -len(snapshot.tags[item[0]]), item[0])
    )
    return [TagCount(tag, count) for tag, count in best]


def count_tags(snapshot: Snapshot, matches: BitMap) -> Counter[int]:
    """Count every tag of the matches, entry by entry."""
    counts: Counter[int] = Counter()
    tags = snapshot.rows.tags
    for entry_id in matches:
        counts.update(tags(entry_id))
    return counts


def _count_by_bitmaps(snapshot: Snapshot, matches: BitMap, skip: Collection[int], limit: int) -> list[TagCount]:
    """Visit tags from the biggest down; stop when the next cannot beat the worst that is kept."""
    kept: list[tuple[int, int, int]] = []  # (count, size, -tag): the heap's first is the worst
    for tag, size in snapshot.tags_by_size:
        if len(kept) == limit and size < kept[0][0]:
            break
        if tag in skip:
            continue
        count = matches.intersection_cardinality(snapshot.tags[tag])
        if not count:
            continue
        candidate = (count, size, -tag)
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
    least = max(2, found // 50)
    all_entries = len(snapshot.everything)
    lifts = [
        (counted, (counted.entries / found) / (len(snapshot.tags[counted.tag]) / all_entries))
        for counted in counts
        if counted.entries >= least
    ]
    lifts.sort(key=lambda pair: (-pair[1], -pair[0].entries, pair[0].tag))
    return [pair for pair in lifts if pair[1] > 1.2][:limit]


def count_kinds(snapshot: Snapshot, matches: BitMap) -> dict[Kind, int]:
    """How many of the matches are of each kind, the most frequent first, none without."""
    return _sizes(snapshot.kinds, matches)


def count_sources(snapshot: Snapshot, matches: BitMap) -> dict[int, int]:
    """How many of the matches come from each source id, the most frequent first, none without."""
    return _sizes(snapshot.sources, matches)


def _sizes(bitmaps: Mapping[_Key, BitMap], matches: BitMap) -> dict[_Key, int]:
    counts = {key: matches.intersection_cardinality(bitmap) for key, bitmap in bitmaps.items()}
    return {key: count for key, count in sorted(counts.items(), key=lambda item: -item[1]) if count}


def count_months(snapshot: Snapshot, matches: BitMap) -> dict[tuple[int, int], int]:
    """How many of the matches lie in each (year, month), newest first, none without."""
    left = len(matches)
    counts: dict[tuple[int, int], int] = {}
    for month in snapshot.months_newest_first:
        if not left:
            break
        count = matches.intersection_cardinality(snapshot.months[month])
        if count:
            counts[month] = count
            left -= count
    return counts


def count_years(months: Mapping[tuple[int, int], int]) -> dict[int, int]:
    """Add up what ``count_months`` found, by year, newest first."""
    years: Counter[int] = Counter()
    for (year, _), count in months.items():
        years[year] += count
    return dict(years)
