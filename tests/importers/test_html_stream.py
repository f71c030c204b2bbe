"""HTML a token at a time: how it is cut, and that nothing makes it slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import html_stream
from importers.html_stream import BreaksOff, Tag, tokens


def cut(text: str, size: int = 65_536) -> list[Tag | str]:
    """The tokens of a text that comes in pieces of some size, with texts that follow each other joined."""
    found: list[Tag | str] = []
    for token in tokens(text[n : n + size] for n in range(0, len(text), size)):
        last = found[-1] if found else None
        if isinstance(token, str) and isinstance(last, str):
            found[-1] = last + token
        else:
            found.append(token)
    return found


@pytest.mark.parametrize("size", [1, 2, 5, 65_536])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a <b>c</B > d", ["a ", Tag("b", "<b>"), "c", Tag("/b", "</B >"), " d"]),
        ("1 < 2 <3 </> <", ["1 < 2 <3 </> <"]),
        ("a<!-- <b> -->c<!doctype x>d<?php ?>e", ["acde"]),
        ("a<!-- never closed <b>", ["a"]),
        ("<a b=\"1>2\" c='<d>' e=f>", [Tag("a", "<a b=\"1>2\" c='<d>' e=f>")]),
        ("<script>if (1<b) '<c>'</SCRIPT>d", [Tag("script", "<script>"), Tag("/script", "</SCRIPT>"), "d"]),
        ("<style>never closed <a>", [Tag("style", "<style>")]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_tags_and_what_is_between(text: str, found: list[Tag | str], size: int) -> None:
    assert cut(text, size) == found


@pytest.mark.parametrize(
    ("source", "attributes"),
    [
        ("<a HREF='x' href=y b>", {"href": "x"}),
        ('<a b="&amp;&lt;&copy=1&quot;" c = d/e f=>', {"b": '&<&copy=1"', "c": "d/e", "f": ""}),
        ('<a b="x"y="z">', {"b": "x", "y": "z"}),
        ("<a>", {}),
    ],
)
def test_attributes_are_read_as_browsers_read_them(source: str, attributes: dict[str, str]) -> None:
    (tag,) = cut(source)
    assert isinstance(tag, Tag)
    assert tag.attributes() == attributes


@pytest.mark.parametrize("text", ["a <b c='", "a <b", 'x <a href="never closed> <b> </b>'])
def test_a_text_that_ends_in_a_tag_breaks_off(text: str) -> None:
    with pytest.raises(BreaksOff):
        cut(text)


def test_a_tag_that_does_not_end_for_very_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_stream, "LONGEST_TAG", 100)
    with pytest.raises(BreaksOff):
        cut("<a " + "b " * 1_000 + ">", 50)


@given(st.text(alphabet="<>/!-\"'= abé&;", max_size=60), st.integers(1, 7))
def test_where_it_is_cut_into_pieces_makes_no_difference(text: str, size: int) -> None:
    def read(pieces: int) -> object:
        try:
            return cut(text, pieces)
        except BreaksOff:
            return BreaksOff

    assert read(size) == read(65_536)


@pytest.mark.parametrize(
    "sign", ["<a ", '<a href="', "<!--", "<", "</", "<a b=", '="', "<script>", "<a href='\">"]
)
def test_hostile_html_is_read_in_linear_time(sign: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        try:
            for _ in tokens([sign * (size // len(sign))]):
                pass
        except BreaksOff:
            pass
        return time.process_time() - start

    # The best of a few: the machine may be busy with something else.
    assert min(seconds(400_000) for _ in range(2)) < 20 * max(seconds(40_000), 0.01)
