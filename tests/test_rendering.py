"""Rendering: safe HTML, short forms, plain text, addresses made absolute."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.entry import Markup
from blog.rendering import absolute, count_words, plain_text, render, sanitised, shortened, to_html

MARKDOWN = [
    ("Some *words*", "<p>Some <em>words</em></p>"),
    ("# A title", "<h2>A title</h2>"),
    ("a\n\nb", "<p>a</p>\n<p>b</p>"),
    ("[x](/y)", '<p><a href="/y">x</a></p>'),
    ("[x](javascript:alert(1))", "<p><a>x</a></p>"),
    ("<b>bold</b><script>alert(1)</script>", "<p><b>bold</b></p>"),
    ("![alt](/i.png)", '<p><img alt="alt" src="/i.png"></p>'),
    ("NUL\x00 and \x08", "<p>NUL and </p>"),
]


def without_lazy(html: str) -> str:
    return html.replace(' decoding="async"', "").replace(' loading="lazy"', "")


@pytest.mark.parametrize(("body", "html"), MARKDOWN)
def test_markdown_becomes_safe_html(body: str, html: str) -> None:
    assert without_lazy(to_html(body, Markup.MARKDOWN)) == html


def test_code_is_coloured_and_tables_and_footnotes_are_made() -> None:
    html = to_html(
        "```python\ndef f(): pass\n```\n\n|a|\n|-|\n|1|\n\nx[^1]\n\n[^1]: note", Markup.MARKDOWN, anchor="e1-"
    )
    assert '<span class="k">def</span>' in html
    assert "<td>1</td>" in html
    assert 'href="#e1-fn:1"' in html
    assert 'id="e1-fn:1"' in html


def test_footnotes_of_two_entries_on_a_page_do_not_meet() -> None:
    first, second = (to_html("x[^1]\n\n[^1]: note", Markup.MARKDOWN, anchor=anchor) for anchor in ("a-", "b-"))
    ids = re.findall(r' id="([^"]*)"', first + second)
    assert len(ids) == len(set(ids)) == 4


def test_nothing_of_one_body_is_known_to_the_next() -> None:
    to_html("x[^1] [y]\n\n[^1]: note\n\n[y]: /there", Markup.MARKDOWN, anchor="a-")
    assert to_html("x[^1] [y]", Markup.MARKDOWN) == "<p>x[^1] [y]</p>"
    to_html("- a" + "\n    - b" * 3, Markup.MARKDOWN)
    deep = "\n".join(f"{'    ' * depth}- {depth}" for depth in range(400))
    assert "399" in to_html(deep, Markup.MARKDOWN)
    assert to_html("some *words*", Markup.MARKDOWN) == "<p>some <em>words</em></p>"


PIECES = (
    *("x[^1]", "[^1]: note\n", "[y]", "[y]: /there\n", "1. ", "3. ", "* ", "    ", "\n\n", "> ", "`", "*"),
    *("```python\nx = 1\n```\n", "|a|b|\n|-|-|\n|1|2|\n", "<div>", "</div>", "<em>", "</em>", "word ", "# "),
)


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), min_size=2, max_size=4))
def test_a_body_is_rendered_the_same_whatever_was_rendered_before(bodies: list[str]) -> None:
    def in_a_thread_of_its_own(body: str) -> str:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(to_html, body, Markup.MARKDOWN).result()

    assert [to_html(body, Markup.MARKDOWN) for body in bodies] == [
        in_a_thread_of_its_own(body) for body in bodies
    ]


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<svg/onload=alert(1)>",
    "<iframe src=//evil.example></iframe>",
    "<style>*{display:none}</style><p style='position:fixed'>x</p>",
    "<form action=//evil.example><input name=q></form>",
    "<base href=//evil.example>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<img srcset='javascript:alert(1) 1x'>",
    "<a href=vbscript:x>x</a><object data=x></object><embed src=x>",
    "<p class='site-header e1' id=main>x</p>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<video poster=javascript:alert(1)></video>",
    "<template><script>alert(1)</script></template>",
]


class Found(HTMLParser):
    """What a browser would find: elements and their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize("markup", list(Markup))
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_or_dresses_up_as_the_page_is_let_through(attack: str, markup: Markup) -> None:
    for tag, attributes in Found(to_html(attack, markup)).tags:
        assert tag not in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "base",
            "svg",
            "math",
            "template",
        }
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        assert not any(
            re.match(r"\s*(javascript|vbscript|data):", value, re.IGNORECASE) for value in attributes.values()
        )
        assert "site-header" not in attributes.get("class", "")
        assert attributes.get("id", "") != "main"


@given(
    st.text(alphabet="<>/\"'= abcdhrefimgsrconscriptp[]()!*_`\n&;:#", max_size=120),
    st.sampled_from(list(Markup)),
)
def test_whatever_is_written_becomes_html_that_is_its_own_sanitised_form(body: str, markup: Markup) -> None:
    html = to_html(body, markup)
    assert sanitised(html) == html


def test_text_keeps_its_lines_and_paragraphs() -> None:
    assert to_html("a < b\nc\n\nd & e", Markup.TEXT) == "<p>a &lt; b<br>c</p><p>d &amp; e</p>"


def test_pictures_load_when_they_are_near_and_keep_their_size() -> None:
    html = to_html('<img src="/x.png" width="10" height="20px" alt="x">', Markup.HTML)
    expected = {"src": "/x.png", "width": "10", "alt": "x", "loading": "lazy", "decoding": "async"}
    assert Found(html).tags == [("img", expected)]


HOSTILE = [
    "[" * 20_000,
    "![" * 20_000,
    "*" * 50_000,
    "`" * 30_000,
    "> " * 5_000,
    "1. " * 10_000,
    "<div>" * 5_000,
    "[^1]" * 3_000,
]


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body[:4])
def test_bodies_that_nobody_wrote_lose_nothing_and_end(body: str) -> None:
    assert render(body + "\n\nthe end", Markup.MARKDOWN).text.endswith("the end")


SHORT = [
    ("<p>one two</p><p>three four</p><p>five</p>", 2, "<p>one two</p>"),
    ("<p>one two</p><p>three four</p><p>five</p>", 4, "<p>one two</p><p>three four</p>"),
    ("<p>one two three</p><p>four</p>", 1, "<p>one two three</p>"),
    ("<p>one</p><h2>A heading</h2><p>three four five</p>", 4, "<p>one</p>"),
    ("<ul><li>one</li><li>two</li></ul><p>three</p>", 2, "<ul><li>one</li><li>two</li></ul>"),
    ("<p>all of it</p>", 1, ""),
    ("<p>one<img src='x'></p><hr><p>two</p>", 1, "<p>one<img src='x'></p>"),
    ("<em>on</em><em>e</em> <em>two</em><p>three</p>", 2, "<em>on</em><em>e</em> <em>two</em>"),
    ("<em>one</em><em> </em><em>two</em><p>three</p>", 2, "<em>one</em><em> </em><em>two</em>"),
    ("<p>one</p><p></p><p><img src='x'></p>two <p>three</p>", 1, "<p>one</p><p></p><p><img src='x'></p>"),
]


@pytest.mark.parametrize(("html", "limit", "short"), SHORT)
def test_the_short_form_is_whole_blocks_and_ends_on_no_heading(html: str, limit: int, short: str) -> None:
    assert shortened(sanitised(html), limit) == sanitised(short)


def test_a_short_form_is_kept_only_where_it_is_shorter() -> None:
    assert render("word " * 10, Markup.MARKDOWN, list_words=20).short_html == ""
    long = render("word " * 10 + "\n\n" + "word " * 30, Markup.MARKDOWN, list_words=20)
    assert (long.words, count_words(plain_text(long.short_html))) == (40, 10)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("one", 1), ("don't stop", 2), ("re-read node.js v1.2", 3), ("日本語の文章", 3), ("... — !", 0)],
)
def test_words_are_counted_as_people_do(text: str, count: int) -> None:
    assert count_words(text) == count


def test_plain_text_has_a_line_for_each_block_and_no_footnote_marks() -> None:
    html = to_html("# Head\n\nx[^1] &lt;tag&gt;\n\n- a\n- b\n\n[^1]: note", Markup.MARKDOWN, anchor="e-")
    assert plain_text(html) == "Head\nx <tag>\na\nb\nnote"


ABSOLUTE = [
    ('<a href="/x">', '<a href="https://b.example/x">'),
    ('<a href="#fn">', '<a href="https://b.example/2009/May/25/s/#fn">'),
    ('<a href="pic.png">', '<a href="https://b.example/2009/May/25/s/pic.png">'),
    ('<a href="//c.example/x">', '<a href="https://c.example/x">'),
    ('<a href="mailto:me@b.example">', '<a href="mailto:me@b.example">'),
    ('<img alt="a" src="/i.png">', '<img alt="a" src="https://b.example/i.png">'),
    ('<code>&lt;a href="/x"&gt;</code>', '<code>&lt;a href="/x"&gt;</code>'),
]


@pytest.mark.parametrize(("html", "whole"), ABSOLUTE)
def test_addresses_in_feeds_are_absolute_and_code_stays_as_it_is(html: str, whole: str) -> None:
    assert absolute(html, "https://b.example", "https://b.example/2009/May/25/s/") == whole


def test_a_megabyte_of_nothing_but_nesting_is_rendered_and_its_text_is_kept() -> None:
    # Without a limit, the first takes the parser of HTML a million looks at each of its last tags, and the
    # second makes billions of elements of it: neither would end.
    for unit in ("<div>", "<p><b id=1{0}>"):
        count = 1_000_000 // len(unit)
        rendered = render("first " + "".join(unit.format(i) for i in range(count)) + " last", Markup.HTML)
        assert rendered.text.startswith("first")
        assert rendered.text.endswith("last")
