"""A page is cut into elements as browsers cut it, in one pass, whatever it holds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.html_elements import elements

PAGES = {
    "<p>": [("p", {}, "")],
    "<P Class=A>x</P><br/>": [("p", {"class": "A"}, ""), ("br", {}, "")],
    """<a href="x>y" b='"' c = d e f=/g/h >""": [
        ("a", {"href": "x>y", "b": '"', "c": "d", "e": "", "f": "/g/h"}, "")
    ],
    '<a b="1" B="2">': [("a", {"b": "1"}, "")],
    '<a b="&lt;&amp;lt;">': [("a", {"b": "<&lt;"}, "")],
    "<a/b/c=d/>": [("a", {"b": "", "c": "d/"}, "")],
    "<a =b =c>": [("a", {"=b": "c"}, "")],
    "<title>a <b> &amp;</title ><p>": [("title", {}, "a <b> &amp;"), ("p", {}, "")],
    "<title>open": [("title", {}, "open")],
    "<script>if (a<b) '</p>' </SCRIPT><p>": [("script", {}, "if (a<b) '</p>' "), ("p", {}, "")],
    "<textarea></titles></textarea>": [("textarea", {}, "</titles>")],
    "<!-- <p> --><b><!--><i><!-- <u>": [("b", {}, ""), ("i", {}, "")],
    "a < b <3 </p> <!doctype html><?xml?>": [],
    '<p a="<b>': [],
    "<p a=b": [],
    "<p": [],
    "": [],
}


@pytest.mark.parametrize(("page", "found"), PAGES.items())
def test_a_page_is_cut_as_browsers_cut_it(page: str, found: list[tuple[str, dict[str, str], str]]) -> None:
    assert [(one.name, dict(one.attributes), one.text) for one in elements(page)] == found


@given(
    st.lists(st.sampled_from([*"< > / = \" ' a b title script <!-- --> </title> &amp; \x00 é".split(), " "]))
)
def test_any_text_is_cut_and_every_element_ends_after_the_one_before(pieces: list[str]) -> None:
    page = "".join(pieces)
    ends = [0, *(one.end for one in elements(page))]
    assert all(before < after for before, after in pairwise(ends))
    assert ends[-1] <= len(page)
