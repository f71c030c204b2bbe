"""Sources are asked, and what they say is taken in, from a real server."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from conftest import DATABASES
from feedserver import Page, Radio, broadcasting, rss
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from blog.changes.entries import delete_entry
from blog.changes.sources import merge_sources
from blog.changes.subscriptions import pause, resume, settle
from blog.changes.tagging import rename_tag
from blog.domain.entry import Kind, Status
from blog.models import Entry, Source, Tag, entry_tag
from blog.poller import rounds
from blog.poller.readers import Readers
from blog.poller.rounds import AT_ONCE, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from feedserver import FeedServer, Handler

    from blog.changes.subscriptions import Claimed, Learnt
    from blog.services import Services


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        yield server


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers()) as readers:
        yield readers


@pytest.fixture(params=DATABASES)
def radio(
    request: pytest.FixtureRequest, make_blog: Callable[..., Blog], server: FeedServer, readers: Readers
) -> Radio:
    """Listens on both databases."""
    return Radio(make_blog(request.param, fetch_private=True, fetch_timeout=5), server, readers)


def entries(radio: Radio) -> list[tuple[str, str, str]]:
    with radio.services.sessions.read() as session:
        found = session.execute(select(Entry.title, Entry.kind, Entry.status).order_by(Entry.id))
        return [(title, kind, status) for title, kind, status in found]


def tags_of(radio: Radio, title: str) -> set[str]:
    statement = select(Tag.slug).join(entry_tag, entry_tag.c.tag_id == Tag.id)
    statement = statement.join(Entry, Entry.id == entry_tag.c.entry_id).where(Entry.title == title)
    with radio.services.sessions.read() as session:
        return set(session.scalars(statement))


def test_new_items_come_in_as_the_source_says(radio: Radio, server: FeedServer) -> None:
    server.pages["/plain"] = Page(rss("one", "two"))
    server.pages["/all"] = Page(rss("three"))
    radio.add("plain")
    radio.add("all", kind=Kind.NOTE, tags=("C++", "from afar"), status=Status.PUBLISHED)
    assert radio.poll() == Tally(polled=2, changed=2, created=3)
    assert sorted(entries(radio)) == [
        ("one", "link", "inbox"),
        ("three", "note", "published"),
        ("two", "link", "inbox"),
    ]
    assert tags_of(radio, "one") == {"sets"}
    assert tags_of(radio, "three") == {"sets", "cplusplus", "from-afar"}
    assert (radio.state("plain").entries, radio.state("plain").state) == (2, "well")


def test_what_changed_there_is_updated_and_what_was_edited_here_stays(radio: Radio, server: FeedServer) -> None:
    server.pages["/feed"] = Page(rss("one", "two"))
    radio.add("feed", tags=("mine",))
    radio.poll()
    with radio.services.sessions.write() as session:
        for entry in session.scalars(select(Entry)):
            # The author publishes both, and edits one.
            entry.status = Status.PUBLISHED
            entry.body = "Mine." if entry.title == "one" else entry.body
    server.pages["/feed"] = Page(rss("one", "two", text="Other words."))
    radio.blog.clock.forward(hours=2)
    assert radio.poll() == Tally(polled=1, changed=1, updated=1)
    with radio.services.sessions.read() as session:
        found = dict(session.execute(select(Entry.title, Entry.body)).all())
        assert {*session.scalars(select(Entry.status))} == {"published"}
    assert found == {"one": "Mine.", "two": "Other words."}
    assert tags_of(radio, "two") == {"sets", "mine"}


def test_nothing_is_read_twice_by_etag_or_by_its_bytes(radio: Radio, server: FeedServer) -> None:
    server.pages["/etag"] = Page(rss("one"), conditional=True)
    server.pages["/bytes"] = Page(rss("two"))
    radio.add("etag")
    radio.add("bytes")
    assert radio.poll().created == 2
    radio.blog.clock.forward(hours=3)
    assert radio.poll() == Tally(polled=2)
    conditions = {path: headers.get("If-None-Match") for _, path, headers in server.seen[2:]}
    assert conditions["/bytes"] is None
    assert conditions["/etag"]
    # The first answer says nothing of how often there is something; the second says that there is less.
    assert radio.state("etag").interval == radio.state("bytes").interval == timedelta(minutes=135)


def test_the_interval_follows_how_often_there_is_something(radio: Radio, server: FeedServer) -> None:
    radio.add("feed")
    waits = []
    for titles in (["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c"], ["d"], ["e"], ["f"], ["g"]):
        server.pages["/feed"] = Page(rss(*titles))
        radio.poll()
        waits.append(radio.wait_of("feed"))
        radio.blog.clock.forward(minutes=waits[-1])
    assert waits == [90, 45, 22.5, 33.75, pytest.approx(16.87, abs=0.02), 15, 15, 15]


@pytest.mark.parametrize(
    ("page", "minutes"),
    [
        (Page(rss("one"), headers={"Cache-Control": "max-age=14400"}), 240),
        (Page(rss("one", channel="<ttl>300</ttl>")), 300),
        (Page(rss("one", channel="<sy:updatePeriod> daily </sy:updatePeriod>")), 24 * 60),
        (
            Page(
                rss(
                    "one",
                    channel="<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
                )
            ),
            360,
        ),
        (Page(rss("one"), headers={"Retry-After": "36000"}), 600),
    ],
)
def test_what_a_feed_asks_for_is_respected(radio: Radio, server: FeedServer, page: Page, minutes: int) -> None:
    page.conditional = True
    server.pages["/feed"] = page
    radio.add("feed")
    radio.poll()
    assert radio.wait_of("feed") == minutes
    radio.blog.clock.forward(minutes=minutes)
    assert radio.poll() == Tally(polled=1)
    # A 304 has no body to say it again.
    assert radio.wait_of("feed") == minutes


def test_an_error_is_kept_with_the_time_of_the_next_try_and_forgotten_when_it_is_over(
    radio: Radio, server: FeedServer
) -> None:
    server.pages["/feed"] = Page(status=500)
    radio.add("feed")
    for failures, wait in ((1, 15), (2, 30), (3, 60)):
        assert radio.poll() == Tally(polled=1, failed=1)
        found = radio.state("feed")
        assert (found.failures, found.state, radio.wait_of("feed")) == (failures, "failing", wait)
        assert found.error == f"{server.url('/feed')} answered 500 Internal Server Error."
        radio.blog.clock.forward(minutes=wait)
    server.pages["/feed"] = Page(rss("one"))
    radio.poll()
    found = radio.state("feed")
    assert (found.failures, found.error, found.state) == (0, "", "well")


def test_retry_after_is_waited_for(radio: Radio, server: FeedServer) -> None:
    server.pages["/seconds"] = Page(status=503, headers={"Retry-After": "7200"})
    date = {"Date": "Mon, 25 May 2009 12:00:00 GMT", "Retry-After": "Mon, 25 May 2009 15:00:00 GMT"}
    server.pages["/date"] = lambda handler: answer_dated(handler, date)
    radio.add("seconds")
    radio.add("date")
    radio.poll()
    assert (radio.wait_of("seconds"), radio.wait_of("date")) == (120, 180)


def answer_dated(handler: object, headers: dict[str, str]) -> None:
    send = handler.send_response_only, handler.send_header, handler.end_headers  # type: ignore[attr-defined]
    send[0](503)
    for name, value in {**headers, "Content-Length": "0"}.items():
        send[1](name, value)
    send[2]()


def test_429_holds_back_the_others_of_its_host(radio: Radio, server: FeedServer) -> None:
    server.pages["/busy"] = Page(status=429, headers={"Retry-After": "10800"})
    for name in ("calm", "elsewhere"):
        server.pages[f"/{name}"] = Page(rss(name))
    radio.add("calm")
    radio.add("elsewhere", host="other.example")
    radio.poll()
    radio.add("busy")
    radio.poll()
    assert radio.state("busy").failures == 1
    assert radio.state("busy").interval == timedelta(hours=2)
    assert {name: radio.wait_of(name) for name in ("busy", "calm", "elsewhere")} == {
        "busy": 180,
        "calm": 180,
        "elsewhere": 90,
    }


def test_what_is_gone_is_asked_no_more_until_it_is_resumed(radio: Radio, server: FeedServer) -> None:
    server.pages["/feed"] = Page(status=410)
    radio.add("feed")
    radio.poll()
    found = radio.state("feed")
    assert (found.state, found.disabled, found.next_poll) == (
        "not polled",
        "It is gone for good, its server says.",
        None,
    )
    assert found.error == f"{server.url('/feed')} answered 410 Gone."
    radio.blog.clock.forward(days=30)
    assert radio.poll() == Tally()
    server.pages["/feed"] = Page(rss("one"))
    resume(radio.services, "feed")
    assert radio.poll() == Tally(polled=1, changed=1, created=1)


def ids_of_sources(radio: Radio) -> dict[str, int]:
    with radio.services.sessions.read() as session:
        return dict(session.execute(select(Source.slug, Source.id)).all())


def into_another_meanwhile(radio: Radio, data: bytes) -> Callable[[Handler], None]:
    """Put “old” together with “new” while it is asked, before it answers."""

    def answer(handler: Handler) -> None:
        ids = ids_of_sources(radio)
        merge_sources(radio.services, ids["old"], ids["new"])
        handler.send(Page(data))

    return answer


def test_what_is_put_together_with_another_while_it_is_asked_comes_in_there(
    radio: Radio, server: FeedServer
) -> None:
    server.pages["/old"] = Page(rss("one", "deleted"))
    radio.add("old")
    radio.poll()
    radio.blog.write("Mine", source="new")
    with radio.services.sessions.read() as session:
        deleted = session.scalars(select(Entry.id).where(Entry.title == "deleted")).one()
    delete_entry(radio.services, deleted)
    server.pages["/old"] = into_another_meanwhile(radio, rss("one", "deleted", "two"))
    radio.blog.clock.forward(hours=2)
    assert radio.poll() == Tally(polled=1, changed=1, created=1)
    assert list(ids_of_sources(radio)) == ["new"]
    assert sorted(title for title, _, _ in entries(radio)) == ["Mine", "one", "two"]


def test_what_is_let_go_while_it_is_asked_brings_nothing_in(radio: Radio, server: FeedServer) -> None:
    server.pages["/new"] = Page(rss("one"))
    radio.add("new")
    radio.poll()
    server.pages["/old"] = into_another_meanwhile(radio, rss("two"))
    radio.add("old")
    assert radio.poll() == Tally(polled=1)
    assert list(ids_of_sources(radio)) == ["new"]
    assert [title for title, _, _ in entries(radio)] == ["one"]


def test_what_is_paused_is_not_asked(radio: Radio, server: FeedServer) -> None:
    server.pages["/feed"] = Page(rss("one"))
    radio.add("feed")
    pause(radio.services, "feed")
    assert radio.poll() == Tally()
    assert server.seen == []


@pytest.mark.parametrize(("status", "follows"), [(301, True), (308, True), (302, False), (307, False)])
def test_only_a_permanent_redirect_changes_the_address(
    radio: Radio, server: FeedServer, status: int, follows: bool
) -> None:
    server.pages["/old"] = Page(status=status, headers={"Location": server.url("/new", "moved.example")})
    server.pages["/new"] = Page(rss("one"))
    radio.add("feed", "/old")
    assert radio.poll().created == 1
    found = radio.state("feed")
    new, old = server.url("/new", "moved.example"), server.url("/old")
    assert (found.feed_url, found.moved_from) == ((new, (old,)) if follows else (old, ()))
    radio.blog.clock.forward(days=1)
    radio.poll()
    assert server.paths()[2:] == (["/new"] if follows else ["/old", "/new"])


def test_a_redirect_to_what_is_no_feed_changes_nothing(radio: Radio, server: FeedServer) -> None:
    server.pages["/old"] = Page(status=301, headers={"Location": "/login"})
    server.pages["/login"] = Page(b"<!doctype html><title>Sign in to this network</title>")
    radio.add("feed", "/old")
    radio.poll()
    found = radio.state("feed")
    assert found.feed_url == server.url("/old")
    assert found.error == f"What {server.url('/old')} sent is no feed, but a web page."


def test_a_redirect_to_another_sources_feed_changes_nothing(radio: Radio, server: FeedServer) -> None:
    server.pages["/old"] = Page(status=301, headers={"Location": "/new"})
    server.pages["/new"] = Page(rss("one"))
    radio.add("new")
    radio.add("old")
    radio.poll()
    assert radio.state("old").feed_url == server.url("/old")
    assert radio.state("old").state == "well"


def test_items_are_the_same_wherever_the_feed_comes_from_today(radio: Radio, server: FeedServer) -> None:
    text = rss("one").replace(
        b"<link>https://a.example/one</link><guid>https://a.example/one</guid>", b"<guid>1</guid>"
    )
    for number in range(3):
        server.pages["/feed"] = Page(status=302, headers={"Location": f"/cache/{number}"})
        server.pages[f"/cache/{number}"] = Page(text.replace(b"Words", b"Words %d" % number))
        if not number:
            radio.add("feed")
        radio.poll()
        radio.blog.clock.forward(days=1)
    assert [title for title, _, _ in entries(radio)] == ["one"]


def test_a_tag_renamed_during_a_round_keeps_its_new_name(radio: Radio, server: FeedServer) -> None:
    server.pages["/first"] = Page(rss("one"))
    radio.add("first")
    radio.poll()
    radio.blog.clock.forward(days=1)
    renamed = threading.Event()

    def rename(*_: object) -> None:
        if not renamed.is_set():
            rename_tag(radio.services, "sets", "Roaring")
            renamed.set()

    def second(handler: Handler) -> None:
        renamed.wait(30)
        handler.send(Page(rss("two")))

    # Other bytes with nothing new in them: what is written would make the round look again anyway.
    server.pages["/first"] = Page(rss("one") + b"<!-- the same -->")
    server.pages["/second"] = second
    radio.add("second")
    assert radio.poller().poll_due(rename).created == 1
    assert tags_of(radio, "one") == tags_of(radio, "two") == {"roaring"}


def test_a_304_to_a_question_without_conditions_is_an_error(radio: Radio, server: FeedServer) -> None:
    server.pages["/feed"] = Page(status=304)
    radio.add("feed")
    radio.poll()
    sentence = f"{server.url('/feed')} answered that nothing has changed, and never what there is."
    assert radio.state("feed").error == sentence


def test_an_item_that_cannot_be_taken_in_is_told_of_and_the_others_come(
    radio: Radio, server: FeedServer
) -> None:
    server.pages["/feed"] = Page(
        rss("one", "two").replace(b"<pubDate>Mon, 25 May 2009", b"<pubDate>Some day", 1)
    )
    radio.add("feed")
    assert radio.poll() == Tally(polled=1, changed=1, created=1)
    found = radio.state("feed")
    assert (found.failures, found.state) == (0, "well")
    assert found.error == (
        "One item could not be taken in. “https://a.example/one”: Neither it nor the feed has a usable date."
    )


def test_a_source_writes_nothing_but_entries_of_its_own(radio: Radio, server: FeedServer) -> None:
    text = b"---\ntitle: Mine\ndate: 2009-05-25\nsource: another\nseries: yours\nkind: note\n---\nWords.\n"
    server.pages["/feed"] = Page(text)
    radio.add("feed")
    assert radio.poll().created == 1
    with radio.services.sessions.read() as session:
        entry = session.scalars(select(Entry)).one()
    assert (entry.title, entry.series_id, entry.status) == ("Mine", None, "inbox")
    assert radio.state("feed").entries == 1


def test_no_more_than_two_of_a_host_and_sixteen_in_all_are_asked_at_once(
    radio: Radio, server: FeedServer
) -> None:
    server.delay = 0.05
    for number in range(40):
        server.pages[f"/{number}"] = Page(rss(f"item{number}"))
        radio.add(
            f"Source {number}", f"/{number}", host=f"h{number % 10}.example" if number < 34 else "h0.example"
        )
    assert radio.poll() == Tally(polled=40, changed=40, created=40)
    assert max(server.most_of_a_host.values()) == 2
    assert 2 < server.most <= AT_ONCE
    assert len(server.seen) == 40


def test_two_pollers_at_once_fetch_nothing_twice(radio: Radio, server: FeedServer) -> None:
    server.delay = 0.03
    for number in range(30):
        server.pages[f"/{number}"] = Page(rss(f"item{number}"))
        radio.add(f"Source {number}", f"/{number}", host=f"h{number % 6}.example")
    tallies: list[Tally] = []
    threads = [threading.Thread(target=lambda: tallies.append(radio.poll())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tally.polled for tally in tallies) == 30
    assert sorted(server.paths()) == sorted(f"/{number}" for number in range(30))
    assert len(entries(radio)) == 30
    # Of both together, too.
    assert max(server.most_of_a_host.values()) <= 2


def test_a_round_that_is_broken_off_gives_back_what_it_held(radio: Radio, server: FeedServer) -> None:
    class Stop(BaseException):
        """As Ctrl-C does."""

    def stop(*_: object) -> None:
        raise Stop

    for number in range(4):
        server.pages[f"/{number}"] = Page(rss(f"item{number}"))
        radio.add(f"Source {number}", f"/{number}", host=f"h{number}.example")
    with pytest.raises(Stop):
        radio.poller().poll_due(stop)
    assert radio.poll().polled == 3


def test_what_cannot_be_noted_of_one_source_keeps_no_other_waiting(
    radio: Radio, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle_others(services: Services, claimed: Claimed, learnt: Learnt) -> bool:
        if claimed.source == "one":
            raise OperationalError("UPDATE subscription", {}, Exception("deadlock detected"))
        return settle(services, claimed, learnt)

    monkeypatch.setattr(rounds, "settle", settle_others)
    for name in ("one", "two"):
        server.pages[f"/{name}"] = Page(rss(name))
        radio.add(name)
    assert radio.poll() == Tally(polled=2, changed=1, created=2, failed=1)
    assert [path for _, path, _ in server.seen].count("/one") == 1, "and it is not asked again at once"
    monkeypatch.undo()
    radio.blog.clock.forward(hours=1)
    assert radio.poll() == Tally(polled=1)


def test_a_poller_that_is_told_to_stop_begins_with_no_more(radio: Radio, server: FeedServer) -> None:
    poller = radio.poller()
    for number in range(4):
        server.pages[f"/{number}"] = Page(rss(f"item{number}"))
        radio.add(f"Source {number}", f"/{number}")
    assert poller.poll_due(lambda *_: poller.stop()).polled == 2
    assert not poller.rest(60)
