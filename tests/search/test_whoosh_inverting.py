"""From texts to posting lists: the arithmetic on arrays against counting word by word."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blog.search import whoosh_inverting, whoosh_merging
from blog.search.analysis import CHUNK, pieces
from blog.search.engine import Document
from blog.search.whoosh_inverting import inverted
from blog.search.whoosh_postings import FIELDS, MAX_COUNT, Lists, key_of

if TYPE_CHECKING:
    import pytest

Index = dict[bytes, dict[int, list[int]]]
"""For each key the documents that have it, with the positions where."""

WORDS = ["index", "indexing", "c++", ".NET", "O'Reilly", "snake_case", "日本語", "本", "__", "café", "a"]
TEXTS = st.one_of(st.lists(st.sampled_from([*WORDS, "!"]), max_size=8).map(" ".join), st.text(max_size=20))
DOCUMENTS = st.lists(st.builds(Document, st.just(1), TEXTS, TEXTS, TEXTS), max_size=6)


def plainly(documents: list[Document]) -> tuple[Index, list[int], list[int]]:
    """Word by word: the index, and the lengths of texts and titles."""
    index: Index = defaultdict(lambda: defaultdict(list))
    lengths: dict[str, list[int]] = {"text": [], "title": []}
    for number, document in enumerate(documents):
        fields = {"text": (document.title, document.body, document.extra), "title": (document.title,)}
        for field, texts in fields.items():
            position = 0
            for text in filter(None, texts):
                position += bool(position)
                for chunk in CHUNK.findall(text):
                    for piece in pieces(chunk):
                        for term in (piece.term, *piece.also):
                            index[key_of(field, term)][number].append(position)
                        if piece.surface:
                            index[key_of(f"{field}_words", piece.surface)][number] = []
                        position += 1
            lengths[field].append(position)
    return index, lengths["text"], lengths["title"]


def read(lists: list[Lists]) -> Index:
    """The same out of the arrays."""
    index: Index = {}
    for one in lists:
        documents, positions = iter(one.documents.tolist()), iter(one.positions.tolist())
        counts = iter(one.counts.tolist())
        for key, frequency, span in zip(one.keys, one.frequencies.tolist(), one.spans.tolist(), strict=True):
            index[key] = {}
            for _ in range(frequency):
                count = next(counts)
                index[key][next(documents)] = [next(positions) for _ in range(count if span else 0)]
    return index


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=DOCUMENTS, most=st.sampled_from([1, 5, 1_000_000]), at_once=st.sampled_from([1, 1_000, 1 << 20])
)
def test_the_lists_are_those_of_counting_word_by_word(
    monkeypatch: pytest.MonkeyPatch, documents: list[Document], most: int, at_once: int
) -> None:
    # Whatever is inverted at once, and however many words are merged at once.
    monkeypatch.setattr(whoosh_inverting, "_MOST_CHUNKS", most)
    monkeypatch.setattr(whoosh_merging, "_HALVES_AT_ONCE", at_once)
    lists, columns = inverted(documents)
    expected, text_lengths, title_lengths = plainly(documents)
    assert read(list(lists)) == expected
    assert columns == {
        "entry": [1] * len(documents),
        "text_length": text_lengths,
        "title_length": title_lengths,
    }


def test_the_keys_are_in_the_order_of_their_bytes() -> None:
    lists, _ = inverted([Document(1, "zebra Ähre apple \U0001f600 日本 \uffee", "10 9 c++ .net")])
    keys = [key for one in lists for key in one.keys]
    assert keys == sorted(set(keys))
    assert {key[:2] for key in keys} == {key_of(field, "") for field in FIELDS}


def test_more_occurrences_than_two_bytes_can_count_are_cut() -> None:
    lists, columns = inverted([Document(1, "", "a " * 70_000), Document(2, "", "a b")])
    index = read(list(lists))
    assert index[key_of("text", "a")] == {0: list(range(MAX_COUNT)), 1: [0]}
    assert index[key_of("text", "b")] == {1: [1]}
    assert columns["text_length"] == [70_000, 2]


@given(documents=DOCUMENTS)
def test_lists_are_packed_and_unpacked_again(documents: list[Document]) -> None:
    for one in inverted(documents).lists:
        places = [place for _, place in one.places(0)]
        assert sum(place.size for place in places) == len(one.packed())
        starts = np.array([place.offset for place in places], np.int64)
        again = Lists.unpacked(one.keys, one.packed(), starts, one.frequencies, one.spans)
        assert read([again]) == read([one])
