"""The history of an entry tells both: what its source changed, and what of the author's was kept."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from feedserver import Page, Radio, broadcasting
from reading import read
from signing import Desk, at_desk
from sqlalchemy import select

from blog.changes.entries import save_entry
from blog.changes.import_runs import Wanted
from blog.changes.importing import import_material
from blog.domain.entry import Kind, Status
from blog.models import Entry, Vanished
from blog.poller.readers import Readers
from blog.queries.writing import open_entry
from importers.material import Material

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from feedserver import FeedServer


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        yield server


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers()) as readers:
        yield readers


@pytest.fixture
def radio(make_blog: Callable[..., Blog], server: FeedServer, readers: Readers) -> Radio:
    return Radio(make_blog("sqlite", fetch_private=True, fetch_timeout=5), server, readers)


def json_feed(title: str, text: str, *more: str, day: int = 25) -> bytes:
    item = {"id": "one", "url": "https://a.example/one", "title": title, "content_html": f"<p>{text}</p>"}
    items = [item | {"date_published": f"2009-05-{day}T12:00:00Z"}]
    for number, name in enumerate(more, 1):
        other = {"id": name, "url": f"https://a.example/{name}", "title": name, "content_html": "<p>So.</p>"}
        items.append(other | {"date_published": f"2009-05-{day - number}T12:00:00Z"})
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Afar", "items": items}
    return json.dumps(feed).encode()


def edit_title(blog: Blog, title: str) -> None:
    entry = open_entry(blog.services, 1)
    save_entry(blog.services, replace(entry.draft, title=title), 1, by="ada")


def steps(desk: Desk) -> list[tuple[str, list[str], list[str]]]:
    """What the history says, the latest first: heading, what is crossed out, what is underlined."""
    page = read(desk.get("/admin/entries/1/history"))
    return [
        (
            step.one("h2").text().partition(", ")[0],
            [one.text() for one in step.all("del")],
            [one.text() for one in step.all("ins")],
        )
        for step in page.one("ol", cls="steps").all("li")
    ]


@pytest.mark.parametrize("way", ["a file", "a poll"])
def test_your_title_stays_the_body_updates_and_the_history_tells_both(
    radio: Radio, server: FeedServer, way: str
) -> None:
    blog = radio.blog

    def bring(data: bytes) -> None:
        blog.clock.forward(hours=3)
        if way == "a file":
            wanted = Wanted(source="Afar", kind=Kind.LINK)
            import_material(blog.services, Material.of_bytes(data, "afar.json"), wanted)
        else:
            server.pages["/afar"] = Page(data)
            radio.poll()

    if way == "a poll":
        radio.add("Afar", "/afar", kind=Kind.LINK, status=Status.PUBLISHED)
    bring(json_feed("Theirs", "First words."))
    edit_title(blog, "Mine")
    bring(json_feed("Their other title", "Second words."))
    with blog.services.sessions.read() as session:
        entry = session.scalars(select(Entry)).one()
    assert (entry.title, entry.body) == ("Mine", "<p>Second words.</p>")
    desk = at_desk(blog)
    assert steps(desk) == [
        ("Changed by an import from Afar", ["First"], ["Second"]),
        ("Kept your title; Afar changed it too", ["Mine"], ["Their other title"]),
        ("Edited by ada", ["Theirs"], ["Mine"]),
        ("Created", [], []),
    ]
    links = read(desk.get("/admin/entries/1/history")).links()
    assert "/admin/imports/2/" in links
    page = desk.get("/admin/conflicts/")
    assert "Their other title" in page.text
    assert "1 field says" in read(desk.get("/admin/")).one("main").text()
    answer = desk.post("/admin/conflicts/", {"id": "1", "do": "theirs"})
    assert answer.status_code == 303
    assert steps(desk)[0][0] == "Taken from its source by ada"
    assert "You took theirs." in desk.get("/admin/entries/1/history").text


def marks(radio: Radio) -> set[str]:
    statement = select(Entry.title).join(Vanished, Vanished.entry_id == Entry.id)
    with radio.services.sessions.read() as session:
        return set(session.scalars(statement))


def test_what_vanishes_from_the_middle_of_a_feed_is_marked_until_it_is_back(
    radio: Radio, server: FeedServer
) -> None:
    radio.add("Afar", "/middle", kind=Kind.LINK, status=Status.PUBLISHED)
    for more, gone in [
        (("two", "three", "four"), set()),
        (("two", "four"), {"three"}),
        (("two",), {"three"}),
        (("two", "three", "four"), set()),
    ]:
        server.pages["/middle"] = Page(json_feed("One", "Words.", *more))
        radio.blog.clock.forward(hours=50)
        radio.poll()
        assert marks(radio) == gone, more


def test_a_feed_that_moves_to_https_doubles_nothing_and_nothing_seems_gone(
    radio: Radio, server: FeedServer
) -> None:
    item = (
        "<item><title>{0}</title><guid isPermaLink='false'>{0}</guid><link>{1}://a.example/{0}</link>"
        "<pubDate>Mon, 25 May 2009 12:00:00 GMT</pubDate></item>"
    )
    radio.add("Afar", "/moving", kind=Kind.LINK, status=Status.PUBLISHED)
    tallies = []
    for scheme, names in (("http", "cba"), ("https", "dcba"), ("https", "dcb"), ("https", "dcba")):
        items = "".join(item.format(name, scheme) for name in names)
        feed = f"<rss><channel><title>A</title><link>{scheme}://a.example/</link>{items}</channel></rss>"
        server.pages["/moving"] = Page(feed.encode())
        radio.blog.clock.forward(hours=50)
        tallies.append(radio.poll())
        assert marks(radio) == set()
    assert [(one.created, one.updated) for one in tallies] == [(3, 0), (1, 3), (0, 0), (0, 0)]


def test_what_a_feed_says_itself_is_deleted_is_marked(radio: Radio, server: FeedServer) -> None:
    entry = (
        "<entry><id>tag:a.example,2009:{0}</id><title>{0}</title><link href='https://a.example/{0}'/>"
        "<updated>2009-05-25T12:00:00Z</updated></entry>"
    )
    feed = (
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'>"
        "<title>Afar</title><id>urn:x</id><updated>2009-05-25T12:00:00Z</updated>{}</feed>"
    )
    radio.add("Afar", "/atom", kind=Kind.LINK, status=Status.PUBLISHED)
    tombstone = "<at:deleted-entry when='2009-06-01T12:00:00Z' ref='tag:a.example,2009:two'/>"
    for items in (entry.format("one") + entry.format("two"), entry.format("one") + tombstone):
        server.pages["/atom"] = Page(feed.format(items).encode())
        radio.blog.clock.forward(hours=50)
        radio.poll()
    assert marks(radio) == {"two"}
