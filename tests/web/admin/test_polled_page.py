"""What is polled, on the page of sources: found, looked at, taken up, paused, resumed, let go."""

from __future__ import annotations

import io
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


def options_of(desk: Desk, slug: str) -> dict[str, str]:
    """What the form of a source's options would send as it is."""
    page = read(desk.get(f"{POLLED}{slug}/"))
    form = page.one("form", "narrow-form")
    sent = {one["name"]: one["value"] for one in form.all("input")}
    for select in form.all("select"):
        sent[select["name"]] = next(
            one["value"] for one in select.all("option") if "selected" in one.attributes
        )
    return {name: value for name, value in sent.items() if name != "csrf_token"}


def test_the_options_of_a_source_are_changed_where_its_polling_is_shown(
    desk: Desk, radio: Radio, server: FeedServer
) -> None:
    address = here(server, "/feed")
    desk.post(
        POLLED, {"name": "Mine", "feed_url": address, "url": "", "kind": "", "tags": "", "status": "inbox"}
    )
    radio.poll()
    sent = options_of(desk, "mine")
    assert sent == {
        "name": "Mine",
        "feed_url": address,
        "kind": "",
        "tags": "",
        "status": "inbox",
        "hours": "0",
    }
    wanted = {**sent, "name": "Yours", "kind": "note", "tags": "C++, a", "status": "published", "hours": "24"}
    answer = desk.post(f"{POLLED}mine/", wanted)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{POLLED}mine/")
    assert options_of(desk, "mine") == wanted
    page = read(desk.get(f"{POLLED}mine/"))
    assert "12:00 pm, 24 November 2026" in page.one("dl").text()
    assert "Mine done 2 0 0" in page.one("table").text(), "with what polls have changed"
    server.pages["/moved"] = Page(rss("three"))
    desk.post(f"{POLLED}mine/", {**wanted, "feed_url": here(server, "/moved")})
    assert radio.state("mine").feed_url == here(server, "/moved")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"feed_url": "http://127.0.0.1:1/"}, "could not be fetched"),
        ({"feed_url": ""}, "There is no address to look at."),
        ({"name": ""}, "A source needs a name"),
        ({"tags": "good, !!!"}, "no tag can be named that"),
    ],
)
def test_options_that_cannot_be_keep_what_was_typed(
    desk: Desk, radio: Radio, changed: dict[str, str], sentence: str
) -> None:
    radio.add("mine")
    before = options_of(desk, "mine")
    typed = {**before, "name": "Other", "hours": "6", **changed}
    page = read(desk.post(f"{POLLED}mine/", typed), 422)
    assert sentence in page.one("p", role="alert").text()
    ((name, value),) = changed.items()
    assert page.one("input", id=name)["value"] == value
    assert options_of(desk, "mine") == before


def test_a_poll_is_listed_apart_and_undone(desk: Desk, radio: Radio, server: FeedServer) -> None:
    server.pages["/mine"] = Page(rss("one", "two"))
    radio.add("mine")
    radio.poll()
    assert "mine" not in read(desk.get("/admin/imports/")).one("main").text()
    for address in ("/admin/imports/?of=polls", "/admin/imports/?of=polls&source=mine"):
        assert "mine done 2 0 0" in read(desk.get(address)).one("table").text()
    assert "Nothing yet." in read(desk.get("/admin/imports/?of=polls&source=other")).one("main").text()
    assert "Poll 1" in read(desk.get("/admin/imports/1/")).one("h1").text()
    asked = read(desk.get("/admin/imports/1/undo")).one("main").text()
    assert "2 entries that it brought: deleted. They do not come back with the next poll" in asked
    assert desk.post("/admin/imports/1/undo").status_code == 303
    assert radio.poll().created == 0


def test_a_poll_of_long_ago_says_that_it_cannot_be_undone(desk: Desk, radio: Radio, server: FeedServer) -> None:
    server.pages["/mine"] = Page(rss("one"))
    radio.add("mine")
    radio.poll()
    radio.blog.clock.forward(days=91)
    desk.sign_in()
    assert "more than 90 days ago" in read(desk.get("/admin/imports/1/")).one("main").text()
    assert "nothing is kept of what it did" in read(desk.get("/admin/imports/1/undo")).one("main").text()


def opml(server: FeedServer) -> bytes:
    one, none = here(server, "/feed"), here(server, "/none")
    return (
        f'<opml><body><outline text="Sets"><outline text="One" xmlUrl="{one}"/></outline>'
        f'<outline text="None" xmlUrl="{none}"/><outline text="A page"/></body></opml>'
    ).encode()


def test_the_feeds_of_a_file_are_looked_at_chosen_and_taken_up(
    desk: Desk, radio: Radio, server: FeedServer
) -> None:
    answer = desk.post("/admin/imports/", {"file": (io.BytesIO(opml(server)), "feeds.opml")})
    address = answer.headers["Location"]
    assert address.startswith("/admin/sources/polled/outlines/")
    page = read(desk.get(address))
    chosen = [one["value"] for one in page.all("input") if one["name"] == "feed"]
    assert chosen == [here(server, "/feed"), here(server, "/none")]
    assert "tagged Sets" in page.one("main").text()
    assert "It names no feed and has none in it." in page.one("main").text()
    assert "Choose at least one." in read(desk.post(address, {}), 422).one("p", role="alert").text()
    done = read(desk.post(address, {"feed": chosen, "status": "published", "tags": "mine", "kind": "note"}))
    assert [one.text() for one in done.one("ul", "lines").all("li")] == [
        "One added",
        f"None no feed found: {here(server, '/none')} answered 404 Not Found.",
    ]
    (found,) = polled_sources(radio.services)
    assert (found.name, found.tags, found.status, found.kind) == ("One", ("Sets", "mine"), "published", "note")
    exported = desk.get("/admin/sources/polled/export")
    assert exported.headers["Content-Type"] == "text/x-opml; charset=utf-8"
    answer = desk.post("/admin/imports/", {"file": (io.BytesIO(exported.data), "again.opml")})
    text = read(desk.get(answer.headers["Location"])).one("main").text()
    assert "There is no feed in it that is not polled already." in text


def test_the_hub_of_a_source_is_shown(desk: Desk, radio: Radio, server: FeedServer) -> None:
    links = '<a:link rel="hub" href="https://hub.example/"/><a:link rel="self" href="https://a.example/"/>'
    server.pages["/mine"] = Page(rss("one", channel=links))
    radio.add("mine")
    radio.poll()
    shown = read(desk.get(f"{POLLED}mine/")).one("dl").text()
    assert "https://hub.example/ not asked to tell; it needs the setting base_url to be asked" in shown
