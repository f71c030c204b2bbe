"""What pages say of themselves, what of it is believed, and what no page can do."""

from __future__ import annotations

import json
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.pagefacts import FeedLink, PageFacts, page_facts

URL = "https://www.example.com/2009/post"


def facts(head: str, url: str = URL) -> PageFacts:
    return page_facts(f"<!doctype html><html><head>{head}</head><body><p>Text".encode(), url, "text/html")


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


def linked(*nodes: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)


def test_all_that_a_page_says() -> None:
    head = """
        <title>On time – Example Blog</title>
        <meta name="Author" content="Jo Doe">
        <meta name=description content='All &amp; more'>
        <meta property="og:site_name" content="Example Blog">
        <meta property="article:published_time" content="2009-05-25T23:00:00+02:00">
        <meta property="og:image" content="/i.png">
        <link rel="canonical" href="/2009/post?page=1">
        <link rel="alternate" type="application/atom+xml" title="Posts" href="/feed.atom">
        <link rel="alternate" type="application/feed+json; charset=utf-8" href="//example.com/feed.json">
        <link rel="alternate" type="application/atom+xml" title="Posts" href="/feed.atom">
        <link rel="alternate stylesheet" type="text/css" href="/style.css">
        <link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
    """
    assert facts(head) == PageFacts(
        title="On time",
        author="Jo Doe",
        site="Example Blog",
        canonical="https://www.example.com/2009/post?page=1",
        description="All & more",
        published=date(2009, 5, 25),
        image="https://www.example.com/i.png",
        feeds=(
            FeedLink("https://www.example.com/feed.atom", "Posts"),
            FeedLink("https://example.com/feed.json", ""),
        ),
    )


def test_a_page_that_says_nothing_has_no_facts() -> None:
    assert facts("") == PageFacts()
    assert page_facts(b"", URL, "") == PageFacts(title="post")


TITLES = {
    "<title>  Two\n lines\t&amp; more </title>": "Two lines & more",
    "<title>One</title><title>Two</title>": "One",
    "<title>&amp;lt;b&amp;gt; in HTML</title>": "&lt;b&gt; in HTML",
    "<title>Page</title>" + meta("og:title", "Open graph"): "Open graph",
    "<title> </title>" + meta("og:title", " ") + meta("twitter:title", "Card"): "Card",
    linked({"@type": "Article", "headline": "It&#8217;s"}): "It’s",
    "<title>On time – Blog</title>": "On time – Blog",
    "<title>On time – Blog</title>" + meta("og:site_name", "Other"): "On time – Blog",
    "<title>On time — the  BLOG</title>" + meta("og:site_name", "The Blog"): "On time",
    "<title>On time | Blog</title>" + meta("og:site_name", "Blog"): "On time",
    "<title>On time: Blog</title>" + meta("og:site_name", "Blog"): "On time",
    "<title>Micro-Blog</title>" + meta("og:site_name", "Blog"): "Micro-Blog",
    "<title>My Blog</title>" + meta("og:site_name", "Blog"): "My Blog",
    "<title>Blog</title>" + meta("og:site_name", "Blog"): "Blog",
    "<title>- Blog</title>" + meta("og:site_name", "Blog"): "- Blog",
    "<title>a\u202eb\x00c\ufeff\x1b[0m</title>": "abc[0m",
    "<title>👩\u200d💻 नमस्\u200dते</title>": "👩\u200d💻 नमस्\u200dते",
    f"<title>{'x' * 500}</title>": "x" * 299 + "…",
    "<!-- <title>No</title> --><title>Yes</title>": "Yes",
    "<script>'<title>No</title>'</script><title>Yes</title>": "Yes",
}


@pytest.mark.parametrize(("head", "title"), TITLES.items())
def test_a_title_is_one_line_without_the_name_of_its_site(head: str, title: str) -> None:
    assert facts(head).title == title


def article(**values: Any) -> str:
    return linked({"@context": "https://schema.org", "@type": "BlogPosting", **values})


AUTHORS = {
    meta("author", "Jo Doe"): "Jo Doe",
    meta("article:author", "https://social.example/jo"): "",
    meta("article:author", "https://social.example/jo") + meta("dc.creator", "Jo"): "Jo",
    meta("twitter:creator", "@jo"): "@jo",
    article(author="Jo"): "Jo",
    article(author={"name": "Jo &amp; Co"}): "Jo & Co",
    article(author={"name": ["Jo", "Joe"]}): "Jo",
    article(author=[{"name": "Jo"}, "Al", {"url": "x"}, {"name": ""}, {"name": "Bo"}, {"name": "Cy"}]): "Jo, Al, Bo",
    article(author={"name": "https://social.example/jo"}): "",
    article(author=7) + meta("author", "Jo"): "Jo",
    linked({"@graph": [{"@type": "Person", "@id": "#jo", "name": "Jo"}, {"@type": ["X", "NewsArticle"], "author": {"@id": "#jo"}}]}): "Jo",
    linked({"@graph": "x", "headline": "y", "author": "Jo"}): "Jo",
    linked([{"@type": "WebSite", "author": "No"}], {"@type": "Article", "author": "Jo"}): "Jo",
    linked({"@type": "WebSite", "author": "No"}): "",
    linked({"@type": "Article", "author": {"@id": ["x"]}}, 5, [6]): "",
}  # fmt: skip


@pytest.mark.parametrize(("head", "author"), AUTHORS.items())
def test_an_author_is_a_name(head: str, author: str) -> None:
    assert facts(head).author == author


def test_json_ld_and_a_link_to_the_author_may_stand_in_the_body_but_nothing_else() -> None:
    body = """<body><title>No</title><meta name=description content=no><link rel=canonical href=/no>
        <p>By <a rel="nofollow author" href="/jo"><b>Jo</b> Doe</a>"""
    found = page_facts(f"<title>Yes</title>{body}".encode(), URL, "text/html")
    assert found == PageFacts(title="Yes", author="Jo Doe")
    more = f"{body}{article(author='Al', datePublished='2009/05/25')}"
    found = page_facts(f"<title>Yes</title>{more}".encode(), URL, "text/html")
    assert found == PageFacts(title="Yes", author="Al", published=date(2009, 5, 25))


CLAIMS = [
    (URL, "https://example.com/post", "https://example.com/post"),
    (URL, "?utm_source=a", "https://www.example.com/2009/post?utm_source=a"),
    (URL, "https://other.example/post", ""),
    (URL, "https://blog.example.com/post", ""),
    (URL, "https://www.example.com/", ""),
    (URL, "", ""),
    (URL, "ftp://example.com/post", ""),
    (URL, "http://[bad", ""),
    ("https://example.com/", "https://www.example.com/", "https://www.example.com/"),
    ("https://m.example.com/post", "https://www.example.com/post", "https://www.example.com/post"),
    ("https://www.google.com/amp/s/example.com/post", "https://example.com/post", "https://example.com/post"),
    ("not an address", "https://example.com/post", ""),
]


@pytest.mark.parametrize(("url", "claim", "believed"), CLAIMS)
def test_a_page_may_only_call_an_address_of_its_own_host_its_own(url: str, claim: str, believed: str) -> None:
    assert facts(f'<link rel="canonical" href="{claim}">', url).canonical == believed


def test_a_base_moves_relative_addresses() -> None:
    feed = "<link rel=alternate type=application/rss+xml href=feed>"
    assert facts(f"<base href=/there/><base href=/no/>{feed}").feeds == (
        FeedLink("https://www.example.com/there/feed", ""),
    )
    assert facts(f"<base href=javascript:x>{feed}").feeds == (
        FeedLink("https://www.example.com/2009/feed", ""),
    )


@pytest.mark.parametrize("said", ["soon", "2009", "1066-01-01", "9999-01-01", "2009-02-31", ""])
def test_a_day_that_is_none_is_not_there(said: str) -> None:
    assert facts(meta("date", said)).published is None


WORD = "Grüße 日本"
CHARSETS = [
    (b"\xef\xbb\xbf<title>Gr\xc3\xbc\xc3\x9fe</title>", "text/html; charset=latin1", "Grüße"),
    ("<title>Grüße</title>".encode("utf-16"), "text/html", "Grüße"),
    ("<title>Grüße</title>".encode("utf-16-be"), "text/html; charset=UTF-16BE", "Grüße"),
    (b"<title>Gr\xfc\xdfe</title>", 'text/html; charset="ISO-8859-1"', "Grüße"),
    (b"<title>Gr\xfc\xdfe \x80</title>", "text/html; charset=us-ascii", "Grüße €"),
    (b"<meta charset=utf-8><title>Gr\xfc</title>", "text/html; charset=latin1", "Grü"),
    (b"<meta charset=windows-1251><title>\xcf\xf0\xe8</title>", "text/html", "При"),
    ("<title>日本</title>".encode("cp932"), "text/html;charset=Shift_JIS", "日本"),
    ("<title>日本</title>".encode("euc-jp"), "text/html;charset=euc-jp", "日本"),
    ("<title>中文</title>".encode("gbk"), "text/html;charset=gb2312", "中文"),
    (
        b'<meta http-equiv=Content-Type content="text/html; charset=koi8-r"><title>\xf0\xd2\xc9</title>',
        "text/html",
        "При",
    ),
    (b"<meta charset=utf-16><title>Gr\xc3\xbc</title>", "text/html", "Grü"),
    ("<title>Grüße 日本</title>".encode(), "text/html", "Grüße 日本"),
    (b"<title>Gr\xfc\xdfe</title>", "text/html", "Grüße"),
    (b"<title>+ADw-</title>", "text/html; charset=utf-7", "+ADw-"),
    (b"<title>abc</title>", "text/html; charset=rot13", "abc"),
    (b"<title>a\xffb</title>", "text/html; charset=utf-8", "a\ufffdb"),
]


@pytest.mark.parametrize(("data", "content_type", "title"), CHARSETS)
def test_a_page_is_read_in_the_charset_that_it_is_in(data: bytes, content_type: str, title: str) -> None:
    assert page_facts(data, URL, content_type).title == title


OTHERS = [
    (b"%PDF-1.4 <title>No</title>", "https://example.com/a/Annual%20report_2009-05.pdf", "application/pdf", "Annual report 2009 05"),
    (b"\x89PNG", "https://example.com/picture.png?size=2", "image/png", "picture"),
    (b"{}", "https://example.com/v1/", "application/json", "v1"),
    (b"RFC text", "https://example.com/rfc/rfc2616.txt", "text/plain", "rfc2616"),
    ("\n#  Grüße ##x\nText".encode(), "https://example.com/README.md", "text/markdown; charset=utf-8", "Grüße ##x"),
    (b"# Heading\r\nText", "https://example.com/README", "text/plain", "Heading"),
    (b"data", "https://example.com/", "", ""),
    (b"data", "http://[bad/x.pdf", "", ""),
    (b" \n<!doctype html><title>Yes</title>", "https://example.com/x.pdf", "", "Yes"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "url", "content_type", "title"), OTHERS)
def test_what_is_no_page_is_called_by_its_file_name(
    data: bytes, url: str, content_type: str, title: str
) -> None:
    assert page_facts(data, url, content_type) == PageFacts(title=title)


PAGES = {
    "nesting": b"<div>" * 2_000_000,
    "open quotes": b"<meta '" * 1_500_000,
    "open comments": b"<!--" * 2_500_000,
    "brackets": b"<" * 10_000_000,
    "zeros": bytes(10_000_000),
    "titles": b"<title>" * 1_500_000,
    "space": b"<meta" + b" " * 10_000_000,
    "equals": b"<meta " + b"= " * 5_000_000,
    "attributes": b"<meta " + b"a=b " * 2_500_000,
    "authors": b"<body>" + b"<a rel=author>" * 700_000,
    "entities": b"<title>" + b"&#" * 5_000_000,
    "deep json": b'<script type="application/ld+json">' + b"[" * 190_000 + b"</script>",
    "long number": b'<script type="application/ld+json">' + b"9" * 190_000 + b"</script>",
    "long json": b'<script type="application/ld+json">"' + b"9" * 900_000 + b'"</script>',
    "feeds": b"<link rel=alternate type=application/rss+xml href=x>" * 200_000,
    "names": b"".join(b"<meta name=%d content=x>" % number for number in range(400_000)),
}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_takes_long_to_read(page: str) -> None:
    start = time.process_time()
    page_facts(PAGES[page], URL, "text/html")
    assert time.process_time() - start < 3


PIECES = st.sampled_from(
    "<title> </title> <meta property=og:title content= <meta name=author content='a' <body> <link rel=canonical href= "
    "<script type=application/ld+json> </script> {\"@type\":\"Article\",\"author\": [ ] } \"headline\": null 1e9 // "
    "http:// [ : %00 &#x202e; &#0; \x00 \x85 \u2028 é 日 <a rel=author> <base href=".split()
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=8), max_size=25), st.sampled_from([URL, "", "http://[", "x"]))
def test_whatever_a_page_holds_its_facts_are_lines_of_bounded_length(pieces: list[str], url: str) -> None:
    data = " ".join(pieces).encode("utf-8", "replace")
    for content_type in ("text/html", "text/html; charset=gbk", "text/plain", ""):
        found = page_facts(data, url, content_type)
        lines = [
            found.title,
            found.author,
            found.site,
            found.description,
            *(feed.title for feed in found.feeds),
        ]
        assert all(line == " ".join(line.split()) and len(line) <= 600 for line in lines)
        assert not any(one in line for line in lines for one in "\x00\x1b\u202e\u2028\x85")
        addresses = [found.canonical, found.image, *(feed.url for feed in found.feeds)]
        assert all(not one or one.lower().startswith(("http://", "https://")) for one in addresses)


@given(st.binary(max_size=300), st.text(max_size=40), st.text(max_size=40))
def test_no_bytes_are_an_error(data: bytes, url: str, content_type: str) -> None:
    page_facts(data, url, content_type)
    page_facts(b"<" + data, url, "text/html; charset=" + content_type)
