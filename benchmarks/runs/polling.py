"""Rounds of polling 500 sources of 100 hosts that take a tenth of a second to answer, on a copy of the blog:
the first, in which everything is new; one in which half of them have two new items and the others 304; and
one in which nothing is new.

Memory is the most that this process held, and processor time is this process's with those that read.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.generate import home
from benchmarks.measuring import Measured
from benchmarks.server import HOST, free_port, running
from benchmarks.subject import CACHE_OFF, environment
from blog.changes.subscriptions import Subscribed, subscribe
from blog.config import load
from blog.poller.asking import Network
from blog.poller.rounds import Poller
from blog.services import open_services, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from benchmarks.grounds import Ground
    from blog.poller.rounds import Tally
    from blog.services import Services

_SOURCES: Final = 500
_HOSTS: Final = 100
_SECONDS_TO_ANSWER: Final = 0.1


class _Clock:
    """The time, and how far it was turned on so that everything is due again."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self._ahead

    def turn_on(self) -> None:
        self._ahead += timedelta(days=3)


def run(ground: Ground) -> Iterator[Measured]:
    """Take the sources up, and poll them three times."""
    port, clock = free_port(), _Clock()
    feeds = [sys.executable, "-m", "benchmarks.feeds", str(port), str(_SECONDS_TO_ANSWER)]
    with tempfile.TemporaryDirectory(dir=home()) as folder, running(feeds, port) as server:
        data = Path(folder) / "copy"
        shutil.copytree(ground.data, data, ignore=shutil.ignore_patterns("benchmark-*"))
        settings = replace(load(data, environment(CACHE_OFF)), fetch_private=True)
        with closing(open_services(settings, clock)) as services:
            _take_up(services, port)
            yield _round(services, "the first round: all of it is new")
            server.get("/next")
            clock.turn_on()
            yield _round(services, "half of them have two new items")
            clock.turn_on()
            yield _round(services, "nothing is new")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    yield Measured(name="most memory", unit="MB", median=most)


def _take_up(services: Services, port: int) -> None:
    for number in range(_SOURCES):
        url = f"http://host{number % _HOSTS}.example:{port}/feed/{number}"
        subscribe(services, Subscribed(name=f"Feed {number}", feed_url=url))


def _round(services: Services, name: str) -> Measured:
    network = Network(settings=services.settings, resolve=lambda host, port: [HOST])
    start, busy = time.perf_counter(), _processor()
    tally = Poller(services, network).poll_due()
    seconds, busy = time.perf_counter() - start, _processor() - busy
    _check(tally)
    note = f"{tally.created:,} entries created; processor {busy:.1f} s"
    return Measured(name=name, unit="s", median=seconds, note=note)


def _processor() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _check(tally: Tally) -> None:
    if tally.polled != _SOURCES or tally.failed:
        raise SystemExit(f"Not all {_SOURCES} were polled well: {tally}")
