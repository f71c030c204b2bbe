"""BM25F by arrays against the same formula in a plain loop."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from blog.domain.textquery import Prefix, Text, parse
from blog.search.analysis import tokens
from blog.search.engine import Document
from blog.search.whoosh_engine import WhooshEngine

if TYPE_CHECKING:
    import pytest

    from blog.domain.textquery import TextQuery

K, B, TITLE_WEIGHT = 1.2, 0.75, 4.0

WORDS = ["index", "indexing", "full-text", "full", "text", "c++", ".NET", "o'reilly", "日本語", "本", "python"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
DOCUMENTS = st.builds(Document, st.integers(1, 12), TEXTS, TEXTS, TEXTS)
COMMITS = st.lists(
    st.tuples(st.lists(DOCUMENTS, max_size=4), st.lists(st.integers(1, 12), max_size=2)), min_size=1, max_size=7
)
LOOKED_FOR = st.sampled_from(
    [*WORDS, "ind*", "ful*", '"full text"', '"index full text"', "title:index", "absent"]
)
TYPED = st.lists(LOOKED_FOR, min_size=1, max_size=4).map(" OR ".join)


class Statistics(NamedTuple):
    """What the formula asks of the whole index, which counts the dead too until they are merged away."""

    documents: int
    average_text: float
    average_title: float


def occurrences(text: Text, texts: tuple[str, ...]) -> int:
    """How often it is in the texts; a beginning counts once."""
    wanted = list(tokens(text.value))
    reads = [list(tokens(one)) for one in texts]
    if isinstance(text, Prefix):
        return any(token.surface.startswith(wanted[0].surface) for read in reads for token in read)
    return sum(
        all(token.term in (there.term, *there.also) for there, token in zip(read[at:], wanted, strict=False))
        for read in reads
        for at in range(len(read) - len(wanted) + 1)
    )


def length(texts: tuple[str, ...]) -> int:
    """The words, and a hole between two texts."""
    total = 0
    for text in filter(None, texts):
        total += bool(total) + len(list(tokens(text)))
    return total


def texts_of(document: Document) -> tuple[str, ...]:
    return (document.title, document.body, document.extra)


def plain_bm25f(
    documents: dict[int, Document], frequencies: dict[Text, int], statistics: Statistics
) -> dict[int, float]:
    """The score of every document that has one of the words, the rarest word first."""
    scores: dict[int, float] = {}
    for word, frequency in sorted(frequencies.items(), key=lambda item: item[1]):
        rarity = log(1 + (statistics.documents - frequency + 0.5) / (frequency + 0.5))
        for number, document in documents.items():
            in_text = occurrences(word, texts_of(document))
            if not in_text:
                continue
            weight = in_text / (1 - B + B / statistics.average_text * length(texts_of(document)))
            if in_title := occurrences(word, (document.title,)):
                norm = 1 - B + B / statistics.average_title * length((document.title,))
                weight += TITLE_WEIGHT * in_title / norm
            scores[number] = scores.get(number, 0.0) + rarity * weight * (K + 1) / (weight + K)
    return scores


def best_first(scores: dict[int, float], within: BitMap) -> list[int]:
    return sorted(within, key=lambda number: (scores.get(number, 0.0), number), reverse=True)


def statistics_of(engine: WhooshEngine) -> Statistics:
    snapshot = engine._snapshot()
    totals = [int(snapshot.lengths[field].sum()) for field in ("text", "title")]
    averages = [total / (snapshot.documents or 1) or 1.0 for total in totals]
    return Statistics(snapshot.documents, *averages)


def frequencies_of(engine: WhooshEngine, query: TextQuery) -> dict[Text, int]:
    snapshot = engine._snapshot()
    return {word: len(snapshot.finder(word)("text").documents) for word in query.words}


@settings(max_examples=30, deadline=None)
@given(commits=COMMITS, typed=TYPED, within=st.sets(st.integers(1, 14)), limit=st.integers(0, 14))
def test_the_order_is_that_of_the_plain_formula(
    tmp_path_factory: pytest.TempPathFactory,
    commits: list[tuple[list[Document], list[int]]],
    typed: str,
    within: set[int],
    limit: int,
) -> None:
    engine = WhooshEngine(tmp_path_factory.mktemp("engine"))
    documents: dict[int, Document] = {}
    for position, (added, removed) in enumerate(commits, start=1):
        assert engine.apply(added, removed, position)
        documents = {key: value for key, value in documents.items() if key not in removed}
        documents |= {document.entry_id: document for document in added}
    query = parse(typed)
    scores = plain_bm25f(documents, frequencies_of(engine, query), statistics_of(engine))
    expected = best_first(scores, BitMap(within))
    assert engine.best(query, BitMap(within), 14) == expected
    assert engine.best(query, BitMap(within), limit, 2) == expected[2 : 2 + limit]
    engine.close()


@settings(max_examples=30, deadline=None)
@given(documents=st.lists(DOCUMENTS, min_size=1, max_size=12, unique_by=lambda one: one.entry_id), typed=TYPED)
def test_an_index_of_one_commit_counts_what_is_in_its_texts(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document], typed: str
) -> None:
    engine = WhooshEngine(tmp_path_factory.mktemp("engine"))
    assert engine.apply(documents, [], 1)
    all_texts, query = [texts_of(document) for document in documents], parse(typed)
    # The position is kept in a document of its own, which counts too.
    number = len(documents) + 1
    assert statistics_of(engine) == Statistics(
        number,
        sum(map(length, all_texts)) / number or 1.0,
        sum(length((document.title,)) for document in documents) / number or 1.0,
    )
    assert frequencies_of(engine, query) == {
        word: sum(occurrences(word, texts) > 0 for texts in all_texts) for word in query.words
    }
    engine.close()


def test_of_many_equally_good_ones_the_newest_come_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = WhooshEngine(tmp_path_factory.mktemp("engine"))
    assert engine.apply([Document(number, "same") for number in range(1, 3_001)], [2_999], 1)
    assert engine.apply([Document(2_998, "same same"), Document(4_000, "other")], [2_997], 2)
    everything = BitMap(range(1, 4_001))
    best = engine.best(parse("same OR absent"), everything - BitMap([2_999, 2_997]), 5)
    assert best[:4] == [2_998, 3_000, 2_996, 2_995]
    engine.close()


def test_an_entry_id_may_be_as_large_as_32_bits_hold(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = WhooshEngine(tmp_path_factory.mktemp("engine"))
    largest = 2**32 - 1
    assert engine.apply([Document(largest, "sqlite"), Document(1, "sqlite and more")], [], 1)
    everything = BitMap([1, largest])
    assert engine.matches(parse("sqlite"), lambda _name, _value: BitMap(), everything) == everything
    assert engine.best(parse("sqlite"), everything, 2) == [largest, 1]
    assert engine.apply([], [largest], 2)
    assert engine.best(parse("sqlite"), everything, 1) == [1]
    engine.close()
