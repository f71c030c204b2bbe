"""Who reads a feed: counted where the page cache answers, added up by processes, and then forgotten."""

from __future__ import annotations

import sys
import threading
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from conftest import DATABASES
from sqlalchemy import select

from blog.app import create_app
from blog.audience import Heard
from blog.changes.audience import add_heard
from blog.changes.tagging import rename_tag
from blog.domain.digests import Rhythm
from blog.domain.filters import Filter
from blog.outreach import FeedCount, FeedSalt
from blog.queries.subscribers import feed_subscribers, feeds_asked_for, tag_subscribers
from blog.services import open_services
from blog.telling.background import Counting

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from flask.testing import FlaskClient

FEEDLY = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; {} subscribers)"
READER = "newsboat/2.32.0 (Linux x86_64)"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0", "Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def blog(request: pytest.FixtureRequest, make_blog: Callable[..., Blog]) -> Blog:
    return make_blog(getattr(request, "param", "sqlite"))


def ask(client: FlaskClient, path: str, agent: str = READER, at: str = "192.0.2.1", **options: Any) -> int:
    headers = {"User-Agent": agent, **options.pop("headers", {})}
    answer = client.open(path, headers=headers, environ_base={"REMOTE_ADDR": at}, **options)
    return answer.status_code


def counted(blog: Blog) -> dict[str, tuple[dict[str, int], int]]:
    """What the table says of today, once everything that was heard is in it."""
    add_heard(blog.services, blog.services.audience.take())
    with blog.services.sessions.read() as session:
        rows = session.scalars(select(FeedCount).where(FeedCount.day == blog.clock.now.date()))
        return {row.address: (row.services, row.readers) for row in rows}


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_readers_count_once_a_day_and_services_with_the_number_they_said_last(blog: Blog) -> None:
    blog.write("One", "python")
    client = blog.client()
    for _ in range(3):
        assert ask(client, "/tags/python.atom") == 200
    ask(client, "/tags/python.atom", at="192.0.2.2")
    ask(client, "/tags/python.atom", "NetNewsWire (RSS Reader)")
    for number in (7, 9, 8):
        ask(client, "/tags/python.atom", FEEDLY.format(number))
    assert counted(blog) == {"/tags/python.atom": ({"Feedly": 8}, 3)}
    ask(client, "/tags/python.atom", at="192.0.2.2")
    ask(client, "/tags/python.atom", at="192.0.2.3", method="HEAD")
    assert counted(blog) == {"/tags/python.atom": ({"Feedly": 8}, 4)}


def test_who_is_told_that_nothing_changed_counts_and_the_page_cache_hides_nobody(blog: Blog) -> None:
    blog.write("One", "python")
    # Within the second of a change no feed is kept.
    blog.clock.forward(seconds=10)
    client = blog.client()
    tag = client.get("/feed.atom", headers={"User-Agent": "curl/8"}).headers["ETag"]
    # From now on the app would fail: what is answered comes from the page cache.
    client.application.view_functions.clear()
    assert ask(client, "/feed.atom", headers={"If-None-Match": tag}) == 304
    assert ask(client, "/feed.atom", at="192.0.2.2") == 200
    assert counted(blog) == {"/feed.atom": ({}, 2)}


def test_browsers_robots_redirects_errors_and_other_pages_do_not_count(blog: Blog) -> None:
    blog.write("One", "python")
    client = blog.client()
    assert ask(client, "/feed.atom", headers=BROWSER) == 200
    assert ask(client, "/feed.atom", "Googlebot/2.1") == 200
    assert ask(client, "/feed.atom", "") == 200
    assert ask(client, "/tags/Python.atom") == 301
    assert ask(client, "/tags/unknown.atom") == 404
    assert ask(client, "/api/v1/openapi.json") == 401
    assert ask(client, "/") == 200
    assert counted(blog) == {}


def test_one_feed_is_one_however_its_address_is_encoded(blog: Blog) -> None:
    blog.write("One", "日本語")
    client = blog.client()
    assert ask(client, "/tags/日本語.json") == 200
    assert ask(client, "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E.json", at="192.0.2.2") == 200
    assert counted(blog) == {"/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E.json": ({}, 2)}


def test_readers_of_one_ipv6_network_are_one(blog: Blog) -> None:
    client = blog.client()
    for at in ("2001:db8:1:2::7", "2001:db8:1:2:aaaa::8", "2001:db8:1:3::7", "no address"):
        ask(client, "/feed.atom", at=at)
    assert counted(blog) == {"/feed.atom": ({}, 3)}


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_several_processes_add_up(blog: Blog) -> None:
    here = blog.services
    other = open_services(here.settings, blog.clock)
    try:
        clients = [create_app(one).test_client() for one in (here, other)]
        for client in clients:
            ask(client, "/feed.atom")
        ask(clients[0], "/feed.atom", at="192.0.2.2")
        ask(clients[1], "/feed.atom", at="192.0.2.3")
        heard = [one.audience.take() for one in (here, other)]
        threads = [
            threading.Thread(target=add_heard, args=pair) for pair in zip((here, other), heard, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counted(blog) == {"/feed.atom": ({}, 3)}
    finally:
        other.close()


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_when_the_day_is_over_only_counts_remain_and_after_a_year_none(blog: Blog) -> None:
    client = blog.client()
    teller = Counting(blog.services, lambda: 0.0)
    ask(client, "/feed.atom")
    teller.count()
    with blog.services.sessions.read() as session:
        (salt,) = session.scalars(select(FeedSalt.salt))
        assert session.scalars(select(FeedCount.seen)).one()
    blog.clock.forward(days=1)
    teller.count()
    with blog.services.sessions.read() as session:
        (row,) = session.scalars(select(FeedCount))
        assert (row.day, row.readers, row.seen) == (date(2026, 11, 23), 1, None)
        assert session.scalars(select(FeedSalt.salt)).one() != salt
    blog.clock.forward(days=366)
    teller.count()
    with blog.services.sessions.read() as session:
        assert session.scalars(select(FeedCount)).all() == []


def test_a_thread_that_ends_adds_up_what_it_has_heard(blog: Blog) -> None:
    client = blog.client()
    teller = Counting(blog.services)
    teller.start()
    ask(client, "/feed.json")
    teller.stop()
    with blog.services.sessions.read() as session:
        assert session.execute(select(FeedCount.address, FeedCount.readers)).all() == [("/feed.json", 1)]


def test_who_asks_for_feeds_without_end_is_not_kept_without_end(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    for number in range(3_000):
        blog.services.audience.hear({"PATH_INFO": f"/search.atom?{number}", "HTTP_USER_AGENT": f"r{number}"})
    assert len(blog.services.audience.take()) == 2_000
    for number in range(21_000):
        blog.services.audience.hear(
            {"PATH_INFO": "/feed.atom", "REMOTE_ADDR": str(number), "HTTP_USER_AGENT": "r"}
        )
    for number in range(200):
        agent = f"Feedly ({number} subscribers; feed-id={number})"
        blog.services.audience.hear({"PATH_INFO": "/feed.atom", "HTTP_USER_AGENT": agent})
    (heard,) = blog.services.audience.take().values()
    assert (len(heard.readers), len(heard.services)) == (20_000, 10)
    assert sys.getsizeof(heard.readers) < 3_000_000


def heard(*addresses: str) -> dict[str, Heard]:
    return {address: Heard(readers={("192.0.2.1", "r")}) for address in addresses}


def searches(count: int, form: str = "atom") -> list[str]:
    start = date(1990, 1, 1)
    return [Filter(since=start + timedelta(days=day)).feed_url(form) for day in range(count)]


def test_made_up_feeds_leave_room_for_those_that_there_are(blog: Blog) -> None:
    days = [
        Filter(year=year, month=1, day=day).feed_url("atom")
        for year in range(1990, 2070)
        for day in range(1, 32)
    ]
    add_heard(blog.services, heard(*searches(600), *days))
    add_heard(
        blog.services, heard(*searches(5, "json"), "/feed.atom", "/tags/a.atom", "/domains/a.example.json")
    )
    found = counted(blog)
    assert len([one for one in found if one.startswith("/search.")]) == 500
    assert len([one for one in found if one in set(days)]) == 1_500
    assert set(found) - set(days) - set(searches(600)) == {
        "/feed.atom",
        "/tags/a.atom",
        "/domains/a.example.json",
    }


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_of_a_day_that_is_over_some_made_up_feeds_stay_and_all_others(blog: Blog) -> None:
    add_heard(blog.services, heard("/tags/a+b.atom"))
    blog.clock.forward(days=1)
    made_up = {one: Heard(services={"Big": 1_000_000}) for one in searches(310)}
    add_heard(blog.services, made_up | heard("/tags/a+b.atom", "/tags/a.atom"))
    blog.clock.forward(days=1)
    add_heard(blog.services, {})
    with blog.services.sessions.read() as session:
        yesterday = date(2026, 11, 24)
        kept = set(session.scalars(select(FeedCount.address).where(FeedCount.day == yesterday)))
    assert len(kept) == 301
    assert kept - set(made_up) == {"/tags/a+b.atom", "/tags/a.atom"}
    (first, *_) = feeds_asked_for(blog.services)
    assert first == (Filter(tags=frozenset("ab")), "atom")


def test_whoever_walks_back_through_archives_does_not_count(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", feed_size=2)
    for number in range(4):
        blog.write(f"Number {number}", "archive")
    client = blog.client()
    service = {"User-Agent": FEEDLY.format(9)}
    for path in ("/tags/archive.atom", "/search.json?tag=archive&type=link"):
        joint = "&" if "?" in path else "?"
        walked = client.get(f"{path}{joint}archive=1", headers=service, follow_redirects=True)
        assert (walked.status_code, "archive=1-" in walked.request.url) == (200, True)
    assert counted(blog) == {}
    ask(client, "/tags/archive.atom")
    assert counted(blog) == {"/tags/archive.atom": ({}, 1)}


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_subscribers_are_told_by_filter_whatever_its_form_and_its_name(blog: Blog) -> None:
    blog.write("One", "python sql")
    client = blog.client()
    ask(client, "/tags/python.atom", FEEDLY.format(50))
    ask(client, "/tags/python+sql.atom", at="192.0.2.9")
    counted(blog)
    blog.clock.forward(days=2)
    ask(client, "/tags/python.atom", FEEDLY.format(10))
    ask(client, "/tags/python.json", FEEDLY.format(1))
    ask(client, "/tags/python.json")
    ask(client, "/tags/python.atom", at="192.0.2.2")
    counted(blog)
    rename_tag(blog.services, "python", "Snakes")
    found = {
        one.wanted: (one.total, one.services, one.direct, one.days[-3:])
        for one in feed_subscribers(blog.services)
    }
    assert found == {
        Filter(tags=frozenset({"snakes"})): (13, (("Feedly", 11),), 2, (50, 0, 13)),
        Filter(tags=frozenset({"snakes", "sql"})): (1, (), 1, (1, 0, 0)),
    }
    assert [
        (tag_subscribers(blog.services, slug).total, tag_subscribers(blog.services, slug).feeds)
        for slug in ("snakes", "sql", "other")
    ] == [(14, 2), (1, 1), (0, 0)]
    blog.clock.forward(days=20)
    assert [one.total for one in feed_subscribers(blog.services)] == [0, 0]
    blog.clock.forward(days=20)
    assert feed_subscribers(blog.services) == []


@pytest.mark.parametrize("word", ["<script>", "\u202e", "'"])
def test_the_name_of_a_service_is_shown_as_text(make_blog: Callable[..., Blog], word: str) -> None:
    blog = make_blog("sqlite")
    ask(blog.client(), "/feed.atom", f"{word}x (5 subscribers)".encode().decode("latin-1"))
    assert sum(sum(said.values()) for said, _ in counted(blog).values()) == 5


def test_the_feed_of_digests_is_counted_by_itself_and_an_archive_as_its_feed(
    make_blog: Callable[..., Blog],
) -> None:
    blog = make_blog("sqlite", feed_size=2)
    for day in range(1, 9):
        blog.write(tags="python", day=f"2026-11-{day:02}")
    client = blog.client()
    archive = client.get("/tags/python.atom?archive=1").location
    assert ask(client, archive) == ask(client, "/tags/python.atom") == 200
    assert ask(client, "/tags/python/weekly.atom", at="192.0.2.7") == 200
    assert ask(client, "/tags/python/weekly.json", FEEDLY.format(4)) == 200
    assert ask(client, "/tags/python/weekly/") == ask(client, "/tags/python/weekly/2026-W45.md") == 200
    assert counted(blog) == {
        "/tags/python.atom": ({}, 1),
        "/tags/python/weekly.atom": ({}, 1),
        "/tags/python/weekly.json": ({"Feedly": 4}, 0),
    }
    rename_tag(blog.services, "python", "Snake")
    found = [(one.title, one.url, one.total) for one in feed_subscribers(blog.services)]
    assert found == [
        ("Posts tagged Snake, week by week", "/tags/snake/weekly/", 5),
        ("Posts tagged Snake", "/tags/snake/", 1),
    ]
    assert tag_subscribers(blog.services, "snake").total == 6
    assert [address.rhythm for address in feed_subscribers(blog.services)] == [Rhythm.WEEKLY, None]
    assert feeds_asked_for(blog.services) == [(Filter(tags=frozenset({"python"})), "atom")]
