"""From texts to posting lists: a batch of documents turned into the words and who has them.

A text is cut into *chunks* by one regular expression (``analysis.py``), and chunks repeat: so
each different one is analysed once, and a text becomes an array of the numbers of its chunks.
All the rest is arithmetic on arrays, for all documents at once: where each chunk stands, which
words it has there, and, sorted by word, the lists.

The arrays take some 50 bytes for each word of the texts, so at most ``_MOST_CHUNKS`` are turned
into lists at once; the lists of a larger batch are then merged like those of segments.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from blog.search.analysis import CHUNK, MAX_POSITION, pieces
from blog.search.whoosh_merging import merged_lists
from blog.search.whoosh_postings import MAX_COUNT, Lists, key_of, slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from blog.search.engine import Document
    from blog.search.whoosh_postings import Place

_MOST_CHUNKS: Final = 1_000_000


class Inverted(NamedTuple):
    """What is kept of documents: the lists of their words, in order, and their columns."""

    lists: Iterator[Lists]
    columns: dict[str, list[int]]


def inverted(documents: Sequence[Document]) -> Inverted:
    """Invert the documents, which are numbered from 0."""
    runs = list(_runs(documents))
    columns = {
        "entry": [document.entry_id for document in documents],
        "text_length": [length for run in runs for length in run.text_lengths],
        "title_length": [length for run in runs for length in run.title_lengths],
    }
    if len(runs) == 1:
        return Inverted(iter(runs[0].lists), columns)
    sizes = [len(run.text_lengths) for run in runs]
    numbers = np.split(np.arange(len(documents), dtype=np.uint32), np.cumsum(sizes)[:-1])
    return Inverted(merged_lists([_Held(run.lists) for run in runs], numbers), columns)


def _runs(documents: Iterable[Document]) -> Iterator[_Run]:
    batch = _Batch()
    for document in documents:
        batch.add(document)
        if batch.size > _MOST_CHUNKS:
            yield batch.inverted()
            batch = _Batch()
    yield batch.inverted()


class _Run(NamedTuple):
    """As many documents as are inverted at once, numbered from 0."""

    lists: list[Lists]  # one for each field, in the order of FIELDS
    text_lengths: list[int]
    title_lengths: list[int]


class _Held:
    """Posting lists in memory, as a :class:`blog.search.whoosh_merging.Source`."""

    def __init__(self, lists: Sequence[Lists]) -> None:
        packed = [one.packed() for one in lists]
        offsets = accumulate(map(len, packed), initial=0)
        self._halves = np.concatenate(packed)
        self._places = [
            place for one, offset in zip(lists, offsets, strict=False) for place in one.places(offset)
        ]

    def all_places(self) -> Iterable[tuple[bytes, Place]]:
        return self._places

    def halves(self, start: int, number: int) -> NDArray[np.uint16]:
        return self._halves[start : start + number]


class _Batch:
    """Documents as the numbers of their chunks."""

    def __init__(self) -> None:
        self._vocabulary = _Vocabulary()
        self._text, self._title = _Stream(), _Stream()

    @property
    def size(self) -> int:
        """How many chunks there are."""
        return len(self._text.chunks)

    def add(self, document: Document) -> None:
        texts = filter(None, (document.title, document.body, document.extra))
        read = [array("I", map(self._vocabulary.__getitem__, CHUNK.findall(text))) for text in texts]
        self._text.add(self._vocabulary.joined(read))
        self._title.add(self._vocabulary.joined(read[: bool(document.title)]))

    def inverted(self) -> _Run:
        text, title = (stream.placed(self._vocabulary) for stream in (self._text, self._title))
        terms, surfaces = self._vocabulary.terms, self._vocabulary.surfaces
        lists = [
            _lists("text", terms, text),
            _without_positions(_lists("text_words", surfaces, text)),
            _lists("title", terms, title),
            _without_positions(_lists("title_words", surfaces, title)),
        ]
        return _Run(lists, text.lengths.tolist(), title.lengths.tolist())


class _Vocabulary(dict[str, int]):
    """The different chunks, numbered as they are asked for, with the words each stands for.

    Number 0 is a *hole* between two texts, one word wide, so that no phrase reaches across.
    """

    def __init__(self) -> None:
        self.widths = array("I", (1,))
        self.terms, self.surfaces = _Words(), _Words()
        for words in (self.terms, self.surfaces):
            words.end_chunk()

    def __missing__(self, chunk: str) -> int:
        number = self[chunk] = len(self.widths)
        cut = pieces(chunk)
        for place, piece in enumerate(cut):
            for term in (piece.term, *piece.also):
                self.terms.add(term, place)
            if piece.surface:
                self.surfaces.add(piece.surface, place)
        self.widths.append(len(cut))
        for words in (self.terms, self.surfaces):
            words.end_chunk()
        return number

    def joined(self, texts: Sequence[array[int]]) -> array[int]:
        """The chunks of several texts with a hole before each that comes after a word."""
        joined = array("I")
        for text in texts:
            if any(map(self.widths.__getitem__, joined)):
                joined.append(0)
            joined.extend(text)
        return joined


class _Words:
    """What words the chunks stand for: those of chunk c are from ``ends[c - 1]`` to ``ends[c]``."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self._word, self._place, self._ends = array("I"), array("I"), array("I")

    def add(self, word: str, place: int) -> None:
        """One more word of the present chunk, its ``place``-th."""
        self._word.append(self.numbers.setdefault(word, len(self.numbers)))
        self._place.append(place)

    def end_chunk(self) -> None:
        self._ends.append(len(self._word))

    def of(self, placed: _Placed) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]]:
        """For each word of each chunk in turn: its number, its document, its position there."""
        ends = _numbers(self._ends).astype(np.int64)
        starts = np.concatenate(([0], ends[:-1]))
        many = (ends - starts)[placed.chunks]
        at = slices(starts[placed.chunks], many)
        positions = np.repeat(placed.positions, many) + _numbers(self._place)[at]
        # Positions are kept in two bytes; beyond them words are found, phrases not.
        kept = np.minimum(positions, MAX_POSITION).astype(np.uint16)
        return _numbers(self._word)[at], np.repeat(placed.documents, many), kept


class _Placed(NamedTuple):
    """The chunks of all documents in order, each with its document and its first position there."""

    chunks: NDArray[np.uint32]
    documents: NDArray[np.uint32]
    positions: NDArray[np.int64]
    lengths: NDArray[np.int64]  # one for each document: how many positions it has


class _Stream:
    """The chunks of one field of document after document."""

    def __init__(self) -> None:
        self.chunks = array("I")
        self.sizes = array("I")

    def add(self, chunks: array[int]) -> None:
        self.chunks.extend(chunks)
        self.sizes.append(len(chunks))

    def placed(self, vocabulary: _Vocabulary) -> _Placed:
        chunks, sizes = _numbers(self.chunks), _numbers(self.sizes)
        # ``begins[i]`` words stand before chunk i of the stream, whichever document they are of.
        begins = np.concatenate(([0], np.cumsum(_numbers(vocabulary.widths)[chunks], dtype=np.int64)))
        before = np.concatenate(([0], begins[np.cumsum(sizes, dtype=np.int64)]))
        return _Placed(
            chunks,
            np.repeat(np.arange(len(sizes), dtype=np.uint32), sizes),
            begins[:-1] - np.repeat(before[:-1], sizes),
            np.diff(before),
        )


def _lists(field: str, words: _Words, placed: _Placed) -> Lists:
    """The posting lists of the words in the stream."""
    in_order = sorted(words.numbers)  # by code points, which is by the bytes of UTF-8
    ranks = np.empty(len(in_order), np.uint32)
    ranks[[words.numbers[word] for word in in_order]] = np.arange(len(in_order))

    numbers, documents, positions = words.of(placed)
    # A stable sort of small numbers is numpy's fastest. Documents and positions ascend already.
    word = ranks[numbers].astype(np.min_scalar_type(len(in_order)))
    order = np.argsort(word, kind="stable")
    word, documents, positions = word[order], documents[order], positions[order]

    # A posting begins where the word or the document is another than just before.
    starts = np.flatnonzero(np.diff(word.astype(np.int64) << 32 | documents, prepend=-1))
    counts = np.minimum(np.diff(starts, append=len(word)), MAX_COUNT)
    frequencies = np.bincount(word[starts], minlength=len(in_order))
    spans = np.bincount(word[starts], weights=counts, minlength=len(in_order)).astype(np.int64)
    there = np.flatnonzero(frequencies)
    return Lists(
        [key_of(field, in_order[index]) for index in there.tolist()],
        frequencies[there],
        spans[there],
        documents[starts],
        counts.astype(np.uint16),
        positions[slices(starts, counts)],
    )


def _without_positions(lists: Lists) -> Lists:
    return lists._replace(
        spans=np.zeros_like(lists.spans), counts=np.ones_like(lists.counts), positions=lists.positions[:0]
    )


def _numbers(numbers: array[int]) -> NDArray[np.uint32]:
    return np.frombuffer(numbers, np.uint32) if numbers else np.empty(0, np.uint32)
