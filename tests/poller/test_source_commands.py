"""``crosstag source`` and ``crosstag poll``, as they are typed, with a real server of feeds."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from feedserver import FeedServer, Page, broadcasting, rss
from test_serving import serving, wait_until

from blog.changes.subscriptions import Subscribed, claim, subscribe
from blog.cli import cli
from blog.config import load
from blog.domain.errors import CrosstagError
from blog.queries.subscriptions import polled_source
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feedserver import Handler


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        server.pages["/"] = Page(b'<head><link rel="alternate" type="application/rss+xml" href="/feed"></head>')
        server.pages["/feed"] = Page(rss("one", "two", title="The [Source]"))
        yield server


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "blog"
    folder.mkdir()
    (folder / "settings.toml").write_text("fetch_private = true\n", encoding="utf-8")
    return folder


def crosstag(data: Path, *words: str, code: int = 0) -> str:
    """Run a command in this process; return what it printed, or the sentence of its error."""
    done = CliRunner().invoke(cli, ["--data", str(data), *words], env={"COLUMNS": "200"})
    assert isinstance(done.exception, CrosstagError) is bool(code), done.output
    return done.output + (done.exception.sentence if isinstance(done.exception, CrosstagError) else "")


def url(server: FeedServer, path: str = "/") -> str:
    return server.url(path, "127.0.0.1")


def test_a_source_is_found_taken_up_polled_shown_paused_and_removed(data: Path, server: FeedServer) -> None:
    said = crosstag(data, "source", "add", url(server), "--tag", "C++", "--kind", "note")
    assert said.splitlines() == [
        f"{url(server, '/feed')} is an RSS or Atom feed. The last items:",
        "  2009-05-25  one",
        "  2009-05-25  two",
        "“The [Source]” is polled from now on, as the-source; its items go into the inbox.",
        "They come in when it is: by a server that runs, or by crosstag poll.",
    ]
    assert "is polled already" in crosstag(data, "source", "add", url(server), code=1)
    assert "the-source  new" in crosstag(data, "source", "list")
    assert crosstag(data, "poll", "--once").splitlines() == [
        "1 polled: 1 with something new, 0 failed; 2 entries created, 0 updated."
    ]
    assert "Nothing is due." in crosstag(data, "poll", "--once")
    assert "All is well." in crosstag(data, "check")
    shown = crosstag(data, "source", "show", "the-source")
    for line in (
        "The [Source] (the-source)",
        url(server, "/feed"),
        "into the inbox",
        "note",
        "their own, C++",
        "90 min",
    ):
        assert line in shown
    assert "is not polled" in crosstag(data, "source", "pause", "the-source")
    assert "It is paused." in crosstag(data, "source", "list")
    assert "Nothing is due." in crosstag(data, "poll", "--once")
    assert "is polled again" in crosstag(data, "source", "resume", "the-source")
    assert "1 polled: 0 with something new, 0 failed" in crosstag(data, "poll", "--once")
    assert "Its entries stay: 2." in crosstag(data, "source", "remove", "the-source")
    assert "Nothing is polled yet" in crosstag(data, "source", "list")
    assert "No source “the-source” is polled." in crosstag(data, "source", "show", "the-source", code=1)


def test_what_is_amiss_is_said_and_kept_with_the_time_of_the_next_try(data: Path, server: FeedServer) -> None:
    crosstag(data, "source", "add", url(server, "/feed"), "--name", "Mine", "--publish")
    server.pages["/feed"] = Page(status=500)
    said = crosstag(data, "poll", "--once")
    sentence = f"{url(server, '/feed')} answered 500 Internal Server Error."
    assert f"mine: {sentence}" in said
    assert "1 polled: 0 with something new, 1 failed" in said
    shown = crosstag(data, "source", "show", "mine")
    assert sentence in " ".join(shown.split())
    assert "failing" in shown
    with closing(open_services(load(data, {}))) as services:
        found = polled_source(services, "mine")
    assert found.next_poll
    assert f"{found.next_poll:%Y-%m-%d %H:%M}" in shown


def test_an_address_without_a_feed_takes_nothing_up(data: Path, server: FeedServer) -> None:
    server.pages["/"] = Page(b"<html>Nothing.")
    del server.pages["/feed"]
    assert "There is no feed at" in crosstag(data, "source", "add", url(server), code=1)
    assert "Nothing is polled yet" in crosstag(data, "source", "list")


def test_private_addresses_are_not_polled_unasked(tmp_path: Path, server: FeedServer) -> None:
    said = crosstag(tmp_path, "source", "add", "http://127.0.0.1/feed", code=1)
    assert "not an address of the public internet" in said


def silence(handler: Handler) -> None:
    handler.server.over.wait(30)


def test_a_poller_that_is_ended_gives_back_what_it_held(data: Path, server: FeedServer) -> None:
    crosstag(data, "source", "add", url(server, "/feed"), "--name", "slow")
    server.pages["/feed"] = silence
    process = subprocess.Popen(
        [sys.executable, "-m", "blog", "--data", str(data), "poll"],
        env={name: value for name, value in os.environ.items() if not name.startswith("CROSSTAG_")},
        stdout=subprocess.DEVNULL,
    )
    before = len(server.seen)
    wait_until(lambda: len(server.seen) > before, "the poller asks")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    with closing(open_services(load(data, {}))) as services:
        assert [one.source for one in claim(services, 1)] == ["slow"]


def test_two_processes_that_poll_at_once_fetch_nothing_twice(data: Path) -> None:
    with ExitStack() as stack:
        # More than one process asks at a time, each on a host of its own.
        servers = [stack.enter_context(broadcasting(f"127.0.0.{number}")) for number in range(2, 26)]
        with closing(open_services(load(data, {}))) as services:
            for number, server in enumerate(servers):
                server.delay = 0.5
                server.pages["/feed"] = Page(rss(f"item{number}"))
                address = server.url("/feed", str(server.server_address[0]))
                subscribe(services, Subscribed(name=f"s{number}", feed_url=address))
        words = [sys.executable, "-m", "blog", "--data", str(data), "poll", "--once"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CROSSTAG_")}
        both = [subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        polled = [int(process.communicate()[0].split()[0].replace("Nothing", "0")) for process in both]
        assert sum(polled) == len(servers)
        assert [server.paths() for server in servers] == [["/feed"]] * len(servers)


def test_a_server_polls_in_one_of_its_processes_unless_it_is_told_not_to(
    data: Path, server: FeedServer
) -> None:
    crosstag(data, "source", "add", url(server, "/feed"), "--name", "Mine", "--publish")
    asked = len(server.seen)
    settings = data / "settings.toml"
    settings.write_text("fetch_private = true\npoll = false\n", encoding="utf-8")
    with serving(data, "--workers", "1"):
        time.sleep(1.5)
    assert len(server.seen) == asked
    settings.write_text("fetch_private = true\n", encoding="utf-8")
    with serving(data, "--workers", "2") as running:
        wait_until(lambda: b"one" in running.ask("/sources/mine/")[1], "what was polled is on its page")
        assert len(server.seen) == asked + 1


def test_a_source_is_changed_and_what_it_brought_is_listed_and_undone(data: Path, server: FeedServer) -> None:
    crosstag(data, "source", "add", url(server, "/feed"), "--name", "Mine")
    crosstag(data, "poll", "--once")
    assert "Nothing has been imported yet." in crosstag(data, "imports")
    assert "Mine  done: 2 created" in crosstag(data, "imports", "--polls")
    assert "No poll has changed anything" in crosstag(data, "imports", "--source", "other")
    assert "2 deleted" in crosstag(data, "imports", "undo", "1", "--yes")
    words = ("--tags", "a, C++", "--status", "published", "--kind", "note", "--every", "6h", "--name", "Yours")
    shown = crosstag(data, "source", "set", "mine", *words)
    for line in ("Yours (mine)", "their own, a, C++", "published at once", "note", "6 h"):
        assert line in shown
    assert "no length of time" in crosstag(data, "source", "set", "mine", "--every", "often", code=1)
    assert "answered 404" in crosstag(data, "source", "set", "mine", "--feed", url(server, "/no"), code=1)
    server.pages["/moved"] = Page(rss("three"))
    shown = crosstag(data, "source", "set", "mine", "--feed", url(server, "/moved"), "--kind", "own")
    assert url(server, "/moved") in shown


def undated(opml: str) -> str:
    """*opml* without when it was made: two commands may run in two seconds."""
    assert "<dateCreated>" in opml
    return re.sub("<dateCreated>[^<]+</dateCreated>", "", opml)


def test_the_feeds_of_an_opml_file_are_taken_up_and_go_out_again(data: Path, server: FeedServer) -> None:
    server.pages["/other"] = Page(rss("three"))
    feeds = data / "feeds.opml"
    feeds.write_text(
        f'<opml><body><outline text="Sets"><outline text="One" xmlUrl="{url(server, "/feed")}"/>'
        f'<outline text="Two" xmlUrl="{url(server, "/other")}"/></outline>'
        f'<outline text="None" xmlUrl="{url(server, "/none")}"/></body></opml>',
        encoding="utf-8",
    )
    said = crosstag(data, "source", "add", str(feeds), "--yes", "--publish").splitlines()
    assert said[0] == f"  One  {url(server, '/feed')}  [Sets]"
    assert said[3:5] == ["added: One as one", "added: Two as two"]
    assert said[5].startswith("no feed found: None. ")
    out = data / "out.opml"
    crosstag(data, "source", "export", str(out))
    assert undated(out.read_text(encoding="utf-8")) == undated(crosstag(data, "source", "export").rstrip("\n"))
    again = crosstag(data, "source", "add", str(out))
    assert "already there: One as one" in again
    assert "There is no feed in it that is not polled already." in again
