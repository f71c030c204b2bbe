"""Reading the Whoosh index: segments, and one picture of them all.

A *segment* is a part of the index that never changes but for its deletions; a *snapshot* is
the segments of one commit as if they were one: their documents are numbered through, as Whoosh
does it too. Opening a segment loads its columns (13 bytes for each document); its posting lists
stay on the disk. A new snapshot keeps the open segments of the one before, so after the usual
commit only the new, small segment is opened. The snapshot's own columns take 13 bytes for each
document, and 8 more once a phrase is looked for.

Nothing here may be used by two threads at once, because they would share places in files.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from heapq import nlargest
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pyroaring import BitMap
from whoosh.index import TOC

from blog.domain.textquery import Prefix
from blog.search.analysis import tokens
from blog.search.engine import MAX_EXPANSIONS
from blog.search.whoosh_postings import COLUMNS, NOTHING, ArrayCodec, Postings, key_of
from blog.search.whoosh_storage import Commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from blog.domain.textquery import Text
    from blog.search.whoosh_postings import Place

MAX_SCANNED: Final = 4_000
"""Words of the dictionary that are looked at for the most frequent beginnings, per segment."""

_OPENING_ATTEMPTS: Final = 10

Finder = Callable[[str], Postings]
"""Where something is in a field, "text" or "title"."""


class Segment:
    """One segment: its words, and its documents' entry ids and lengths."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self.name: str = segment.segment_id()
        self._storage = storage
        self._segment = segment
        self.columns = {name: self._column(name) for name in COLUMNS}
        self._keeper, self._position = self._read_position()
        self.set_deleted(segment)
        # Last, because it keeps its files open.
        self.terms = segment.codec().terms_reader(storage, segment)

    def set_deleted(self, segment: Any) -> None:
        """Take over the deletions of the newest commit."""
        self.alive = np.ones(len(self), bool)
        self.alive[list(segment.deleted_docs())] = False

    def close(self) -> None:
        """Close the files."""
        self.terms.close()

    def __len__(self) -> int:
        return len(self.columns["entry"])

    @property
    def position(self) -> int:
        """The position kept in this segment, or 0."""
        return self._position if self._keeper is not None and self.alive[self._keeper] else 0

    def _read_position(self) -> tuple[int | None, int]:
        """The document that keeps the position (the one without an entry), and the position."""
        keepers = np.flatnonzero(self.columns["entry"] == 0)
        if not len(keepers):
            return None, 0
        keeper = int(keepers[0])
        reader = self._segment.codec().per_document_reader(self._storage, self._segment)
        try:
            return keeper, int(reader.stored_fields(keeper).get("position", 0))
        finally:
            reader.close()

    def _column(self, field: str) -> NDArray[np.uint32]:
        """A whole column at once; Whoosh's own reader takes a microsecond for each value."""
        values = np.zeros(self._segment.doc_count_all(), np.uint32)
        name = ArrayCodec.column_filename(self._segment, field)  # type: ignore[no-untyped-call]
        if self._storage.file_exists(name):
            with self._storage.open_file(name) as file:
                written = np.frombuffer(file.read(), ">u4")
            # Trailing zeros are not written.
            values[: len(written)] = written
        return values


class Snapshot:
    """The segments of one commit, in Whoosh's order, with their documents numbered through."""

    def __init__(self, commit: Commit, segments: list[Segment]) -> None:
        self.commit = commit
        self.segments = segments
        *self._bases, self.documents = accumulate(map(len, segments), initial=0)
        columns = {name: self._joined([part.columns[name] for part in segments]) for name in COLUMNS}
        self.entries = columns["entry"]
        self.lengths = {"text": columns["text_length"], "title": columns["title_length"]}
        self._alive = self._joined([part.alive for part in segments]).astype(bool)
        self._has_deleted = not self._alive.all()

    @staticmethod
    def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(parts) if parts else np.empty(0, np.uint32)

    def close(self) -> None:
        """Close all segments."""
        for segment in self.segments:
            segment.close()

    @cached_property
    def position(self) -> int:
        """The last change that is in the index."""
        return max((segment.position for segment in self.segments), default=0)

    @cached_property
    def average_lengths(self) -> dict[str, float]:
        """Words in a field of a document, on average; never 0."""
        return {
            field: int(lengths.sum(dtype=np.int64)) / (self.documents or 1) or 1.0
            for field, lengths in self.lengths.items()
        }

    def living(self, documents: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the documents that are not deleted."""
        return documents[self._alive[documents]] if self._has_deleted else documents

    def numbers_of(self, entry_ids: BitMap) -> list[int]:
        """The numbers of the living documents of these entries."""
        wanted = np.frombuffer(entry_ids.to_array(), np.uint32)
        numbers: list[int] = np.flatnonzero(self._alive & np.isin(self.entries, wanted)).tolist()
        return numbers

    def word(self, field: str, term: str) -> Postings:
        """The documents with a term, deleted ones too."""
        found = [
            (base, segment.terms.postings_at(place))
            for base, segment, place in self._places(key_of(field, term))
        ]
        if not found:
            return NOTHING
        return Postings(
            np.concatenate([part.documents + np.uint32(base) for base, part in found]),
            np.concatenate([part.counts for _, part in found]),
        )

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a term is, deleted ones counted too."""
        return sum(place.frequency for _, _, place in self._places(key_of(field, term)))

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
        numbers_of_begins = np.frombuffer((begins or BitMap()).to_array(), np.uint32)
        in_documents = np.searchsorted(self._first_words[field], numbers_of_begins, side="right") - 1
        documents, counts = np.unique(in_documents, return_counts=True)
        return Postings(documents.astype(np.uint32), counts.astype(np.uint16))

    def _word_numbers(self, field: str, term: str) -> BitMap:
        """The numbers of the words that are this term, among all words of all documents."""
        numbers = BitMap()
        for base, segment, place in self._places(key_of(field, term)):
            postings = segment.terms.postings_at(place)
            first_words = self._first_words[field][postings.documents + np.uint32(base)]
            numbers |= bitmap(np.repeat(first_words, postings.counts) + segment.terms.positions_at(place))
        return numbers

    @cached_property
    def _first_words(self) -> dict[str, NDArray[np.uint32]]:
        """The number of each document's first word, for each field, with a hole between documents."""
        return {
            field: (np.cumsum(lengths + np.uint32(1)) - lengths - 1).astype(np.uint32)
            for field, lengths in self.lengths.items()
        }

    def beginning_with(self, field: str, prefix: str) -> list[str]:
        """At most ``MAX_EXPANSIONS`` words as written that begin so, the most frequent of the index."""
        return [word.decode() for word in _most_frequent(self._beginnings(field, prefix))]

    def any_beginning_with(self, field: str, prefix: str) -> Postings:
        """The documents with one of these words, each counted once."""
        words = self._beginnings(field, prefix)
        kept = _most_frequent(words)
        is_there = np.zeros(self.documents, bool)
        for base, segment, here in zip(self._bases, self.segments, words, strict=True):
            for word in kept:
                if word in here:
                    is_there[base + segment.terms.documents_at(here[word])] = True
        documents = np.flatnonzero(is_there).astype(np.uint32)
        return Postings(documents, np.ones(len(documents), np.uint16))

    def _beginnings(self, field: str, prefix: str) -> list[dict[bytes, Place]]:
        """For each segment the words that begin so; bounded, as is the search."""
        return [part.terms.beginning_with(f"{field}_words", prefix, MAX_SCANNED) for part in self.segments]

    def _places(self, key: bytes) -> list[tuple[int, Segment, Place]]:
        """The segments that have a word, with the first number of each and where the word's list is."""
        pairs = zip(self._bases, self.segments, strict=True)
        return [(base, part, place) for base, part in pairs if (place := part.terms.find(key))]

    def finder(self, text: Text) -> Finder:
        """How to find ``text``."""
        found = list(tokens(text.value))
        if isinstance(text, Prefix) and len(found) == 1 and found[0].surface:
            surface = found[0].surface
            return lambda field: self.any_beginning_with(field, surface)
        names = [token.term for token in found]
        if len(names) == 1:
            return self.finder_of_term(names[0])
        return lambda field: self.phrase(field, names)

    def finder_of_term(self, term: str) -> Finder:
        """How to find one term as the index holds it."""
        return lambda field: self.word(field, term)


def bitmap(numbers: NDArray[np.uint32]) -> BitMap:
    """The numbers as a bitmap. From an array of numpy's own it would take ten times as long."""
    return BitMap(array("I", numbers.tobytes()))


def _most_frequent(words: Iterable[dict[bytes, Place]]) -> list[bytes]:
    total: Counter[bytes] = Counter()
    for here in words:
        for word, place in here.items():
            total[word] += place.frequency
    # UTF-8 is in the order of the letters.
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
    commit = Commit.of(index.storage, toc.generation)
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
    return Snapshot(commit, current)
