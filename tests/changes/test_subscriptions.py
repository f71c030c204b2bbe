"""What is polled is claimed before it is asked, on both databases, by processes and by machines."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from blog.changes import subscriptions
from blog.changes.subscriptions import (
    PAUSED,
    BadSubscription,
    Claimed,
    Learnt,
    Subscribed,
    claim,
    pause,
    release,
    resume,
    settle,
    subscribe,
    unsubscribe,
)
from blog.domain.entry import Kind, Status
from blog.domain.errors import BadTag, NotThere
from blog.domain.schedule import FIRST, Plan, Rhythm, Word
from blog.queries.subscriptions import Polled, next_poll, polled_source, polled_sources

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Blog

HOUR = timedelta(hours=1)


def add(blog: Blog, name: str, host: str = "", **options: object) -> str:
    url = f"https://{host or name}.example/feed/{name}"
    return subscribe(blog.services, Subscribed(name=name, feed_url=url, **options))  # type: ignore[arg-type]  # of Subscribed


def names(claimed: list[Claimed]) -> list[str]:
    return [one.source for one in claimed]


def learnt(wait: timedelta = HOUR, failures: int = 0, **values: object) -> Learnt:
    plan = Plan(rhythm=Rhythm(interval=HOUR, failures=failures), wait=wait)
    return Learnt(plan=plan, **values)  # type: ignore[arg-type]  # of Learnt


def test_what_is_taken_up_is_due_at_once(blog: Blog) -> None:
    slug = add(
        blog, "Café Sets", host="cafe", kind=Kind.NOTE, tags=("C++",), status=Status.PUBLISHED, url="https://a/"
    )
    now = blog.clock.now
    expected = Polled(
        slug="café-sets",
        name="Café Sets",
        url="https://a/",
        feed_url="https://cafe.example/feed/Café Sets",
        kind=Kind.NOTE,
        tags=("C++",),
        status=Status.PUBLISHED,
        interval=FIRST,
        next_poll=now,
        last_polled=None,
        last_success=None,
        last_changed=None,
        failures=0,
        error="",
        disabled="",
        moved_from=(),
        entries=0,
        source_id=polled_source(blog.services, slug).source_id,
        least=timedelta(0),
        hub=None,
        in_blogroll=True,
    )
    assert (slug, polled_source(blog.services, slug)) == ("café-sets", expected)
    assert polled_sources(blog.services) == [expected]
    assert next_poll(blog.services) == now
    (claimed,) = claim(blog.services, 5)
    assert claimed == Claimed(
        id=claimed.id,
        lease=claimed.lease,
        source="café-sets",
        feed_url="https://cafe.example/feed/Café Sets",
        kind=Kind.NOTE,
        tags=("C++",),
        status=Status.PUBLISHED,
        etag="",
        last_modified="",
        digest="",
        rhythm=Rhythm(interval=FIRST, failures=0),
        in_feed=timedelta(0),
        is_new=True,
        least=timedelta(0),
        since=now,
        word=Word.NOBODY,
    )


def test_nothing_is_polled_twice(blog: Blog) -> None:
    add(blog, "one")
    with pytest.raises(BadSubscription, match=r"https://one.example/feed/one is polled already, as “one”\."):
        subscribe(blog.services, Subscribed(name="two", feed_url="https://one.example/feed/one"))
    with pytest.raises(BadSubscription, match="“one” is polled already, from"):
        add(blog, "one", host="other")
    assert len(polled_sources(blog.services)) == 1


def test_what_cannot_be_polled_is_refused(blog: Blog) -> None:
    for url in ("", "feed", "https:///x", "https://[x/", "https://a.example/" + "x" * 2_000):
        with pytest.raises(BadSubscription):
            subscribe(blog.services, Subscribed(name="one", feed_url=url))
    with pytest.raises(BadTag):
        add(blog, "+++")
    with pytest.raises(BadTag):
        add(blog, "one", tags=("//",))
    assert polled_sources(blog.services) == []


def test_what_is_claimed_is_nobody_elses_until_it_is_given_back_or_its_lease_is_over(blog: Blog) -> None:
    for name in ("one", "two", "three"):
        add(blog, name)
    first = claim(blog.services, 2)
    assert (names(first), names(claim(blog.services, 9))) == (["one", "two"], ["three"])
    assert next_poll(blog.services) is None
    release(blog.services, first[:1])
    assert names(claim(blog.services, 9)) == ["one"]
    blog.clock.forward(hours=1)
    assert names(claim(blog.services, 9)) == ["one", "two", "three"]


def test_who_holds_no_lease_any_more_notes_nothing(blog: Blog) -> None:
    add(blog, "one")
    (before,) = claim(blog.services, 1)
    blog.clock.forward(hours=1)
    (now,) = claim(blog.services, 1)
    assert not settle(blog.services, before, learnt(error="late"))
    assert settle(blog.services, now, learnt(error="in time"))
    assert not settle(blog.services, now, learnt(error="twice"))
    assert polled_source(blog.services, "one").error == "in time"


def test_of_one_host_two_are_out_and_the_others_of_other_hosts_need_not_wait(blog: Blog) -> None:
    for number in range(6):
        add(blog, f"busy {number}", host="busy")
    add(blog, "other")
    first = claim(blog.services, 16)
    assert names(first) == ["busy-0", "busy-1", "other"]
    assert claim(blog.services, 16) == []
    settle(blog.services, first[0], learnt())
    assert names(claim(blog.services, 16)) == ["busy-2"]


def test_a_hundred_that_wait_for_their_host_hide_nobody(blog: Blog) -> None:
    for number in range(201):
        add(blog, f"busy {number}", host="busy")
    add(blog, "other")
    assert names(claim(blog.services, 16)) == ["busy-0", "busy-1"]
    assert names(claim(blog.services, 16)) == ["other"]


def test_those_that_are_due_for_longest_go_first(blog: Blog) -> None:
    for name, hours in (("one", 3), ("two", 1), ("three", 2)):
        add(blog, name)
        (claimed,) = claim(blog.services, 1)
        settle(blog.services, claimed, learnt(timedelta(hours=hours)))
    assert claim(blog.services, 9) == []
    blog.clock.forward(hours=2)
    assert names(claim(blog.services, 9)) == ["two", "three"]


def test_whoever_pauses_a_source_while_it_is_asked_is_heeded(blog: Blog) -> None:
    add(blog, "one")
    (claimed,) = claim(blog.services, 1)
    pause(blog.services, "one")
    settle(blog.services, claimed, learnt(disabled="It is gone."))
    found = polled_source(blog.services, "one")
    assert (found.disabled, found.state, found.next_poll) == (PAUSED, "not polled", None)
    assert next_poll(blog.services) is None
    resume(blog.services, "one")
    found = polled_source(blog.services, "one")
    assert (found.disabled, found.state, found.next_poll) == ("", "well", blog.clock.now)


def test_what_is_removed_while_it_is_asked_stays_removed(blog: Blog) -> None:
    add(blog, "one")
    (claimed,) = claim(blog.services, 1)
    unsubscribe(blog.services, "one")
    assert not settle(blog.services, claimed, learnt())
    for act in (pause, resume, unsubscribe, polled_source):
        with pytest.raises(NotThere, match="No source “one” is polled"):
            act(blog.services, "one")
    add(blog, "one")


MANY = 40
CLAIMING = """
import sys
from contextlib import closing
from pathlib import Path
from blog.changes.subscriptions import claim
from blog.config import Settings
from blog.services import open_services

with closing(open_services(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2]))) as services:
    print("ready", flush=True)
    sys.stdin.readline()
    while claimed := claim(services, 3):
        print(*(one.source for one in claimed), flush=True)
"""


def test_two_processes_at_once_claim_nothing_twice(blog: Blog, tmp_path: Path) -> None:
    # Theirs is not the clock that stands still here, so all are due since long ago.
    blog.clock.now = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(MANY):
        add(blog, f"s{number}")
    url = blog.services.settings.database_url
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMING, str(tmp_path / f"data-of-{number}"), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for number in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    claimed = [name for process in processes for name in process.communicate()[0].split()]
    assert sorted(claimed) == sorted(f"s{number}" for number in range(MANY))


def test_two_of_a_host_that_are_settled_at_once_hold_each_other_back_without_waiting(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        add(blog, name, host="busy")
    claimed = claim(blog.services, 2)
    both, hold_back = threading.Barrier(2), subscriptions._hold_back

    def hold_back_at_once(*given: Any) -> None:
        both.wait(10)
        hold_back(*given)

    monkeypatch.setattr(subscriptions, "_hold_back", hold_back_at_once)
    busy = learnt(failures=1, holds_back_host=3 * HOUR)
    with ThreadPoolExecutor(2) as threads:
        settled = threads.map(lambda one: settle(blog.services, one, busy), claimed)
        assert list(settled) == [True, True]
    assert polled_source(blog.services, "three").next_poll == blog.clock.now + 3 * HOUR
