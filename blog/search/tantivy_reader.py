"""Reading the tantivy index: one picture of one commit, asked with bitmaps for answers.

What of a query is text goes to tantivy as one query, so that what is rare in it decides what it
costs; tags, domains and sources are bitmaps elsewhere and join in the engine. How the ids are
fetched is decided by how many there can be at most: one by one when few, or packed
(``tantivy_documents.py``).

A snapshot may be asked by several threads at once; tantivy lets go of Python's lock meanwhile.
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from functools import cached_property
from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

from pyroaring import BitMap
from tantivy import FieldType, Occur, Query

from blog.domain.textquery import Field, Not, Or, Prefix, Title
from blog.search.analysis import tokens
from blog.search.engine import MAX_EXPANSIONS
from blog.search.tantivy_documents import TITLE_WEIGHT, packing, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tantivy import Schema, Searcher

    from blog.domain.textquery import Leaf, Term, Text, TextQuery

K: Final = 1.2
"""How soon more of a word counts no more: tantivy's, which is everybody's."""

# From so many hits on, the sums over all blocks of a million ids cost less than the hits.
_FEW: Final = 60_000
_REMEMBERED_BYTES: Final = 32_000_000


class Asked(NamedTuple):
    """What tantivy is asked, and how many documents it can find at most."""

    query: Query
    at_most: int


class Core(NamedTuple):
    """What of a query tantivy can answer alone: the parts that must be in a text, and those that must not."""

    required: tuple[Term | Or, ...]
    excluded: tuple[Leaf, ...]


NOTHING: Final = Asked(Query.empty_query(), 0)


def core_of(query: TextQuery) -> Core:
    """The parts of ``query`` that are about text and nothing else."""
    required = [part for part in query.parts if not isinstance(part, Not) and is_text(part)]
    excluded = [part.leaf for part in query.parts if isinstance(part, Not) and is_text(part.leaf)]
    return Core(tuple(required), tuple(excluded))


def is_text(part: Term | Or) -> bool:
    """Tell whether ``part`` is about text alone, and not about what it is not."""
    if isinstance(part, Or):
        return all(map(is_text, part.terms))
    return not isinstance(part, Field | Not)


def all_of(queries: Sequence[Query]) -> Query:
    """What satisfies every one of them."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(queries: Sequence[Query]) -> Query:
    """What satisfies one of them; nothing satisfies none."""
    return (
        queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])
    )


class Snapshot:
    """The entries of one commit."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema = schema
        self._remembered = _Remembered(_REMEMBERED_BYTES)
        self.searcher = searcher
        self.documents = searcher.num_docs
        self.position = self._read_position()

    def _read_position(self) -> int:
        kept = Query.term_query(self._schema, "entry", 0)
        hits = self.searcher.search(kept, 1, count=False, order_by_field="position").hits
        return int(hits[0][0]) if hits else 0

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a term is, deleted ones counted too."""
        return self.searcher.doc_freq(field, term)

    def beginning_with(self, field: str, prefix: str) -> list[str]:
        """At most ``MAX_EXPANSIONS`` words that begin so, the most frequent in the whole index."""
        return [word for word, _ in self._expanded(field, prefix)]

    def _expanded(self, field: str, prefix: str) -> list[tuple[str, int]]:
        return self.searcher.terms_with_prefix(f"{field}_words", prefix, limit=MAX_EXPANSIONS)

    def of_core(self, core: Core) -> BitMap:
        """The entries with all that is required and nothing that is excluded; ``required`` is not empty."""
        found = self._remembered.get(core)
        if found is None:
            required = [self.asked_for(part) for part in core.required]
            query = all_of([asked.query for asked in required])
            if core.excluded:
                excluding = [(Occur.MustNot, self.asked_for(leaf).query) for leaf in core.excluded]
                query = Query.boolean_query([(Occur.Must, query), *excluding])
            found = self._ids(Asked(query, min(asked.at_most for asked in required)))
            self._remembered.put(core, found)
        return found

    def asked_for(self, part: Term | Or) -> Asked:
        """How to ask for a part of a query that is about text."""
        if isinstance(part, Or):
            every = [self.asked_for(term) for term in part.terms]
            return Asked(any_of([asked.query for asked in every]), sum(asked.at_most for asked in every))
        if isinstance(part, Title):
            return self._asked_for(part.text, "title")
        assert not isinstance(part, Field | Not)
        return self._asked_for(part, "text")

    def scored_for(self, text: Text) -> Asked:
        """How to ask for the entries with ``text`` and what it says of each.

        A beginning is as rare as its documents are few, and one in the title counts like a
        word of the title; how often it is there does not matter.
        """
        prefix = _single_prefix(text)
        if not prefix:
            return self._asked_for(text, "text")
        inside, title = self._beginning(prefix, "text"), self._beginning(prefix, "title")
        rarity = self._rarity(inside.at_most)
        more = rarity * (TITLE_WEIGHT * (K + 1) / (TITLE_WEIGHT + K) - 1)
        weighed = [Query.const_score_query(inside.query, rarity), Query.const_score_query(title.query, more)]
        return Asked(any_of(weighed), inside.at_most)

    def scored_for_term(self, term: str) -> Asked:
        """How to ask for one term as the index holds it."""
        return Asked(Query.term_query(self._schema, "text", term, "freq"), self.frequency("text", term))

    def of_entries(self, entries: Sequence[int]) -> Query:
        """These entries, by their ids."""
        return Query.term_set_query(self._schema, "entry", entries)

    def between(self, first: int, last: int) -> Query:
        """The entries from ``first`` to ``last``."""
        return Query.range_query(self._schema, "entry", FieldType.Unsigned, first, last)

    def _asked_for(self, text: Text, field: str) -> Asked:
        prefix = _single_prefix(text)
        if prefix:
            return self._beginning(prefix, field)
        terms = [token.term for token in tokens(text.value)]
        at_most = min((self.frequency(field, term) for term in terms), default=0)
        if not at_most:
            return NOTHING
        if len(terms) == 1:
            return Asked(Query.term_query(self._schema, field, terms[0], "freq"), at_most)
        return Asked(Query.phrase_query(self._schema, field, list(terms)), at_most)

    def _beginning(self, prefix: str, field: str) -> Asked:
        words = self._expanded(field, prefix)
        if not words:
            return NOTHING
        query = Query.term_set_query(self._schema, f"{field}_words", [word for word, _ in words])
        return Asked(query, sum(count for _, count in words))

    def _rarity(self, frequency: int) -> float:
        frequency = min(frequency, self.documents)
        return log(1 + (self.documents - frequency + 0.5) / (frequency + 0.5))

    def _ids(self, asked: Asked) -> BitMap:
        if not asked.at_most:
            return BitMap()
        if asked.at_most <= _FEW:
            hits = self.searcher.search(asked.query, asked.at_most, count=False, order_by_field="entry").hits
            return BitMap(array("I", [entry for entry, _ in hits]))
        parts = (unpack(self.searcher.aggregate(asked.query, part)) for part in packing(self._last_entry))
        return BitMap.union(BitMap(), *parts)

    @cached_property
    def _last_entry(self) -> int:
        hits = self.searcher.search(Query.all_query(), 1, count=False, order_by_field="entry").hits
        return int(hits[0][0]) if hits else 0


class _Remembered:
    """The answers asked for last, within a number of bytes: the second question costs nothing.

    They are as good as the snapshot is; a new commit begins with none.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[Core, BitMap] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, core: Core) -> BitMap | None:
        with self._lock:
            found = self._answers.get(core)
            if found is not None:
                self._answers.move_to_end(core)
            return found

    def put(self, core: Core, found: BitMap) -> None:
        with self._lock:
            if core not in self._answers:
                self._answers[core] = found
                self._bytes += _size(found)
            while self._bytes > self._most:
                _, oldest = self._answers.popitem(last=False)
                self._bytes -= _size(oldest)


def _size(bitmap: BitMap) -> int:
    """About the bytes that a bitmap takes, and its key: two for each id, or a bit for each there could be."""
    return 500 + (min(2 * len(bitmap), bitmap.max() // 8) if bitmap else 0)


def _single_prefix(text: Text) -> str:
    """The folded beginning that is looked for, unless ``text`` is a word or a phrase."""
    found = list(tokens(text.value)) if isinstance(text, Prefix) else []
    return found[0].surface if len(found) == 1 else ""
