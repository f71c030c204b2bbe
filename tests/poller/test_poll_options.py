"""What was said of a source when it was taken up can be changed."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from conftest import DATABASES
from feedserver import FeedServer, Page, Radio, broadcasting, rss
from sqlalchemy import select

from blog.changes.poll_options import PollOptions, change_options
from blog.changes.sources import BadSource
from blog.changes.subscriptions import BadSubscription
from blog.domain.entry import Kind, Status
from blog.domain.errors import BadTag, NotThere
from blog.models import Entry
from blog.poller.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from feedserver import Handler


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers(1)) as readers:
        yield readers


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        yield server


@pytest.fixture(params=DATABASES)
def radio(
    request: pytest.FixtureRequest, make_blog: Callable[..., Blog], server: FeedServer, readers: Readers
) -> Radio:
    found = Radio(make_blog(request.param, fetch_private=True), server, readers)
    server.pages["/feed"] = Page(rss("one"))
    found.add("feed")
    return found


def test_options_hold_for_what_is_read_from_then_on(radio: Radio, server: FeedServer) -> None:
    radio.poll()
    wanted = PollOptions(name="New name", kind=Kind.NOTE, tags=("Maps",), status=Status.PUBLISHED)
    change_options(radio.services, "feed", wanted)
    found = radio.state("feed")
    assert (found.name, found.kind, found.tags, found.status) == ("New name", "note", ("Maps",), "published")
    server.pages["/feed"] = Page(rss("two"))
    radio.blog.clock.forward(days=1)
    radio.poll()
    with radio.services.sessions.read() as session:
        rows = session.execute(select(Entry.title, Entry.kind, Entry.status).order_by(Entry.id)).all()
    assert [tuple(row) for row in rows] == [("one", "link", "inbox"), ("two", "note", "published")]
    change_options(radio.services, "feed", PollOptions(kind="", tags=()))
    assert (radio.state("feed").kind, radio.state("feed").tags) == (None, ())
    assert radio.state("feed").name == "New name", "what is not named stays as it is"


def test_a_source_is_asked_no_more_often_than_its_author_wants(radio: Radio) -> None:
    radio.poll()
    assert radio.wait_of("feed") == 90
    change_options(radio.services, "feed", PollOptions(least=timedelta(days=7)))
    assert radio.wait_of("feed") == 7 * 24 * 60
    radio.blog.clock.forward(days=7)
    radio.poll()
    assert radio.wait_of("feed") == 7 * 24 * 60
    change_options(radio.services, "feed", PollOptions(least=timedelta(0)))
    assert radio.wait_of("feed") == 135


def test_another_feed_is_asked_at_once_as_if_for_the_first_time(radio: Radio, server: FeedServer) -> None:
    server.pages["/feed"] = Page(rss("one"), conditional=True)
    radio.poll()
    old = radio.state("feed").feed_url
    server.pages["/new"] = Page(rss("one", "two"), conditional=True)
    change_options(radio.services, "feed", PollOptions(feed_url=server.url("/new", "elsewhere.example")))
    assert radio.poll().created == 1
    assert "If-None-Match" not in server.seen[-1][2]
    found = radio.state("feed")
    assert (found.feed_url, found.moved_from) == (server.url("/new", "elsewhere.example"), (old,))


def test_what_is_on_its_way_from_the_old_feed_is_not_taken_in(radio: Radio, server: FeedServer) -> None:
    def answer(handler: Handler) -> None:
        change_options(radio.services, "feed", PollOptions(feed_url=server.url("/new")))
        handler.send(Page(rss("old")))

    server.pages["/feed"] = answer
    server.pages["/new"] = Page(rss("new"))
    radio.poll()
    radio.poll()
    with radio.services.sessions.read() as session:
        assert list(session.scalars(select(Entry.title))) == ["new"]


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (PollOptions(name=" "), BadSource),
        (PollOptions(name="x" * 201), BadSource),
        (PollOptions(name="Other", tags=("!!!",)), BadTag),
        (PollOptions(name="Other", least=timedelta(days=31)), BadSubscription),
        (PollOptions(name="Other", feed_url="x" * 3_000), BadSubscription),
        (PollOptions(name="Other", feed_url="nowhere"), BadSubscription),
    ],
)
def test_what_cannot_be_changes_nothing(radio: Radio, wanted: PollOptions, error: type[Exception]) -> None:
    before = radio.state("feed")
    with pytest.raises(error):
        change_options(radio.services, "feed", wanted)
    assert radio.state("feed") == before


def test_the_feed_of_another_source_is_refused(radio: Radio, server: FeedServer) -> None:
    radio.add("other")
    with pytest.raises(BadSubscription, match="as “other”"):
        change_options(radio.services, "feed", PollOptions(feed_url=server.url("/other")))
    with pytest.raises(NotThere):
        change_options(radio.services, "unknown", PollOptions())
