"""What is best: BM25F over the title and the whole text, and likeness by telling words.

BM25F adds up how often a word stands in each field, each relative to the field's length and
times the field's weight, before the sum saturates; so a word in the title counts like several
in the body, and ten times in the body not ten times as much as once. A phrase or a beginning
counts as one word that is as rare as its documents are few.
"""

from __future__ import annotations

from itertools import islice
from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from pyroaring import BitMap

from blog.search.telling import telling_terms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from blog.search.whoosh_postings import Postings
    from blog.search.whoosh_reader import Finder, Snapshot

_K: Final = 1.2  # how soon more of a word counts no more
_B: Final = 0.75  # how much a long text is held against it
_TITLE_WEIGHT: Final = 4.0

_MOST_SCORED: Final = 25_000


class _Found(NamedTuple):
    """Where one word of the query is, in the whole text and in the title."""

    text: Postings
    title: Postings


class Scorer:
    """Adds up the scores of the entries of ``within``, one word of the query after the other."""

    def __init__(self, snapshot: Snapshot, within: BitMap) -> None:
        self._snapshot = snapshot
        self._within = within
        self._scores = np.zeros(snapshot.documents)  # by the number of the document

    def add(self, finders: Iterable[Finder]) -> None:
        """Add what the words, phrases and beginnings of a query say, the rarest first.

        Common words change the order least and cost most. So once ``_MOST_SCORED`` documents
        have been looked at, the remaining ones are left out: what is found is not changed by it.
        """
        budget = _MOST_SCORED
        found = [_Found(find("text"), find("title")) for find in finders]
        for one in sorted(found, key=lambda one: len(one.text.documents)):
            if budget < 0:
                break
            budget -= len(one.text.documents)
            self._add(one)

    def _add(self, found: _Found) -> None:
        documents, frequency = self._snapshot.documents, len(found.text.documents)
        rarity = log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
        in_titles = np.zeros(documents)
        in_titles[found.title.documents] = _TITLE_WEIGHT * self._weights("title", found.title)
        # A beginning may stand for words in the title that in the text are too many to be among it,
        # so only documents that have it in the text count.
        in_text = found.text.documents
        weights = self._weights("text", found.text) + in_titles[in_text]
        self._scores[in_text] += rarity * weights * (_K + 1) / (weights + _K)

    def _weights(self, field: str, postings: Postings) -> NDArray[np.float64]:
        """For each posting how often the word is there, relative to the field's length."""
        slope = _B / self._snapshot.average_lengths[field]
        lengths = self._snapshot.lengths[field][postings.documents]
        weights: NDArray[np.float64] = postings.counts / (1 - _B + slope * lengths)
        return weights

    def best(self, limit: int, offset: int = 0) -> list[int]:
        """The ids, best first, equally good ones newest first; those without score come last."""
        wanted = offset + limit
        best = self.scored(wanted)
        if len(best) < wanted:
            unscored = reversed(self._within - BitMap(best))
            best.extend(islice(unscored, wanted - len(best)))
        return best[offset:]

    def scored(self, limit: int) -> list[int]:
        """The ids that have a score, best first."""
        # Every score is above 0; to compare first is ten times as fast as to look for what is not 0.
        documents = self._snapshot.living(np.flatnonzero(self._scores > 0).astype(np.uint32))
        entries, scores = self._snapshot.entries[documents], self._scores[documents]
        kept = np.isin(entries, np.frombuffer(self._within.to_array(), np.uint32))
        entries, scores = entries[kept], scores[kept]
        if 0 < limit < len(scores):
            # Only those as good as the last one wanted have to be put in order.
            kept = scores >= np.partition(scores, -limit)[-limit]
            entries, scores = entries[kept], scores[kept]
        order = np.lexsort((entries, scores))[::-1]
        best: list[int] = entries[order[:limit]].tolist()
        return best


def similar(snapshot: Snapshot, text: str, within: BitMap, limit: int) -> list[int]:
    """The ids of ``within`` that share telling words with ``text``, best first.

    A word is telling when it is frequent here and rare elsewhere. At most ``_TELLING`` are
    searched for, so a long text costs no more than a short one.
    """
    scorer = Scorer(snapshot, within)
    scorer.add(snapshot.finder_of_term(term) for term in telling_terms(text, snapshot))
    return scorer.scored(limit)
