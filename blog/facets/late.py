"""Tags that entries got after readers first saw them, and when an entry entered a filter by that.

There are few of them beside all tags that there are, so they lie in a table of their own. Most filters
have none among their tags, and then an entry entered when it was published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from pyroaring import BitMap

from blog.facets.rows import as_array, as_bitmap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from blog.domain.filters import Filter
    from blog.facets.rows import Ids
    from blog.facets.snapshot import Snapshot

Triple = tuple[int, int, int]
_NEVER: Final = np.iinfo(np.int64).max


class Late(NamedTuple):
    """Entries, each once, with when something happened to them, in microseconds since 1970."""

    ids: Ids
    times: NDArray[np.int64]


_NONE: Final = Late(np.zeros(0, np.uint32), np.zeros(0, np.int64))


class LateTags:
    """When entries got the tags that came late, in the order of tags; never changed."""

    __slots__ = ("_ids", "_tags", "_times")

    def __init__(self, triples: NDArray[np.int64] | None = None) -> None:
        """Take lines of an entry, a tag and a time."""
        found = np.zeros((0, 3), np.int64) if triples is None else triples
        found = found[np.lexsort((found[:, 0], found[:, 1]))]
        self._tags = found[:, 1]
        self._ids = found[:, 0].astype(np.uint32)
        self._times = found[:, 2]

    def __len__(self) -> int:
        return len(self._ids)

    def of(self, tag: int) -> Late:
        """Return the entries that got a tag late, ascending."""
        start, end = np.searchsorted(self._tags, (tag, tag + 1))
        return Late(self._ids[start:end], self._times[start:end])

    def changed(self, entry_ids: Collection[int], triples: Sequence[Triple]) -> LateTags:
        """Return them with these in the place of all that there is of some entries."""
        gone = np.isin(self._ids, np.fromiter(entry_ids, np.uint32, len(entry_ids)))
        if not triples and not gone.any():
            return self
        kept = np.column_stack((self._ids, self._tags, self._times))[~gone]
        return LateTags(np.concatenate((kept, np.array(triples, np.int64).reshape(-1, 3))))


def late_entries(snapshot: Snapshot, wanted: Filter, matches: BitMap) -> Late:
    """Return those of the matches that entered the filter after they were published, the last one first.

    An entry is in a filter once it has all the tags that must be there, and one of each group. Of equal
    times the entry published later comes first.
    """
    if not len(snapshot.late):
        return _NONE
    parts = [_of_tag(snapshot, slug) for slug in wanted.tags]
    parts += [_of_group(snapshot, group) for group in wanted.any_of]
    inside = as_array(matches & BitMap.union(*(as_bitmap(part.ids) for part in parts), BitMap()))
    if not len(inside):
        return _NONE
    times = _together(inside, parts, np.maximum, 0)
    stamps = snapshot.rows.columns.stamps[inside]
    order = np.lexsort((inside, stamps, times))[::-1]
    order = order[times[order] > stamps[order]]
    return Late(inside[order], times[order])


def _of_tag(snapshot: Snapshot, slug: str) -> Late:
    named = snapshot.names.tags.get(slug)
    return snapshot.late.of(named.id) if named else _NONE


def _of_group(snapshot: Snapshot, group: Iterable[str]) -> Late:
    """The entries that got every tag of the group that they have late, with when they got the first."""
    parts = {slug: _of_tag(snapshot, slug) for slug in group}
    late = {slug: as_bitmap(part.ids) for slug, part in parts.items()}
    prompt = BitMap.union(*(snapshot.tag(slug) - late[slug] for slug in late))
    ids = as_array(BitMap.union(*late.values()) - prompt)
    return Late(ids, _together(ids, parts.values(), np.minimum, _NEVER))


def _together(ids: Ids, parts: Iterable[Late], first_or_last: np.ufunc, start: int) -> NDArray[np.int64]:
    """The first or the last of the times that the parts have for each of these entries, ascending."""
    times = np.full(len(ids), start, np.int64)
    for part in parts:
        known = np.isin(part.ids, ids)
        places = np.searchsorted(ids, part.ids[known])
        first_or_last.at(times, places, part.times[known])
    return times
