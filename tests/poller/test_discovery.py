"""From what somebody typed to the feed that is meant, on a real server."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from feedserver import FeedServer, Page, broadcasting, rss

from blog.config import Settings
from blog.domain.errors import BadStatus, FetchRefused
from blog.poller.asking import Network
from blog.poller.discovery import NoFeed, find_feed
from blog.poller.readers import Readers
from blog.poller.reading import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blog.poller.discovery import FoundFeed


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        yield server


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers(1)) as readers:
        yield readers


class Finder:
    def __init__(self, server: FeedServer, readers: Readers, folder: Path) -> None:
        settings = Settings(data_dir=folder, database_url="", fetch_private=True, fetch_timeout=5)
        self._network = Network(settings=settings, resolve=lambda host, port: ["127.0.0.1"])
        self._readers = readers
        self.server = server

    def find(self, path: str) -> FoundFeed:
        return find_feed(self.server.url(path), self._network, self._readers)


@pytest.fixture
def finder(server: FeedServer, readers: Readers, tmp_path: Path) -> Finder:
    return Finder(server, readers, tmp_path)


def page(*links: str, title: str = "A page") -> Page:
    named = "".join(f'<link rel="alternate" type="application/rss+xml" href="{link}">' for link in links)
    return Page(f"<!doctype html><head><title>{title}</title>{named}</head><body>".encode())


def test_the_address_of_a_feed_is_that_feed(finder: Finder) -> None:
    home = "<link>https://blog.example/home</link>"
    finder.server.pages["/x"] = Page(rss("one", "two", channel=home, title="Sets &amp;amp; more"))
    found = finder.find("/x")
    assert (found.feed_url, found.url, found.title, found.others) == (
        finder.server.url("/x"),
        "https://blog.example/home",
        "Sets & more",
        (),
    )
    assert [draft.title for draft in found.read.drafts] == ["one", "two"]


def test_a_feed_that_moved_for_good_is_found_where_it_is(finder: Finder) -> None:
    finder.server.pages["/old"] = Page(status=301, headers={"Location": "/new"})
    finder.server.pages["/new"] = Page(rss())
    assert finder.find("/old").feed_url == finder.server.url("/new")


def test_a_page_names_its_feeds_and_the_first_that_is_one_wins(finder: Finder) -> None:
    finder.server.pages["/blog/"] = page("/gone", "feeds/all", "/comments", "/feed")
    finder.server.pages["/blog/feeds/all"] = Page(rss("one", title=""))
    for path in ("/comments", "/feed"):
        finder.server.pages[path] = Page(rss())
    found = finder.find("/blog/")
    assert (found.feed_url, found.url, found.title) == (
        finder.server.url("/blog/feeds/all"),
        finder.server.url("/blog/"),
        "A page",
    )
    assert found.others == tuple(map(finder.server.url, ("/gone", "/comments", "/feed")))
    assert finder.server.paths() == ["/blog/", "/gone", "/blog/feeds/all"]


@pytest.mark.parametrize("path", ["/blog/feed", "/blog/atom.xml", "/index.xml", "/feed.json"])
def test_a_page_that_names_none_has_one_where_many_have(finder: Finder, path: str) -> None:
    finder.server.pages["/blog/post"] = page()
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": []}
    finder.server.pages[path] = Page(json.dumps(feed).encode() if path.endswith(".json") else rss())
    assert finder.find("/blog/post").feed_url == finder.server.url(path)


MARKED = b"""<!doctype html><title>Notes</title><body><div class="h-entry"><a class="p-name u-url" href="/1">One</a>
<time class="dt-published" datetime="2009-05-25T12:00:00Z"></time></div></body>"""


def test_a_page_with_microformats_is_read_itself_where_there_is_no_feed(finder: Finder) -> None:
    finder.server.pages["/notes/"] = Page(MARKED)
    found = finder.find("/notes/")
    assert (found.feed_url, found.title) == (finder.server.url("/notes/"), "Notes")
    assert [draft.title for draft in found.read.drafts] == ["One"]
    finder.server.pages["/feed"] = Page(rss("two"))
    assert finder.find("/notes/").feed_url == finder.server.url("/feed")


def test_where_there_is_none_it_says_so(finder: Finder) -> None:
    finder.server.pages["/"] = page("/not", "/not-either")
    finder.server.pages["/not"] = page()
    with pytest.raises(NoFeed, match=r"There is no feed at http://feeds.example:\d+/, and none was found"):
        finder.find("/")
    assert len(finder.server.seen) < 25


def test_what_cannot_be_fetched_is_refused(finder: Finder) -> None:
    with pytest.raises(BadStatus, match="404 Not Found"):
        finder.find("/nothing")
    with pytest.raises(FetchRefused, match="not an http or https address"):
        find_feed("ftp://a.example/", finder._network, finder._readers)


@pytest.mark.parametrize(
    ("data", "title", "home"),
    [
        (rss(channel="<link>https://h.example/</link>"), "A source", "https://h.example/"),
        (rss(title="<![CDATA[A <b>bold</b> one]]>"), "A bold one", ""),
        (b"<rss><channel><link>/here</link></channel></rss>", "", "https://f.example/here"),
        (b"<rss><channel><link>javascript:alert(1)</link></channel></rss>", "", ""),
        (
            b'<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">A &amp;amp; B</title>'
            b'<link rel="self" href="https://f.example/feed"/><link rel="alternate" href="/home"/></feed>',
            "A & B",
            "https://f.example/home",
        ),
        (
            b'<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><title>Caf\xe9</title></channel></rss>',
            "Café",
            "",
        ),
        (b"<rss><channel><item><title>An item's</title></item></channel></rss>", "", ""),
    ],
)
def test_a_feed_says_what_it_is_called_and_where_it_belongs(data: bytes, title: str, home: str) -> None:
    read = read_source(data, "https://f.example/feed")
    assert (read.title, read.home) == (title, home)
