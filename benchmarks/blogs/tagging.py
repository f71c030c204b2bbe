"""Which tags each entry carries: a model of the tags that occur together.

The *head* are the biggest tags, known one by one; the *tail* are all others, a number of tags
that grows by Heaps' law. An entry is of a kind, and its kind says how many tags of the head
and of the tail it has. Then:

1. A seed is drawn from the head, by how frequent each tag is on entries of this kind.
2. Companions come one by one: one of the tags that are there already is picked, and another
   is drawn by how often the two stood together in the corpus, and taken the likelier the more
   of those present it stood beside there; or, as often as pairs stood together only once,
   whichever the kind makes likely.
3. Each tag of the tail has a home: a tag of the head beside which it is mostly found. The
   entries of one home are ordered roughly by date, and the tail's tags are dealt out to them
   in runs as long as each tag is frequent: first a tag for each entry, then a second one. So
   a rare tag has its years, and rare tags that were together once are together again. Some of
   what was dealt (a quarter) is shuffled among all entries.

How often each tag of the tail is used is exact, so their number is too, and so is the share of
those used once. What is lost: tags beyond their pairs (three that always come together), and
that the big tags of the corpus have their years, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.blogs.draws import drawn

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from benchmarks.blogs.figures import Figures

_TRIES: Final = 6
_TRIAL: Final = 50_000
_ROUNDS: Final = 4
# Tags that nearly always stand together would part too often if companions, drawn one by one, came
# in proportion. With this power the hundred most frequent pairs are at four fifths of what they were.
_CLOSER: Final = 1.75
_SHUFFLED: Final = 0.25
# The years of a rare tag, as a share of the blog's.
_YEARS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Tagging:
    """``kinds`` by entry, as the number of the kind; (entry, tag) pairs in two arrays, sorted."""

    kinds: NDArray[np.int64]
    entries: NDArray[np.int64]
    tags: NDArray[np.int64]
    tag_count: int


def draw_tags(figures: Figures, random: Generator, count: int) -> Tagging:
    """Give ``count`` entries, the oldest first, a kind and tags; those of the head are 0, 1, ... by rank."""
    kinds = _kinds(figures, random, count)
    heads, tails = _how_many(figures, random, kinds)
    head = _head_tags(figures, random, kinds, heads)
    owners, columns = np.nonzero(head >= 0)
    tail_owners, tail = _tail_tags(figures, random, head, tails)
    size = len(figures.tags.head)
    tag_count = size + int(tail.max(initial=-1)) + 1
    keys = np.unique(
        np.concatenate((owners * tag_count + head[owners, columns], tail_owners * tag_count + size + tail))
    )
    return Tagging(kinds, keys // tag_count, keys % tag_count, tag_count)


def _kinds(figures: Figures, random: Generator, count: int) -> NDArray[np.int64]:
    return drawn(random, [kind.entries for kind in figures.kinds.values()], count)


def _how_many(
    figures: Figures, random: Generator, kinds: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many tags of the head, and of the tail, each entry has."""
    both = np.zeros((len(kinds), 2), np.int64)
    for number, kind in enumerate(figures.kinds.values()):
        of_kind = np.nonzero(kinds == number)[0]
        rows = np.array(kind.tag_counts)
        both[of_kind] = rows[drawn(random, rows[:, 2], len(of_kind)), :2]
    return both[:, 0], both[:, 1]


def _head_tags(
    figures: Figures, random: Generator, kinds: NDArray[np.int64], heads: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The tags of the head, in as many columns as the fullest entry has; -1 where there is none.

    Companions make the biggest tags too frequent or too rare for what the kind has of them, so
    some trials come first, and seeds are weighted until it comes out right.
    """
    company = _Company(figures, random)
    wanted = np.array([kind.head for kind in figures.kinds.values()], np.float64)
    weights = wanted.copy()
    for _ in range(_ROUNDS):
        trial = company.draw(kinds[:_TRIAL], heads[:_TRIAL], _Rows(weights))
        weights *= _wanted_to_found(wanted, trial, kinds[:_TRIAL])
    return company.draw(kinds, heads, _Rows(weights))


def _wanted_to_found(
    wanted: NDArray[np.float64], chosen: NDArray[np.int64], kinds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How much more often each kind should have had each tag, as a factor."""
    owners, columns = np.nonzero(chosen >= 0)
    found = np.zeros_like(wanted)
    np.add.at(found, (kinds[owners], chosen[owners, columns]), 1)
    expected = wanted * (found.sum(axis=1) / wanted.sum(axis=1))[:, None]
    # One more on both sides: what is rare may not have come at all, by chance.
    factors: NDArray[np.float64] = (expected + 1) / (found + 1)
    return factors


class _Company:
    """Draws tags of the head that stand together."""

    def __init__(self, figures: Figures, random: Generator) -> None:
        size = len(figures.tags.head)
        self._together = np.zeros((size, size))
        first, second, count = np.array(figures.pairs).T
        self._together[first, second] = self._together[second, first] = count
        # A tag that never stood beside one of the head twice takes its company by size.
        self._together[self._together.sum(axis=1) == 0] = figures.tags.head
        self._beside = _Rows(self._together**_CLOSER)
        self._chance = figures.chance
        self._random = random

    def draw(self, kinds: NDArray[np.int64], heads: NDArray[np.int64], seeds: _Rows) -> NDArray[np.int64]:
        """Give each entry as many tags as ``heads`` says; ``seeds`` are drawn by kind."""
        chosen = np.full((len(kinds), int(heads.max(initial=0)) or 1), -1, np.int64)
        for column in range(chosen.shape[1]):
            without = np.nonzero(heads > column)[0]
            for _ in range(_TRIES):
                drawn = seeds.draw(self._random, kinds[without])
                fits = np.ones(len(without), bool)
                if column:
                    drawn, fits = self._companions(chosen[without, :column], drawn)
                chosen[without[fits], column] = drawn[fits]
                # Those for whom it does not fit draw again; after some tries they have one tag less.
                without = without[~fits]
        return chosen

    def _companions(
        self, present: NDArray[np.int64], seeds: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """One more tag for each row of those present, and whether it goes with them."""
        count = len(seeds)
        one = present[np.arange(count), self._random.integers(0, present.shape[1], count)]
        by_chance = (self._random.random(count) < self._chance) | (one < 0)
        drawn = np.where(by_chance, seeds, self._beside.draw(self._random, one.clip(0)))
        known = ((self._together[present, drawn[:, None]] > 0) & (present >= 0)).sum(axis=1)
        share = known / np.maximum(1, (present >= 0).sum(axis=1))
        fits = by_chance | (self._random.random(count) < share)
        return drawn, fits & (present != drawn[:, None]).all(axis=1)


class _Rows:
    """Draws a column, given the row, by the weights in that row of a matrix."""

    def __init__(self, weights: NDArray[np.float64]) -> None:
        shares = np.cumsum(weights, axis=1)
        shares /= shares[:, -1:]
        # The sums of row n lie between n and n + 1, so that one sorted array holds all rows.
        self._sums = (shares + np.arange(len(weights))[:, None]).ravel()
        self._columns = weights.shape[1]

    def draw(self, random: Generator, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        found = np.searchsorted(self._sums, rows + random.random(len(rows)), side="right")
        columns: NDArray[np.int64] = (found - rows * self._columns).clip(0, self._columns - 1)
        return columns


def _tail_tags(
    figures: Figures, random: Generator, head: NDArray[np.int64], tails: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of (entry, tag of the tail), as two arrays."""
    owners = np.repeat(np.arange(len(tails)), tails)
    if not len(owners):
        return owners, owners
    nth = np.arange(len(owners)) - np.repeat(np.cumsum(tails) - tails, tails)
    columns = random.integers(0, np.maximum(1, (head >= 0).sum(axis=1)))
    home = head[np.arange(len(head)), columns]
    roughly_when = np.arange(len(tails)) + random.normal(0, len(tails) * _YEARS, len(tails))
    deal = np.lexsort((roughly_when[owners], nth, home[owners]))
    total = len(owners) + int((head >= 0).sum())
    sizes = figures.tags.tail(total, len(owners))
    order = random.permutation(len(sizes))
    tags = np.repeat(order, sizes[order])
    moved = np.nonzero(random.random(len(tags)) < _SHUFFLED)[0]
    tags[moved] = tags[random.permutation(moved)]
    return owners[deal], tags
