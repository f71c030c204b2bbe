"""What is best: BM25F over the title and the whole text, and likeness by telling words.

BM25F adds up how often a word stands in each field, each relative to the field's length and
times the field's weight, before the sum saturates; so a word in the title counts like several
in the body, and ten times in the body not ten times as much as once. A phrase or a beginning
counts as one word that is as rare as its documents are few.
"""

from __future__ import annotations

from collections import Counter
from heapq import nlargest
from itertools import islice
from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

from whoosh.lang.stopwords import stoplists

from blog.search.analysis import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyroaring import BitMap

    from blog.search.whoosh_postings import Postings
    from blog.search.whoosh_reader import Finder, Segment, Snapshot

_K: Final = 1.2  # how soon more of a word counts no more
_B: Final = 0.75  # how much a long text is held against it
_TITLE_WEIGHT: Final = 4.0

_MOST_SCORED: Final = 25_000

_READ: Final = 2_000  # words of a text that are looked at for its telling ones
_ASKED: Final = 64  # of these, how many are looked up in the index
_TELLING: Final = 12  # and of these, how many are searched for
_STOPPED: Final = frozenset(stoplists["en"])


class _Found(NamedTuple):
    """Where one word of the query is: its documents' number, and its postings by segment."""

    frequency: int
    parts: list[tuple[Segment, Postings, Postings]]


class Scorer:
    """Adds up the scores of the entries of ``within``, one word of the query after the other."""

    def __init__(self, snapshot: Snapshot, within: BitMap) -> None:
        self._snapshot = snapshot
        self._within = within
        self._scores: dict[int, float] = {}
        self._average = {field: snapshot.average_length(field) for field in ("text", "title")}

    def add(self, finders: Iterable[Finder]) -> None:
        """Add what the words, phrases and beginnings of a query say, the rarest first.

        Common words change the order least and cost most. So once ``_MOST_SCORED`` documents
        have been looked at, the remaining ones are left out: what is found is not changed by it.
        """
        budget = _MOST_SCORED
        for found in sorted(map(self._find, finders), key=lambda found: found.frequency):
            if budget < 0:
                break
            budget -= found.frequency
            self._add(found)

    def _find(self, find: Finder) -> _Found:
        segments = self._snapshot.segments
        parts = [(segment, find(segment, "text"), find(segment, "title")) for segment in segments]
        return _Found(sum(len(text.documents) for _, text, _ in parts), parts)

    def _add(self, found: _Found) -> None:
        documents, frequency = self._snapshot.documents, found.frequency
        rarity = log(1 + (documents - frequency + 0.5) / (frequency + 0.5))
        for segment, text, title in found.parts:
            titles = dict(zip(title.documents, title.counts, strict=True))
            self._add_segment(segment, zip(text.documents, text.counts, strict=True), titles, rarity)

    def best(self, limit: int, offset: int = 0) -> list[int]:
        """The ids, best first, equally good ones newest first; those without score come last."""
        wanted = offset + limit
        best = self.scored(wanted)
        if len(best) < wanted:
            unscored = (entry for entry in reversed(self._within) if entry not in self._scores)
            best.extend(islice(unscored, wanted - len(best)))
        return best[offset:]

    def scored(self, limit: int) -> list[int]:
        """The ids that have a score, best first."""
        return nlargest(limit, self._scores, key=lambda entry: (self._scores[entry], entry))

    def _add_segment(
        self, segment: Segment, counts: Iterator[tuple[int, int]], titles: dict[int, int], rarity: float
    ) -> None:
        within, scores, entries = self._within, self._scores, segment.entries
        deleted = frozenset(segment.deleted)
        lengths, title_lengths = segment.lengths["text"], segment.lengths["title"]
        slope, title_slope = _B / self._average["text"], _B / self._average["title"]
        # This is the innermost loop of the search: a few hundred nanoseconds for each document.
        for document, count in counts:
            entry = entries[document]
            if entry not in within or document in deleted:
                continue
            weight = count / (1 - _B + slope * lengths[document])
            if document in titles:
                weight += _TITLE_WEIGHT * titles[document] / (1 - _B + title_slope * title_lengths[document])
            scores[entry] = scores.get(entry, 0.0) + rarity * weight * (_K + 1) / (weight + _K)


def similar(snapshot: Snapshot, text: str, within: BitMap, limit: int) -> list[int]:
    """The ids of ``within`` that share telling words with ``text``, best first.

    A word is telling when it is frequent here and rare elsewhere. At most ``_TELLING`` are
    searched for, so a long text costs no more than a short one.
    """
    scorer = Scorer(snapshot, within)
    scorer.add(snapshot.finder_of_term(term) for term in _telling_terms(snapshot, text))
    return scorer.scored(limit)


def _telling_terms(snapshot: Snapshot, text: str) -> list[str]:
    words = (token for token in islice(tokens(text), _READ) if token.surface not in _STOPPED)
    counts = Counter(token.term for token in words if len(token.surface) > 2 or not token.surface)
    asked = nlargest(_ASKED, counts, key=lambda term: (counts[term], len(term), term))
    telling: dict[str, float] = {}
    for term in asked:
        frequency = snapshot.frequency("text", term)
        # Once is this very text; in a quarter of all it tells nothing.
        if 1 < frequency <= max(2, snapshot.documents / 4):
            telling[term] = counts[term] * log(snapshot.documents / frequency)
    return nlargest(_TELLING, telling, key=lambda term: (telling[term], term))
