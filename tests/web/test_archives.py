"""The archive: years with their calendars, months, days, and this day in other years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import Element, look, titles, total

from blog.queries.archives import steps_of

if TYPE_CHECKING:
    from conftest import Blog
    from flask.testing import FlaskClient

DAYS = [
    "2008-02-29",
    "2008-12-31",
    "2009-01-01",
    "2009-05-25",
    "2009-05-25",
    "2009-06-30",
    "2012-02-29",
    "2012-03-01",
]


@pytest.fixture
def client(blog: Blog) -> FlaskClient:
    for number, day in enumerate(DAYS):
        blog.write(f"Entry {number}", day=day, kind="note", body="x")
    return blog.client()


def calendar(page: Element) -> dict[str, str]:
    """The days that the calendars of a page lead to, with what they say of them."""
    return {link["href"]: link["title"] for table in page.all("table") for link in table.all("a")}


def around(page: Element) -> dict[str, str]:
    return {
        link.text(): link["href"]
        for nav in page.all("nav", aria_label="Earlier and later")
        for link in nav.all("a")
    }


CALENDARS = {
    "/2008/": {"/2008/Feb/29/": "1 entry", "/2008/Dec/31/": "1 entry"},
    "/2009/": {"/2009/Jan/1/": "1 entry", "/2009/May/25/": "2 entries", "/2009/Jun/30/": "1 entry"},
    "/2009/May/": {"/2009/May/25/": "2 entries"},
    "/2009/May/25/": {"/2009/May/25/": "2 entries"},
    "/2010/": {},
}


@pytest.mark.parametrize(("address", "days"), CALENDARS.items())
def test_a_calendar_leads_to_the_days_that_have_entries(
    client: FlaskClient, address: str, days: dict[str, str]
) -> None:
    page = look(client, address)
    assert calendar(page) == days
    assert len(page.all("table")) == (12 if address.count("/") == 2 else 1)


def test_a_calendar_begins_on_the_right_day_of_the_week(client: FlaskClient) -> None:
    february = look(client, "/2012/Feb/").one("table")
    weeks = [[day.text() for day in week.all("td")] for week in february.one("tbody").all("tr")]
    assert weeks[0] == ["", "", "1", "2", "3", "4", "5"]  # 1 February 2012 was a Wednesday
    assert weeks[-1] == ["27", "28", "29", "", "", "", ""]


NEIGHBOURS = {
    "/2008/": {"2009 4 →": "/2009/"},
    "/2009/": {"← 2008 2": "/2008/", "2012 2 →": "/2012/"},
    "/2010/": {"← 2009 4": "/2009/", "2012 2 →": "/2012/"},
    "/2012/": {"← 2009 4": "/2009/"},
    "/2009/May/": {"← January 2009 1": "/2009/Jan/", "June 2009 1 →": "/2009/Jun/"},
    "/2009/Jan/": {"← December 2008 1": "/2008/Dec/", "May 2009 2 →": "/2009/May/"},
    "/2008/Feb/": {"December 2008 1 →": "/2008/Dec/"},
    "/2009/May/25/": {"← 1 January 2009 1": "/2009/Jan/1/", "30 June 2009 1 →": "/2009/Jun/30/"},
    "/2009/May/24/": {"← 1 January 2009 1": "/2009/Jan/1/", "25 May 2009 2 →": "/2009/May/25/"},
    "/2012/Mar/1/": {"← 29 February 2012 1": "/2012/Feb/29/"},
    "/1971/": {"2008 2 →": "/2008/"},
}


@pytest.mark.parametrize(("address", "expected"), NEIGHBOURS.items())
def test_a_period_leads_to_the_nearest_ones_that_have_entries(
    client: FlaskClient, address: str, expected: dict[str, str]
) -> None:
    assert around(look(client, address)) == expected


PERIODS = {
    "/2009/": ["Entry 5", "Entry 4", "Entry 3", "Entry 2"],
    "/2009/May/": ["Entry 4", "Entry 3"],
    "/2009/May/25/": ["Entry 4", "Entry 3"],
    "/2008/Feb/29/": ["Entry 0"],
    "/2011/": [],
}


@pytest.mark.parametrize(("address", "expected"), PERIODS.items())
def test_a_period_lists_its_entries(client: FlaskClient, address: str, expected: list[str]) -> None:
    page = look(client, address)
    assert (titles(page), total(page)) == (expected, len(expected))


def test_the_archive_shows_every_day_of_every_year_that_has_entries(client: FlaskClient) -> None:
    page = look(client, "/archive/")
    years = page.all("section", cls="heat-year")
    assert [one.one("h2").text() for one in years] == ["2012 2 entries", "2009 4 entries", "2008 2 entries"]
    days = {link["href"]: link.text() for year in years for cell in year.all("td") for link in cell.all("a")}
    assert days == {
        "/2012/Feb/29/": "1",
        "/2012/Mar/1/": "1",
        "/2009/Jan/1/": "1",
        "/2009/May/25/": "2",
        "/2009/Jun/30/": "1",
        "/2008/Feb/29/": "1",
        "/2008/Dec/31/": "1",
    }
    assert all(look(client, address).one("h1") for address in days)


def test_keys_step_through_the_archive_by_months_and_not_by_days(client: FlaskClient) -> None:
    year = look(client, "/archive/").one(id="y2009")
    stops = [link["href"] for link in year.all("a") if link.get("tabindex") != "-1"]
    assert stops == ["/2009/", "/2009/Jan/", "/2009/May/", "/2009/Jun/"]
    columns = [one.text() for one in year.one("thead").all("th")]
    assert columns == [str(day) for day in range(1, 32)]
    # Each row has a cell, or a part of one, for each of the columns, so every day stands under its number.
    rows = [row.all("td") for row in year.one("tbody").all("tr")]
    assert {sum(int(cell.get("colspan") or 1) for cell in row) for row in rows} == {31}
    assert [at for at, cell in enumerate(rows[4], 1) if cell.all("a")] == [25]


STEPS = [
    ([], (1, 1, 1, 2, 3)),
    ([1, 1], (1, 1, 1, 2, 3)),
    ([1, 2, 3], (1, 1, 1, 2, 3)),
    ([1, 5], (1, 2, 3, 4, 5)),
    ([1] * 90 + [2] * 5 + [40] * 5, (1, 2, 3, 4, 40)),
    (list(range(1, 101)), (1, 36, 66, 86, 97)),
]


@pytest.mark.parametrize(("counts", "starts"), STEPS)
def test_five_steps_of_colour_are_used_whatever_the_blog_is_like(
    counts: list[int], starts: tuple[int, ...]
) -> None:
    assert steps_of(counts) == starts


ON_THIS_DAY = {
    "/on-this-day/May/25/": {"2009": ["Entry 4", "Entry 3"]},
    "/on-this-day/Feb/29/": {"2012": ["Entry 6"], "2008": ["Entry 0"]},
    "/on-this-day/Dec/31/": {"2008": ["Entry 1"]},
    "/on-this-day/May/24/": {},
}


@pytest.mark.parametrize(("address", "expected"), ON_THIS_DAY.items())
def test_a_day_of_the_year_shows_every_year(
    client: FlaskClient, address: str, expected: dict[str, list[str]]
) -> None:
    days = look(client, address).all("section", cls="day")
    assert {day.one(cls="day-name").text(): titles(day) for day in days} == expected


def test_today_goes_by_the_blogs_clock_and_moves_with_it(blog: Blog) -> None:
    blog.write("Then", day="2001-11-23")
    blog.write("The day after", day="2001-11-24")
    client = blog.client()
    assert titles(look(client, "/on-this-day/")) == ["Then"]
    assert look(client, "/on-this-day/").one("h1").text() == "On this day, 23 November"
    blog.clock.forward(hours=12)
    assert titles(look(client, "/on-this-day/")) == ["The day after"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/on-this-day/Feb/30/", 404),
        ("/on-this-day/Feb/0/", 404),
        ("/on-this-day/Smarch/1/", 404),
        ("/on-this-day/Feb/x/", 404),
    ],
)
def test_days_that_no_year_has_are_not_there(client: FlaskClient, address: str, status: int) -> None:
    assert look(client, address, status).one("p", cls="about").text().endswith(".")
