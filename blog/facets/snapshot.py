"""A snapshot: every facet of every public entry, as of one change of the log.

Nothing in a snapshot is ever changed, so a request that took one sees a blog that agrees
with itself, whatever is written meanwhile. The bitmaps hold entry ids; treat them as
frozen: combine them with operators that make new ones, never with in-place ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pyroaring import BitMap

from blog.facets.late import LateTags
from blog.facets.pairs import TellingPairs, telling_pairs
from blog.facets.rows import Hosts, Rows
from blog.facets.sets import EMPTY, HostSets, Sets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from blog.domain.entry import Kind
    from blog.facets.names import Names


def _no_sets() -> Sets:
    return Sets.of_pairs(np.zeros(0, np.int32), np.zeros(0, np.uint32))


@dataclass(frozen=True)
class Snapshot:
    """Bitmaps of entry ids by tag id, kind, source id, series id, domain and (year, month).

    ``position`` is the last change it holds and ``changed`` when that was made; ``moved`` is when
    the public blog last changed, by a write or by a scheduled entry's time coming; ``upcoming`` are
    the scheduled entries, as (time, id), soonest first; ``late`` says which tags came after readers had
    seen the entry. Times are microseconds since 1970.
    """

    names: Names
    position: int = 0
    changed: int = 0
    moved: int = 0
    rows: Rows = field(default_factory=Rows)
    everything: BitMap = field(default_factory=BitMap)
    tags: Sets = field(default_factory=_no_sets)
    kinds: Mapping[Kind, BitMap] = field(default_factory=dict)
    sources: Mapping[int, BitMap] = field(default_factory=dict)
    series: Mapping[int, BitMap] = field(default_factory=dict)
    domains: HostSets = field(default_factory=lambda: HostSets(Hosts(), _no_sets()))
    months: Mapping[tuple[int, int], BitMap] = field(default_factory=dict)
    upcoming: tuple[tuple[int, int], ...] = ()
    late: LateTags = field(default_factory=LateTags)

    @property
    def state(self) -> tuple[int, int, int]:
        """What is another value whenever the blog is another one, for whoever keeps what is made of it.

        It is the same in every process that reads the same blog.
        """
        return self.position, self.changed, len(self.upcoming)

    @cached_property
    def in_several_sources(self) -> BitMap:
        """The entries that are in more sources than their own."""
        return BitMap(list(self.rows.also))

    @cached_property
    def months_newest_first(self) -> tuple[tuple[int, int], ...]:
        """The months that have entries."""
        return tuple(sorted(self.months, reverse=True))

    @cached_property
    def month_sizes(self) -> dict[tuple[int, int], int]:
        """How many entries each month has, newest first."""
        return {month: len(self.months[month]) for month in self.months_newest_first}

    @cached_property
    def tags_by_size(self) -> NDArray[np.int64]:
        """The ids of the tags that are in use, the one on most entries first."""
        return self.tags.by_size()

    @cached_property
    def tags_by_name(self) -> tuple[int, ...]:
        """The ids of the tags that are in use, in the order of their names."""
        names = self.names.tags_by_id
        return tuple(sorted(self.tags, key=lambda tag: names[tag].name.casefold()))

    @cached_property
    def telling_pairs(self) -> TellingPairs:
        """The pairs of tags that say something, counted when they are first asked for."""
        return telling_pairs(self)

    @property
    def display_names(self) -> Mapping[str, str]:
        """What ``Filter.title`` needs to speak of tags, sources and series by their names."""
        return self.names.display

    def tag(self, slug: str) -> BitMap:
        """The entries of a tag; empty for a tag that is on none, or is none."""
        named = self.names.tags.get(slug)
        return EMPTY if named is None else self.tags.get(named.id, EMPTY)
