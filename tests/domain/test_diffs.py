"""What changed between two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.diffs import GONE, NEW, SAME, FieldDiff, Line, Piece, field_diffs, line_diff, word_diff


@pytest.mark.parametrize(
    ("before", "after", "pieces"),
    [
        ("", "", ()),
        ("the same", "the same", (Piece(SAME, "the same"),)),
        ("The quick fox", "The slow fox", (Piece(SAME, "The "), Piece(GONE, "quick "), Piece(NEW, "slow "), Piece(SAME, "fox"))),
        ("", "New", (Piece(NEW, "New"),)),
        ("Old", "", (Piece(GONE, "Old"),)),
    ],
)  # fmt: skip
def test_words_are_compared(before: str, after: str, pieces: tuple[Piece, ...]) -> None:
    assert word_diff(before, after) == pieces


def plain(text: str, what: str = SAME) -> Line:
    return Line(what, (Piece(what, text),))


def test_lines_are_compared_and_far_ones_left_out() -> None:
    before = "a\nb\nc\nd\ne\nhello world\nx\ny"
    after = "a\nb\nc\nd\ne\nhello moon\nx\ny\nand more"
    assert line_diff(before, after) == (
        Line("left out", count=3),
        plain("d"),
        plain("e"),
        Line("changed", (Piece(SAME, "hello "), Piece(GONE, "world"), Piece(NEW, "moon"))),
        plain("x"),
        plain("y"),
        plain("and more", NEW),
    )


def test_lines_that_have_nothing_in_common_are_shown_one_below_the_other() -> None:
    assert line_diff("one", "two") == (plain("one", GONE), plain("two", NEW))


def test_fields_are_compared_each_in_its_way() -> None:
    before = {"title": "A b", "body": "x", "status": "draft", "tags": "one"}
    after = {"title": "A c", "body": "x\ny", "status": "published", "tags": "one"}
    assert field_diffs(before, after) == [
        FieldDiff("title", pieces=(Piece(SAME, "A "), Piece(GONE, "b"), Piece(NEW, "c"))),
        FieldDiff("body", lines=(plain("x"), plain("y", NEW))),
        FieldDiff("status", pieces=(Piece(GONE, "draft"), Piece(NEW, "published"))),
    ]


@given(st.text(alphabet="ab \n.é"), st.text(alphabet="ab \n.é"))
def test_the_pieces_are_both_texts(before: str, after: str) -> None:
    pieces = word_diff(before, after)
    assert "".join(piece.text for piece in pieces if piece.what != NEW) == before
    assert "".join(piece.text for piece in pieces if piece.what != GONE) == after


def test_the_longest_texts_are_shown_as_replaced_and_not_compared() -> None:
    before, after = "one " * 200_000, "two " * 200_000
    assert word_diff(before, after) == (Piece(GONE, before), Piece(NEW, after))
    old, new = "\n".join(map(str, range(200_000))), "\n".join(map(str, range(1, 200_002)))
    assert {line.what for line in line_diff("x\n" + old, "y\n" + new)} == {GONE, NEW}
