"""Feeds pass the schemas of their formats, archives and deleted entries included; what is broken does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from atomcheck import faults, warnings
from schemas import atom_faults, json_faults
from test_atom import CLEAN, FEED, HOSTILE, ITEM, NOON, links

from blog.syndication.atom import write_atom
from blog.syndication.items import DeletedItem
from blog.syndication.jsonfeed import write_json

HOME = "https://links.example"
ARCHIVE = replace(
    FEED,
    archive_url=f"{HOME}/feed.atom?archive=2-abc",
    previous=f"{HOME}/feed.atom?archive=1",
    following=f"{HOME}/feed.atom?archive=3",
)
FEEDS = {
    "full": FEED,
    "empty": replace(FEED, items=(), subtitle=""),
    "hostile": replace(FEED, title=HOSTILE, items=(replace(ITEM, title=HOSTILE, html=HOSTILE, related_title=HOSTILE),)),
    "with archives": replace(FEED, previous=f"{HOME}/feed.atom?archive=3"),
    "an archive": ARCHIVE,
    "the first archive": replace(ARCHIVE, previous=""),
    "with deleted entries": replace(
        FEED, deleted=(DeletedItem("tag:links.example,2009-05-25:3", NOON), DeletedItem("tag:links.example,2009:4", NOON))
    ),
}  # fmt: skip


@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS)
def test_a_feed_passes_the_schema_of_its_format(feed: object) -> None:
    document = write_atom(feed, "Crosstag 1")  # type: ignore[arg-type]  # each is a feed
    assert atom_faults(document) == faults(document) == []
    assert json_faults(write_json(feed)) == []  # type: ignore[arg-type]


def test_an_archive_says_what_it_is_and_what_is_around_it() -> None:
    root = ElementTree.fromstring(write_atom(ARCHIVE, "x"))
    assert {link["rel"]: link["href"] for link in links(root)} == {
        "self": f"{HOME}/feed.atom?archive=2-abc",
        "alternate": f"{HOME}/",
        "current": f"{HOME}/feed.atom",
        "next-archive": f"{HOME}/feed.atom?archive=3",
        "prev-archive": f"{HOME}/feed.atom?archive=1",
    }
    assert root.findtext("{*}id") == ARCHIVE.id
    assert len(root.findall("{http://purl.org/syndication/history/1.0}archive")) == 1


def test_a_deleted_entry_is_named_with_its_time() -> None:
    feed = replace(FEED, deleted=(DeletedItem(f"tag:x,2009:{HOSTILE}", NOON + timedelta(microseconds=1)),))
    (one,) = ElementTree.fromstring(write_atom(feed, "x")).iterfind(
        "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
    )
    assert one.attrib == {"ref": f"tag:x,2009:{CLEAN}", "when": "2009-05-25T12:00:00Z"}


BROKEN = {
    "no title": ("<title>A queue in Redis</title>", ""),
    "two ids": ("<published>", "<id>tag:x</id><published>"),
    "no date": ("<updated>2009-05-26T12:00:00Z</updated>", "<updated>today</updated>"),
    "content of no type": ('type="html"', 'type="htm"'),
    "an unknown element": ("<published>", "<pubDate>x</pubDate><published>"),
    "an unknown attribute": ('rel="via"', 'rel="via" target="x"'),
    "a link to nowhere": ('href="https://queue.example/"', ""),
    "an author without a name": ("<name>Ada</name>", ""),
    "no language": ('xml:lang="en"', 'xml:lang="e n"'),
}


@pytest.mark.parametrize(("what", "by"), BROKEN.values(), ids=BROKEN)
def test_the_schema_of_atom_finds_what_is_broken(what: str, by: str) -> None:
    document = write_atom(FEED, "x")
    broken = document.replace(what.encode(), by.encode())
    assert broken != document
    assert atom_faults(broken)


BROKEN_JSON = {
    "no title": ('"title": "My linkblog"', '"titel": "My linkblog"'),
    "another version": ("version/1.1", "version/2"),
    "an item without an id": ('"id": "tag', '"ids": "tag'),
    "an item without content": ('"content_html"', '"contents"'),
    "a date that is none": ("2009-05-25T12:00:00+00:00", "2009-05-25"),
    "an address that is none": ('"url": "https://links.example/2009', '"url": "/2009'),
    "tags that are no list": ('"tags": [', '"tags": "x", "_tags": ['),
}


@pytest.mark.parametrize(("what", "by"), BROKEN_JSON.values(), ids=BROKEN_JSON)
def test_the_schema_of_json_feed_finds_what_is_broken(what: str, by: str) -> None:
    document = write_json(FEED)
    broken = document.replace(what.encode(), by.encode())
    assert broken != document
    assert json_faults(broken)


SAID = {
    "was found at": ('href="https://links.example/feed.atom" type', 'href="https://links.example/x" type'),
    "have the id": ("2009-05-25:2", "2009-05-25:1"),
    "is blank": ("A queue in Redis", " "),
    "in the future": ("2009-05-25T12:00:00Z", "2031-05-25T12:00:00Z"),
    "closes nothing": ("&lt;/em&gt;", "&lt;/b&gt;"),
    "not a whole address": ('&lt;a href="https://x.example', '&lt;a href="'),
    "not safe": ("&lt;em&gt;", '&lt;em onclick="x"&gt;'),
}


@pytest.mark.parametrize(("said", "change"), SAID.items())
def test_the_checker_warns_of_what_readers_stumble_over(said: str, change: tuple[str, str]) -> None:
    document, now = write_atom(FEED, "x"), NOON + timedelta(days=9)
    assert warnings(document, f"{HOME}/feed.atom", now) == []
    broken = document.replace(change[0].encode(), change[1].encode())
    assert broken != document
    assert any(said in one for one in warnings(broken, f"{HOME}/feed.atom", now))
