"""Where a page takes mentions: the cases that the specification, and the test suite of its authors, are about.

The pages are our own, and a real server sends them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from elsewhere import Page, elsewhere

from blog.config import Settings
from blog.domain.link_header import HeaderLink, header_links
from blog.domain.webmention import endpoint_of, links_to, outgoing_links, web_address
from blog.telling.outside import Outside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from elsewhere import Elsewhere


@pytest.fixture(scope="module")
def site() -> Iterator[Elsewhere]:
    with elsewhere() as found:
        yield found


REL = 'rel="webmention"'
# What the header says, what the page says, and where on the site that leads; None: nowhere.
CASES = {
    "a header, relative, without quotes": (["</to>; rel=webmention"], "", "/to"),
    "a header, absolute": (["<{base}/to>; rel=webmention"], "", "/to"),
    "a link, relative": ([], f'<link href="/to" {REL}>', "/to"),
    "a link, absolute": ([], f'<link href="{{base}}/to" {REL}>', "/to"),
    "an a, relative": ([], f'<p><a href="/to" {REL}>mentions</a>', "/to"),
    "an a, absolute": ([], f'<p><a href="{{base}}/to" {REL}>mentions</a>', "/to"),
    "a header with quotes": ([f"</to>; {REL}"], "", "/to"),
    "a name of another case": (["</to>; rel=Webmention"], "", "/to"),
    "several relations in a header": (['</to>; rel="some webmention more"'], "", "/to"),
    "several relations of a link": ([], '<link rel="some webmention more" href="/to">', "/to"),
    "all at once: the header wins": ([f"</to>; {REL}"], f'<link href="/no" {REL}><a href="/no" {REL}>x</a>', "/to"),
    "a link and an a: the first in the page": ([], f'<link href="/to" {REL}><a href="/no" {REL}>x</a>', "/to"),
    "an a and a link: the first in the page": ([], f'<a href="/to" {REL}>x</a><link href="/no" {REL}>', "/to"),
    "a relation that only begins so": ([], f'<link rel="not-webmention" href="/no"><a {REL} href="/to">x</a>', "/to"),
    "one in a comment, then one": ([], f'<!-- <a href="/no" {REL}>x</a> --><a href="/to" {REL}>x</a>', "/to"),
    "one that is shown as text, then one": ([], f'<code>&lt;a href="/no" {REL}&gt;</code><a href="/to" {REL}>x</a>', "/to"),
    "an empty address is the page": ([], f'<link href="" {REL}>', "/page"),
    "several headers": (['</other>; rel="other"', f"</to>; {REL}"], "", "/to"),
    "several links in a header": ([f'</other>; rel="other", </to>; {REL}'], "", "/to"),
    "one without an address, then one": ([], f'<link {REL}><a href="/to" {REL}>x</a>', "/to"),
    "an address with a query": ([], f'<link href="/to?keep=this" {REL}>', "/to?keep=this"),
    "an address relative to the folder": ([], f'<link href="to/here" {REL}>', "/to/here"),
    "quotes in a parameter": (['</no>; title="a, <b>; rel=webmention"', f"</to>; {REL}"], "", "/to"),
    "a script that names one": ([], f'<script>"<link href=/no {REL}>"</script>', None),
    "nothing": ([], "<p>webmention</p>", None),
    "an address that is none": ([], f'<link href="javascript:alert(1)" {REL}>', None),
    "a header that breaks off": (["</to; rel=webmention"], "", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_endpoint_is_found(site: Elsewhere, tmp_path: Path, name: str) -> None:
    headers, body, expected = CASES[name]
    links = [("Link", header.replace("{base}", site.base)) for header in headers]
    site.pages["/page"] = Page(body.replace("{base}", site.base), headers=links)
    outside = Outside(settings=Settings(data_dir=tmp_path, database_url="", fetch_private=True))
    found = outside.page(f"{site.base}/page")
    assert endpoint_of(found.url, found.link, found.data.decode()) == (
        f"{site.base}{expected}" if expected else ""
    )


def test_it_is_relative_to_where_redirects_lead(site: Elsewhere, tmp_path: Path) -> None:
    site.pages["/old"] = Page(status=302, headers=[("Location", "/new/page")])
    site.pages["/new/page"] = Page(f'<link href="to" {REL}>')
    outside = Outside(settings=Settings(data_dir=tmp_path, database_url="", fetch_private=True))
    found = outside.page(f"{site.base}/old")
    assert endpoint_of(found.url, found.link, found.data.decode()) == f"{site.base}/new/to"


def test_a_long_header_of_nothing_ends_soon() -> None:
    for header in ("<" * 50_000, '<a>;a="' + "\\" * 50_000, "<a>" + ";a" * 30_000, "," * 50_000):
        assert len(list(header_links(header))) <= 1
    assert list(header_links("<a>; rel=x; rel=y, <b>")) == [
        HeaderLink("a", frozenset({"x"})),
        HeaderLink("b", frozenset()),
    ]


LINKING = [
    ('<a href="https://blog.example/e/">', True),
    ("<img src=/e/>", True),
    ('<blockquote cite="https://blog.example/e/#part">', True),
    ("https://blog.example/e/", False),
    ('<!-- <a href="https://blog.example/e/"> -->', False),
    ('<a title="https://blog.example/e/">', False),
    ('<a href="https://blog.example/e/more">', False),
    ('<a href="http://[">', False),
    (f'<a href="{"x" * 2_000_000}">', False),
    ("<a href=//blog.example/e/?e>" * 4_999 + "<a href=/e/>", True),
    ("<a href=/f/>" * 20_000 + "<a href=/e/>", True),
    # That many are never one entry.
    ("<a href=//blog.example/e/?e>" * 5_000 + "<a href=/e/>", False),
]


@pytest.mark.parametrize(("page", "links"), LINKING)
def test_only_a_real_link_counts(page: str, links: bool) -> None:
    assert links_to(page, "https://blog.example/other/", "https://blog.example/e/") is links


@pytest.mark.parametrize("bad", ["/a\0", "https://e.example/\x01", "/\x7f", "/\x9f", "/\ud800"])
def test_an_address_holds_no_control_character(bad: str) -> None:
    assert web_address(bad, "https://blog.example/") == ""
    assert endpoint_of("https://blog.example/", "", f'<a rel="webmention" href="{bad}">') == ""


def test_links_to_others_are_told_of_once_and_those_within_the_blog_are_not() -> None:
    html = (
        '<a href="https://a.example/1">x</a><a href="https://a.example/1">x</a><a href="/2009/">x</a>'
        '<a href="https://www.blog.example/x">x</a><a href="mailto:a@b.example">x</a><a href="http://[">x</a>'
        '<img src="https://i.example/p.jpg"><a href="//c.example/">x</a>'
    )
    named = ("https://b.example/", "", "https://a.example/1")
    expected = ["https://b.example/", "https://a.example/1", "https://c.example/"]
    assert outgoing_links(html, named, "https://blog.example") == expected
