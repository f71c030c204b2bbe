"""What a word is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.search.analysis import MAX_TERM, fold, terms, tokens
from blog.search.engine import Document
from blog.search.whoosh_inverting import inverted
from blog.search.whoosh_postings import key_of


class Counted:
    """What an index is given of one document: where its terms stand, and how many places it has."""

    def __init__(self, title: str, body: str = "", extra: str = "") -> None:
        lists, columns = inverted([Document(1, title, body, extra)])
        self.length = columns["text_length"][0]
        self.positions: dict[str, list[int]] = {}
        for one in lists:
            ends = one.spans.cumsum().tolist()
            for key, span, end in zip(one.keys, one.spans.tolist(), ends, strict=True):
                if key.startswith(key_of("text", "")):
                    self.positions[key[2:].decode()] = one.positions[end - span : end].tolist()


TERMS: list[tuple[str, list[str]]] = [
    ("", []),
    ("… — !? +", []),
    ("SQLite", ["sqlite"]),
    ("Café cafe\u0301 CAFÉ", ["cafe", "cafe", "cafe"]),
    ("Straße Łódź København", ["strass", "lodz", "kobenhavn"]),
    ("index indexes indexed indexing", ["index"] * 4),
    ("general generic generate", ["general", "generic", "generat"]),
    ("C++ c++17 c# F# .NET", ["c++", "c++", "17", "c#", "f#", ".net"]),
    ("#python a+b", ["python", "a", "b"]),
    ("node.js full-text snake_case AT&T", ["node", "js", "full", "text", "snake", "case", "at", "t"]),
    ("GPT-4o python3 3.11", ["gpt", "4o", "python3", "3", "11"]),
    ("Simon's Simon’s don't O'Reilly", ["simon", "simon", "dont", "o", "reilli"]),
    ("日本語", ["日本", "本語"]),
    ("日", ["日"]),
    ("한국어 と かな", ["한국", "국어", "と", "かな"]),
    ("東京2020年", ["東京", "2020", "年"]),
    ("हिन्दी العربية русский", ["हिन्दी", "العربية", "русскии"]),
    ("x" * 100, ["x" * MAX_TERM]),
]


@pytest.mark.parametrize(("text", "expected"), TERMS, ids=[text[:20] or "nothing" for text, _ in TERMS])
def test_a_text_has_these_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


ALSO: list[tuple[str, set[str]]] = [
    (".NET", {".net", "net"}),
    ("notepad++", {"notepad++", "notepad"}),
    ("C++", {"c++"}),
    ("O'Reilly", {"o", "reilli", "oreilli"}),
    ("日本語", {"日本", "本語", "日", "本", "語"}),
    ("node.js", {"node", "js"}),
]


@pytest.mark.parametrize(("text", "expected"), ALSO)
def test_a_text_is_found_by_these_terms(text: str, expected: set[str]) -> None:
    assert set(Counted(text).positions) == expected


def test_a_token_knows_its_place_and_its_surface() -> None:
    read = [
        (token.surface, token.position, token.start, token.end) for token in tokens("On Full-Text, indexed")
    ]
    assert read == [("on", 0, 0, 2), ("full", 1, 3, 7), ("text", 2, 8, 12), ("indexed", 3, 14, 21)]


def test_no_phrase_reaches_from_one_text_into_the_next() -> None:
    counted = Counted("one two", "", "three")
    assert {term: list(places) for term, places in counted.positions.items()} == {
        "one": [0],
        "two": [1],
        "three": [3],
    }
    assert counted.length == 4


def test_positions_beyond_two_bytes_stay_at_the_last() -> None:
    counted = Counted("a " * 70_000 + "omega")
    assert list(counted.positions["omega"]) == [0xFFFF]
    assert counted.length == 70_001


@given(st.text())
def test_whatever_has_a_letter_or_digit_has_a_term(text: str) -> None:
    assert bool(terms(text)) == any(character.isalnum() for character in text)


@given(st.text())
def test_tokens_stand_in_order_within_the_text(text: str) -> None:
    read = list(tokens(text))
    assert [token.position for token in read] == list(range(len(read)))
    assert all(0 <= token.start < token.end <= len(text) for token in read)
    assert [token.start for token in read] == sorted(token.start for token in read)
    assert all(0 < len(token.term) <= MAX_TERM + 2 for token in read)


@given(st.text())
def test_an_index_has_every_term_that_a_query_for_the_same_text_looks_for(text: str) -> None:
    assert set(terms(text)) <= set(Counted(text).positions)


@given(st.text())
def test_case_makes_no_difference(text: str) -> None:
    assert fold(fold(text)) == fold(text)
