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
from functools import cached_property, reduce
from math import log
from operator import and_
from typing import TYPE_CHECKING, Final, NamedTuple

from pyroaring import BitMap
from tantivy import FieldType, Occur, Query

from blog.domain.textquery import Field, Not, Or, Prefix, Title
from blog.search.analysis import tokens
from blog.search.engine import MAX_EXPANSIONS
from blog.search.tantivy_documents import TITLE_WEIGHT, packing, unpack
from blog.search.tantivy_postings import DATA, KEY, Name, read_catalogue, read_entries

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


class _Split(NamedTuple):
    """One of several: words whose entries are kept, how to ask for the others, and how for all."""

    kept: list[Name]
    rest: Asked
    whole: Asked


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


def any_asked(asked: Sequence[Asked]) -> Asked:
    """The same of what can find so many at most."""
    return Asked(any_of([one.query for one in asked]), sum(one.at_most for one in asked))


class Snapshot:
    """The entries of one commit."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema = schema
        self._remembered = _Remembered(_REMEMBERED_BYTES)
        self.searcher = searcher
        self.documents = searcher.num_docs
        self.position = self._read_position()
        self.kept = read_catalogue(self)

    def forget(self) -> None:
        """Remember no answers."""
        self._remembered = _Remembered(_REMEMBERED_BYTES)

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

    def rows_with(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The rows of ``tantivy_postings.py`` that there are with these keys."""
        if not keys:
            return {}
        asked = Query.term_set_query(self._schema, KEY, keys)
        hits = self.searcher.search(asked, len(keys), count=False).hits
        rows = (self.searcher.doc(address) for _, address in hits)
        return {row[KEY][0]: bytes(row[DATA][0]) for row in rows}

    def entries_with(self, field: str, term: str) -> BitMap:
        """The entries with a term of a field."""
        if (field, term) in self.kept:
            return read_entries(self, (field, term), self._last_entry)
        return self._ids(self._asked_for_term(field, term))

    def of_core(self, core: Core) -> BitMap:
        """The entries with all that is required and nothing that is excluded; ``required`` is not empty."""
        found = self._remembered.get(core)
        if found is None:
            asked = [self.asked_for(part) for part in core.required]
            at_most = min(one.at_most for one in asked)
            if at_most <= _FEW:
                query = all_of([one.query for one in asked])
                found = self._ids(Asked(self._without(query, core.excluded), at_most))
            else:
                found = self._of_many(core)
            self._remembered.put(core, found)
        return found

    def _without(self, query: Query, excluded: Sequence[Leaf]) -> Query:
        if not excluded:
            return query
        excluding = [(Occur.MustNot, self.asked_for(leaf).query) for leaf in excluded]
        return Query.boolean_query([(Occur.Must, query), *excluding])

    def _of_many(self, core: Core) -> BitMap:
        """The same where everything required is common: by what is kept, and one query for the rest."""
        parts = [self._split(_alternatives(part)) for part in core.required]
        found = [self._of_split(part) for part in parts if not part.rest.at_most]
        others = [part for part in parts if part.rest.at_most]
        if len(others) == 1:
            found.append(self._of_split(others[0]))
        elif others:
            query = all_of([part.whole.query for part in others])
            found.append(self._ids(Asked(query, min(part.whole.at_most for part in others))))
        excluded = [one for leaf in core.excluded for one in _alternatives(leaf)]
        return reduce(and_, found) - self._of_split(self._split(excluded))

    def _split(self, alternatives: Sequence[tuple[str, Text]]) -> _Split:
        """Tell of alternatives what is kept of them, and what is not."""
        kept: list[Name] = []
        rest: list[Asked] = []
        for field, text in alternatives:
            prefix = _single_prefix(text)
            name = field, _single_term(text)
            if prefix:
                words = self._expanded(field, prefix)
                in_field = f"{field}_words"
                kept.extend((in_field, word) for word, _ in words if (in_field, word) in self.kept)
                others = [one for one in words if (in_field, one[0]) not in self.kept]
                rest.append(self._asked_for_any(in_field, others))
            elif name in self.kept:
                kept.append(name)
            else:
                rest.append(self._asked_for(field, text))
        return _Split(kept, any_asked(rest), any_asked([self._asked_for(*one) for one in alternatives]))

    def _of_split(self, split: _Split) -> BitMap:
        if split.rest.at_most > _FEW:
            # Then the sums have to be made, and may as well be those of all.
            return self._ids(split.whole)
        return self._ids(split.rest).union(*(self.entries_with(*name) for name in split.kept))

    def asked_for(self, part: Term | Or) -> Asked:
        """How to ask for a part of a query that is about text."""
        return any_asked([self._asked_for(field, text) for field, text in _alternatives(part)])

    def scored_for(self, text: Text) -> Asked:
        """How to ask for the entries with ``text`` and what it says of each.

        A beginning is as rare as its documents are few, and one in the title counts like a
        word of the title; how often it is there does not matter.
        """
        prefix = _single_prefix(text)
        if not prefix:
            return self._asked_for("text", text)
        inside, title = self._asked_for_prefix("text", prefix), self._asked_for_prefix("title", prefix)
        rarity = self._rarity(inside.at_most)
        more = rarity * (TITLE_WEIGHT * (K + 1) / (TITLE_WEIGHT + K) - 1)
        weighed = [Query.const_score_query(inside.query, rarity), Query.const_score_query(title.query, more)]
        return Asked(any_of(weighed), inside.at_most)

    def scored_for_term(self, term: str) -> Asked:
        """How to ask for one term as the index holds it."""
        return self._asked_for_term("text", term)

    def of_entries(self, entries: Sequence[int]) -> Query:
        """These entries, by their ids."""
        return Query.term_set_query(self._schema, "entry", entries)

    def between(self, first: int, last: int) -> Query:
        """The entries from ``first`` to ``last``."""
        return Query.range_query(self._schema, "entry", FieldType.Unsigned, first, last)

    def _asked_for(self, field: str, text: Text) -> Asked:
        prefix = _single_prefix(text)
        if prefix:
            return self._asked_for_prefix(field, prefix)
        terms = [token.term for token in tokens(text.value)]
        if len(terms) == 1:
            return self._asked_for_term(field, terms[0])
        at_most = min((self.frequency(field, term) for term in terms), default=0)
        return Asked(Query.phrase_query(self._schema, field, list(terms)), at_most) if at_most else NOTHING

    def _asked_for_term(self, field: str, term: str) -> Asked:
        return Asked(Query.term_query(self._schema, field, term, "freq"), self.frequency(field, term))

    def _asked_for_prefix(self, field: str, prefix: str) -> Asked:
        return self._asked_for_any(f"{field}_words", self._expanded(field, prefix))

    def _asked_for_any(self, field: str, words: Sequence[tuple[str, int]]) -> Asked:
        if not words:
            return NOTHING
        query = Query.term_set_query(self._schema, field, [word for word, _ in words])
        return Asked(query, sum(count for _, count in words))

    def _rarity(self, frequency: int) -> float:
        frequency = min(frequency, self.documents)
        return log(1 + (self.documents - frequency + 0.5) / (frequency + 0.5))

    def _ids(self, asked: Asked) -> BitMap:
        if not asked.at_most:
            return BitMap()
        result = self.searcher.search(asked.query, min(asked.at_most, _FEW), order_by_field="entry")
        if result.count <= _FEW:  # type: ignore[attr-defined]  # forgotten in its types
            return BitMap(array("I", [entry for entry, _ in result.hits]))
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


def _single_term(text: Text) -> str:
    """The term that is looked for, unless ``text`` is a beginning or a phrase."""
    found = [] if isinstance(text, Prefix) else list(tokens(text.value))
    return found[0].term if len(found) == 1 else ""


def _alternatives(part: Term | Or) -> list[tuple[str, Text]]:
    """The texts one of which is looked for, each with its field."""
    if isinstance(part, Or):
        return [one for term in part.terms for one in _alternatives(term)]
    if isinstance(part, Title):
        return [("title", part.text)]
    assert not isinstance(part, Field | Not)
    return [("text", part)]
