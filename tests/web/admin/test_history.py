"""The pages of what became of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import draft
from filling import followed, open_form
from reading import read
from signing import Desk, at_desk

from blog.changes.entries import save_entry
from blog.queries.writing import open_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite")


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def test_the_history_shows_each_change_and_goes_back_before_it(blog: Blog, desk: Desk) -> None:
    one = save_entry(blog.services, draft("First", "python", body="One <b>\ntwo"))
    followed(
        desk,
        open_form(desk, f"/admin/entries/{one}/").type(title="Second", body="One <b>\nthree").press("Save"),
    )
    page = read(desk.get(f"/admin/entries/{one}/history"))
    assert [step.one("h2").text() for step in page.one("ol", cls="steps").all("li")] == [
        "Edited by ada, 12:00 pm, 23 November 2026",
        "Created, 12:00 pm, 23 November 2026",
    ]
    assert [one.text() for one in page.all("del")] == ["First", "two"]
    assert [one.text() for one in page.all("ins")] == ["Second", "three"]
    (button,) = [one for one in page.all("form", cls="act") if one.text() == "Go back to before this"]
    form = followed(desk, desk.post(button["action"]))
    assert (form.fields["title"], form.fields["body"]) == ("First", "One <b>\ntwo")
    assert "Restored by ada" in desk.get(f"/admin/entries/{one}/history").text


def test_an_entry_without_changes_says_so(blog: Blog, desk: Desk) -> None:
    one = blog.write("One")
    page = read(desk.get(f"/admin/entries/{one}/history"))
    assert "Nothing has been changed since it was created" in page.one("main").text()
    assert desk.get("/admin/entries/999/history").status_code == 404


def test_an_entry_is_deleted_after_a_question_and_brought_back(blog: Blog, desk: Desk) -> None:
    one = save_entry(blog.services, draft("One", slug="one"))
    address = "/2009/May/25/one/"
    page = read(desk.get(f"/admin/entries/{one}/delete"))
    assert blog.client().get(address).status_code == 200
    seen = page.one("input", type="hidden", value=str(open_entry(blog.services, one).version))
    answer = desk.post(f"/admin/entries/{one}/delete", {"seen": seen["value"]})
    assert answer.location == "/admin/deleted/"
    assert blog.client().get(address).status_code == 404
    listed = read(desk.get("/admin/deleted/"))
    assert (
        listed.one("ul", cls="things").text()
        == "Onelink, deleted by ada, 12:00 pm, 23 November 2026 Bring it back"
    )
    history = read(desk.get(f"/admin/entries/{one}/history"))
    assert [one["action"] for one in history.all("form", cls="act")] == [
        listed.one("form", cls="act")["action"]
    ]
    form = followed(desk, desk.post(listed.one("form", cls="act")["action"]))
    assert form.standing.startswith("Published 17 years ago")
    assert blog.client().get(address).status_code == 200
    assert "Nothing is deleted." in desk.get("/admin/deleted/").text


def test_what_was_changed_after_the_question_is_not_deleted(blog: Blog, desk: Desk) -> None:
    one = blog.write("One")
    seen = open_entry(blog.services, one).version
    save_entry(blog.services, draft("Theirs"), one)
    page = read(desk.post(f"/admin/entries/{one}/delete", {"seen": str(seen)}), 409)
    assert page.one("p", cls="error").text().startswith("It was changed meanwhile.")
    assert "Theirs" in page.one("main").text()


def test_what_cannot_come_back_says_why(blog: Blog, desk: Desk) -> None:
    made = draft("One")
    one = save_entry(blog.services, made)
    desk.post(f"/admin/entries/{one}/delete", {"seen": str(open_entry(blog.services, one).version)})
    save_entry(blog.services, made)
    button = read(desk.get("/admin/deleted/")).one("form", cls="act")
    page = read(desk.post(button["action"]), 409)
    assert page.one("p", cls="error").text() == "Imported or written again since, so not brought back: One."


@pytest.mark.parametrize("address", ["/admin/entries/1/history/1/restore", "/admin/entries/1/delete"])
def test_what_is_not_there_cannot_be_restored_or_deleted(desk: Desk, address: str) -> None:
    assert desk.post(address).status_code == 404
