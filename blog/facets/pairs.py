"""Pairs of tags that say something: those that keep company more than chance would, and those on the rise.

Every pair of the biggest tags is counted in one pass of numpy over the entries' tags, whose time grows with
the pairs that there are on entries, and not with the pairs that there could be.
"""

from __future__ import annotations

from collections import Counter
from math import isqrt
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from blog.facets.rows import Ids
    from blog.facets.snapshot import Snapshot

# Of this many tags, those on most entries, the pairs are looked at: 45 thousand.
_TAGS: Final = 300
_KEPT: Final = 8
# A tag shows up in no more pairs than this, or one busy tag would be all there is to see.
_EACH: Final = 2
# Where so much of the smaller tag lies in the larger, it is a part of it, and nobody is surprised.
_PART: Final = 0.8
_RECENT_MONTHS: Final = 12
_SURPRISING_FROM: Final = 2.0
_RISING_FROM: Final = 1.5


class Pair(NamedTuple):
    """Two tag ids, on how many entries they are together, and how many times what was to be expected that is.

    For a rising pair ``entries`` are those of the last twelve months, and it was expected to go on as before.
    """

    first: int
    second: int
    entries: int
    lift: float


class TellingPairs(NamedTuple):
    """What ``telling_pairs`` finds, the most telling first."""

    surprising: tuple[Pair, ...]
    rising: tuple[Pair, ...]


def telling_pairs(snapshot: Snapshot) -> TellingPairs:
    """Return the pairs of tags that are together far more than by chance, and those that have become so."""
    tags = snapshot.tags_by_size[:_TAGS]
    public = snapshot.rows.public()
    months = snapshot.rows.columns.months[public]
    recent = public[months > (months.max(initial=0) - _RECENT_MONTHS)]
    all_of, recent_of = _counted(snapshot, tags, public), _counted(snapshot, tags, recent)
    return TellingPairs(
        _surprising(tags, snapshot.tags.sizes[tags], all_of, len(public)),
        _rising(tags, all_of - recent_of, recent_of, len(public) - len(recent), len(recent)),
    )


def _counted(snapshot: Snapshot, tags: NDArray[np.int64], ids: Ids) -> NDArray[np.int64]:
    """Count on how many of the entries each two of these tags are together: above the diagonal, by place."""
    places = np.full(len(snapshot.tags.sizes), -1, np.int32)
    places[tags] = np.arange(len(tags))
    found = places[snapshot.rows.tags_of(ids)]
    entries = np.repeat(np.arange(len(ids)), snapshot.rows.columns.tag_counts[ids])
    found, entries = found[found >= 0], entries[found >= 0]
    together = np.zeros(len(tags) ** 2, np.int64)
    # One entry's tags lie side by side: each is paired with the next one, then with the one after that.
    at = np.arange(len(found) - 1) if len(found) else np.zeros(0, np.int64)
    for apart in range(1, len(found)):
        at = at[at < len(found) - apart]
        at = at[entries[at] == entries[at + apart]]
        if not len(at):
            break
        low, high = np.minimum(found[at], found[at + apart]), np.maximum(found[at], found[at + apart])
        together += np.bincount(low.astype(np.int64) * len(tags) + high, minlength=len(together))
    return together.reshape(len(tags), len(tags))


def _surprising(
    tags: NDArray[np.int64], sizes: NDArray[np.int32], together: NDArray[np.int64], total: int
) -> tuple[Pair, ...]:
    first, second = np.nonzero(together >= _least(total))
    counts = together[first, second]
    lifts = counts / (sizes[first] * (sizes[second] / max(1, total)))
    is_part = counts > _PART * np.minimum(sizes[first], sizes[second])
    telling = np.flatnonzero((lifts >= _SURPRISING_FROM) & ~is_part)
    return _best(_pairs(tags, first[telling], second[telling], counts[telling], lifts[telling]))


def _rising(
    tags: NDArray[np.int64],
    before: NDArray[np.int64],
    recent: NDArray[np.int64],
    total_before: int,
    total_recent: int,
) -> tuple[Pair, ...]:
    if not total_before:
        return ()
    first, second = np.nonzero(recent >= _least(total_recent))
    counts = recent[first, second]
    # One more than there were: a pair that is new has not risen infinitely.
    expected = (before[first, second] + 1) / (total_before + 1) * total_recent
    lifts = counts / expected
    telling = np.flatnonzero(lifts >= _RISING_FROM)
    return _best(_pairs(tags, first[telling], second[telling], counts[telling], lifts[telling]))


def _least(total: int) -> int:
    """On how many entries of so many two tags have to be together to mean anything."""
    return max(3, isqrt(total) // 10)


def _pairs(
    tags: NDArray[np.int64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    counts: NDArray[np.int64],
    lifts: NDArray[np.float64],
) -> list[Pair]:
    order = np.lexsort((second, first, -counts, -lifts))
    columns = (tags[first[order]], tags[second[order]], counts[order], lifts[order])
    return [Pair(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _best(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The first of them, none of whose tags is in many others."""
    seen: Counter[int] = Counter()
    best: list[Pair] = []
    for pair in pairs:
        if len(best) == _KEPT:
            break
        if max(seen[pair.first], seen[pair.second]) < _EACH:
            seen.update((pair.first, pair.second))
            best.append(pair)
    return tuple(best)
