"""A WebSub hub is told of the feeds that a change touches, once, and of no others."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from conftest import DATABASES, draft
from elsewhere import Elsewhere, Page, elsewhere
from signing import at_desk
from sqlalchemy import delete, select

from blog.audience import Heard
from blog.changes.audience import add_heard
from blog.changes.bulk import AddTags
from blog.changes.entries import delete_entry, save_entry
from blog.changes.making_one import MakeOne
from blog.changes.plans import carry_out
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.filters import Filter
from blog.outreach import HubPing
from blog.services import open_services
from blog.telling.hub import HubTeller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog

BASE = "https://blog.example"


@pytest.fixture
def hub() -> Iterator[Elsewhere]:
    with elsewhere() as found:
        yield found


@pytest.fixture
def blog(request: pytest.FixtureRequest, make_blog: Callable[..., Blog], hub: Elsewhere) -> Blog:
    return make_blog(
        getattr(request, "param", "sqlite"), hub=f"{hub.base}/hub", base_url=BASE, fetch_private=True
    )


@pytest.fixture
def teller(blog: Blog) -> HubTeller:
    """A teller that has seen what there was."""
    blog.write("Old", "old", day="2001-01-01", url="https://old.example/")
    made = HubTeller(blog.services)
    made.look()
    blog.clock.forward(seconds=10)
    return made


def ask(blog: Blog, *feeds: str) -> None:
    client = blog.client()
    for feed in feeds:
        assert client.get(feed, headers={"User-Agent": "newsboat/2.32"}).status_code == 200
    add_heard(blog.services, blog.services.audience.take())


def told(blog: Blog, hub: Elsewhere, *tellers: HubTeller, form: str = "atom") -> set[str]:
    """The feeds of a form that the hub is told of within a minute, each once."""
    hub.forms.clear()
    for _ in range(3):
        for one in tellers:
            one.look()
        blog.clock.forward(seconds=20)
    topics = []
    for path, fields in hub.forms:
        topic = dict(fields)["hub.topic"].removeprefix(BASE)
        assert (path, fields) == (
            "/hub",
            [("hub.mode", "publish"), ("hub.url", BASE + topic), ("hub.topic", BASE + topic)],
        )
        topics.append(topic)
    assert len(topics) == len(set(topics))
    return {topic for topic in topics if topic.endswith(form) or f".{form}?" in topic}


PLAIN = {"/feed.atom", "/links.atom", "/domains/a.example.atom"}


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_of_a_new_entry_the_hub_learns_its_feeds_and_those_that_are_asked_for(
    blog: Blog, teller: HubTeller, hub: Elsewhere
) -> None:
    blog.write("Two", "python sql", url="https://a.example/")
    told(blog, hub, teller)
    ask(
        blog,
        "/tags/python+sql.atom",
        "/tags/old.atom",
        "/tags/python+-sql.atom",
        "/search.atom?q=two",
        "/2009.atom",
        "/2009.json",
    )
    entry = blog.write("New", "python sql", url="https://a.example/b", source="There", series="Deep")
    more = {
        "/tags/python.atom",
        "/tags/sql.atom",
        "/tags/python+sql.atom",
        "/2009.atom",
        "/sources/there.atom",
        "/series/deep.atom",
    }
    hub.forms.clear()
    assert told(blog, hub, teller) == PLAIN | more
    assert told(blog, hub, teller) == set()
    save_entry(
        blog.services, draft("New", "python", url="https://a.example/b", source="There", series="Deep"), entry
    )
    assert told(blog, hub, teller) == PLAIN | more | {"/tags/python+-sql.atom"}
    delete_entry(blog.services, entry)
    assert told(blog, hub, teller) == PLAIN | more - {"/tags/sql.atom", "/tags/python+sql.atom"} | {
        "/tags/python+-sql.atom"
    }


def test_only_asked_for_forms_of_an_intersection_are_told(
    blog: Blog, teller: HubTeller, hub: Elsewhere
) -> None:
    blog.write("Two", "python sql")
    ask(blog, "/tags/python+sql.json")
    told(blog, hub, teller)
    blog.write("Three", "python sql")
    assert "/tags/python+sql.json" in told(blog, hub, teller, form="json")
    blog.write("Four", "python sql")
    assert "/tags/python+sql.atom" not in told(blog, hub, teller)


def test_drafts_touch_nothing_and_a_scheduled_entry_when_its_time_comes(
    blog: Blog, teller: HubTeller, hub: Elsewhere
) -> None:
    blog.write("Later", "soon", published=blog.clock.now.replace(hour=20))
    assert told(blog, hub, teller) == set()
    blog.clock.forward(hours=9)
    assert {"/feed.atom", "/tags/soon.atom"} <= told(blog, hub, teller)
    assert told(blog, hub, teller) == set()


def test_who_subscribed_under_an_old_name_of_a_tag_is_told_there_too(
    blog: Blog, teller: HubTeller, hub: Elsewhere
) -> None:
    blog.write("Two", "python sql", url="https://a.example/")
    ask(blog, "/tags/python+sql.atom")
    told(blog, hub, teller)
    rename_tag(blog.services, "python", "Snakes")
    assert told(blog, hub, teller) == set()
    merge_tags(blog.services, "snakes", "old")
    asked_for = {"/tags/python+sql.atom", "/tags/old+sql.atom"}
    assert told(blog, hub, teller) == PLAIN | {"/tags/old.atom", "/tags/sql.atom"} | asked_for


def test_a_bulk_edit_is_some_hundred_pings_at_most(blog: Blog) -> None:
    ids = [blog.write("E", " ".join(f"{letter}{number}" for letter in "tuvwxyz")) for number in range(25)]
    ask(blog, "/tags/t7+u7.atom")
    teller = HubTeller(blog.services)
    teller.look()
    carry_out(blog.services, AddTags(frozenset(ids), ("all",)))
    teller.look()
    with blog.services.sessions.read() as session:
        queued = set(session.scalars(select(HubPing.address)))
    assert len(queued) == 300
    assert {"/tags/t7+u7.atom", "/feed.atom", "/links.atom", "/tags/all.atom"} <= queued


def test_made_up_feeds_push_out_none_that_there_are(blog: Blog) -> None:
    blog.write("Old", "python sql", url="https://a.example/", source="There")
    made_up = [Filter(since=date(1990, 1, 1) + timedelta(days=day)).feed_url("atom") for day in range(400)]
    add_heard(blog.services, {one: Heard(services={"Big": 1_000_000}) for one in made_up})
    add_heard(blog.services, {"/tags/python+sql.atom": Heard(readers={("192.0.2.1", "r"), ("192.0.2.2", "r")})})
    teller = HubTeller(blog.services)
    teller.look()
    blog.write("New", "python sql", url="https://a.example/b", source="There")
    teller.look()
    with blog.services.sessions.read() as session:
        queued = set(session.scalars(select(HubPing.address)))
    there = {*PLAIN, "/tags/python.atom", "/tags/sql.atom", "/sources/there.atom", "/tags/python+sql.atom"}
    assert (len(queued), there - queued) == (300, set())


def test_the_feeds_of_all_sources_of_an_entry_are_told(blog: Blog, teller: HubTeller) -> None:
    page = "https://a.example/b"
    ids = tuple(blog.write(name, url=page, source=name, external_id=name) for name in ("Here", "There"))
    carry_out(blog.services, MakeOne(blog.services, (ids,)), "ada")
    teller.look()
    with blog.services.sessions.write() as session:
        session.execute(delete(HubPing))
    save_entry(blog.services, draft("Edited", url=page, source="Here", external_id="Here"), ids[0])
    teller.look()
    with blog.services.sessions.read() as session:
        queued = set(session.scalars(select(HubPing.address)))
    assert {"/sources/here.atom", "/sources/there.atom"} <= queued


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_of_two_processes_one_tells_and_what_happened_while_none_ran_is_told(
    blog: Blog, teller: HubTeller, hub: Elsewhere
) -> None:
    other = open_services(blog.services.settings, blog.clock)
    try:
        second = HubTeller(other)
        second.look()
        entry = blog.write("New", "python", url="https://a.example/b")
        assert told(blog, hub, second, teller, second) == PLAIN | {"/tags/python.atom"}
        ask(blog, "/tags/python.atom", "/tags/old.atom")
        save_entry(blog.services, draft("New", "", url="https://a.example/b"), entry)
        third = HubTeller(other)
        # What was before is known to nobody: all that is asked for may be touched.
        assert told(blog, hub, third) == PLAIN | {"/tags/python.atom", "/tags/old.atom"}
        assert told(blog, hub, teller, second, third) == set()
    finally:
        other.close()


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_a_hub_that_fails_is_asked_again_and_the_author_sees_it(
    blog: Blog, teller: HubTeller, hub: Elsewhere
) -> None:
    blog.write("New", "python", url="https://a.example/b")
    hub.answers = Page(status=503)
    told(blog, hub, teller)
    assert len(hub.forms) == 1
    assert "answered 503" in at_desk(blog).get("/admin/subscribers/").text
    blog.clock.forward(minutes=10)
    hub.answers = Page(status=204)
    assert told(blog, hub, teller) == PLAIN | {"/tags/python.atom"}
    with blog.services.sessions.read() as session:
        assert session.scalars(select(HubPing)).all() == []


def test_feeds_name_the_hub_and_themselves(blog: Blog, hub: Elsewhere) -> None:
    blog.write("One", "python")
    client = blog.client()
    for form in ("atom", "json"):
        answer = client.get(f"/tags/python.{form}")
        own = f"{BASE}/tags/python.{form}"
        assert answer.headers["Link"] == f'<{hub.base}/hub>; rel="hub", <{own}>; rel="self"'
    assert json.loads(answer.text)["hubs"] == [{"type": "WebSub", "url": f"{hub.base}/hub"}]
    assert f'<link rel="hub" href="{hub.base}/hub" />' in client.get("/tags/python.atom").text
    text = client.get(Filter(text="one").feed_url("atom"))
    assert ("Link" in text.headers, "hub" in text.text) == (False, False)


def test_without_a_hub_or_an_address_nobody_is_told(make_blog: Callable[..., Blog], hub: Elsewhere) -> None:
    for values in ({"base_url": BASE}, {"hub": f"{hub.base}/hub"}):
        given: dict[str, Any] = {"fetch_private": True, **values}
        blog = make_blog("sqlite", **given)
        teller = HubTeller(blog.services)
        teller.look()
        blog.write("One")
        assert told(blog, hub, teller) == set()
        assert "Link" not in blog.client().get("/feed.atom").headers
