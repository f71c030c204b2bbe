"""Naming, introducing and pinning: in the form, on the page, in the feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from filling import fields_of
from reading import look, read, titles
from signing import Desk, at_desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

FORM = "/admin/intersections/edit?page=%2Ftags%2Fpython%2Bweb%2F"


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite")


@pytest.fixture
def desk(blog: Blog) -> Desk:
    for number in range(1, 4):
        blog.write(f"Entry {number}", "python web", day=f"2020-01-0{number}", slug=f"entry-{number}")
    return at_desk(blog)


def test_what_is_said_is_on_the_page_and_the_feed_is_called_so(blog: Blog, desk: Desk) -> None:
    said = {
        "name": "Web apps",
        "body": "In *Python*.",
        "pins": "https://x.example/2020/Jan/1/entry-1/\n",
        "do": "save",
    }
    assert desk.post(FORM, {**said, "seen": ""}).status_code == 303
    page = look(blog.client(), "/tags/web+python/".replace("web+python", "python+web"))
    assert page.one("h1").text() == "Web apps"
    assert page.one("p", cls="sentence").text() == "Posts tagged python, web"
    assert page.one("div", cls="introduction").text() == "In Python."
    assert titles(page) == ["Entry 1", "Entry 3", "Entry 2"]
    assert titles(page.one("section", cls="pinned")) == ["Entry 1"]
    assert "<title>My linkblog: Web apps</title>" in blog.client().get("/tags/python+web.atom").text
    form = fields_of(read(desk.get(FORM)))
    assert (form["name"], form["pins"].strip()) == ("Web apps", "/2020/Jan/1/entry-1/")


def test_what_cannot_be_pinned_is_said_and_nothing_typed_is_lost(desk: Desk) -> None:
    typed = {"name": "N", "body": "B", "pins": "/2020/Jan/1/nothing/", "seen": "", "do": "save"}
    answer = desk.post(FORM, typed)
    assert answer.status_code == 422
    page = read(answer, 422)
    assert "is not the address of an entry" in page.one(id="pins-error").text()
    assert {name: fields_of(page)[name].strip() for name in ("name", "body", "pins")} == {
        "name": "N",
        "body": "B",
        "pins": "/2020/Jan/1/nothing/",
    }


def test_another_tab_is_shown_and_can_be_saved_over(blog: Blog, desk: Desk) -> None:
    desk.post(FORM, {"name": "First", "seen": "", "do": "save"})
    second = desk.post(FORM, {"name": "Second", "seen": "", "do": "save"})
    assert second.status_code == 409
    assert desk.post(FORM, {"name": "Second", "seen": "", "do": "over"}).status_code == 303
    assert look(blog.client(), "/tags/python+web/").one("h1").text() == "Second"


@pytest.mark.parametrize("page", ["/links/", "nothing-like-it", "python+-python", ""])
def test_another_address_is_refused_with_a_sentence(desk: Desk, page: str) -> None:
    answer = desk.get("/admin/intersections/edit", query_string={"page": page})
    assert answer.status_code == 422
    assert read(answer, 422).one("p", cls="error").text()


def test_the_list_and_the_tags_page_lead_to_it_and_it_can_be_deleted(blog: Blog, desk: Desk) -> None:
    desk.post(FORM, {"name": "Web apps", "seen": "", "do": "save"})
    assert "Web apps" in desk.get("/admin/intersections/").text
    assert "Web apps" in desk.get("/admin/tags/python/").text
    assert desk.post("/admin/intersections/1/delete").status_code == 303
    assert look(blog.client(), "/tags/python+web/").one("h1").text() == "Posts tagged python, web"


def test_the_author_finds_the_way_there_on_the_page_itself(blog: Blog, desk: Desk) -> None:
    there = "/admin/intersections/edit?page=/tags/python%2Bweb/"
    assert there in read(desk.get("/tags/python+web/")).links()
    assert there not in look(blog.client(), "/tags/python+web/").links()
    assert desk.get(there).status_code == 200
