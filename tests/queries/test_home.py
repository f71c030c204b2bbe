"""The home page: activity drowns nothing, and what is older is not lost between two pages."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from blog.domain.entry import Kind
from blog.domain.filters import EVERYTHING
from blog.queries.browse import browse
from blog.queries.home import home_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


@pytest.fixture
def quiet(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite", page_size=3)


def shown(blog: Blog) -> list[tuple[str, str, list[str], int]]:
    return [
        (
            one.first.isoformat(),
            one.day.isoformat(),
            [entry.title for entry in one.entries],
            one.activity.count if one.activity else 0,
        )
        for one in home_page(blog.services).days
    ]


def test_activity_is_folded_by_day_and_between_days(quiet: Blog) -> None:
    quiet.write("Article", kind="article", day="2020-01-10")
    quiet.write("Link", day="2020-01-02")
    for day in ("2020-01-10", "2020-01-08", "2020-01-08", "2020-01-05", "2019-12-31"):
        quiet.write("Release", kind="activity", day=day, source="github", url="https://example.com/")
    assert shown(quiet) == [
        ("2020-01-10", "2020-01-10", ["Article"], 1),
        ("2020-01-05", "2020-01-08", [], 3),
        ("2020-01-02", "2020-01-02", ["Link"], 0),
        ("2019-12-31", "2019-12-31", [], 1),
    ]
    stretch = home_page(quiet.services).days[1].activity
    assert stretch
    assert stretch.url == "/search/?type=activity&from=2020-01-05&to=2020-01-08"


def test_twenty_releases_push_no_article_off_the_page(quiet: Blog) -> None:
    quiet.write("Article", kind="article", day="2020-01-01")
    for number in range(20):
        day = date(2020, 1, 2) + timedelta(days=number // 4)
        quiet.write(f"Release {number}", kind="activity", day=day.isoformat())
    assert shown(quiet) == [
        ("2020-01-02", "2020-01-06", [], 20),
        ("2020-01-01", "2020-01-01", ["Article"], 0),
    ]


def test_an_empty_blog_has_an_empty_home(quiet: Blog) -> None:
    home = home_page(quiet.services)
    assert (home.days, home.older_url) == ((), "")


@pytest.mark.parametrize("seed", range(2))
def test_between_home_and_the_page_it_leads_to_nothing_is_lost(quiet: Blog, seed: int) -> None:
    random = Random(seed)
    for number in range(25):
        day = (date(2020, 1, 1) + timedelta(days=random.randrange(12))).isoformat()
        quiet.write(
            f"E{number}", kind=random.choice(("link", "activity", "activity", "note")), day=day, body="x"
        )
    home = home_page(quiet.services)
    seen = {entry.title for one in home.days for entry in one.entries}
    oldest = min(one.first for one in home.days)
    page = int(home.older_url.rpartition("=")[2])
    pages = range(1, browse(quiet.services, EVERYTHING).pages + 1)
    by_page = {number: browse(quiet.services, EVERYTHING, number).entries for number in pages}
    everything = [entry for entries in by_page.values() for entry in entries]
    rest = {entry.title for number in pages if number >= page for entry in by_page[number]}
    folded = {entry.title for entry in everything if entry.kind is Kind.ACTIVITY and entry.day >= oldest}
    assert {entry.title for entry in everything} == seen | folded | rest
