"""HTML nests as people write it, or its tags go: the text never does, and the work is bounded by its size."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.domain.html_depth import DEEPEST, MOST_REOPENED, levelled

ORDINARY = {
    "deep as people nest": "<blockquote><div><ul><li>" * 40 + "x" + "</li></ul></div></blockquote>" * 40,
    "many paragraphs": "<p>One<p>Two" * 2_000,
    "many items": "<ul>" + "<li>one<li>two" * 2_000 + "</ul>",
    "many cells": "<table>" + "<tr><td>1<td>2" * 2_000 + "</table>",
    "many anchors": "<a name=x>here" * 2_000,
    "many lines": "one<br>two<hr><img src=x>" * 2_000,
    "code in colours": '<span class="k">def</span> <span class="n">f</span>\n' * 5_000,
    "bold words": "<p>some <b>bold</b> and <em><strong>bolder</strong></em> words</p>" * 2_000,
    "comments": "<div><!-- <div> --></div>" * 2_000,
    "quoted tags": '<div title="<div>"></div>' * 2_000,
    "scripts": "<script>'<div>'</script>" * 2_000,
}


@pytest.mark.parametrize("html", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_html_is_given_back_as_it_is(html: str) -> None:
    assert html.count("<") > DEEPEST or "deep" in html
    assert bool(levelled(html) == html)


# Each nests without end, as a parser of the standard has it, in another way; and the tag that does.
HOSTILE = {
    "div": ("<div>", "<div>"),
    "list": ("<ul><li>", "<ul>"),
    "table": ("<table><tr><td>", "<table>"),
    "unknown": ("<x-y>", "<x-y>"),
    "a block in bold": ("<b><div></b>", "<div>"),
    "a block in a span": ("<span><div></span>", "<div>"),
    "a table in a block": ("<div><table></div>", "<table>"),
    "a form around": ("<form><div></form>", "<div>"),
    "an end in a script": ("<div><script></div></script>", "<div>"),
    "an end in an attribute": ("<div><i title='</div>'></i>", "<div>"),
    "an end in a value without quotes": ("<div><i title=a='</div>'></i>", "<div>"),
    "an end in a comment": ("<div><!-- </div> -->", "<div>"),
    "an end in a declaration": ("<div><!x </div>", "<div>"),
    "formatting": ("<b id={i}>", "<b"),
    "formatting in paragraphs": ("<p><b id={i}>", "<b"),
    "formatting in closed paragraphs": ("<p><b id={i}></p>", "<b"),
}


@pytest.mark.parametrize(("unit", "nesting"), HOSTILE.values(), ids=HOSTILE)
def test_what_nests_without_end_keeps_its_text_and_no_depth(unit: str, nesting: str) -> None:
    count = 100_000 // len(unit)
    html = "word " + "".join(unit.replace("{i}", str(i)) for i in range(count)) + " end"
    made = levelled(html)
    assert len(made) <= len(html)
    assert made.startswith("word ")
    assert made.endswith(" end")
    # A parser looks, at each tag, through what is open: no more than this, and it was all of them.
    assert html.count(nesting) == count > 10 * DEEPEST
    assert made.count(nesting) <= DEEPEST


def test_formatting_is_not_opened_again_without_end() -> None:
    many = "".join(f"<b id={i}>" for i in range(200))
    kept = many + "<p>x" * (MOST_REOPENED // 300)
    assert bool(levelled(kept) == kept)
    # Not compared by pytest, which would take minutes to show how two long texts differ.
    assert bool(levelled(many + "<p>x" * MOST_REOPENED) == "<p>x" * MOST_REOPENED)


def test_the_tags_of_what_is_not_too_deep_stay() -> None:
    html = "<div>" * 300 + "<p>in" + "</div>" * 300 + '<h2>after</h2><p><a href="/x">link</a>'
    made = levelled(html)
    assert made == "<div>" * DEEPEST + "<p>in" + "</div>" * DEEPEST + '<h2>after</h2><p><a href="/x">link</a>'


PARTS = (
    *("<div>", "</div>", "<b>", "</b>", "<p>", "</p>", "<table>", "</table>", "<td>", "<svg>", "</svg>", "x"),
    *("<!--", "-->", '<i a="', '">', "<", ">", "<a>", "</a>", "<script>", "</script>", "<li>", "<br/>", "\0"),
)
PIECES = st.lists(st.sampled_from(PARTS), max_size=30)


@settings(max_examples=50, deadline=None)
@given(PIECES, st.sampled_from(["<div>", "<p><b>", "<ul><li>", "<span><div></span>"]))
def test_any_html_is_read_to_its_end(pieces: list[str], unit: str) -> None:
    some = "".join(pieces)
    assert levelled(some) == some
    made = levelled(unit * 400 + some)
    assert levelled(made) == made or made.count("<") > DEEPEST
