"""What is polled, on the page of sources: found, looked at, taken up, paused, resumed, let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from feedserver import FeedServer, Page, Radio, broadcasting, rss
from reading import read
from signing import Desk, at_desk

from blog.domain.entry import Kind, Status
from blog.queries.sources import sources
from blog.queries.subscriptions import polled_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog

ADDRESS = "/admin/sources/"
POLLED = "/admin/sources/polled/"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        server.pages["/"] = Page(
            b'<head><link rel="alternate" type="application/rss+xml" href="/feed">'
            b'<link rel="alternate" type="application/rss+xml" href="/comments"></head>'
        )
        server.pages["/feed"] = Page(rss("one", "two", title="Sets &amp;amp; &amp;lt;more&amp;gt;"))
        yield server


@pytest.fixture
def radio(make_blog: Callable[..., Blog], server: FeedServer) -> Radio:
    return Radio(make_blog(fetch_private=True, fetch_timeout=5), server)


@pytest.fixture
def desk(radio: Radio) -> Desk:
    return at_desk(radio.blog)


def here(server: FeedServer, path: str = "/") -> str:
    return server.url(path, "127.0.0.1")


def test_a_feed_is_found_looked_at_and_taken_up(desk: Desk, radio: Radio, server: FeedServer) -> None:
    page = read(desk.post(f"{POLLED}find", {"address": here(server)}))
    assert [one.text() for one in page.one("main").one("ul").all("li")] == [
        "one 12:00 pm, 25 May 2009",
        "two 12:00 pm, 25 May 2009",
    ]
    assert here(server, "/comments") in page.one("main").text()
    sent = {one["name"]: one["value"] for one in page.one("main").all("input")}
    assert (sent["name"], sent["feed_url"]) == ("Sets & <more>", here(server, "/feed"))
    answer = desk.post(POLLED, {**sent, "kind": "note", "tags": "C++, from afar", "status": "published"})
    assert (answer.status_code, answer.headers["Location"]) == (303, ADDRESS)
    (found,) = polled_sources(radio.services)
    assert (found.name, found.url, found.kind, found.tags, found.status) == (
        "Sets & <more>",
        here(server),
        Kind.NOTE,
        ("C++", "from afar"),
        Status.PUBLISHED,
    )
    assert radio.poll().created == 2
    shown = read(desk.get(ADDRESS)).one("ul", "things").text()
    assert "new items are published, tagged C++, from afar" in shown


@pytest.mark.parametrize("address", ["", "ftp://a.example/", "http://127.0.0.1:1/", "x" * 5_000])
def test_what_is_no_feeds_address_is_refused_with_a_sentence(desk: Desk, address: str) -> None:
    page = read(desk.post(f"{POLLED}find", {"address": address}), 422)
    assert page.one("p", role="alert").text()
    assert page.one("input", id="address")["value"] == address


def test_what_cannot_be_taken_up_keeps_what_was_typed(desk: Desk, radio: Radio) -> None:
    radio.add("mine")
    typed = {"name": "Other", "feed_url": radio.server.url("/mine"), "url": "", "kind": "", "tags": "a, b"}
    page = read(desk.post(POLLED, typed), 422)
    assert "is polled already, as “mine”" in page.one("p", role="alert").text()
    assert page.one("input", id="tags")["value"] == "a, b"


def test_what_was_amiss_and_the_next_try_are_shown(desk: Desk, radio: Radio, server: FeedServer) -> None:
    server.pages["/mine"] = Page(status=500)
    radio.add("mine")
    radio.poll()
    shown = read(desk.get(ADDRESS)).one("ul", "things").text()
    assert f"{server.url('/mine')} answered 500 Internal Server Error." in shown
    assert "asked 12:00 pm, 23 November 2026; next 12:15 pm, 23 November 2026" in shown


def test_a_source_is_paused_resumed_and_let_go(desk: Desk, radio: Radio) -> None:
    slug = radio.add("Überall")
    for word, state in (("pause", "not polled"), ("resume", "new")):
        assert desk.post(f"{POLLED}{slug}/{word}").status_code == 303
        assert radio.state(slug).state == state
    assert desk.post(f"{POLLED}{slug}/remove").status_code == 303
    assert "What is polled" not in desk.get(ADDRESS).text
    assert desk.post(f"{POLLED}{slug}/pause").status_code == 404


def test_two_sources_put_together_are_polled_as_one(desk: Desk, radio: Radio, server: FeedServer) -> None:
    server.pages["/old"] = Page(rss("one"))
    radio.add("old")
    radio.poll()
    radio.blog.write("Mine", source="new")
    ids = {one.slug: one.id for one in sources(radio.services)}
    desk.post(f"{ADDRESS}{ids['old']}/merge", {"into": str(ids["new"]), "sure": "yes"})
    assert radio.state("new").feed_url == server.url("/old")
    radio.blog.clock.forward(days=1)
    server.pages["/old"] = Page(rss("one", "two"))
    assert radio.poll().created == 1
    assert radio.state("new").entries == 3
