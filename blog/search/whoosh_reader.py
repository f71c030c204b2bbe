"""Reading the Whoosh index: segments as arrays and bitmaps, and one picture of them all.

A *segment* is a part of the index that never changes but for its deletions; a *snapshot* is
the segments of one commit. Opening a segment loads its columns (12 bytes for each document);
its posting lists stay on the disk. A new snapshot keeps the open segments of the one before,
so after the usual commit only the new, small segment is opened.

Nothing here may be used by two threads at once, because they would share places in files.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from functools import cache, cached_property
from heapq import nlargest
from itertools import accumulate, chain, islice, repeat
from operator import add
from typing import TYPE_CHECKING, Any, Final

from pyroaring import BitMap
from whoosh.index import TOC

from blog.domain.textquery import Prefix
from blog.search.analysis import tokens
from blog.search.engine import MAX_EXPANSIONS
from blog.search.whoosh_postings import ArrayCodec, Postings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from blog.domain.textquery import Text
    from blog.search.whoosh_postings import Place

MAX_SCANNED: Final = 4_000
"""Words of the dictionary that are looked at for the most frequent beginnings, per segment."""

_OPENING_ATTEMPTS: Final = 10

Finder = Callable[["Segment", str], Postings]

NOTHING: Final = Postings(array("I"), array("H"))


class Segment:
    """One segment: its words, and its documents' entry ids and lengths."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self.name: str = segment.segment_id()
        self._storage = storage
        self._segment = segment
        self.entries = self._column("entry")
        self.lengths = {"text": self._column("text_length"), "title": self._column("title_length")}
        self._keeper, self._position = self._read_position()
        self.set_deleted(segment)
        # Last, because it keeps its files open.
        self.terms = segment.codec().terms_reader(storage, segment)

    def set_deleted(self, segment: Any) -> None:
        """Take over the deletions of the newest commit."""
        self.deleted = BitMap(segment.deleted_docs())

    def close(self) -> None:
        """Close the files."""
        self.terms.close()

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def total_lengths(self) -> dict[str, int]:
        """Words in all documents, for each field."""
        return {field: sum(lengths) for field, lengths in self.lengths.items()}

    @property
    def position(self) -> int:
        """The position kept in this segment, or 0."""
        return 0 if self._keeper in self.deleted else self._position

    def rows(self) -> Iterator[dict[str, int]]:
        """The columns of each document by their names, the deleted ones too."""
        names = ("entry", "text_length", "title_length")
        columns = (self.entries, self.lengths["text"], self.lengths["title"])
        return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))

    def numbers_of(self, entry_ids: BitMap) -> list[int]:
        """The numbers of the living documents of these entries."""
        if not entry_ids.intersect(BitMap(self.entries)):
            return []
        found = (number for number, entry in enumerate(self.entries) if entry in entry_ids)
        return [number for number in found if number not in self.deleted]

    def living(self, documents: array[int]) -> BitMap:
        """The entries of ``documents`` that are not deleted."""
        numbers: Iterable[int] = documents
        if self.deleted:
            numbers = BitMap(documents) - self.deleted
        return BitMap(array("I", map(self.entries.__getitem__, numbers)))

    def word(self, field: str, term: str) -> Postings:
        """The documents with a term."""
        return self.terms.postings(field, term.encode()) or NOTHING

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a term is, deleted ones counted too."""
        return int(self.terms.frequency_of(field, term.encode()))

    def phrase(self, field: str, terms: Sequence[str]) -> Postings:
        """The documents where the terms follow each other, with how often they do.

        All words of all documents are numbered through, so that "follows" is a shift of one
        bitmap against the next, whatever the documents.
        """
        begins: BitMap | None = None
        for place, term in enumerate(terms):
            numbers = self._word_numbers(field, term)
            if place:
                numbers = numbers.shift(-place)
            begins = numbers if begins is None else begins & numbers
            if not begins:
                return NOTHING
        counts = Counter(bisect_right(self._first_words[field], number) - 1 for number in begins or ())
        return Postings(array("I", counts.keys()), array("H", counts.values()))

    def _word_numbers(self, field: str, term: str) -> BitMap:
        placed = self.terms.placed(field, term.encode())
        if placed is None:
            return BitMap()
        documents = chain.from_iterable(map(repeat, placed.documents, placed.counts))
        first_words = map(self._first_words[field].__getitem__, documents)
        return BitMap(array("I", map(add, first_words, placed.positions)))

    @cached_property
    def _first_words(self) -> dict[str, array[int]]:
        """The number of each document's first word, for each field, with a hole between documents."""
        return {
            field: array("I", accumulate((length + 1 for length in lengths), initial=0))
            for field, lengths in self.lengths.items()
        }

    def beginning_with(self, field: str, prefix: str) -> dict[str, Place]:
        """The words as written that begin so; bounded, as is the search."""
        words = islice(self.terms.beginning_with(f"{field}_words", prefix.encode()), MAX_SCANNED)
        return {word.decode(): place for word, place in words}

    def any_of(self, places: Iterable[Place]) -> Postings:
        """The documents with one of the words whose postings are there, each counted once."""
        documents = array("I", BitMap.union(BitMap(), *map(self.terms.documents_at, places)))
        return Postings(documents, array("H", [1]) * len(documents))

    def _read_position(self) -> tuple[int, int]:
        """The document that keeps the position (the one without an entry), and the position."""
        try:
            keeper = self.entries.index(0)
        except ValueError:
            return 0, 0
        reader = self._segment.codec().per_document_reader(self._storage, self._segment)
        try:
            return keeper, int(reader.stored_fields(keeper).get("position", 0))
        finally:
            reader.close()

    def _column(self, field: str) -> array[int]:
        """A whole column at once; Whoosh's own reader takes a microsecond for each value."""
        values = array("I")
        name = ArrayCodec.column_filename(self._segment, field)  # type: ignore[no-untyped-call]
        if self._storage.file_exists(name):
            with self._storage.open_file(name) as file:
                values.frombytes(file.read())
        if sys.byteorder == "little":
            values.byteswap()
        # Trailing zeros are not written.
        values.extend([0] * (self._segment.doc_count_all() - len(values)))
        return values


class Snapshot:
    """The segments of one commit, the largest first."""

    def __init__(self, generation: int, segments: list[Segment]) -> None:
        self.generation = generation
        self.in_order = segments
        self.segments = sorted(segments, key=len, reverse=True)
        self.documents = sum(map(len, segments))

    def close(self) -> None:
        """Close all segments."""
        for segment in self.segments:
            segment.close()

    @cached_property
    def position(self) -> int:
        """The last change that is in the index."""
        return max((segment.position for segment in self.segments), default=0)

    def average_length(self, field: str) -> float:
        """Words in a field of a document, on average; never 0."""
        return sum(segment.total_lengths[field] for segment in self.segments) / (self.documents or 1) or 1.0

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a term is."""
        return sum(segment.frequency(field, term) for segment in self.segments)

    def finder(self, text: Text) -> Finder:
        """How to find ``text`` in a field ("text" or "title") of a segment."""
        found = list(tokens(text.value))
        if isinstance(text, Prefix) and len(found) == 1 and found[0].surface:
            return self._finder_of_prefix(found[0].surface)
        names = [token.term for token in found]
        if len(names) == 1:
            return self.finder_of_term(names[0])
        return lambda segment, field: segment.phrase(field, names)

    def finder_of_term(self, term: str) -> Finder:
        """How to find one term as the index holds it."""
        return lambda segment, field: segment.word(field, term)

    def beginning_with(self, field: str, prefix: str) -> list[str]:
        """At most ``MAX_EXPANSIONS`` words that begin so, the most frequent in the whole index."""
        return _most_frequent(segment.beginning_with(field, prefix) for segment in self.segments)

    def _finder_of_prefix(self, prefix: str) -> Finder:
        @cache
        def expanded(field: str) -> dict[Segment, list[Place]]:
            words = {segment: segment.beginning_with(field, prefix) for segment in self.segments}
            kept = _most_frequent(words.values())
            return {segment: [here[word] for word in kept if word in here] for segment, here in words.items()}

        return lambda segment, field: segment.any_of(expanded(field)[segment])


def _most_frequent(words: Iterable[dict[str, Place]]) -> list[str]:
    total: Counter[str] = Counter()
    for here in words:
        for word, place in here.items():
            total[word] += place.frequency
    return nlargest(MAX_EXPANSIONS, total, key=lambda word: (total[word], word))


def open_snapshot(index: Any, schema: Any, previous: Snapshot | None) -> Snapshot:
    """The newest commit, with the open segments of ``previous``; what it no longer has is closed.

    A writer in another process may delete the files of a commit between our reading its table
    and opening them. Then there is a newer table, and we begin again.
    """
    for _ in range(_OPENING_ATTEMPTS):
        try:
            return _open_once(index, schema, previous)
        except FileNotFoundError:
            continue
    return _open_once(index, schema, previous)


def _open_once(index: Any, schema: Any, previous: Snapshot | None) -> Snapshot:
    toc = TOC.read(index.storage, index.indexname, schema=schema)  # type: ignore[no-untyped-call]
    known = {segment.name: segment for segment in previous.segments} if previous else {}
    opened: list[Segment] = []
    try:
        for part in toc.segments:
            if part.segment_id() not in known:
                segment = Segment(index.storage, part)
                opened.append(segment)
                known[segment.name] = segment
    except FileNotFoundError:
        for segment in opened:
            segment.close()
        raise
    current = []
    for part in toc.segments:
        segment = known.pop(part.segment_id())
        segment.set_deleted(part)
        current.append(segment)
    for gone in known.values():
        gone.close()
    return Snapshot(toc.generation, current)
