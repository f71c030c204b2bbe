"""Everything about the entries of a generated blog but their texts, in arrays by entry id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.blogs.days import draw_times, order_of_import
from benchmarks.blogs.draws import by_percentiles, dealt, drawn
from benchmarks.blogs.tagging import draw_tags

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from benchmarks.blogs.figures import Figures
    from benchmarks.blogs.tagging import Tagging


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Entry ``id`` is at ``id - 1``. Numbers of domains, sources and series count from 0; -1 is none.

    The tags of an entry are ``tags[tag_starts[at]:tag_starts[at + 1]]``, as ids from 1.
    """

    kinds: NDArray[np.int64]
    times: NDArray[np.int64]
    tags: NDArray[np.int64]
    tag_starts: NDArray[np.int64]
    words: NDArray[np.int64]
    title_words: NDArray[np.int64]
    domains: NDArray[np.int64]
    has_via: NDArray[np.bool_]
    sources: NDArray[np.int64]
    series: NDArray[np.int64]
    series_orders: NDArray[np.int64]

    def count(self, name: str) -> int:
        """How many different tags, domains, sources or series there are."""
        numbers: NDArray[np.int64] = getattr(self, name)
        return int(numbers.max(initial=-1 if name != "tags" else 0)) + (name != "tags")


def draw_plan(figures: Figures, seed: int, count: int) -> Plan:
    """Draw a blog of ``count`` entries."""
    random = np.random.default_rng([seed, 1])
    tagging = draw_tags(figures, random, count)
    order = order_of_import(random, count)
    kinds = tagging.kinds[order]
    tags, starts = _tags_by_id(tagging, order)
    times = draw_times(figures, random, count)[order]
    series, series_orders = _series(figures, random, kinds, times)
    return Plan(
        kinds=kinds,
        times=times,
        tags=tags,
        tag_starts=starts,
        words=_lengths(figures, random, kinds, "words"),
        title_words=_lengths(figures, random, kinds, "title_words"),
        domains=_domains(figures, random, kinds),
        has_via=random.random(count) < _of_kind(figures, kinds, "via"),
        sources=_sources(figures, random, kinds),
        series=series,
        series_orders=series_orders,
    )


def _tags_by_id(tagging: Tagging, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The tags of the entries in the order of import; a tag gets its id when it is first used."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    owners = place[tagging.entries]
    by_owner = np.argsort(owners, kind="stable")
    owners, tags = owners[by_owner], tagging.tags[by_owner]
    used, first, numbers = np.unique(tags, return_index=True, return_inverse=True)
    ids = np.empty(len(used), np.int64)
    ids[np.argsort(first)] = np.arange(1, len(used) + 1)
    starts = np.searchsorted(owners, np.arange(len(order) + 1))
    return ids[numbers], starts.astype(np.int64)


def _of_kind(figures: Figures, kinds: NDArray[np.int64], name: str) -> NDArray[np.float64]:
    """A figure of the kind of each entry."""
    values = np.array([getattr(kind, name) for kind in figures.kinds.values()], np.float64)
    chosen: NDArray[np.float64] = values[kinds]
    return chosen


def _lengths(figures: Figures, random: Generator, kinds: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    lengths = np.zeros(len(kinds), np.int64)
    for number, kind in enumerate(figures.kinds.values()):
        of_kind = np.nonzero(kinds == number)[0]
        lengths[of_kind] = by_percentiles(random, getattr(kind, name), len(of_kind))
    return lengths


def _domains(figures: Figures, random: Generator, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    linked = np.nonzero(random.random(len(kinds)) < _of_kind(figures, kinds, "linked"))[0]
    domains = np.full(len(kinds), -1, np.int64)
    domains[linked] = dealt(random, figures.domains.sizes(len(linked)))
    return domains


def _sources(figures: Figures, random: Generator, kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    sources = np.full(len(kinds), -1, np.int64)
    before = 0
    for number, kind in enumerate(figures.kinds.values()):
        if kind.sources:
            of_kind = np.nonzero(kinds == number)[0]
            sources[of_kind] = before + drawn(random, kind.sources, len(of_kind))
            before += len(kind.sources)
    return sources


def _series(
    figures: Figures, random: Generator, kinds: NDArray[np.int64], times: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The series of the entries that are in one, and their places in it, by date."""
    series = np.full(len(kinds), -1, np.int64)
    orders = series.copy()
    members = np.nonzero(random.random(len(kinds)) < _of_kind(figures, kinds, "in_series"))[0]
    members = members[np.argsort(times[members], kind="stable")]
    length = max(1, round(figures.series_length))
    series[members] = np.arange(len(members)) // length
    orders[members] = np.arange(len(members)) % length + 1
    return series, orders
