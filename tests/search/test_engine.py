"""The promise of :class:`blog.search.engine.SearchEngine`, kept by every engine there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import ENGINES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from blog.domain.textquery import And, Field, Node, Not, Or, Prefix, TextQuery, Title, parse
from blog.search.analysis import Token, tokens
from blog.search.engine import Document
from blog.search.engines import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blog.search.engine import SearchEngine

LIBRARY = [
    Document(1, "Indexing with SQLite", "Full-text search needs an index. Databases have them."),
    Document(2, "A note", "Django and SQLite are friends; caching helps.", "Jane O'Reilly example.com"),
    Document(3, "C++ and C#", "The node.js of its day, unlike .NET."),
    Document(4, "日本語の検索", "東京で Python を使う"),
    Document(5, "Café culture", "Text that is full of words, and the search for the search."),
    Document(6, "Generic programming", "In general, generated code; new news."),
    Document(7, "Python", "python python python"),
]
EVERYTHING = BitMap(document.entry_id for document in LIBRARY)
TAGS = {"python": BitMap([4, 7]), "sqlite": BitMap([1, 2, 99])}


def tagged(name: str, value: str) -> BitMap:
    return TAGS.get(value, BitMap()) if name == "tag" else BitMap()


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    engine = open_engine(request.param, tmp_path / "search")
    yield engine
    engine.close()


@pytest.fixture
def engine(empty: SearchEngine) -> SearchEngine:
    assert empty.apply(LIBRARY[:3], [], 3)
    assert empty.apply(LIBRARY[3:], [], 7)
    return empty


def found(engine: SearchEngine, typed: str, everything: BitMap = EVERYTHING) -> list[int]:
    return list(engine.matches(parse(typed), tagged, everything))


FOUND: list[tuple[str, list[int]]] = [
    ("", []),
    ("!!!", []),
    ("sqlite", [1, 2]),
    ("SQLITE index", [1]),
    ("indexes", [1]),
    ("database", [1]),
    ("cache", [2]),
    ("full-text", [1]),
    ("full text", [1, 5]),
    ('"full text"', [1]),
    ('"text full"', []),
    ('"sqlite full"', []),  # the title and the text are not one phrase
    ("text -index", [5]),
    ("-sqlite", [3, 4, 5, 6, 7]),
    ("-sqlite -python", [3, 5, 6]),
    ("sqlite OR python", [1, 2, 4, 7]),
    ("django OR -text", [2, 3, 4, 6, 7]),
    ("data*", [1]),
    ("databases*", [1]),
    ("gener*", [6]),
    ("generic", [6]),
    ("-pyth*", [1, 2, 3, 5, 6]),
    ("title:sqlite", [1]),
    ('title:"indexing with"', [1]),
    ('title:"with indexing"', []),
    ("title:index*", [1]),
    ("title:data*", []),
    ("-title:python python", [4]),
    ("c++", [3]),
    ("C#", [3]),
    (".net", [3]),
    ("net", [3]),
    ("node", [3]),
    ("node.js", [3]),
    ("cafe", [5]),
    ("oreilly", [2]),
    ("o'reilly", [2]),
    ("example.com", [2]),
    ("日本", [4]),
    ("日本語", [4]),
    ("語", [4]),
    ("本日", []),
    ("tag:python", [4, 7]),
    ("tag:python -tag:sqlite", [4, 7]),
    ("-tag:python sqlite", [1, 2]),
    ("tag:sqlite OR c++", [1, 2, 3]),
    ("tag:absent", []),
    ("domain:example.com", []),
    ("absent", []),
    ("absent OR django", [2]),
]


@pytest.mark.parametrize(("typed", "expected"), FOUND, ids=[typed or "nothing" for typed, _ in FOUND])
def test_a_query_finds_exactly_these(engine: SearchEngine, typed: str, expected: list[int]) -> None:
    assert found(engine, typed) == expected


def test_nothing_outside_everything_is_found(engine: SearchEngine) -> None:
    assert found(engine, "sqlite", BitMap([2, 3])) == [2]
    assert found(engine, "-sqlite", BitMap([2, 3])) == [3]
    assert found(engine, "tag:sqlite", BitMap([2, 3])) == [2]
    assert found(engine, "sqlite", BitMap()) == []


def test_a_new_index_is_at_position_0_and_finds_nothing(empty: SearchEngine) -> None:
    assert empty.position() == 0
    assert found(empty, "sqlite") == []
    assert found(empty, "-sqlite") == list(EVERYTHING)
    assert empty.best(parse("sqlite"), BitMap([3, 5]), 10) == [5, 3]
    assert empty.suggest(parse("sqlite")) is None
    assert empty.similar("sqlite", EVERYTHING, 5) == []


def test_the_position_is_that_of_the_last_commit_also_when_lower(engine: SearchEngine) -> None:
    assert engine.position() == 7
    assert engine.apply([Document(8, "eight"), Document(9, "nine")], [], 9)
    assert engine.position() == 9
    assert engine.apply([], [], 8)
    assert engine.position() == 8


def test_documents_are_replaced_and_removed(engine: SearchEngine) -> None:
    assert engine.apply([Document(1, "Now about Ruby"), Document(8, "SQLite")], [2, 77], 10)
    everything = EVERYTHING | BitMap([8])
    assert found(engine, "sqlite", everything) == [8]
    assert found(engine, "ruby", everything) == [1]
    assert found(engine, "django", everything) == []


def test_a_replaced_text_is_found_no_more(engine: SearchEngine) -> None:
    assert engine.apply([Document(7, "Perl")], [6], 8)
    assert found(engine, "python") == [4]
    assert found(engine, "generic") == []
    assert found(engine, "-text") == [2, 3, 4, 6, 7]


def test_no_phrase_reaches_from_one_document_into_the_next(empty: SearchEngine) -> None:
    assert empty.apply([Document(number, "", "text is full") for number in range(1, 5)], [], 1)
    assert found(empty, '"full text"') == []
    assert found(empty, '"is full"') == [1, 2, 3, 4]


def test_phrases_survive_merging_and_removing(empty: SearchEngine) -> None:
    for number in range(0, 120, 6):
        batch = [Document(number + more, "", f"some words, then a full text {more}") for more in range(1, 7)]
        assert empty.apply(batch, [number - 1, number - 4] if number else [], number)
    everything = BitMap(range(1, 121))
    expected = [number for number in everything if number > 114 or number % 6 not in (2, 5)]
    assert found(empty, '"a full text"', everything) == expected
    assert found(empty, '"full text 3"', everything) == [number for number in expected if number % 6 == 3]
    assert found(empty, '"text full"', everything) == []


def test_the_last_of_two_documents_of_one_entry_counts(empty: SearchEngine) -> None:
    assert empty.apply([Document(1, "first"), Document(1, "second")], [1], 1)
    assert found(empty, "first") == []
    assert found(empty, "second") == [1]


def test_many_small_commits_are_one_index(empty: SearchEngine) -> None:
    for number in range(1, 60):
        assert empty.apply(
            [Document(number, f"word{number}", "common")], [number - 5] if number > 5 else [], number
        )
    everything = BitMap(range(100))
    assert found(empty, "common", everything) == [55, 56, 57, 58, 59]
    assert found(empty, "word59", everything) == [59]
    assert found(empty, "word54", everything) == []
    assert empty.position() == 59


def test_clearing_forgets_everything(engine: SearchEngine) -> None:
    assert engine.clear()
    assert engine.position() == 0
    assert found(engine, "sqlite") == []
    assert engine.apply(LIBRARY, [], 1)
    assert found(engine, "sqlite") == [1, 2]


def test_the_title_weighs_more_than_the_text(empty: SearchEngine) -> None:
    long = "and some more words to make it long enough"
    empty.apply([Document(1, "About sqlite", long), Document(2, "About nothing", f"sqlite {long}")], [], 1)
    assert empty.best(parse("sqlite"), BitMap([1, 2]), 10) == [1, 2]


def test_rare_words_weigh_more_than_common_ones(empty: SearchEngine) -> None:
    common = [Document(number, "", "python and other things") for number in range(1, 20)]
    empty.apply([*common, Document(20, "", "zope and other things")], [], 1)
    assert empty.best(parse("python OR zope"), BitMap(range(1, 21)), 2) == [20, 19]


def test_a_word_that_is_everywhere_still_ranks(empty: SearchEngine) -> None:
    same = [Document(number, "Web", "common words and others") for number in range(1, 301)]
    empty.apply([*same, Document(7, "Common", "common words and others")], [], 1)
    assert empty.best(parse("common"), BitMap(range(1, 301)), 3) == [7, 300, 299]


def test_equally_good_ones_come_newest_first_page_by_page(empty: SearchEngine) -> None:
    empty.apply([Document(number, "same title", "same text") for number in range(1, 8)], [], 1)
    empty.apply([Document(3, "same title", "same text")], [], 2)
    within = BitMap(range(1, 8))
    assert empty.best(parse("same"), within, 10) == [7, 6, 5, 4, 3, 2, 1]
    assert empty.best(parse("same"), within, 3, offset=2) == [5, 4, 3]
    assert empty.best(parse("same"), within, 3, offset=9) == []


def test_what_only_a_field_found_comes_last_not_never(engine: SearchEngine) -> None:
    query = parse("django OR tag:python")
    assert engine.best(query, engine.matches(query, tagged, EVERYTHING), 10) == [2, 7, 4]


def test_best_of_nothing_is_nothing(engine: SearchEngine) -> None:
    assert engine.best(parse("sqlite"), BitMap(), 10) == []


def test_best_stays_within(engine: SearchEngine) -> None:
    assert engine.best(parse("sqlite"), BitMap([2, 3]), 10) == [2, 3]


def test_a_replaced_text_gives_its_entry_no_score(empty: SearchEngine) -> None:
    empty.apply([Document(1, "sqlite"), Document(2, "sqlite among others")], [], 1)
    empty.apply([Document(1, "ruby")], [], 2)
    assert empty.best(parse("sqlite"), BitMap([1, 2]), 10) == [2, 1]


SUGGESTED: list[tuple[str, str | None]] = [
    ("", None),
    ("sqlite", None),
    ("sqlitte", "sqlite"),
    ("pyhton", "python"),
    ("djnago -sqltie OR tag:pyhton", "django -sqltie OR tag:pyhton"),
    ('"full serch"', '"full search"'),
    ("title:indexng cafe", "title:indexing cafe"),
    ("Programing-sqlite", "programming-sqlite"),
    ("databeses", "databases"),
    ("pythooon", "python"),
    ("zzzzqqqq", None),
    ("pyhton*", None),
    ("日本誤", None),
]


@pytest.mark.parametrize(("typed", "expected"), SUGGESTED, ids=[typed or "nothing" for typed, _ in SUGGESTED])
def test_unknown_words_are_replaced_by_likely_ones(
    engine: SearchEngine, typed: str, expected: str | None
) -> None:
    assert engine.suggest(parse(typed)) == expected


def test_similar_entries_share_telling_words(empty: SearchEngine) -> None:
    others = [Document(number, f"Other {number}", "the usual things about the web") for number in range(10, 30)]
    alike = [
        Document(1, "Roaring bitmaps", "compressed bitmaps for facets"),
        Document(2, "Facets", "counting facets with bitmaps"),
        Document(3, "Gardening", "roses and the usual things"),
    ]
    empty.apply([*alike, *others], [], 1)
    everything = BitMap([1, 2, 3, *range(10, 30)])
    assert empty.similar("Bitmaps for facets, the usual things", everything, 5) == [2, 1]
    assert empty.similar("Bitmaps for facets", BitMap([2, 3]), 5) == [2]
    assert empty.similar("", everything, 5) == []


VOCABULARY = [
    "index",
    "indexing",
    "Indexes",
    "full-text",
    "full",
    "text",
    "c++",
    ".NET",
    "café",
    "日本語",
    "本",
    "o'reilly",
]
TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=6).map(" ".join)
DOCUMENTS = st.builds(Document, st.integers(1, 6), TEXTS, TEXTS, TEXTS)
COMMITS = st.lists(
    st.tuples(st.lists(DOCUMENTS, max_size=5), st.lists(st.integers(1, 6), max_size=2)), min_size=1, max_size=4
)
PHRASES = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3).map(
    lambda words: f'"{" ".join(words)}"'
)
LOOKED_FOR = st.one_of(st.sampled_from([*VOCABULARY, "ind*", "indexi*", "caf*", "tex*"]), PHRASES)
TERMS = st.tuples(st.sampled_from(["", "", "-"]), st.sampled_from(["", "", "title:"]), LOOKED_FOR).map("".join)
TYPED = st.lists(st.one_of(TERMS, TERMS, st.just("OR"), st.just("tag:odd")), min_size=1, max_size=6).map(
    " ".join
)
ODD = BitMap([1, 3, 5])


def reads(texts: tuple[str, ...]) -> list[list[Token]]:
    return [list(tokens(text)) for text in texts]


def has_text(texts: tuple[str, ...], text: Node) -> bool:
    """Brute force: does one of the texts have these tokens beside each other?"""
    assert not isinstance(text, And | Or | Not | Field | Title)
    if isinstance(text, Prefix):
        return any(token.surface.startswith(text.value) for read in reads(texts) for token in read)
    wanted = [token.term for token in tokens(text.value)]
    return any(
        all(term in (token.term, *token.also) for token, term in zip(read[at:], wanted, strict=False))
        for read in reads(texts)
        for at in range(len(read) - len(wanted) + 1)
    )


def holds(document: Document, node: Node) -> bool:
    if isinstance(node, And):
        return all(holds(document, part) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(document, part) for part in node.terms)
    if isinstance(node, Not):
        return not holds(document, node.leaf)
    if isinstance(node, Field):
        return document.entry_id in ODD
    if isinstance(node, Title):
        return has_text((document.title,), node.text)
    return has_text((document.title, document.body, document.extra), node)


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commits=COMMITS, queries=st.lists(TYPED, min_size=1, max_size=8))
def test_matches_are_those_of_brute_force(
    name: str,
    tmp_path_factory: pytest.TempPathFactory,
    commits: list[tuple[list[Document], list[int]]],
    queries: list[str],
) -> None:
    engine = open_engine(name, tmp_path_factory.mktemp("engine"))
    expected: dict[int, Document] = {}
    for position, (documents, removed) in enumerate(commits, start=1):
        assert engine.apply(documents, removed, position)
        expected = {key: value for key, value in expected.items() if key not in removed}
        expected.update({document.entry_id: document for document in documents})
    everything = BitMap(expected)
    for query in map(parse, queries):
        matching = engine.matches(query, lambda _name, _value: ODD, everything)
        assert matching == brute_force(expected, query)
        assert sorted(engine.best(query, matching, 100)) == list(matching)
    engine.close()


def brute_force(documents: dict[int, Document], query: TextQuery) -> BitMap:
    if query.node is None:
        return BitMap()
    return BitMap(key for key, document in documents.items() if holds(document, query.node))
