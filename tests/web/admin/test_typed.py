"""What is kept and shown while somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conftest import draft
from filling import OpenForm, fields_of, followed, open_form
from reading import read
from signing import Desk, at_desk

from blog.changes.entries import save_entry
from blog.changes.users import create_user
from blog.domain.entry import Status
from blog.queries.autosaves import being_written

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from werkzeug.test import TestResponse


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite", time_zone="Europe/London")


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def keep(desk: Desk, form: OpenForm, **typed: str) -> TestResponse:
    """Do what autosave.js does."""
    form.fields.update(typed)
    own = ("csrf_token", "form", "version", "seen", "entry")
    body: dict[str, Any] = {name: form.fields.get(name, "") for name in own[1:]}
    body["fields"] = {name: value for name, value in form.fields.items() if name not in own}
    headers = {"X-CSRFToken": desk.token(), "Accept": "application/json"}
    answer = desk.client.post("/admin/autosave", json=body, headers=headers)
    if answer.status_code == 200:
        form.fields["version"] = str(answer.get_json()["version"])
    return answer


def test_what_is_typed_into_a_new_form_is_found_again(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new")
    answer = keep(desk, form, title="Begun", tags="python")
    assert answer.get_json() == {
        "version": 1,
        "at": "2026-11-23T12:00:00+00:00",
        "time": "12:00 pm",
        "form": form.fields["form"],
    }
    desk_page = read(desk.get("/admin/"))
    (address,) = [one["href"] for one in desk_page.all("a") if one.text() == "Begun"]
    again = open_form(desk, address)
    assert {name: again.fields[name] for name in ("title", "tags", "version")} == {
        "title": "Begun",
        "tags": "python",
        "version": "1",
    }
    followed(desk, again.type(kind="note").press("Save draft"))
    assert being_written(blog.services, 1) == []
    assert "Being written" not in desk.get("/admin/").text


def test_what_is_typed_over_an_entry_is_offered_and_taken_up_again(blog: Blog, desk: Desk) -> None:
    one = blog.write("One")
    form = open_form(desk, f"/admin/entries/{one}/")
    keep(desk, form, title="Typed")
    blog.clock.forward(minutes=4)
    again = open_form(desk, f"/admin/entries/{one}/")
    assert again.said == [
        "You were typing here, 12:00 pm, 23 November 2026, and did not save it. Take it up again Throw it away"
    ]
    # What is shown is what is saved, and it has not seen what was typed.
    assert (again.fields["title"], again.fields["version"]) == ("One", "0")
    taken = open_form(desk, f"/admin/entries/{one}/?typed=again")
    assert (taken.said, taken.fields["title"], taken.fields["version"]) == ([], "Typed", "1")
    thrown = followed(desk, again.press("Throw it away"))
    assert (thrown.said, thrown.fields["title"]) == ([], "One")


def test_what_was_typed_before_somebody_else_saved_is_no_way_around_the_conflict(
    blog: Blog, desk: Desk
) -> None:
    one = blog.write("One")
    keep(desk, open_form(desk, f"/admin/entries/{one}/"), title="Typed")
    save_entry(blog.services, draft("Theirs"), one)
    taken = open_form(desk, f"/admin/entries/{one}/?typed=again")
    assert taken.press("Save").status_code == 409


def test_another_tab_is_told_and_nothing_of_it_overwritten(blog: Blog, desk: Desk) -> None:
    one = blog.write("One")
    first, second = open_form(desk, f"/admin/entries/{one}/"), open_form(desk, f"/admin/entries/{one}/")
    keep(desk, first, title="First")
    blog.clock.forward(minutes=1)
    answer = keep(desk, second, title="Second")
    assert (answer.status_code, answer.get_json()) == (
        409,
        {
            "error": "This was typed into in another tab or on another device. Nothing is overwritten.",
            "version": 1,
            "at": "2026-11-23T12:00:00+00:00",
            "time": "12:00 pm",
        },
    )
    second.fields["version"] = "1"
    assert keep(desk, second).status_code == 200
    assert keep(desk, first).status_code == 409


def test_what_was_saved_is_kept_no_more(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(url="https://example.com/", title="T", tags="b, a")
    followed(desk, form.press("Publish"))
    answer = keep(desk, form)
    assert (answer.status_code, answer.get_json()["entry"]) == (409, 1)
    # A save of the same that was under way to the server arrives late.
    late = open_form(desk, "/admin/entries/1/")
    late.fields.update(version="4", tags="b,a", date="")
    assert keep(desk, late).get_json() == {"version": 0, "form": "entry-1-1"}
    assert being_written(blog.services, 1) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"form": "../x", "fields": {"title": ["x"]}},
        {"form": None, "version": "x", "seen": -1, "fields": []},
    ],
)
def test_whatever_is_sent_to_be_kept_is_answered(desk: Desk, body: dict[str, Any]) -> None:
    headers = {"X-CSRFToken": desk.token()}
    assert desk.client.post("/admin/autosave", json=body, headers=headers).status_code == 200


def test_a_form_that_holds_nothing_is_not_kept(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new")
    assert keep(desk, form, kind="article", body=" ").get_json()["version"] == 0
    keep(desk, form, title="Begun")
    assert keep(desk, form, title="").get_json()["version"] == 0
    assert being_written(blog.services, 1) == []


@pytest.mark.parametrize("address", ["/admin/new?form=a-new-form", "/admin/entries/1/"])
def test_typing_back_to_what_is_saved_forgets_nothing_that_another_tab_kept(
    blog: Blog, desk: Desk, address: str
) -> None:
    blog.write("One")
    desktop = open_form(desk, address)
    before = desktop.fields["title"]
    keep(desk, desktop, title="First")
    phone = open_form(desk, f"{address}{'&' if '?' in address else '?'}typed=again")
    assert phone.fields["title"] == "First"
    keep(desk, phone, title="First, and more")
    answer = keep(desk, desktop, title=before)
    assert (answer.status_code, answer.get_json()["version"]) == (409, 2)
    assert [one.name for one in being_written(blog.services, 1)] == ["First, and more"]
    # "Keep mine instead": now it has seen what it does away with.
    desktop.fields["version"] = "2"
    assert keep(desk, desktop).get_json() == {"version": 0, "form": desktop.fields["form"]}
    assert being_written(blog.services, 1) == []
    assert "Being written" not in desk.get("/admin/").text
    # What it forgot is no reason not to go on, and the phone is told.
    assert keep(desk, desktop, title="Second").get_json()["version"] == 4
    assert keep(desk, phone).status_code == 409


def test_a_number_that_no_column_holds_is_none(desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(version="9" * 15, seen="9" * 15)
    assert keep(desk, form, title="T").get_json()["version"] == 1


def test_a_plain_form_is_kept_too(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(title="Plain")
    assert desk.client.post("/admin/autosave", data=form.fields).get_json()["version"] == 1
    assert [one.name for one in being_written(blog.services, 1)] == ["Plain"]


def test_nobody_but_the_author_keeps_anything(blog: Blog, desk: Desk) -> None:
    keep(desk, open_form(desk, "/admin/new"), title="Ada's")
    create_user(blog.services, "bob", "correct horse battery")
    bob = Desk(blog.client())
    bob.sign_in("bob")
    assert "Being written" not in bob.get("/admin/").text
    without = desk.client.post("/admin/autosave", json={"fields": {}})
    assert without.status_code == 400
    signed_out = blog.client().post("/admin/autosave", json={}, headers={"Accept": "application/json"})
    assert signed_out.status_code in (400, 401)


def test_a_preview_is_the_page_that_it_will_be(blog: Blog, desk: Desk) -> None:
    blog.write("Known", "C++", series="A series")
    form = open_form(desk, "/admin/new").type(
        kind="article",
        title="A & B",
        body="Some *words*.\n\n<script>alert(1)</script>",
        tags="c++, Brand new",
        series="A series",
    )
    seen = read(desk.client.post("/admin/preview?frame", data=form.fields))
    article = seen.one("article")
    links = [(one.text(), one["href"]) for one in article.all("a")]
    assert ("C++", "/tags/cplusplus/") in links
    assert ("Brand new", "/tags/brand-new/") in links
    assert ("A series", "/series/a-series/") in links
    assert "Edit" not in article.text()
    followed(desk, form.press("Publish"))
    page = read(blog.client().get("/2026/Nov/23/a-and-b/"))

    def shown(one: Any) -> tuple[str, list[tuple[str, str]]]:
        return one.text(), [(link.text(), link["href"]) for link in one.all("a")]

    # Of the series there is no more to say before the entry is in it.
    body, real = article.one("div", cls="body"), page.one("article").one("div", cls="body")
    assert shown(body) == shown(real)
    assert shown(article.one(cls="meta")) == shown(page.one("article").one(cls="meta"))


def test_a_preview_makes_the_best_of_what_could_not_be_saved(desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(url="nonsense", date="soon", tags="!!", title="T")
    page = read(desk.client.post("/admin/preview?frame", data=form.fields))
    assert page.one("article").one("h1").text() == "T"


def test_from_a_preview_without_scripts_one_comes_back_with_everything(desk: Desk) -> None:
    typed = {"title": "T", "body": "\n  One\n\nTwo\n", "url": "nonsense", "date": "soon"}
    form = open_form(desk, "/admin/new").type(**typed)
    page = read(form.press("Preview"))
    bar = page.one("form", cls="preview-bar")
    back = OpenForm(desk, desk.client.post(bar["action"], data=fields_of(bar)))
    assert {name: back.fields[name] for name in typed} == typed
    assert back.fields["form"] == form.fields["form"]
    assert back.problems == {}


def test_an_entry_that_nobody_sees_is_seen_by_its_author(blog: Blog, desk: Desk) -> None:
    one = blog.write("Secret", status=Status.DRAFT)
    page = read(desk.get(f"/admin/entries/{one}/preview"))
    assert page.one("article").one("h1").text() == "Secret"
    assert page.one("form", cls="preview-bar")["action"] == f"/admin/entries/{one}/"


@pytest.mark.parametrize(
    ("at", "status", "said"),
    [
        ("2026-11-26T09:00", 200, {"words": "in 3 days, Thursday 26 November 2026, 9:00 am, Europe/London", "remark": "", "future": True}),
        ("2026-11-20", 200, {"words": "3 days ago, Friday 20 November 2026, 12:00 am, Europe/London", "remark": "", "future": False}),
        ("soon", 422, {"error": "“soon” is no date and time such as 2026-11-29 09:00."}),
    ],
)  # fmt: skip
def test_a_typed_time_is_said_in_words(desk: Desk, at: str, status: int, said: dict[str, Any]) -> None:
    answer = desk.get(f"/admin/when?at={at}")
    assert (answer.status_code, answer.get_json()) == (status, said)


@pytest.mark.parametrize(
    ("body", "status"), [("[" * 100_000, 400), ("[" * 100_000 + "]" * 100_000, 400), ("{", 400), ("[1]", 200), ("null", 200), ("5", 200)],
)  # fmt: skip
def test_what_no_form_sends_is_not_kept(blog: Blog, desk: Desk, body: str, status: int) -> None:
    headers = {"X-CSRFToken": desk.token(), "Accept": "application/json"}
    answer = desk.client.post("/admin/autosave", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == status
    assert being_written(blog.services, 1) == []
