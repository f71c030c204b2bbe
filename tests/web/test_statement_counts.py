"""What a page costs: as many SQL statements for thirty entries as for three."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from conftest import DATABASES
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from flask.testing import FlaskClient


VALUE = r"(?:\?|%\(\w+\)s)"


def statements(blog: Blog, client: FlaskClient, address: str) -> list[str]:
    """Every statement that an address costs, once the blog is loaded; however many values, it is one."""
    client.get(address)
    counted: list[str] = []
    engine = blog.services.sessions.engine

    def count(*arguments: object) -> None:
        counted.append(
            re.sub(rf"IN \({VALUE}(?:, {VALUE})*\)", "IN (…)", re.sub(r"::\w+", "", str(arguments[2])))
        )

    event.listen(engine, "before_cursor_execute", count)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return counted


def asked(statements: list[str]) -> list[str]:
    """Those that ask for more than whether anything has changed, which PostgreSQL is asked at each look."""
    return [one for one in statements if one not in {"BEGIN", "SELECT coalesce(max(id), 0) FROM change"}]


ADDRESSES = [
    "/", "/tags/all/", "/links/", "/2009/", "/2009/May/", "/search/?q=entry", "/sources/there/", "/domains/example.com/", "/series/long/", "/feed.atom", "/tags/all.json",
    "/tags/", "/archive/", "/sitemap-2009.xml", "/2009/May/3/entry/", "/on-this-day/May/3/",
]  # fmt: skip


def write(blog: Blog, days: range) -> None:
    for day in days:
        tags = f"all tag{day} other{day}"
        blog.write(
            "Entry", tags, day=f"2009-05-{day:02}", slug="entry", source="there", series="long", body="entry"
        )


@pytest.mark.parametrize("kind", DATABASES)
def test_a_page_of_thirty_entries_costs_as_many_statements_as_one_of_three(
    kind: str, make_blog: Callable[..., Blog]
) -> None:
    # A kept page would cost none.
    blog = make_blog(kind, cache_megabytes=0)
    write(blog, range(1, 4))
    client = blog.client()
    few = {address: statements(blog, client, address) for address in ADDRESSES}
    write(blog, range(4, 31))
    blog.services.search.catch_up()
    many = {address: statements(blog, client, address) for address in ADDRESSES}
    assert many == few
    assert {address: len(asked(found)) for address, found in few.items() if len(asked(found)) > 6} == {}
    assert few["/"]
    assert few["/feed.atom"]
