"""Hubs tell of what is new, by a real hub that calls a real server; and hubs that do not do what they should."""

from __future__ import annotations

import http.client
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import DATABASES
from feedserver import Page, Radio, broadcasting, rss
from hubserver import HubServer, Served, running
from sqlalchemy import select

from blog.app import create_app
from blog.changes.sources import merge_sources
from blog.changes.subscriptions import pause, resume, unsubscribe
from blog.domain.websub import Hub, LeaseState, find_hub, granted
from blog.models import HubLease, Source
from blog.poller.readers import Readers
from blog.poller.reading import read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


TOPIC = "https://a.example/feed"


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers(1)) as readers:
        yield readers


class Told(Radio):
    """A blog that a hub can call."""

    hub: HubServer
    url: str

    def publish(self, *titles: str, hub: str = "", topic: str = TOPIC) -> None:
        links = f'<atom:link rel="hub" href="{hub or self.hub.url}"/><atom:link href="{topic}" rel="self" />'
        self.server.pages["/feed"] = Page(rss(*titles, channel=links))

    def lease(self) -> HubLease:
        with self.services.sessions.read() as session:
            return session.scalars(select(HubLease)).one()

    def hub_words(self) -> tuple[LeaseState, str]:
        found = self.state("feed").hub
        assert found is not None
        return found.state, found.error

    def begin(self) -> None:
        """Poll a source whose hub then asks back."""
        self.publish("one")
        self.add("feed")
        self.poll()
        assert self.hub.ask_back().text == "a challenge"


both_databases = pytest.mark.parametrize("told", DATABASES, indirect=True)


@pytest.fixture
def told(request: pytest.FixtureRequest, make_blog: Callable[..., object], readers: Readers) -> Iterator[Told]:
    hub, served = HubServer(), Served()
    with broadcasting() as server, running(hub, served.server):
        blog = make_blog(
            getattr(request, "param", "sqlite"), fetch_private=True, fetch_timeout=5, base_url=served.url
        )
        served.app = create_app(blog.services)  # type: ignore[attr-defined]
        radio = Told(blog, server, readers)  # type: ignore[arg-type]
        radio.hub, radio.url = hub, served.url
        yield radio


@both_databases
def test_a_hub_is_asked_asks_back_tells_and_what_is_new_comes_in_by_a_poll(told: Told) -> None:
    told.publish("one")
    told.add("feed")
    assert told.poll().created == 1
    (asked,) = told.hub.asked
    lease = told.lease()
    assert asked == {
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.callback": f"{told.url}/websub/{lease.token}",
        "hub.lease_seconds": "864000",
        "hub.secret": lease.secret,
    }
    assert told.hub_words() == (LeaseState.ASKED, "")
    answer = told.hub.ask_back()
    assert (answer.status_code, answer.text) == (200, "a challenge")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert told.lease().until == told.blog.clock.now + timedelta(days=10)
    told.publish("one", "two")
    assert told.poll().polled == 0
    told.blog.clock.forward(minutes=5)
    assert told.hub.tell().status_code == 202
    assert told.poll().created == 1
    # From now on it is asked by itself once a day only.
    assert told.wait_of("feed") == pytest.approx(24 * 60 / 1.1)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signature_may_be_of_four_kinds_and_any_other_is_answered_alike_and_ignored(
    told: Told, method: str
) -> None:
    told.begin()
    told.blog.clock.forward(minutes=5)
    body = b"<rss>" + b"x" * 200_000
    callback = told.hub.asked[0]["hub.callback"]
    for answer in (
        told.hub.tell(body, method=method, secret="another"),
        httpx.post(callback, content=body),
        httpx.post(callback, content=body, headers={"X-Hub-Signature": "md5=0"}),
        httpx.post(callback, content=body, headers=[(b"X-Hub-Signature", f"{method}=ü".encode("latin-1"))]),
    ):
        assert answer.status_code == 202
    assert told.poll().polled == 0
    assert told.lease().last_push is None
    assert told.hub_words()[1].startswith("It told of something without a good signature")
    told.hub.tell(body, method=method)
    assert told.poll().polled == 1


def test_only_what_was_asked_for_is_confirmed(told: Told) -> None:
    told.publish("one")
    told.add("feed")
    told.poll()
    for changes in (
        {"mode": "unsubscribe"},
        {"topic": f"{TOPIC}?"},
        {"mode": "publish"},
        {"challenge": ""},
        {"challenge": "x" * 3_000},
    ):
        assert told.hub.ask_back(**changes).status_code == 404
    assert told.lease().state == LeaseState.ASKED
    told.blog.clock.forward(days=2)
    assert told.hub.ask_back().status_code == 404, "nobody asked for it lately"
    assert httpx.get(f"{told.url}/websub/unknown?hub.challenge=x&hub.mode=subscribe").status_code == 404
    assert httpx.post(f"{told.url}/websub/unknown", content=b"x").status_code == 410
    assert httpx.get(f"{told.url}/websub/%00?hub.challenge=x&hub.mode=subscribe").status_code == 404
    assert httpx.post(f"{told.url}/websub/%00", content=b"x").status_code == 404


@pytest.mark.parametrize(
    ("seconds", "state", "days"),
    [
        ("0", LeaseState.REFUSED, 0),
        ("60", LeaseState.REFUSED, 0),
        ("-5", LeaseState.REFUSED, 0),
        ("9" * 300, LeaseState.REFUSED, 0),
        ("315360000", LeaseState.VERIFIED, 30),
        ("86400", LeaseState.VERIFIED, 1),
    ],
)
def test_a_lease_is_neither_useless_nor_for_ever(
    told: Told, seconds: str, state: LeaseState, days: int
) -> None:
    told.publish("one")
    told.add("feed")
    told.poll()
    answer = told.hub.ask_back(lease_seconds=seconds)
    assert answer.status_code == (200 if days else 404)
    lease = told.lease()
    assert (lease.state, lease.until) == (state, told.blog.clock.now + timedelta(days=days) if days else None)


def test_a_lease_is_renewed_before_its_end_and_polling_goes_on_as_before_when_it_has_ended(told: Told) -> None:
    told.begin()
    told.hub.tell()
    told.blog.clock.forward(minutes=2)
    told.poll()
    told.blog.clock.forward(days=7, hours=13)
    told.poll()
    assert [one["hub.mode"] for one in told.hub.asked] == ["subscribe", "subscribe"]
    assert told.hub.asked[0] == told.hub.asked[1]
    # It does not ask back any more, until the lease is over.
    until = told.lease().until
    assert until
    told.blog.clock.now = until
    told.hub.status = 500
    told.poll()
    state, error = told.hub_words()
    assert state is LeaseState.REFUSED
    assert error.endswith("answered 500 Internal Server Error.")
    assert told.wait_of("feed") <= 48 * 60
    asked = len(told.hub.asked)
    told.blog.clock.forward(minutes=61)
    told.poll()
    assert len(told.hub.asked) == asked, "it is left alone for longer each time"


def test_a_hub_that_never_asks_back_is_given_up_for_a_while(told: Told) -> None:
    told.publish("one")
    told.add("feed")
    told.poll()
    told.blog.clock.forward(hours=1)
    told.poll()
    state, error = told.hub_words()
    assert (state, len(told.hub.asked)) == (LeaseState.REFUSED, 1)
    assert "never asked back" in error
    assert told.state("feed").error == ""
    told.blog.clock.forward(hours=1)
    told.poll()
    assert len(told.hub.asked) == 2


def test_a_hub_that_denies_says_why(told: Told) -> None:
    told.begin()
    answer = told.hub.ask_back(mode="denied", reason="No such\ntopic")
    assert answer.status_code == 200
    assert told.hub_words() == (LeaseState.REFUSED, "The hub denied it: No such topic")
    assert told.hub.ask_back(mode="denied", topic="https://other.example/").status_code == 404


def test_a_hub_in_a_private_network_is_not_asked_by_a_redirect_either(
    make_blog: Callable[..., object], readers: Readers
) -> None:
    hub = HubServer()
    with broadcasting() as server, running(hub):
        blog = make_blog("sqlite", fetch_timeout=5, base_url="https://blog.example")
        radio = Told(blog, server, readers)  # type: ignore[arg-type]
        radio.hub = hub
        network = radio.poller().network
        assert network
        from_outside = read_source(rss("one", channel=""), "https://a.example/")
        assert from_outside.hub == Hub()
        with pytest.raises(Exception, match="port"):
            network.send(hub.url, [])
        with pytest.raises(Exception, match="not an address of the public internet"):
            network.send("http://hub.example/", [])
    assert hub.asked == []


def test_a_hub_that_redirects_is_followed_where_that_is_allowed_only(told: Told) -> None:
    told.hub.status, told.hub.headers = 307, {"Location": "ftp://10.0.0.1/"}
    told.publish("one")
    told.add("feed")
    told.poll()
    state, error = told.hub_words()
    assert state is LeaseState.REFUSED
    assert "not an http or https address" in error
    told.hub.status = 303
    told.blog.clock.forward(hours=1)
    told.poll()
    assert told.hub_words()[1].endswith("answered 303, which is no yes.")


def test_a_gigabyte_is_not_read_and_who_calls_too_often_is_told_to_wait(told: Told) -> None:
    told.begin()
    callback = told.hub.asked[0]["hub.callback"]
    address = urlsplit(callback)
    with closing(http.client.HTTPConnection(address.netloc)) as connection:
        connection.putrequest("POST", address.path)
        connection.putheader("Content-Length", "1000000000")
        connection.putheader("X-Hub-Signature", "sha256=00")
        connection.endheaders(b"x" * 100)
        assert connection.getresponse().status == 413
    for _ in range(60):
        last = httpx.post(callback, content=b"")
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) > 0
    for _ in range(61):
        last = httpx.get(f"{told.url}/websub/guessed")
    assert last.status_code == 429


def test_the_callback_looks_at_no_cookie_and_sets_none(told: Told) -> None:
    told.begin()
    callback = told.hub.asked[0]["hub.callback"]
    for answer in (
        httpx.post(callback, content=b"x", cookies={"crosstag_session": "nonsense"}),
        told.hub.ask_back(),
    ):
        assert answer.is_success
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert "no-store" in answer.headers["Cache-Control"]


def test_a_hub_is_told_to_stop_when_its_source_is_paused_and_asked_again_when_it_goes_on(told: Told) -> None:
    told.begin()
    pause(told.services, "feed")
    told.poll()
    assert told.hub.asked[-1]["hub.mode"] == "unsubscribe"
    assert "hub.secret" not in told.hub.asked[-1]
    assert told.hub.ask_back().text == "a challenge"
    told.hub.tell()
    assert told.poll().polled == 0
    resume(told.services, "feed")
    told.poll()
    assert told.hub.asked[-1]["hub.mode"] == "subscribe"
    assert told.hub.ask_back().text == "a challenge"
    assert told.hub_words() == (LeaseState.VERIFIED, "")


@both_databases
def test_a_hub_is_told_to_stop_when_its_source_is_removed_and_forgotten_when_it_has(told: Told) -> None:
    told.begin()
    unsubscribe(told.services, "feed")
    told.poll()
    asked = told.hub.asked[-1]
    assert asked["hub.mode"] == "unsubscribe"
    assert told.hub.tell().status_code == 202
    told.hub.ask_back()
    told.blog.clock.forward(hours=1)
    told.poll()
    with told.services.sessions.read() as session:
        assert session.scalars(select(HubLease)).all() == []
    assert told.hub.tell().status_code == 410


def test_a_hub_that_will_not_stop_is_forgotten_after_three_times(told: Told) -> None:
    told.begin()
    unsubscribe(told.services, "feed")
    told.hub.status = 500
    for _ in range(6):
        told.poll()
        told.blog.clock.forward(hours=1)
    assert [one["hub.mode"] for one in told.hub.asked] == ["subscribe", *["unsubscribe"] * 4]
    with told.services.sessions.read() as session:
        assert session.scalars(select(HubLease)).all() == []


@both_databases
def test_another_hub_or_topic_is_asked_anew_and_the_old_one_told_to_stop(told: Told) -> None:
    told.begin()
    told.publish("one", "two", topic="https://a.example/moved")
    told.blog.clock.forward(hours=2)
    told.poll()
    assert sorted((one["hub.mode"], one["hub.topic"]) for one in told.hub.asked[1:]) == [
        ("subscribe", "https://a.example/moved"),
        ("unsubscribe", TOPIC),
    ]
    callbacks = {one["hub.callback"] for one in told.hub.asked}
    assert len(callbacks) == 2


@both_databases
def test_a_source_put_together_with_another_that_is_polled_leaves_its_hub(told: Told) -> None:
    told.begin()
    told.add("other")
    with told.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
    merge_sources(told.services, ids["feed"], ids["other"])
    told.poll()
    assert told.hub.asked[-1]["hub.mode"] == "unsubscribe"


def test_what_a_hub_did_not_tell_of_makes_the_source_be_asked_as_often_as_before(told: Told) -> None:
    told.begin()
    told.hub.tell()
    told.blog.clock.forward(minutes=2)
    told.poll()
    assert told.lease().is_proven
    told.publish("one", "untold")
    told.blog.clock.forward(days=1)
    told.poll()
    assert not told.lease().is_proven
    told.poll()
    told.blog.clock.forward(days=1)
    told.poll()
    assert told.wait_of("feed") < 24 * 60 / 1.1


def test_what_a_hub_told_of_too_early_is_looked_for_again_soon(told: Told) -> None:
    told.begin()
    told.blog.clock.forward(minutes=5)
    told.hub.tell()
    assert told.poll().polled == 1
    assert told.wait_of("feed") == 15
    told.publish("one", "late")
    told.blog.clock.forward(minutes=15)
    assert told.poll().created == 1


def test_a_hub_that_tells_all_the_time_makes_its_source_be_asked_once_a_minute(told: Told) -> None:
    told.begin()
    asked = 0
    for _ in range(10):
        told.hub.tell()
        asked += told.poll().polled
        told.blog.clock.forward(seconds=12)
    assert asked == 1


def test_a_source_that_fails_is_not_asked_sooner_because_a_hub_tells(told: Told) -> None:
    told.begin()
    told.server.pages["/feed"] = Page(status=503, headers={"Retry-After": "7200"})
    told.blog.clock.forward(hours=2)
    told.poll()
    told.hub.tell()
    assert told.wait_of("feed") == 120


def test_a_blog_that_does_not_know_its_address_asks_no_hub(
    make_blog: Callable[..., object], readers: Readers
) -> None:
    hub = HubServer()
    with broadcasting() as server, running(hub):
        radio = Told(make_blog("sqlite", fetch_private=True), server, readers)  # type: ignore[arg-type]
        radio.hub = hub
        radio.publish("one")
        radio.add("feed")
        assert radio.poll().created == 1
        assert radio.hub_words() == (LeaseState.KNOWN, "")
        assert radio.poller().pause(600) > 60, "and does not run in circles"
    assert hub.asked == []


HUB = "https://hub.example/"


@pytest.mark.parametrize(
    ("header", "in_feed", "found"),
    [
        ("", Hub(HUB, TOPIC), Hub(HUB, TOPIC)),
        (f'<{HUB}>; rel="hub", <{TOPIC}>; rel=self', Hub(), Hub(HUB, TOPIC)),
        (
            f'<{HUB}>; rel=hub, <https://b.example/>; rel="hub"',
            Hub("https://c.example/", TOPIC),
            Hub(HUB, TOPIC),
        ),
        (f'</hub>; title="a"; REL="x hub", <{TOPIC}>; rel=self', Hub(), Hub("https://a.example/hub", TOPIC)),
        (f"<{HUB}>; rel=hub", Hub(), Hub()),
        ("<javascript:x>; rel=hub", Hub("", TOPIC), Hub()),
        ("", Hub("ftp://hub.example/", TOPIC), Hub()),
        ("", Hub("http://[", TOPIC), Hub()),
        ("<" * 50_000, Hub(), Hub()),
        ("<a>" + ";" * 50_000, Hub(), Hub()),
    ],
)
def test_the_hub_is_that_of_the_header_else_that_of_the_feed(header: str, in_feed: Hub, found: Hub) -> None:
    assert find_hub(header, in_feed, "https://a.example/feed/") == found


@pytest.mark.parametrize(
    ("data", "hub"),
    [
        (
            f'<feed xmlns="x"><link rel="self" href="{TOPIC}"/><link href="{HUB}?a=1&amp;b=2" rel="hub"/>'
            "<entry><link rel='hub' href='https://no.example/'/></entry></feed>",
            Hub(f"{HUB}?a=1&b=2", TOPIC),
        ),
        (
            f"<rss><channel><link>https://a.example/</link><a10:link rel='hub' href='{HUB}' />"
            f"<a10:link rel='self' href='{TOPIC}'/></channel></rss>",
            Hub(HUB, TOPIC),
        ),
        (
            '{"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": [], '
            f'"feed_url": "{TOPIC}", "hubs": [7, {{"type": "rssCloud", "url": "https://no.example/"}}, '
            f'{{"type": "WebSub", "url": "{HUB}"}}]}}',
            Hub(HUB, TOPIC),
        ),
        ('{"version": "https://jsonfeed.org/version/1.1", "title": "A", "items": [], "hubs": {"a": 1}}', Hub()),
        ("<rss><channel><title>A</title></channel></rss>", Hub()),
    ],
)
def test_a_feed_names_its_hub_before_its_items(data: str, hub: Hub) -> None:
    assert read_source(data.encode(), "https://a.example/feed").hub == hub


def test_a_hub_that_does_not_say_how_long_gives_what_was_asked_for() -> None:
    assert granted([]) == timedelta(days=10)
