"""What readers type, and the tree it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.textquery import (
    MAX_LENGTH,
    MAX_TERMS,
    And,
    Field,
    Lifted,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    TextQuery,
    Title,
    Word,
    lift,
    parse,
)

TREES: list[tuple[str, Node | None]] = [
    ("", None),
    ("  \t\n ", None),
    ('- * "" () OR \'', None),
    ("sqlite", Word("sqlite")),
    ("C++ c#", And((Word("C++"), Word("c#")))),
    ("(sqlite", Word("(sqlite")),
    ('"full text"', Phrase("full text")),
    ("“full   text”", Phrase("full text")),
    ("«full text»", Phrase("full text")),
    ('"full text', Phrase("full text")),
    ('a"b c"d', And((Word("a"), Phrase("b c"), Word("d")))),
    ("-django", Not(Word("django"))),
    ("--django", Not(Word("django"))),
    ('-"web scraping"', Not(Phrase("web scraping"))),
    ("-tag:django", Not(Field("tag", "django"))),
    ("-index*", Not(Prefix("index"))),
    ("index*", Prefix("index")),
    ("in*", Word("in*")),
    ("full-te*", Word("full-te*")),
    ("????*", None),
    ("[a TO z]", And((Word("[a"), Word("TO"), Word("z]")))),
    ("title:sqlite", Title(Word("sqlite"))),
    ('Title:"full text"', Title(Phrase("full text"))),
    ("title:ind*", Title(Prefix("ind"))),
    ("tag:C++", Field("tag", "C++")),
    ('tag:"machine learning"', Field("tag", "machine learning")),
    ("domain:example.com", Field("domain", "example.com")),
    ("source:tils", Field("source", "tils")),
    ("author:ann", Word("author:ann")),
    ("tag:", Word("tag:")),
    ("tag: python", And((Word("tag:"), Word("python")))),
    ("tag:++", Word("tag:++")),
    ("python OR ruby", Or((Word("python"), Word("ruby")))),
    ("a python OR ruby b", And((Word("a"), Or((Word("python"), Word("ruby"))), Word("b")))),
    ("a OR b OR -c", Or((Word("a"), Word("b"), Not(Word("c"))))),
    ("OR a OR OR b OR", Or((Word("a"), Word("b")))),
    ("a or b", And((Word("a"), Word("or"), Word("b")))),
    ('"OR"', Phrase("OR")),
    ("-OR", Not(Word("OR"))),
    ("tag:a OR tag:b", Or((Field("tag", "a"), Field("tag", "b")))),
    ("日本語 データ*", And((Word("日本語"), Prefix("データ")))),
]


@pytest.mark.parametrize(("typed", "node"), TREES, ids=[typed or "nothing" for typed, _ in TREES])
def test_what_is_typed_means_this_tree(typed: str, node: Node | None) -> None:
    assert parse(typed) == TextQuery(node)
    assert not parse(typed).truncated


def test_words_are_what_is_looked_for_and_not_excluded() -> None:
    query = parse('sqlite "full text" title:index* -django tag:python ruby OR -perl')
    assert query.words == (Word("sqlite"), Phrase("full text"), Prefix("index"), Word("ruby"))


def test_seventeen_terms_are_sixteen_and_said_to_be_truncated() -> None:
    query = parse(" ".join(f"w{number}" for number in range(17)))
    assert query == parse(" ".join(f"w{number}" for number in range(16)))
    assert query.truncated


def test_a_text_beyond_the_limit_is_cut_between_words() -> None:
    query = parse("x" * 150 + " " + "y" * 60)
    assert query == TextQuery(Word("x" * 150))
    assert query.truncated


def test_one_endless_word_is_cut_within() -> None:
    assert parse("x" * 5000) == TextQuery(Word("x" * MAX_LENGTH))
    assert parse("x" * 5000).truncated


@pytest.mark.parametrize("hostile", ["(" * 10_000, "a " * 2_000, '"' * 9_999, "-" * 10_000, "a OR " * 3_000])
def test_hostile_texts_become_small_trees(hostile: str) -> None:
    query = parse(hostile)
    assert len(query.terms) <= MAX_TERMS
    assert len(str(query)) <= MAX_LENGTH


LIFTS: list[tuple[str, Lifted]] = [
    ("", Lifted("")),
    ("index tag:python", Lifted("index", tags=("python",))),
    ("tag:b tag:a tag:b", Lifted("", tags=("b", "a"))),
    ("index -tag:django -word", Lifted("index -word", without_tags=("django",))),
    ("tag:a OR tag:b c", Lifted("tag:a OR tag:b c")),
    ("domain:example.com source:tils x", Lifted("x", domain="example.com", source="tils")),
    ("-domain:example.com x", Lifted("-domain:example.com x")),
    ("domain:a.com domain:b.com tag:c", Lifted("domain:a.com domain:b.com", tags=("c",))),
    ("domain:a.com domain:a.com", Lifted("", domain="a.com")),
    ("“open phrase", Lifted('"open phrase"')),
]


@pytest.mark.parametrize(("typed", "lifted"), LIFTS, ids=[typed or "nothing" for typed, _ in LIFTS])
def test_lifting_takes_out_what_a_filter_holds_itself(typed: str, lifted: Lifted) -> None:
    assert lift(typed) == lifted


PIECES = st.sampled_from(
    'OR|or|-|"|“|”|tag:|title:|domain:|source:|x:|*|abc*|ab*|(|)| |  |a|django|c++|日本|é|++|-tag:x'.split("|")
    + "domain:a|domain:b|\u00a0|\x00".split("|"),
)
TYPED = st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join))


@given(TYPED)
def test_the_canonical_spelling_means_the_same(typed: str) -> None:
    query = parse(typed)
    again = parse(str(query))
    assert again == query
    assert not again.truncated
    assert len(query.terms) <= MAX_TERMS


@given(TYPED)
def test_lifting_twice_is_lifting_once(typed: str) -> None:
    once = lift(typed)
    assert lift(once.text) == Lifted(once.text)


@given(TYPED)
def test_spaces_around_change_nothing(typed: str) -> None:
    spaced = f" {typed} "
    assert parse(spaced) == parse(typed)
