"""Real feed readers subscribe to an intersection and live through what happens to it for years.

newsboat is Debian's, ``reader`` is lemon24's from PyPI. Between them and a blog that is really served stands
a proxy that notes what they asked for and what they got.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest
from authoring import serving
from conftest import draft
from reader import make_reader
from subscribing import noting

from blog.changes.entries import delete_entry, save_entry
from blog.changes.tagging import merge_tags, rename_tag
from blog.config import Settings
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subscribing import Noting

    from blog.services import Services


# More than a feed holds: what is tagged late and dated by its writing would be nowhere among them.
FILLING = [f"D link {number:02}" for number in range(60)]


class FeedReader(Protocol):
    """A feed reader that follows one feed."""

    def poll(self) -> None:
        """Ask the feed whether there is something new."""
        ...

    def items(self) -> list[tuple[str, str]]:
        """What it shows: the id and the title of each item, in the order of the titles."""
        ...


class Newsboat:
    """newsboat, which keeps what it has read in a database of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        program = shutil.which("newsboat")
        if program is None:
            pytest.skip("no newsboat on this machine (.ci/run installs it)")
        (folder / "urls").write_text(f"{url}\n")
        (folder / "config").write_text("cleanup-on-quit no\n")
        self._cache = folder / "cache.db"
        files = ["-u", str(folder / "urls"), "-C", str(folder / "config"), "-c", str(self._cache)]
        self._command = [program, "-q", *files, "-x", "reload"]
        self._known = os.environ | {"HOME": str(folder), "LC_ALL": "C.UTF-8"}

    def poll(self) -> None:
        subprocess.run(self._command, env=self._known, check=True, capture_output=True, timeout=60)

    def items(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self._cache)) as cache:
            return cache.execute("SELECT guid, title FROM rss_item WHERE deleted = 0 ORDER BY title").fetchall()


class Lemon:
    """lemon24's reader."""

    def __init__(self, folder: Path, url: str) -> None:
        self._reader = make_reader(str(folder / "reader.db"))
        self._reader.add_feed(url)

    def poll(self) -> None:
        # When it is due or not: it would wait as long as the feed's Cache-Control says.
        self._reader.update_feeds(scheduled=False)
        assert [feed.last_exception for feed in self._reader.get_feeds()] == [None]

    def items(self) -> list[tuple[str, str]]:
        return sorted(((one.id, one.title or "") for one in self._reader.get_entries()), key=lambda one: one[1])


@contextmanager
def blog_served(folder: Path) -> Iterator[tuple[Services, Noting]]:
    """A blog that is served, and written to by another process of the same machine: this one."""
    with serving(folder / "data") as server, noting(f"http://127.0.0.1:{server.port}") as proxy:
        services = open_services(
            Settings(data_dir=folder / "data", database_url=f"sqlite:///{folder}/data/blog.db")
        )
        try:
            yield services, proxy
        finally:
            services.close()


def link(services: Services, title: str, tags: str, *, age: timedelta) -> int:
    """Publish a link that is so old."""
    return save_entry(services, replace(draft(title, tags), published=datetime.now(UTC) - age))


@pytest.mark.parametrize("make", [Newsboat, Lemon])
def test_a_reader_follows_an_intersection_through_everything_that_happens_to_it(
    tmp_path: Path, make: type[Newsboat] | type[Lemon]
) -> None:
    with blog_served(tmp_path) as (services, proxy):
        days = timedelta(days=1)
        link(services, "A first link", "scaling python", age=30 * days)
        for number, title in enumerate(FILLING):
            link(services, title, "scaling python", age=(100 + number) * days)
        old = link(services, "B written long ago", "scaling", age=6_000 * days)
        link(services, "Under another tag", "caches", age=20 * days)
        reader: FeedReader = make(tmp_path, f"{proxy.base}/tags/python+scaling.atom")

        reader.poll()
        first = reader.items()
        assert [title for _, title in first] == ["A first link", *FILLING[: len(first) - 1]]
        assert 30 <= len(first) < len(FILLING)
        assert proxy.seen()[-1] == ("/tags/python+scaling.atom", 200)

        # newsboat keeps what it was told of a feed's state from the second time on.
        reader.poll()
        reader.poll()
        assert (reader.items(), proxy.seen()[-1]) == (first, ("/tags/python+scaling.atom", 304))

        new = link(services, "C just seen", "scaling python", age=timedelta(0))
        reader.poll()
        two = reader.items()
        assert [title for _, title in two] == ["A first link", "C just seen", *FILLING[: len(first) - 1]]

        said = replace(draft("C seen and corrected", "scaling python"), published=datetime.now(UTC))
        save_entry(services, said, new)
        reader.poll()
        assert reader.items() == [first[0], (two[1][0], "C seen and corrected"), *two[2:]]

        tagged = replace(
            draft("B written long ago", "scaling python"), published=datetime.now(UTC) - 6_000 * days
        )
        save_entry(services, tagged, old)
        reader.poll()
        three = reader.items()
        titles = ["A first link", "B written long ago", "C seen and corrected"]
        assert [title for _, title in three] == [*titles, *FILLING[: len(first) - 1]]

        proxy.seen()
        rename_tag(services, "python", "Snakes")
        reader.poll()
        assert proxy.seen()[0] == ("/tags/python+scaling.atom", 301)
        assert reader.items() == three

        merge_tags(services, "scaling", "caches")
        reader.poll()
        assert proxy.seen()[-1] == ("/tags/caches+snakes.atom", 200)
        assert reader.items() == three

        delete_entry(services, new)
        reader.poll()
        assert set(reader.items()) <= set(three)
        last = reader.items()
        proxy.seen()
        reader.poll()
        # lemon24's reader keeps a new state only with news of a feed, and asks again without it.
        assert proxy.seen()[-1] == ("/tags/caches+snakes.atom", 304 if make is Newsboat else 200)
        assert reader.items() == last
