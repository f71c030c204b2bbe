"""What a source may do to whoever polls it: each ends within its limits, with a sentence, and the round goes on."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from feedserver import Page, Radio, broadcasting, rss
from sqlalchemy import select

from blog.models import Entry
from blog.poller.asking import MOST_BYTES
from blog.poller.readers import Readers
from blog.poller.reading import LONGEST_BODY, MOST_ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from feedserver import FeedServer, Handler


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        yield server


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers(seconds=3)) as readers:
        yield readers


@pytest.fixture
def radio(make_blog: Callable[..., Blog], server: FeedServer, readers: Readers) -> Radio:
    return Radio(make_blog(fetch_private=True, fetch_timeout=3), server, readers)


def endless(handler: Handler) -> None:
    handler.begin(Content_Type="application/rss+xml")
    while True:
        handler.wfile.write(b"<rss><channel>" + b"x" * 65_536)


def endless_gzip(handler: Handler) -> None:
    handler.begin(Content_Encoding="gzip")
    handler.wfile.write(GZIP_BOMB)


GZIP_BOMB = gzip.compress(b"<rss><channel>" + bytes(100_000_000), 1)


def drip(handler: Handler) -> None:
    handler.begin()
    handler.wfile.write(b"<rss>")
    while not handler.server.over.wait(0.2):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.server.over.wait(0.2):
        handler.wfile.write(b"X-One: more\r\n")


def silence(handler: Handler) -> None:
    handler.server.over.wait(20)


def loop(handler: Handler) -> None:
    number = int(re.sub(r"\D", "", handler.path) or 0) + 1
    handler.server.pages[f"/bad{number}"] = loop
    handler.send(Page(status=302, headers={"Location": f"/bad{number}"}))


def cut(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(rss("one")[:-20])
    handler.close_connection = True


def slow_to_read() -> bytes:
    """Half a megabyte of elements in elements, which takes minutes to read."""
    return b"<rss><channel><item><title>x</title><description>" + b"<b>" * 1_500_000


def large() -> bytes:
    return rss("one", text="&lt;p&gt;" + "words " * 900_000)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 12))
    + b"]><rss><channel><title>&l;</title><item><title>&l;&l;</title><link>https://a.example/1</link>"
    b"<pubDate>Mon, 25 May 2009 12:00:00 GMT</pubDate></item></channel></rss>"
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>'
    b"<item><title>&x;</title><link>https://a.example/1</link>"
    b"<pubDate>Mon, 25 May 2009 12:00:00 GMT</pubDate></item></channel></rss>"
)
HTML = b"<!doctype html><title>A page</title><p>Nothing to read here."
FAILING = [
    pytest.param(endless, f"has more than {MOST_BYTES:,} bytes", id="an endless body"),
    pytest.param(endless_gzip, f"has more than {MOST_BYTES:,} bytes", id="a gzip bomb"),
    pytest.param(drip, "did not answer in time", id="a byte now and then"),
    pytest.param(drip_headers, "did not answer in time", id="a header now and then"),
    pytest.param(silence, "did not answer in time", id="silence"),
    pytest.param(loop, "redirects more than 5 times", id="redirects without end"),
    pytest.param(cut, "could not be fetched", id="cut off"),
    pytest.param(Page(HTML), "is no feed, but a web page", id="a web page"),
    pytest.param(
        Page(HTML, headers={"Content-Type": "application/rss+xml"}),
        "is no feed, but a web page",
        id="a web page as RSS",
    ),
    pytest.param(Page(b""), "is no feed, but empty", id="nothing"),
    pytest.param(Page(b"\x89PNG\r\n\x1a\n" + bytes(500)), "is no feed, but something else", id="a picture"),
    pytest.param(
        Page(gzip.compress(rss("one"))[:-20], headers={"Content-Encoding": "gzip"}), "breaks off", id="cut gzip"
    ),
    pytest.param(Page(rss("one"), headers={"Content-Encoding": "gzip"}), "could not be fetched", id="no gzip"),
    pytest.param(
        Page(rss("one"), headers={"Content-Encoding": "rot13"}),
        "compressed as “rot13”",
        id="an unknown compression",
    ),
    pytest.param(Page(slow_to_read()), "takes more than 3 seconds", id="slow to read"),
    pytest.param(Page(large()), f"has more than {MOST_BYTES:,} bytes", id="too large"),
    pytest.param(
        Page(status=301, headers={"Location": "file:///etc/passwd"}), "not an http or https", id="a file"
    ),
    pytest.param(Page(status=401), "answered 401 Unauthorized", id="a password"),
]


@pytest.mark.parametrize(("bad", "sentence"), FAILING)
def test_a_hostile_source_gets_a_sentence_and_hurts_no_other(
    radio: Radio, server: FeedServer, bad: Page | Callable[[Handler], None], sentence: str
) -> None:
    server.pages["/bad"] = bad
    for name in ("before", "after"):
        server.pages[f"/{name}"] = Page(rss(name))
    radio.add("before", host="one.example")
    radio.add("bad", host="two.example")
    radio.add("after", host="three.example")
    tally = radio.poll()
    assert (tally.polled, tally.failed, tally.created) == (3, 1, 2)
    found = radio.state("bad")
    assert sentence in found.error
    assert (found.failures, found.state, radio.wait_of("bad")) == (1, "failing", 15)


def titles(radio: Radio) -> list[str]:
    with radio.services.sessions.read() as session:
        return list(session.scalars(select(Entry.title).order_by(Entry.id)))


READABLE = [
    pytest.param(
        Page(rss("one"), headers={"Content-Type": "image/png"}), ["one"], "", id="the type of something else"
    ),
    pytest.param(
        Page(
            "<rss><channel><item><title>é</title><link>https://a.example/</link></item></channel></rss>".encode()
        ),
        [],
        "One item could not be taken in. “https://a.example/”: Neither it nor the feed has a usable date.",
        id="no date",
    ),
    pytest.param(
        Page(rss("caf%s").replace(b"caf%s", b"caf\xe9"), headers={"Content-Type": "text/xml; charset=utf-8"}),
        ["café"],
        "",
        id="another charset than it says",
    ),
    pytest.param(
        Page(b'<?xml version="1.0" encoding="no-such-thing"?>' + rss("one")),
        ["one"],
        "",
        id="an unknown charset",
    ),
    pytest.param(
        Page(rss("one", "two")[:-60]),
        ["one"],
        "One item could not be taken in. “two”: The feed breaks off in the middle of it.",
        id="truncated",
    ),
    pytest.param(Page(BOMB), ["&l;&l;"], "", id="a billion laughs"),
    pytest.param(Page(OUTSIDE), ["&x;"], "", id="a file in an entity"),
    pytest.param(
        Page(rss("one", text="x" * (LONGEST_BODY + 1))),
        [],
        f"One item could not be taken in. “https://a.example/one”: It has more than {LONGEST_BODY:,} characters.",
        id="an endless item",
    ),
]


@pytest.mark.parametrize(("page", "expected", "sentence"), READABLE)
def test_of_a_broken_feed_is_taken_in_what_can_be_read(
    radio: Radio, server: FeedServer, page: Page, expected: list[str], sentence: str
) -> None:
    server.pages["/feed"] = page
    radio.add("feed")
    radio.poll()
    found = radio.state("feed")
    assert (titles(radio), found.error, found.failures) == (expected, sentence, 0)


def test_no_more_items_are_taken_at_a_time_than_anybody_could_look_through(
    radio: Radio, server: FeedServer
) -> None:
    server.pages["/feed"] = Page(rss(*map(str, range(MOST_ITEMS + 50))))
    radio.add("feed")
    assert radio.poll().created == MOST_ITEMS
    assert radio.state("feed").error.endswith(f"No more than {MOST_ITEMS:,} items are taken at a time.")


def test_a_body_that_nests_without_end_is_taken_in_like_any_other(radio: Radio, server: FeedServer) -> None:
    server.pages["/feed"] = Page(rss("one", text="&lt;div&gt;" * 40_000))
    radio.add("feed")
    radio.poll()
    found = radio.state("feed")
    assert (found.error, found.entries) == ("", 1)


PUBLIC = "127.0.0.2"


@pytest.fixture
def outside(
    make_blog: Callable[..., Blog], readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Radio]:
    """Listens as it does on the public internet, of which only the server at 127.0.0.2 is a part here."""
    with broadcasting(PUBLIC) as server:
        monkeypatch.setattr("blog.fetch.is_public", lambda address: address == PUBLIC)
        monkeypatch.setattr("blog.fetch._PORTS", {server.server_port})
        radio = Radio(make_blog(fetch_timeout=3), server, readers)
        radio.resolve = lambda host, port: [PUBLIC if host.endswith(".example") else host]
        yield radio


@pytest.mark.parametrize("address", ["127.0.0.1", "[::ffff:10.0.0.1]", "[::1]", "169.254.169.254", "localhost"])
@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_into_this_network_is_not_followed(outside: Radio, address: str, status: int) -> None:
    target = f"http://{address}:{outside.server.server_port}/secret"
    outside.server.pages["/feed"] = Page(status=status, headers={"Location": target})
    outside.server.pages["/good"] = Page(rss("one"))
    outside.add("feed")
    outside.add("good")
    assert (outside.poll().failed, outside.server.paths().count("/secret")) == (1, 0)
    found = outside.state("feed")
    assert "which is not an address of the public internet" in found.error
    assert found.feed_url == outside.server.url("/feed")
    assert outside.state("good").state == "well"


def test_a_name_that_turns_private_is_not_asked_any_more(outside: Radio) -> None:
    outside.server.pages["/feed"] = Page(rss("one"))
    outside.add("feed")
    assert outside.poll().created == 1
    outside.resolve = lambda host, port: ["127.0.0.1"]
    outside.blog.clock.forward(days=1)
    assert outside.poll().failed == 1
    found = outside.state("feed")
    assert found.error == "feeds.example is at 127.0.0.1, which is not an address of the public internet."
    assert len(outside.server.seen) == 1


def test_a_process_that_reads_may_die_and_the_next_feed_is_read_all_the_same(
    radio: Radio, server: FeedServer, readers: Readers
) -> None:
    server.pages["/feed"] = Page(rss("one"))
    radio.add("feed")
    radio.poll()
    for process in readers.processes():
        process.kill()
        process.wait()
    server.pages["/feed"] = Page(rss("one", "two"))
    radio.blog.clock.forward(days=1)
    assert radio.poll().created == 1


def test_a_process_that_dies_of_a_feed_is_a_sentence(
    radio: Radio, server: FeedServer, readers: Readers
) -> None:
    server.pages["/feed"] = Page(slow_to_read())
    radio.add("feed")
    round_of_polling = threading.Thread(target=radio.poll)
    round_of_polling.start()
    while not server.seen:
        time.sleep(0.01)
    while round_of_polling.is_alive():
        for process in readers.processes():
            process.kill()
        round_of_polling.join(0.2)
    assert "ended the process that tried" in radio.state("feed").error


POLLING = """
import sys, threading
from blog.poller.readers import Readers

readers = Readers(1)
threading.Thread(target=readers.read, args=(b"<rss><channel><item><title>x</title><description>" + b"<b>" * 1_500_000, "u"), daemon=True).start()
while not readers.processes():
    pass
print(readers.processes()[0].pid, flush=True)
sys.stdin.read()
"""


def test_a_process_that_reads_ends_with_the_one_that_polls_however_that_ends() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    polling = subprocess.Popen(
        [sys.executable, "-c", POLLING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert polling.stdout
    reader = Path("/proc", polling.stdout.readline().decode().strip())
    assert reader.exists()
    time.sleep(1.5)
    polling.kill()
    polling.communicate()
    until = time.monotonic() + 20
    while reader.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not reader.exists()
