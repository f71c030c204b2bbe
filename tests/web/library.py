"""A small blog of every kind, tag relation and place, which several tests read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conftest import Blog, Clock

from blog.config import Settings
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def opened(
    data_dir: Path, database_url: str = "", search_engine: str = "whoosh", **values: int
) -> Iterator[Blog]:
    """Open the library, for a whole file of tests that only read it."""
    known = Settings(
        data_dir=data_dir,
        database_url=database_url or f"sqlite:///{data_dir / 'blog.db'}",
        search_engine=search_engine,
        **values,  # type: ignore[arg-type]  # the callers name settings
    )
    clock = Clock()
    services = open_services(known, clock)
    blog = Blog(services, clock)
    fill(blog)
    try:
        yield blog
    finally:
        services.close()


def fill(blog: Blog) -> dict[str, int]:
    """Write the entries; return their ids by title."""
    written = {}

    def write(title: str, tags: str, day: str, **values: object) -> None:
        written[title] = blog.write(title, tags, day=day, **values)

    write("Sharding at last", "python scaling", "2009-05-25", url="https://www.example.org/sharding")
    write("A queue in Redis", "python redis scaling", "2009-05-25", url="https://example.org/queue")
    write("Caching pages", "scaling cache", "2009-06-01", kind="article", body="A *cache* of pages.")
    write("Decorators", "python", "2010-01-31", kind="article", body="One function around another.")
    write(
        "Blocks",
        "ruby",
        "2010-02-28",
        body="Blocks are closures.",
        via_url="https://via.example/",
        via_title="Vera",
    )
    write("On speed", "ruby scaling", "2010-02-28", kind="quotation", body="Slow is a bug.", citation="Ada")
    write("Templates", "C++ python", "2011-12-31", kind="note", body="Templates made easy.")
    write("Lambdas", "C++", "2012-02-29", kind="note", body="Capturing by value.")
    write(
        "crosstag 0.1",
        "release python",
        "2012-03-01",
        kind="activity",
        source="github",
        url="https://github.com/x",
    )
    write("crosstag 0.2", "release", "2013-03-01", kind="activity", source="github", url="https://github.com/y")
    write(
        "Part one",
        "sqlite",
        "2014-01-01",
        kind="article",
        body="Pages.",
        series="sqlite-inside",
        series_order=1,
    )
    write(
        "Part two",
        "sqlite cache",
        "2014-02-01",
        kind="article",
        body="Trees.",
        series="sqlite-inside",
        series_order=2,
    )
    write("Snow", "日本語", "2015-12-24", kind="note", body="雪が降る。")
    write("No tag at all", "", "2016-07-04", kind="note", body="Just words.")
    return written
