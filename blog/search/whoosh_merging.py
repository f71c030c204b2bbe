"""Merging posting lists, and segments: thousands of lists at a time.

A merge happens inside somebody's commit, so it decides how long the slowest one takes. Whoosh
sends every posting through its sorting pool again; but the words of each segment are sorted
already. So the dictionaries are walked side by side, and the lists of the next few thousand
words are gathered from all segments by one piece of arithmetic on arrays. Only as much is in
memory, however large the segments are.
"""

from __future__ import annotations

from collections import Counter
from heapq import merge
from itertools import accumulate, groupby
from math import log
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from blog.search.whoosh_postings import COLUMNS, ArrayCodec, Lists
from blog.search.whoosh_reader import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from blog.search.whoosh_postings import Place

_FACTOR: Final = 4
_HALVES_AT_ONCE: Final = 1 << 20  # of posting lists; some 50 bytes of memory for each
_WORD: Final = 256  # what a word counts beside its list, in the same measure
_GONE: Final = 0xFFFFFFFF
_KEY: Final = itemgetter(0)


def merge_segments(writer: Any, segments: list[Any]) -> list[Any]:
    """Whoosh's merge policy: the segments of this commit beside the one of its own documents.

    When four are of about one size (within a factor of four) they become one, so there are a
    handful of segments however the index grew, and each document is copied a few times in its
    life. A segment more dead than alive is copied too, and one with nothing alive just goes.
    """
    living = [segment for segment in segments if segment.doc_count()]
    tiers = Counter(map(_tier, living))
    kept: list[Any] = []
    merged: list[Any] = []
    for segment in living:
        is_crowded = tiers[_tier(segment)] >= _FACTOR
        is_dying = segment.deleted_count() > segment.doc_count()
        (merged if is_crowded or is_dying else kept).append(segment)
    return [*kept, _merged(writer, merged)] if merged else kept


def _tier(segment: Any) -> int:
    return int(log(segment.doc_count(), _FACTOR))


def _merged(writer: Any, segments: list[Any]) -> Any:
    codec = ArrayCodec()  # type: ignore[no-untyped-call]  # whoosh has partial types
    segment = codec.new_segment(writer.storage, writer.indexname)  # type: ignore[no-untyped-call]
    parts = [Segment(writer.storage, part) for part in segments]
    try:
        _write_columns(writer.storage, segment, parts)
        words = codec.field_writer(writer.storage, segment)
        for lists in merged_lists([part.terms for part in parts], _new_numbers(parts)):
            words.add_lists(lists)
        words.close()  # type: ignore[no-untyped-call]
    finally:
        for part in parts:
            part.close()
    return segment


def _write_columns(storage: Any, segment: Any, parts: Sequence[Segment]) -> None:
    """Write the columns of the living documents, as Whoosh would: high bytes first.

    The document that keeps the position is never among them: each commit replaces it.
    """
    for name in COLUMNS:
        column = np.concatenate([part.columns[name][part.alive] for part in parts])
        with storage.create_file(ArrayCodec.column_filename(segment, name)) as file:  # type: ignore[no-untyped-call]
            file.write(column.astype(">u4").tobytes())
    segment.set_doc_count(len(column))


def _new_numbers(parts: Sequence[Segment]) -> list[NDArray[np.uint32]]:
    """For each old number of each part the new one, or _GONE."""
    counts = [np.count_nonzero(part.alive) for part in parts]
    return [
        np.where(part.alive, first + np.cumsum(part.alive) - 1, _GONE).astype(np.uint32)
        for part, first in zip(parts, accumulate(counts, initial=0), strict=False)
    ]


class Source(Protocol):
    """A file of posting lists in the order of its dictionary."""

    def all_places(self) -> Iterable[tuple[bytes, Place]]:
        """The key of each word, in order, and where its list is."""

    def halves(self, start: int, number: int) -> NDArray[np.uint16]:
        """A stretch of the file."""


_Item = tuple[bytes, int, "Place"]  # a key, which of the sources has it, and where there its list is


def merged_lists(sources: Sequence[Source], numbers: Sequence[NDArray[np.uint32]]) -> Iterator[Lists]:
    """The lists of all sources, some thousand words at a time.

    ``numbers`` has for each source the new numbers of its documents, which ascend from one
    source to the next; postings of documents that are _GONE are left out.
    """
    in_order = merge(*(_items(index, source) for index, source in enumerate(sources)))
    words = (list(items) for _, items in groupby(in_order, key=_KEY))
    bases = np.fromiter(accumulate(map(len, numbers), initial=0), np.int64)
    joined = np.concatenate(numbers)
    for some in _portions(words):
        yield _renumbered(some, *_gathered(some, sources), joined, bases)


def _portions(words: Iterable[list[_Item]]) -> Iterator[list[list[_Item]]]:
    """The words in portions of about one size: very many of them, or very frequent ones."""
    portion: list[list[_Item]] = []
    size = 0
    for word in words:
        portion.append(word)
        size += _WORD + sum(place.size for _, _, place in word)
        if size > _HALVES_AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _items(index: int, source: Source) -> Iterator[_Item]:
    return ((key, index, place) for key, place in source.all_places())


def _gathered(words: Sequence[Sequence[_Item]], sources: Sequence[Source]) -> tuple[NDArray[np.int64], Lists]:
    """The lists of the words, one of each source that has it, as they are; and whose each is.

    The words of a source that are asked for stand beside each other there, so what is read of
    it is one stretch.
    """
    rows = np.array([(index, source, *place) for index, word in enumerate(words) for _, source, place in word])
    _, source, offsets, frequencies, spans = rows.T
    sizes = 3 * frequencies + spans
    starts = np.empty_like(offsets)
    stretches: list[NDArray[np.uint16]] = []
    length = 0
    for index in np.unique(source).tolist():
        its = np.flatnonzero(source == index)
        begin, end = int(offsets[its[0]]), int(offsets[its[-1]] + sizes[its[-1]])
        starts[its] = offsets[its] - begin + length
        stretches.append(sources[index].halves(begin, end - begin))
        length += end - begin
    return rows[:, :2], Lists.unpacked([], np.concatenate(stretches), starts, frequencies, spans)


def _renumbered(
    words: Sequence[Sequence[_Item]],
    whose: NDArray[np.int64],
    lists: Lists,
    numbers: NDArray[np.uint32],
    bases: NDArray[np.int64],
) -> Lists:
    """One list for each word that is left, of the documents that are left."""
    word, source = np.repeat(whose, lists.frequencies, axis=0).T  # of each posting
    documents = numbers[bases[source] + lists.documents]
    is_placed = np.repeat(lists.spans > 0, lists.frequencies)
    spans = np.where(is_placed, lists.counts, 0)  # how many positions are of each posting

    alive = documents != _GONE
    positions = lists.positions[np.repeat(alive, spans)]
    word, documents, counts, spans = word[alive], documents[alive], lists.counts[alive], spans[alive]

    frequencies = np.bincount(word, minlength=len(words))
    spans_of_words = np.bincount(word, weights=spans, minlength=len(words)).astype(np.int64)
    left = np.flatnonzero(frequencies)
    keys = [words[index][0][0] for index in left.tolist()]
    return Lists(keys, frequencies[left], spans_of_words[left], documents, counts, positions)
