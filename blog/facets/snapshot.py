"""A snapshot: every facet of every public entry, as of one change of the log.

Nothing in a snapshot is ever changed, so a request that took one sees a blog that agrees
with itself, whatever is written meanwhile. The bitmaps hold entry ids; treat them as
frozen: combine them with operators that make new ones, never with in-place ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pyroaring import BitMap

from blog.facets.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blog.domain.entry import Kind
    from blog.facets.names import Names

EMPTY = BitMap()


@dataclass(frozen=True)
class Snapshot:
    """Bitmaps of entry ids by tag id, kind, source id, series id, domain and (year, month).

    ``position`` is the last change it holds and ``moved`` when the public blog last changed,
    by a write or by a scheduled entry's time coming; ``upcoming`` are the scheduled entries,
    as (time, id), soonest first. Times are microseconds since 1970.
    """

    position: int
    names: Names
    rows: Rows
    everything: BitMap
    tags: Mapping[int, BitMap]
    kinds: Mapping[Kind, BitMap]
    sources: Mapping[int, BitMap]
    series: Mapping[int, BitMap]
    domains: Mapping[str, BitMap]
    months: Mapping[tuple[int, int], BitMap]
    upcoming: tuple[tuple[int, int], ...] = ()
    moved: int = 0

    @cached_property
    def months_newest_first(self) -> tuple[tuple[int, int], ...]:
        """The months that have entries."""
        return tuple(sorted(self.months, reverse=True))

    @cached_property
    def tags_by_size(self) -> tuple[tuple[int, int], ...]:
        """(tag id, number of entries), the biggest first, unused ones left out."""
        sizes = ((tag, len(bitmap)) for tag, bitmap in self.tags.items())
        return tuple(sorted(sizes, key=lambda pair: (-pair[1], pair[0])))

    @cached_property
    def display_names(self) -> dict[str, str]:
        """What ``Filter.title`` needs to speak of tags, sources and series by their names."""
        return self.names.display()

    def tag(self, slug: str) -> BitMap:
        """The entries of a tag; empty for a tag that is on none, or is none."""
        named = self.names.tags.get(slug)
        return EMPTY if named is None else self.tags.get(named.id, EMPTY)


def empty_snapshot(names: Names) -> Snapshot:
    """The snapshot of a blog with no entry."""
    return Snapshot(0, names, Rows(), BitMap(), {}, {}, {}, {}, {}, {})
