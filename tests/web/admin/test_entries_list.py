"""The list of entries in a browser without JavaScript: asked, ticked, shown beforehand, done, undone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from conftest import draft
from signing import at_desk

from blog.changes.imports import ImportLedger
from blog.domain.entry import Status
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from signing import Desk

_NAMES = re.compile(r'<td class="name"><a href="/admin/entries/\d+/">([^<]*)</a>')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    """Four entries; two of them are no reader's business."""
    blog = make_blog("sqlite")
    blog.write("One", "python web", day="2009-05-25", source="elsewhere")
    blog.write("Two", "python", kind="note", day="2010-05-25", status=Status.DRAFT)
    blog.write("Three <b>", "snakes", kind="article", day="2011-05-25", status=Status.HIDDEN)
    blog.write("Four", "snakes web", day="2031-05-25")
    return blog


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def listed(desk: Desk, query: str = "") -> list[str]:
    answer = desk.get(f"/admin/entries/?{query}")
    assert answer.status_code == 200
    return _NAMES.findall(answer.text)


def confirmed(desk: Desk, html: str) -> Any:
    """Press the button of a preview."""
    form = html[html.index('<form method="post" action="/admin/entries/bulk">') :]
    fields: dict[str, list[str]] = {}
    for name, value in _HIDDEN.findall(form):
        if name != "csrf_token":
            fields.setdefault(name, []).append(value)
    return desk.post("/admin/entries/bulk", fields)


def test_the_list_shows_every_status(desk: Desk) -> None:
    html = desk.get("/admin/entries/").text
    assert _NAMES.findall(html) == ["Four", "Three &lt;b&gt;", "Two", "One"]
    assert re.findall(r'class="state (\w+)"', html) == ["scheduled", "hidden", "draft", "published"]
    assert '<a href="/2009/May/25/one/">' in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=draft", ["Two"]),
        ("q=&status=&type=&source=&year=", ["Four", "Three &lt;b&gt;", "Two", "One"]),
        ("q=tag:python+-tag:web", ["Two"]),
        ("tag=snakes&type=article", ["Three &lt;b&gt;"]),
        ("source=elsewhere", ["One"]),
        ("year=2010", ["Two"]),
        ("year=&month=5", ["Four", "Three &lt;b&gt;", "Two", "One"]),
        ("q=two", ["Two"]),
        ("status=inbox", []),
    ],
)
def test_the_form_asks_in_the_language_of_the_filters(desk: Desk, query: str, expected: list[str]) -> None:
    assert listed(desk, query) == expected


def test_what_the_form_has_no_field_for_is_kept_and_can_be_dropped(desk: Desk) -> None:
    html = desk.get("/admin/entries/?tag=python&exclude.tag=snakes&status=draft").text
    assert '<input type="hidden" name="exclude.tag" value="snakes">' in html
    assert (
        'href="/admin/entries/?exclude.tag=snakes&amp;status=draft" aria-label="Not narrowed by python"' in html
    )
    assert 'href="/admin/entries/?tag=python&amp;status=draft" aria-label="Not narrowed by not snakes"' in html


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("tag=nothing", 404, "There is no tag “nothing”."),
        (
            "status=lost",
            400,
            "There is no status “lost”; there are published, scheduled, draft, hidden, inbox.",
        ),
        ("year=x", 400, "“x” is not a number, and “year” takes one."),
        ("page=7", 404, "There is no page 7: this has one page."),
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_a_sentence(
    desk: Desk, query: str, status: int, sentence: str
) -> None:
    answer = desk.get(f"/admin/entries/?{query}")
    assert (answer.status_code, sentence in answer.text) == (status, True)


# What is sent, and what the list of what was asked for is before, after, and undone.
ACTIONS: list[tuple[dict[str, Any], str, str, list[str], list[str]]] = [
    (
        {"do": "add-tags", "tags": "Web, New One"},
        "Tag 2 entries “web”, “New One”",
        "tag=new-one",
        [],
        ["Two", "One"],
    ),
    ({"do": "remove-tags", "tags": "python"}, "Take “python” off 2 entries", "tag=python", ["Two", "One"], []),
    (
        {"do": "set-kind", "kind": "quotation"},
        "Make quotations of 2 entries",
        "type=quotation",
        [],
        ["Two", "One"],
    ),
    (
        {"do": "set-status", "to": "hidden"},
        "Hide 2 entries",
        "status=hidden",
        ["Three &lt;b&gt;"],
        ["Three &lt;b&gt;", "Two", "One"],
    ),
    (
        {"do": "set-source", "to_source": "There"},
        "Make “There” the source of 2 entries",
        "q=source:there",
        [],
        ["Two", "One"],
    ),
    (
        {"do": "delete"},
        "Delete 2 entries",
        "",
        ["Four", "Three &lt;b&gt;", "Two", "One"],
        ["Four", "Three &lt;b&gt;"],
    ),
]


@pytest.mark.parametrize(
    ("fields", "summary", "query", "before", "after"), ACTIONS, ids=[one[0]["do"] for one in ACTIONS]
)
def test_an_action_is_shown_then_done_then_undone(
    desk: Desk, fields: dict[str, Any], summary: str, query: str, before: list[str], after: list[str]
) -> None:
    def now() -> list[str]:
        answer = desk.get(f"/admin/entries/?{query}")
        return _NAMES.findall(answer.text)

    assert now() == before
    shown = desk.post("/admin/entries/bulk", {"id": ["1", "2"], "of": "status=", **fields})
    assert (shown.status_code, f"<h1>{summary}?</h1>" in shown.text, now()) == (200, True, before)
    done = confirmed(desk, shown.text)
    assert (done.status_code, done.headers["Location"]) == (303, "/admin/entries/?done=1")
    assert now() == after
    told = desk.get(done.headers["Location"]).text
    assert f"{summary}: done." in told
    undo = re.search(r'action="(/admin/history/1/undo)"', told)
    assert undo
    undone = desk.post(undo[1], {"back": "/admin/entries/"})
    assert (undone.status_code, undone.headers["Location"]) == (303, "/admin/entries/")
    assert f"Undone: {summary}." in desk.get("/admin/entries/").text
    assert now() == before


def test_all_of_a_list_is_more_than_its_page(blog: Blog, desk: Desk) -> None:
    run([draft(f"Entry {number}", "many") for number in range(120)], ImportLedger(blog.services))
    html = desk.get("/admin/entries/?tag=many").text
    assert ("all 120 entries of this list" in html, len(_NAMES.findall(html))) == (True, 100)
    shown = desk.post(
        "/admin/entries/bulk", {"all": "yes", "of": "tag=many", "do": "set-status", "to": "hidden"}
    )
    assert "<b>120 entries</b>" in shown.text
    done = confirmed(desk, shown.text)
    assert done.headers["Location"] == "/admin/entries/?tag=many&done=1"
    assert "120 entries</b>" in desk.get("/admin/entries/?tag=many&status=hidden").text


def test_a_list_that_changed_after_it_was_shown_is_shown_again(blog: Blog, desk: Desk) -> None:
    shown = desk.post("/admin/entries/bulk", {"all": "yes", "of": "tag=python", "do": "delete"})
    blog.write("Late", "python")
    again = confirmed(desk, shown.text)
    assert (again.status_code, "The list has changed since you saw it." in again.text) == (200, True)
    assert listed(desk, "tag=python") == ["Two", "Late", "One"]
    assert confirmed(desk, again.text).status_code == 303
    assert desk.get("/admin/entries/?tag=python").text.count("Nothing is like that") == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"do": "delete"}, "Tick the entries first that are meant."),
        ({"do": "delete", "id": ["x", "99999999999999999999"]}, "Tick the entries first that are meant."),
        ({"do": "dance", "id": "1"}, "Say what is to be done with them."),
        ({"do": "set-kind", "kind": "poem", "id": "1"}, "Choose a kind."),
        ({"do": "set-status", "id": "1"}, "Choose a status."),
        ({"do": "add-tags", "tags": " , ", "id": "1"}, "Name at least one tag."),
        ({"do": "remove-tags", "tags": "nothing", "id": "1"}, "There is no tag “nothing”."),
        ({"do": "delete", "all": "yes", "of": "tag=nothing"}, "There is no tag “nothing”."),
    ],
)
def test_a_mistake_is_told_and_nothing_that_was_ticked_or_typed_is_lost(
    desk: Desk, fields: dict[str, Any], sentence: str
) -> None:
    answer = desk.post("/admin/entries/bulk", {"of": "", **fields})
    assert (answer.status_code in (404, 422), sentence in answer.text) == (True, True)
    if fields.get("id") == "1":
        assert 'value="1" checked' in answer.text
    if fields.get("tags") == "nothing":
        assert 'name="tags" value="nothing"' in answer.text


def test_what_cannot_be_changed_is_named(desk: Desk) -> None:
    shown = desk.post("/admin/entries/bulk", {"id": ["1", "2"], "do": "set-kind", "kind": "quotation"})
    confirmed(desk, shown.text)
    shown = desk.post("/admin/entries/bulk", {"id": ["1", "2"], "do": "set-kind", "kind": "link"})
    assert "it has no URL, and a link needs one" in shown.text
    told = desk.get(confirmed(desk, shown.text).headers["Location"]).text
    assert "Left as they were: “Two”: it has no URL, and a link needs one." in told


def test_undoing_twice_is_told_and_leads_nowhere_else(desk: Desk) -> None:
    confirmed(desk, desk.post("/admin/entries/bulk", {"id": "1", "do": "delete"}).text)
    for _ in range(2):
        answer = desk.post("/admin/history/1/undo", {"back": "https://evil.example/admin/"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/history/")
    html = desk.get("/admin/history/").text
    assert "This was undone on 23 November 2026 already: Delete one entry." in html
    assert desk.post("/admin/history/77/undo").status_code == 404
