"""The page cache in front of the app: whatever is written and asked, its answers are those of the app."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import brotli
import pytest
from conftest import Blog, cache_of, draft
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from blog.app import create_app
from blog.changes.entries import delete_entry, save_entry
from blog.changes.tagging import merge_tags, rename_tag
from blog.changes.users import create_user, start_login
from blog.domain.entry import Status
from blog.domain.errors import CrosstagError
from blog.pagecache.middleware import SESSION_COOKIE
from blog.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from werkzeug.datastructures import Headers
    from werkzeug.test import TestResponse


def without_cache(blog: Blog) -> FlaskClient:
    """A client of an app that keeps nothing, on the same blog."""
    services = blog.services
    site = Site(services.sessions, replace(services.settings, cache_megabytes=0))
    return create_app(replace(services, site=site)).test_client()


def told(answer: TestResponse) -> tuple[int, Headers, bytes]:
    return answer.status_code, answer.headers, answer.data


TAGS = ("python", "ruby", "scaling")
DAYS = ("2009-05-25", "2024-11-24", "2025-11-23", "2025-11-24", "2025-11-25")
# Watched together; each group has pages that depend on different things.
WATCHED = (
    ("/", "/tags/python/", "/search/?q=walrus", "/nothing/"),
    ("/on-this-day/", "/tags/python+scaling/", "/search/?q=walrus&tag=python", "/tags/"),
    ("/feed.atom", "/tags/-ruby/", "/2009/May/25/one/", "/tags/snakes/"),
    ("/tags/python.atom", "/tags/python.json", "/search.atom?q=walrus", "/tags/snakes.atom"),
    ("/2009/", "/2009/May/25/", "/2025/Nov/24/one/", "/links/"),
    ("/archive/", "/sitemap.xml", "/sitemap-2009.xml", "/tags/python,ruby/"),
)


class Reading(RuleBasedStateMachine):
    """Writes and waits in any order; after each step the answers are compared with some made for it."""

    blog: Blog
    cached: FlaskClient
    plain: FlaskClient
    watched: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[int] = []

    @rule(
        title=st.sampled_from(["Walrus", "Penguin"]),
        tags=st.frozensets(st.sampled_from(TAGS), max_size=3),
        slug=st.sampled_from(["one", ""]),
        day=st.sampled_from(DAYS),
        status=st.sampled_from([Status.PUBLISHED, Status.PUBLISHED, Status.DRAFT, Status.HIDDEN]),
        hours=st.sampled_from([None, None, 1, 30]),
    )
    def write(
        self, title: str, tags: frozenset[str], slug: str, day: str, status: Status, hours: int | None
    ) -> None:
        made = replace(draft(title, " ".join(sorted(tags)), day=day), slug=slug, status=status)
        if hours is not None:
            made = replace(made, published=self.blog.clock.now + timedelta(hours=hours))
        self.ids.append(save_entry(self.blog.services, made))

    @rule(which=st.integers(0, 50), tags=st.frozensets(st.sampled_from(TAGS), max_size=2))
    def edit(self, which: int, tags: frozenset[str]) -> None:
        if self.ids:
            again = draft("Walrus again", " ".join(sorted(tags)))
            save_entry(self.blog.services, again, self.ids[which % len(self.ids)])

    @rule(which=st.integers(0, 50))
    def delete(self, which: int) -> None:
        if self.ids:
            delete_entry(self.blog.services, self.ids.pop(which % len(self.ids)))

    @rule(old=st.sampled_from([*TAGS, "snakes"]), new=st.sampled_from([*TAGS, "Snakes"]))
    def rename(self, old: str, new: str) -> None:
        with suppress(CrosstagError):
            rename_tag(self.blog.services, old, new)

    @rule(old=st.sampled_from(TAGS), new=st.sampled_from(TAGS))
    def merge(self, old: str, new: str) -> None:
        with suppress(CrosstagError):
            merge_tags(self.blog.services, old, new)

    @rule()
    def index(self) -> None:
        self.blog.services.search.catch_up()

    @rule(hours=st.sampled_from([0.001, 1, 12, 24]))
    def wait(self, hours: float) -> None:
        self.blog.clock.forward(hours=hours)

    @invariant()
    def every_answer_is_right(self) -> None:
        for address in self.watched:
            expected = self.plain.get(address)
            # The first may be made for it; the second is what was kept.
            for _ in range(2):
                assert told(self.cached.get(address)) == told(expected), address
            if etag := expected.headers.get("ETag"):
                again = self.cached.get(address, headers={"If-None-Match": etag})
                assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)


def run_on(blog_of: Callable[[], Blog], addresses: tuple[str, ...], examples: int) -> None:
    class OnThese(Reading):
        @initialize()
        def open(self) -> None:
            self.blog, self.watched = blog_of(), addresses
            for number, day in enumerate(DAYS):
                self.ids.append(self.blog.write(f"Walrus {number}", "python scaling", slug="one", day=day))
            self.cached = self.blog.client()
            self.plain = without_cache(self.blog)

    run_state_machine_as_test(
        OnThese,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("addresses", WATCHED, ids=" ".join)
def test_a_page_is_never_wrong(addresses: tuple[str, ...], make_blog: Callable[..., Blog]) -> None:
    run_on(lambda: make_blog("sqlite"), addresses, examples=3)


def test_a_page_is_never_wrong_on_postgresql(make_blog: Callable[..., Blog]) -> None:
    run_on(lambda: make_blog("postgresql"), WATCHED[0], examples=2)


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    blog = make_blog("sqlite")
    for number in range(40):
        blog.write(f"Walrus {number}", "python", body="Long enough to be compressed. " * 20)
    blog.clock.forward(minutes=1)
    return blog


def test_a_page_is_made_once_while_nothing_changes(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    client = blog.client()
    first = told(client.get("/tags/python/"))
    monkeypatch.setattr("blog.web.public.browse", lambda *_: pytest.fail("it was made again"))
    assert told(client.get("/tags/python/")) == first
    assert client.head("/tags/python/").headers == first[1]


def test_a_change_anywhere_makes_a_page_again_and_a_reader_keeps_what_is_the_same(blog: Blog) -> None:
    client = blog.client()
    etag = client.get("/tags/python.json").headers["ETag"]
    blog.write("Elsewhere", "ruby")
    blog.clock.forward(minutes=1)
    again = client.get("/tags/python.json", headers={"If-None-Match": etag})
    assert again.status_code == 304
    blog.write("Here", "python")
    blog.clock.forward(minutes=1)
    assert client.get("/tags/python.json", headers={"If-None-Match": etag}).status_code == 200


def test_each_encoding_is_its_own_representation_with_its_own_strong_validator(blog: Blog) -> None:
    client = blog.client()
    plain = client.get("/tags/python/")
    small = client.get("/tags/python/", headers={"Accept-Encoding": "br"})
    assert brotli.decompress(small.data) == plain.data
    assert small.headers["Content-Encoding"] == "br"
    assert small.headers["ETag"] == plain.headers["ETag"].rstrip('"') + '-br"'
    assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"
    known = {"Accept-Encoding": "br", "If-None-Match": small.headers["ETag"]}
    answer = client.get("/tags/python/", headers=known)
    assert (answer.status_code, answer.headers["ETag"]) == (304, small.headers["ETag"])
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"
    # What a cache holds compressed is not what a client without compression gets.
    assert client.get("/tags/python/", headers={"If-None-Match": small.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("address", ["/tags/python/", "/static/style.css"])
def test_a_page_that_must_be_a_certain_one_is_that_or_refused(blog: Blog, address: str) -> None:
    client = blog.client()
    with client.get(address) as answer:
        etag = answer.headers["ETag"]
    cold = blog.client()
    for known, status in ((etag, 200), (f'"other", {etag}', 200), ("*", 200), ('"other"', 412)):
        for one in (client, cold):
            with one.get(address, headers={"If-Match": known}) as answer:
                assert answer.status_code == status


def test_what_is_no_page_is_answered_whatever_the_client_insists_on(blog: Blog) -> None:
    """RFC 9110, section 13.2.1: conditions are for what would be a success."""
    client = blog.client()
    for address, status in (("/tags/Python/", 301), ("/nothing/", 404)):
        assert client.get(address, headers={"If-Match": '"other"'}).status_code == status


def test_the_feed_of_a_search_has_no_date_that_the_text_index_does_not_know_of(blog: Blog) -> None:
    client = blog.client()
    assert "Last-Modified" in client.get("/feed.atom").headers
    assert "Last-Modified" not in client.get("/search.atom?q=walrus").headers


def test_a_feed_knows_if_modified_since(blog: Blog) -> None:
    client = blog.client()
    modified = client.get("/feed.atom").headers["Last-Modified"]
    assert client.get("/feed.atom", headers={"If-Modified-Since": modified}).status_code == 304
    older = {"If-Modified-Since": "Mon, 25 May 2009 00:00:00 GMT"}
    assert client.get("/feed.atom", headers=older).status_code == 200
    assert client.get("/feed.atom", headers={"If-Modified-Since": "yesterday"}).status_code == 200
    both = {"If-Modified-Since": modified, "If-None-Match": '"other"'}
    assert client.get("/feed.atom", headers=both).status_code == 200, "RFC 9110, 13.2.2: the tag decides"


def test_a_part_of_a_page_is_not_sent(blog: Blog) -> None:
    answer = blog.client().get("/tags/python/", headers={"Range": "bytes=0-99"})
    assert (answer.status_code, int(answer.headers["Content-Length"])) == (200, len(answer.data))


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer x"}, {"Cookie": f"a=b; {SESSION_COOKIE}=x"}])
def test_who_may_be_signed_in_is_served_past_the_cache(blog: Blog, headers: dict[str, str]) -> None:
    client = create_app(blog.services).test_client(use_cookies=False)
    answer = client.get("/tags/python/", headers=headers)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert len(cache_of(client.application).store) == 0


def test_no_spelling_of_the_cookie_puts_an_authors_page_before_others(blog: Blog) -> None:
    create_user(blog.services, "ada", "correct horse battery")
    client = blog.client()
    blog.write("One", "python")
    with client.session_transaction() as held:
        held["login"] = start_login(blog.services, 1, "", "")
    cookie = client.get_cookie("crosstag_session")
    assert cookie is not None
    assert "/admin/entries/" in client.get("/").text
    stranger = blog.client()
    for spelled in (f"crosstag_session ={cookie.value}", f" crosstag_session= {cookie.value}"):
        stranger.get("/", headers={"Cookie": spelled})
        assert "/admin/entries/" not in blog.client().get("/").text
        assert "/admin/entries/" not in stranger.get("/").text


def test_other_cookies_make_no_difference(blog: Blog) -> None:
    client = create_app(blog.services).test_client(use_cookies=False)
    plain = told(client.get("/tags/python/"))
    assert told(client.get("/tags/python/", headers={"Cookie": "theme=dark"})) == plain
    assert len(cache_of(client.application).store) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_what_is_not_read_is_not_kept(blog: Blog, method: str) -> None:
    client = blog.client()
    client.open("/tags/python/", method=method)
    assert len(cache_of(client.application).store) == 0


def test_a_random_entry_is_another_one_each_time(blog: Blog) -> None:
    client = blog.client()
    assert len({client.get("/random/").headers["Location"] for _ in range(60)}) > 5
    assert len(cache_of(client.application).store) == 0


def test_hosts_and_schemes_are_kept_apart(blog: Blog) -> None:
    client = blog.client()
    for base in ("http://one.example", "https://one.example", "http://two.example"):
        assert f'"{base}/tags/python/"' in client.get("/tags/python/", base_url=base).text


def test_an_address_longer_than_any_is_answered_and_not_kept(blog: Blog) -> None:
    client = blog.client()
    assert client.get(f"/tags/python/?utm={'x' * 3_000}").status_code == 301
    assert len(cache_of(client.application).store) == 0


def test_a_page_of_today_is_another_one_tomorrow(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write("A year ago", day="2025-11-24")
    client = blog.client()
    assert "A year ago" not in client.get("/on-this-day/").text
    blog.clock.forward(days=1)
    assert "A year ago" in client.get("/on-this-day/").text


def test_nothing_is_said_that_is_not_true_when_a_page_is_sent_later(blog: Blog) -> None:
    client = blog.client()
    address = re.findall(r"/static/style[^\"]*", client.get("/").text)[0]
    for _ in range(2):
        with client.get(address) as answer:
            assert not {"Date", "Expires", "Age", "Accept-Ranges"} & {name for name, _ in answer.headers}
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
