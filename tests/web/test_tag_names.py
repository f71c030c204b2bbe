"""Old names of tags, tags that are none, and intersections that hold nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from library import opened
from reading import look, titles, total

from blog.changes.imports import ImportLedger
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.entry import AliasDraft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Blog
    from flask.testing import FlaskClient
    from reading import Element


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library")) as blog:
        yield blog.client()


# Old names of tags.


OLD_NAMES = {
    "/tags/py/": "/tags/python/",
    "/tags/Py/": "/tags/python/",
    "/tags/py.atom": "/tags/python.atom",
    "/tags/py.json": "/tags/python.json",
    "/tags/py+scaling/": "/tags/python+scaling/",
    "/tags/py+python/": "/tags/python/",
    "/tags/scaling+py.atom": "/tags/python+scaling.atom",
    "/tags/py,ruby+scaling/": "/tags/python,ruby+scaling/",
    "/tags/py,python/": "/tags/python/",
    "/tags/scaling+-py/": "/tags/scaling+-python/",
    "/tags/py/?page=2": "/tags/python/?page=2",
    "/search/?q=queue&tag=py": "/search/?q=queue&tag=python",
    "/search/?exclude.tag=py&year=2010": "/search/?exclude.tag=python&year=2010",
    "/search.atom?q=queue&tag=py": "/search.atom?q=queue&tag=python",
    "/tags/older/": "/tags/python/",
    "/tags/older.atom": "/tags/python.atom",
    "/tags/speed/": "/tags/scaling/",
    "/tags/py+speed.json": "/tags/python+scaling.json",
}


@pytest.fixture
def renamed(blog: Blog) -> Blog:
    """A blog where "py" was renamed to Python, and "speed" merged into scaling."""
    blog.write("One", "py speed")
    blog.write("Two", "py scaling", body="a queue", day="2010-01-01")
    blog.write("Three", "ruby scaling speed")
    ImportLedger(blog.services).apply_names([AliasDraft(old="older", tag="py")])
    rename_tag(blog.services, "py", "Python")
    merge_tags(blog.services, "speed", "scaling")
    return blog


def test_old_names_lead_page_to_page_and_feed_to_feed(renamed: Blog) -> None:
    client = renamed.client()
    answers = {old: client.get(old) for old in OLD_NAMES}
    assert {old: (one.status_code, one.location) for old, one in answers.items()} == {
        old: (301, new) for old, new in OLD_NAMES.items()
    }


def test_entries_of_a_renamed_and_a_merged_tag_are_under_the_new_one(renamed: Blog) -> None:
    client = renamed.client()
    assert titles(look(client, "/tags/python+scaling/")) == ["Two", "One"]
    assert titles(look(client, "/tags/scaling+-python/")) == ["Three"]
    assert look(client, "/tags/python/").one("h1").text() == "Posts tagged Python"


def test_a_rename_while_the_blog_is_open_is_seen_by_the_next_request(blog: Blog) -> None:
    blog.write("One", "first")
    client = blog.client()
    assert total(look(client, "/tags/first/")) == 1
    rename_tag(blog.services, "first", "Second")
    assert client.get("/tags/first/").location == "/tags/second/"
    rename_tag(blog.services, "second", "First")
    assert client.get("/tags/second/").location == "/tags/first/"
    assert look(client, "/tags/first/").one("h1").text() == "Posts tagged First"


def test_two_tags_that_became_one_cannot_be_asked_for_and_excluded(renamed: Blog) -> None:
    client = renamed.client()
    for address in ("/tags/python+-py/", "/tags/python+-py.atom"):
        assert "both asked for and excluded" in look(client, address, 400).one("p", cls="about").text()


# Tags that are none.


UNKNOWN = {
    "/tags/pyhton/": ("“pyhton”", {"/tags/python/": 5}),
    "/tags/pyhton+scaling/": ("“pyhton”", {"/tags/python+scaling/": 2, "/tags/scaling/": 4}),
    "/tags/scaling+pyhton+-ruby/": ("“pyhton”", {"/tags/python+scaling+-ruby/": 2, "/tags/scaling+-ruby/": 3}),
    "/tags/pyhton,ruby/": ("“pyhton”", {"/tags/python,ruby/": 7, "/tags/ruby/": 2}),
    "/tags/scaling+-pyhton/": ("“pyhton”", {"/tags/scaling+-python/": 2, "/tags/scaling/": 4}),
    "/tags/qqqqq/": ("“qqqqq”", {}),
    "/tags/pyhton+qqqqq/": ("“pyhton” and “qqqqq”", {"/tags/python/": 5}),
    "/tags/pyhton+qqqqq+scaling/": ("“pyhton” and “qqqqq”", {"/tags/python+scaling/": 2, "/tags/scaling/": 4}),
    "/search/?tag=pyhton&year=2009": ("“pyhton”", {"/search/?tag=python&year=2009": 2, "/2009/": 3}),
    "/search/?q=closures&tag=rubby": ("“rubby”", {"/search/?q=closures&tag=ruby": 1, "/search/?q=closures": 1}),
}  # fmt: skip


def offers(page: Element) -> dict[str, int]:
    """The pages that an error page offers instead, with how many entries each promises."""
    main = page.one("main")
    found = {one["href"]: int(one.one(cls="count").text()) for one in main.all("a") if one.all(cls="count")}
    for sentence in main.all("p"):
        if sentence.text().startswith("Without what is unknown"):
            found[sentence.one("a")["href"]] = int(sentence.text().split(", ")[-1].split()[0])
    return found


@pytest.mark.parametrize(("address", "expected"), UNKNOWN.items())
def test_a_page_of_an_unknown_tag_offers_near_ones(
    library: FlaskClient, address: str, expected: tuple[str, dict[str, int]]
) -> None:
    page = look(library, address, 404)
    assert page.one("p", cls="about").text() == f"There is no tag {expected[0]} here."
    assert offers(page) == expected[1]
    for offered, count in expected[1].items():
        assert total(look(library, offered)) == count


@pytest.mark.parametrize(
    "address", ["/tags/pyhton.atom", "/tags/pyhton+scaling.json", "/search.atom?tag=pyhton&year=2009"]
)
def test_a_feed_of_an_unknown_tag_is_not_there_and_says_so(library: FlaskClient, address: str) -> None:
    page = look(library, address, 404)
    assert page.one("p", cls="about").text() == "There is no tag “pyhton” here."
    assert offers(page)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/sources/nowhere/", "There is no source “nowhere” here."),
        ("/sources/nowhere.atom", "There is no source “nowhere” here."),
        ("/series/nothing/", "There is no series “nothing” here."),
        ("/domains/example.invalid/", "Nothing here points to “example.invalid”."),
        ("/search/?q=x&domain=example.invalid", "Nothing here points to “example.invalid”."),
    ],
)
def test_other_places_that_are_none_are_not_there(library: FlaskClient, address: str, sentence: str) -> None:
    assert look(library, address, 404).one("p", cls="about").text() == sentence


# Nothing matches.


EMPTY = {
    "/tags/cache+python/": {"/tags/python/": 5, "/tags/cache/": 2},
    "/tags/cache+python+redis/": {"/tags/python+redis/": 1},
    "/tags/redis+-python/": {"/tags/-python/": 9, "/tags/redis/": 1},
    "/tags/cache+python,ruby/": {"/tags/cache/": 2, "/tags/python,ruby/": 7},
    "/search/?tag=redis&type=note": {"/notes/": 4, "/tags/redis/": 1},
    "/search/?tag=redis&year=2010": {"/2010/": 3, "/tags/redis/": 1},
    "/search/?source=github&series=sqlite-inside": {"/series/sqlite-inside/": 2, "/sources/github/": 2},
    "/search/?tag=ruby&domain=example.org": {"/domains/example.org/": 2, "/tags/ruby/": 2},
    "/search/?q=closures&tag=python": {"/tags/python/": 5, "/search/?q=closures": 1},
    "/1999/": {},
    "/2009/Jul/4/": {},
}  # fmt: skip


@pytest.mark.parametrize(("address", "widened"), EMPTY.items())
def test_a_filter_that_matches_nothing_says_what_each_removal_would_find(
    library: FlaskClient, address: str, widened: dict[str, int]
) -> None:
    page = look(library, address)
    assert total(page) == 0
    nothing = page.one("div", cls="empty")
    lines = nothing.all("li")
    assert {one.one("a")["href"]: int(one.one("a").text().split()[0]) for one in lines} == widened
    subscribe = nothing.one("p", cls="subscribe")
    assert subscribe.text().startswith("Subscribe anyway")
    for feed in subscribe.links():
        assert library.get(feed).status_code == 200
    for offered, count in widened.items():
        landed = look(library, offered)
        assert (total(landed) if landed.all(cls="chips") or landed.all(cls="calendar") else count) == count
