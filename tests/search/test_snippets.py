"""What is marked, and which stretch of a text is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.textquery import parse
from blog.search import snippets
from blog.search.analysis import terms, tokens
from blog.search.snippets import highlight, snippet


def marked(pieces: list[tuple[str, bool]]) -> str:
    return "".join(f"[{text}]" if is_match else text for text, is_match in pieces)


MARKS: list[tuple[str, str, str]] = [
    ("Indexing the index", "indexes", "[Indexing] the [index]"),
    ("The Café is open", "cafe", "The [Café] is open"),
    ("full-text and text full", '"full text"', "[full-text] and text full"),
    ("Databases, data and date", "data*", "[Databases], [data] and date"),
    ("C++ is not C", "c++", "[C++] is not C"),
    ("Learn .NET", "net", "Learn [.NET]"),
    ("日本語の検索", "日本語", "[日本語]の検索"),
    ("日本語の検索", "本", "日[本]語の検索"),
    ("O'Reilly said", "oreilly", "O'[Reilly] said"),
    ("python ruby perl", "python OR perl -ruby", "[python] ruby [perl]"),
    ("python ruby", "tag:python title:ruby", "python [ruby]"),
    ("a b c", '"a b" "b c"', "[a b c]"),
    ("nothing here", "", "nothing here"),
    ("", "x", ""),
]


@pytest.mark.parametrize(("title", "query", "expected"), MARKS)
def test_a_title_is_marked_like_this(title: str, query: str, expected: str) -> None:
    assert marked(highlight(title, parse(query))) == expected


FILLER = " ".join(f"filler{number}" for number in range(60))


def test_a_short_text_is_shown_whole() -> None:
    assert snippet("About\n SQLite.", parse("sqlite")) == [("About ", False), ("SQLite", True), (".", False)]


def test_without_a_match_the_beginning_is_shown() -> None:
    shown = marked(snippet(FILLER, parse("absent"), length=40))
    assert shown == "filler0 filler1 filler2 filler3 filler4…"


def test_the_stretch_with_most_of_the_words_is_shown() -> None:
    text = f"sqlite sqlite {FILLER} sqlite beside python here {FILLER}"
    shown = marked(snippet(text, parse("sqlite python"), length=60))
    assert "[sqlite] beside [python]" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown.replace("[", "").replace("]", "")) <= 64


def test_words_meant_for_the_title_are_not_marked_in_the_text() -> None:
    assert marked(snippet("sqlite and python", parse("title:sqlite python"))) == "sqlite and [python]"


def test_a_word_meant_for_both_is_marked() -> None:
    assert marked(snippet("sqlite", parse("title:sqlite sqlite"))) == "[sqlite]"


QUERIES = st.sampled_from(["a", "a b", '"a b"', "abc*", "日本", "é c++", "x OR y", "", "title:a"])
TEXTS = st.one_of(
    st.text(), st.lists(st.sampled_from(["a", "b", "c++", "abcd", " ", "日本語", "é", "."])).map("".join)
)


@given(TEXTS, QUERIES)
def test_the_pieces_of_a_title_are_the_title(title: str, query: str) -> None:
    pieces = highlight(title, parse(query))
    assert "".join(text for text, _ in pieces) == title
    assert all(text for text, _ in pieces)


@given(TEXTS, QUERIES, st.integers(min_value=1, max_value=50))
def test_a_snippet_is_a_stretch_of_the_text(text: str, query: str, length: int) -> None:
    shown = "".join(text for text, _ in snippet(text, parse(query), length=length))
    assert shown.strip("…") in " ".join(text.split()) or "…" in text


WORDS = [
    "index",
    "Indexing",
    "dying",
    "Skies",
    "O'Reilly's",
    "snake_case",
    "c++",
    ".NET",
    "日本語の",
    "(full-text,",
    "ÉTÉ",
]
ASKED = [
    "index",
    "die",
    "sky",
    "oreilly",
    "case",
    "net",
    "日本",
    "語",
    "ete",
    "full-text",
    '"full text"',
    "ind*",
]


@given(text=st.lists(st.sampled_from(WORDS)).map(" ".join), words=st.lists(st.sampled_from(ASKED), min_size=1))
def test_looking_only_around_the_finds_marks_what_reading_all_would(text: str, words: list[str]) -> None:
    query = parse(" OR ".join(words))
    asked = [snippets._Asked(what, word) for what, word in enumerate(query.words)]
    read = list(tokens(text))
    expected = sorted(match for one in asked for match in snippets._of_word(read, one))
    assert snippets._matches(text, query.words) == expected


@given(st.from_regex(r"[a-z]{3,16}", fullmatch=True))
def test_a_stem_begins_with_the_letter_of_its_word(word: str) -> None:
    assert terms(word)[0][0] == word[0]
