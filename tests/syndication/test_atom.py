"""Atom documents keep to RFC 4287, whatever the entries say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest
from atomcheck import ATOM, faults
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.syndication.atom import write_atom
from blog.syndication.items import Feed, FeedItem

NOON = datetime(2009, 5, 25, 12, tzinfo=UTC)
ITEM = FeedItem(
    id="tag:links.example,2009-05-25:1",
    title="A queue in Redis",
    url="https://links.example/2009/May/25/queue/",
    html='<p>Worth <em>reading</em>. <a href="https://x.example/?a=1&amp;b=2">x</a></p>',
    published=NOON,
    updated=NOON + timedelta(days=1),
    tags=(("cplusplus", "C++"), ("redis", "redis")),
    related="https://queue.example/",
    related_title="A queue",
    via="https://vera.example/",
    via_title="Vera & co",
)
FEED = Feed(
    id="tag:links.example,2026:/feed.atom",
    title="My linkblog",
    subtitle="Links",
    language="en",
    author="Ada",
    base_url="https://links.example",
    page_url="https://links.example/",
    atom_url="https://links.example/feed.atom",
    json_url="https://links.example/feed.json",
    tag_scheme="https://links.example/tags/",
    items=(ITEM, replace(ITEM, id="tag:links.example,2009-05-25:2", updated=NOON)),
)


def written(feed: Feed = FEED) -> ElementTree.Element:
    document = write_atom(feed, "Crosstag 1")
    assert faults(document) == []
    return ElementTree.fromstring(document)


def texts(element: ElementTree.Element) -> dict[str, str | None]:
    return {
        child.tag.removeprefix(ATOM): child.text
        for child in element
        if child.text is not None and not len(child)
    }


def links(element: ElementTree.Element) -> list[dict[str, str]]:
    return [dict(link.attrib) for link in element.findall(f"{ATOM}link")]


def test_a_feed_says_what_it_is() -> None:
    feed = written()
    assert texts(feed) == {
        "title": "My linkblog",
        "subtitle": "Links",
        "id": "tag:links.example,2026:/feed.atom",
        "updated": "2009-05-26T12:00:00Z",
        "generator": "Crosstag 1",
    }
    assert links(feed) == [
        {"rel": "self", "href": "https://links.example/feed.atom", "type": "application/atom+xml"},
        {"rel": "alternate", "href": "https://links.example/", "type": "text/html"},
    ]
    author = feed.find(f"{ATOM}author")
    assert author is not None
    assert texts(author) == {"name": "Ada", "uri": "https://links.example/"}
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


def test_an_entry_says_all_there_is() -> None:
    entry = written().findall(f"{ATOM}entry")[0]
    assert texts(entry) == {
        "title": "A queue in Redis",
        "id": "tag:links.example,2009-05-25:1",
        "published": "2009-05-25T12:00:00Z",
        "updated": "2009-05-26T12:00:00Z",
        "content": ITEM.html,
    }
    assert links(entry) == [
        {"rel": "alternate", "href": ITEM.url, "type": "text/html"},
        {"rel": "related", "href": "https://queue.example/", "title": "A queue"},
        {"rel": "via", "href": "https://vera.example/", "title": "Vera & co"},
    ]
    assert [dict(one.attrib) for one in entry.findall(f"{ATOM}category")] == [
        {"term": "cplusplus", "scheme": "https://links.example/tags/", "label": "C++"},
        {"term": "redis", "scheme": "https://links.example/tags/", "label": "redis"},
    ]


def test_an_empty_feed_is_a_feed() -> None:
    assert texts(written(replace(FEED, items=(), subtitle="")))["updated"] == "1970-01-01T00:00:00Z"


def test_times_are_told_in_utc() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=13, minutes=45))).replace(microsecond=999_999)
    entry = written(replace(FEED, items=(replace(ITEM, published=elsewhere),))).findall(f"{ATOM}entry")[0]
    assert texts(entry)["published"] == "2009-05-25T12:00:00Z"


IRIS = {
    'https://x.example/?a="b"': "https://x.example/?a=%22b%22",
    "https://x.example/a|b{c}\\d^`": "https://x.example/a%7Cb%7Bc%7D%5Cd%5E%60",
    "https://x.example/a%20b?c=%22": "https://x.example/a%20b?c=%22",
    "https://x.example/日本語": "https://x.example/日本語",
    "https://x.example/<script>": "https://x.example/%3Cscript%3E",
}


@pytest.mark.parametrize(("address", "iri"), IRIS.items())
def test_an_address_is_written_as_an_iri(address: str, iri: str) -> None:
    entry = written(replace(FEED, items=(replace(ITEM, related=address, via=address),))).findall(
        f"{ATOM}entry"
    )[0]
    assert [link["href"] for link in links(entry)[1:]] == [iri, iri]


HOSTILE = "]]></content><script>alert(1)</script>&amp;&nbsp;\x00\x01\x08\x0b\x1f\x7f\ud800\ufffe\uffff\U0001f40d<!--<![CDATA["
CLEAN = "]]></content><script>alert(1)</script>&amp;&nbsp;\x7f\U0001f40d<!--<![CDATA["


def test_hostile_text_stays_text() -> None:
    item = replace(
        ITEM, title=HOSTILE, html=HOSTILE, related_title=HOSTILE, via_title=HOSTILE, tags=(("a", HOSTILE),)
    )
    feed = written(replace(FEED, title=HOSTILE, subtitle=HOSTILE, author=HOSTILE, items=(item,)))
    entry = feed.findall(f"{ATOM}entry")[0]
    assert (texts(feed)["title"], texts(entry)["title"], texts(entry)["content"]) == (CLEAN, CLEAN, CLEAN)
    assert [link["title"] for link in links(entry)[1:]] == [CLEAN, CLEAN]


@settings(max_examples=100, derandomize=True, deadline=None)
@given(text=st.text(st.characters()), moment=st.datetimes(timezones=st.just(UTC)))
def test_any_text_and_time_make_a_document(text: str, moment: datetime) -> None:
    item = replace(
        ITEM, title=text, html=text, related_title=text, tags=(("a", text),), published=moment, updated=moment
    )
    written(replace(FEED, title=text, items=(item,)))


# The checker itself.

BROKEN = {
    "4.1.1: 0 of title": ("<title>My linkblog</title>", ""),
    "4.1.1: 2 of id": ("<title>", "<id>tag:x</id><title>"),
    "4.1.1: 0 links to itself": ('rel="self"', 'rel="related"'),
    "4.1.1: no author": ("<author><name>Ada</name><uri>https://links.example/</uri></author>", ""),
    "4.1.1: entry": ("2009-05-25:2", "2009-05-25:1"),
    "4.1.2: 0 of updated": ("<updated>2009-05-25T12:00:00Z</updated>", ""),
    "4.1.2: no element": ("<published>", "<pubDate>x</pubDate><published>"),
    "4.1.3.3": ('type="html"', 'type="xhtml"'),
    "3.3": ("2009-05-26T12:00:00Z", "2009-05-26 12:00:00"),
    "3.3: '2009-02-30T12:00:00Z'": ("2009-05-26T12:00:00Z", "2009-02-30T12:00:00Z"),
    "before it was published": ("<updated>2009-05-25T12:00:00Z", "<updated>2009-05-24T12:00:00Z"),
    "4.2.7.1": ('href="https://queue.example/"', 'href="/queue"'),
    "4.2.6": ("tag:links.example,2009-05-25:2", "/2009/May/25/"),
    "4.2.2": ('term="redis"', 'term=""'),
    "3.2": ("<name>Ada</name>", ""),
    "two alternates": ('rel="related"', 'rel="alternate" type="text/html"'),
    "not well-formed": ("</feed>", "</Feed>"),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "change"), BROKEN.items())
def test_the_checker_finds_what_is_broken(fault: str, change: tuple[str, str]) -> None:
    document = write_atom(replace(FEED, items=(ITEM, replace(ITEM, id="tag:links.example,2009-05-25:2", updated=NOON + timedelta(days=1)))), "x") if fault == "4.1.1: entry" else write_atom(FEED, "x")  # fmt: skip
    broken = document.replace(change[0].encode(), change[1].encode())
    assert broken != document
    assert any(fault in one for one in faults(broken)), faults(broken)
