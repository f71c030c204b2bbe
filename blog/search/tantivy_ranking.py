"""What is best: tantivy scores, and here is seen to it that nothing is left out and ties are broken.

Tantivy gives the first of all its hits, and of equally good ones any. What is wanted are the first
*within a bitmap*, of equally good ones the newest. So more are fetched than are wanted, until
the last one fetched is worse than what is needed.
"""

from __future__ import annotations

from itertools import accumulate, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from tantivy import Occur, Query

from blog.domain.textquery import Or, Phrase, Prefix, Word
from blog.search.tantivy_reader import Asked, all_of, any_asked, core_of
from blog.search.telling import telling_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyroaring import BitMap

    from blog.domain.textquery import Term, Text, TextQuery
    from blog.search.tantivy_reader import Core, Snapshot

_MOST_SCORED: Final = 1_500_000
"""Postings that are looked at for one ranking, if its rarest word has not as many itself.

Common words change the order least and cost most.
"""

_SLACK: Final = 300
"""Fetched beyond what is wanted: equally good ones."""

_MORE: Final = 4
_MANY: Final = 16_000
_BY_ID: Final = 20
"""Looking for one entry by its id costs what fetching so many hits costs, ten microseconds."""

_WINDOW: Final = 8_192
_BELOW_ALL: Final = -1
_FREQUENCY: Final = attrgetter("at_most")

_ALIKE: Final = 6
"""Bits at the end of a score that count for nothing: what a sum of floats owes to its order."""


class _Scored(NamedTuple):
    """How good an entry is, and its id: in their order, equally good ones come by their ids."""

    level: int
    entry: int


def best(snapshot: Snapshot, query: TextQuery, within: BitMap, limit: int, offset: int = 0) -> list[int]:
    """The ids of ``within``, best first; those without score come last, the newest first."""
    if not within:
        return []
    wanted = offset + limit
    scored = _Ranking(snapshot, within).best(_scoring(snapshot, query, within), wanted)
    if len(scored) < wanted:
        known = frozenset(scored)
        unscored = (entry for entry in reversed(within) if entry not in known)
        scored.extend(islice(unscored, wanted - len(scored)))
    return scored[offset:]


def similar(snapshot: Snapshot, text: str, within: BitMap, limit: int) -> list[int]:
    """The ids of ``within`` that share telling words with ``text``, best first."""
    if not within:
        return []
    asked = [snapshot.scored_for_term(term) for term in telling_terms(text, snapshot)]
    return _Ranking(snapshot, within).best(_any_affordable(asked), limit)


def _scoring(snapshot: Snapshot, query: TextQuery, within: BitMap) -> Asked:
    """The query that gives each entry its score; what it does not find has none."""
    asked = {word: snapshot.scored_for(word) for word in query.words}
    core = core_of(query)
    leading = [part for part in core.required if not isinstance(part, Or)]
    if leading and within <= snapshot.of_core(core):
        return _implied(snapshot, core, leading, asked)
    return _any_affordable(asked.values())


def _any_affordable(asked: Iterable[Asked]) -> Asked:
    """What has one of the rarest of what is asked, as many as may be looked at."""
    rarest_first = sorted((one for one in asked if one.at_most), key=_FREQUENCY)
    looked_at = accumulate(one.at_most for one in rarest_first)
    affordable = max(1, sum(total <= _MOST_SCORED for total in looked_at))
    return any_asked(rarest_first[:affordable])


def _implied(
    snapshot: Snapshot, core: Core, leading: Sequence[Term | Or], asked: Mapping[Text, Asked]
) -> Asked:
    """The same where all of ``within`` has what the query requires: then its rarest part leads.

    What is left out of the common ones is left out of the scores only.
    """
    required = sorted((_required(snapshot, part, asked) for part in leading), key=_FREQUENCY)
    affordable = max(1, _MOST_SCORED // (required[0].at_most + 1))
    others = [one for word, one in asked.items() if word not in leading]
    query = Query.boolean_query(
        [
            *((Occur.Must, one.query) for one in required[:affordable]),
            *((Occur.Should, one.query) for one in sorted(others, key=_FREQUENCY)[:affordable]),
        ]
    )
    return Asked(query, len(snapshot.of_core(core)))


def _required(snapshot: Snapshot, part: Term | Or, asked: Mapping[Text, Asked]) -> Asked:
    """A part of the core; one that is no word itself is there to lead, its words give the score."""
    if isinstance(part, Word | Phrase | Prefix):
        return asked[part]
    leading = snapshot.asked_for(part)
    return leading._replace(query=_silent(leading.query))


def _silent(query: Query) -> Query:
    """What finds the same and says nothing of it."""
    return Query.const_score_query(query, 0.0)


class _Ranking:
    """The entries of ``within`` that a query finds, ordered."""

    def __init__(self, snapshot: Snapshot, within: BitMap) -> None:
        self._snapshot = snapshot
        self._within = within

    def best(self, asked: Asked, wanted: int) -> list[int]:
        """The best ids; all that have a score when they are fewer than wanted."""
        query, among = asked.query, len(self._within)
        limit = 2 * wanted * max(1, asked.at_most // among) + _SLACK
        while True:
            if limit > _BY_ID * among:
                query = all_of([query, _silent(self._snapshot.of_entries(list(self._within)))])
                limit = among
            found, floor = self._fetch(query, limit)
            above = sorted((one for one in found if one.level > floor), reverse=True)
            needed = wanted - len(above)
            if needed <= 0 or floor == _BELOW_ALL:
                return [one.entry for one in above[:wanted]]
            tied = sum(one.level == floor for one in found)
            if tied >= needed and (limit >= _MANY or not above):
                return [one.entry for one in above] + self._newest(query, floor, needed)
            limit *= _MORE

    def _fetch(self, query: Query, limit: int) -> tuple[list[_Scored], int]:
        """The first hits, and the level at which others may have been left out."""
        searcher = self._snapshot.searcher
        result = searcher.search(query, limit)
        hits = result.hits
        entries = searcher.fast_field_values("entry", [address for _, address in hits])
        levels = _levels([score for score, _ in hits])
        found = [
            _Scored(level, int(entry))
            for level, entry in zip(levels, entries, strict=True)
            if entry is not None and int(entry) in self._within
        ]
        is_all = result.count <= limit  # type: ignore[attr-defined]  # forgotten in its types
        return found, _BELOW_ALL if is_all else levels[-1]

    def _newest(self, query: Query, level: int, needed: int) -> list[int]:
        """Of very many equally good ones the newest: looked for from the newest entry backwards."""
        newest: list[int] = []
        last, size = self._within.max(), _WINDOW
        while len(newest) < needed and last:
            first = max(1, last - size + 1)
            among = all_of([query, _silent(self._snapshot.between(first, last))])
            found, _ = self._fetch(among, min(size, self._snapshot.documents))
            newest += sorted((one.entry for one in found if one.level == level), reverse=True)
            last, size = first - 1, 2 * size
        return newest[:needed]


def _levels(scores: list[float]) -> list[int]:
    """The scores as whole numbers: the bits of a float that is not negative are in its order."""
    bits = np.array(scores, dtype=np.float32).view(np.uint32)
    levels: list[int] = ((bits + (1 << _ALIKE >> 1)) >> _ALIKE).tolist()
    return levels
