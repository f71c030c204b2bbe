"""The page of rules: written with errors beside the line, ordered, tried, applied and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import read
from signing import Desk, at_desk

from blog.changes.rules import add_rule
from blog.queries.rules import rules_by_place

if TYPE_CHECKING:
    from conftest import Blog
    from reading import Element

ADDRESS = "/admin/rules/"


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def lines(blog: Blog) -> list[tuple[str, str, bool]]:
    return [
        (place.name, one.line, one.enabled) for place in rules_by_place(blog.services) for one in place.rules
    ]


def hidden(page: Element, name: str) -> str:
    (found,) = (one["value"] for one in page.all("input", type="hidden") if one.get("name") == name)
    return found


def test_a_rule_is_added_changed_moved_paused_and_deleted(desk: Desk, blog: Blog) -> None:
    for line in ("js -> javascript", "drop\nto-read"):
        assert desk.post(ADDRESS, {"line": line, "source": ""}).status_code == 303
    assert lines(blog) == [("", "js → javascript", True), ("", "drop to-read", True)]
    desk.post(f"{ADDRESS}2/up")
    desk.post(f"{ADDRESS}2/pause")
    desk.post(f"{ADDRESS}1/", {"line": "js → ecmascript"})
    assert lines(blog) == [("", "drop to-read", False), ("", "js → ecmascript", True)]
    page = read(desk.get(ADDRESS))
    assert "paused" in page.one("li", id="rule-2").text()
    desk.post(f"{ADDRESS}2/resume")
    desk.post(f"{ADDRESS}1/delete")
    assert lines(blog) == [("", "drop to-read", True)]
    assert desk.get(f"{ADDRESS}1/").status_code == desk.post(f"{ADDRESS}1/up").status_code == 404
    assert desk.post(f"{ADDRESS}2/explode").status_code == 404


def test_what_is_no_rule_is_told_beside_the_line_which_stays_as_typed(desk: Desk, blog: Blog) -> None:
    wrong = 'title has  "<b>" → hide'
    answer = desk.post(ADDRESS, {"line": wrong})
    assert "\ntitle has  &#34;&lt;b&gt;&#34; → hide</textarea>" in answer.text
    page = read(answer, 422)
    told = page.one(id="line-error").text()
    assert "At character 7 there is “has”. Expected here: “is”" in told
    assert 'has "<b>" → hide' in page.one("mark").text()
    add_rule(blog.services, "drop a")
    page = read(desk.post(f"{ADDRESS}1/", {"line": "drop"}), 422)
    assert "the name of a tag" in page.one(id="line-error").text()
    assert lines(blog) == [("", "drop a", True)]


def test_a_rule_of_a_source_is_written_on_the_page_of_its_rules(desk: Desk, blog: Blog) -> None:
    blog.write("One", source="feed")
    assert "/admin/rules/?source=1" in read(desk.get("/admin/sources/1/")).links()
    page = read(desk.get(f"{ADDRESS}?source=1"))
    assert hidden(page, "source") == "1"
    answer = desk.post(ADDRESS, {"line": "drop a", "source": "1"})
    assert (answer.status_code, answer.location) == (303, f"{ADDRESS}?source=1")
    assert lines(blog) == [("Feed", "drop a", True)]
    assert desk.get(f"{ADDRESS}?source=9").status_code == 404


def test_a_rule_is_tried_without_being_kept(desk: Desk, blog: Blog) -> None:
    blog.write("One", "js")
    page = read(desk.post(ADDRESS, {"line": "js → javascript, ecmascript", "action": "try"}))
    assert "It changes 1 of the 1 entry that it applies to." in page.text()
    assert "“ecmascript”, “javascript”: new tags." in page.text()
    assert lines(blog) == []


def test_what_is_shown_is_applied_and_undone(desk: Desk, blog: Blog) -> None:
    blog.write("One", "js")
    add_rule(blog.services, "js → javascript")
    page = read(desk.get(f"{ADDRESS}preview"))
    seen = hidden(page, "seen")
    blog.write("Two", "js")
    again = read(desk.post(f"{ADDRESS}apply", {"seen": seen}))
    assert "Something has changed since you saw this." in again.text()
    answer = desk.post(f"{ADDRESS}apply", {"seen": hidden(again, "seen")})
    assert (answer.status_code, answer.location) == (303, f"{ADDRESS}?done=1")
    told = read(desk.get(answer.location))
    assert "Apply the rule “js → javascript” to 2 entries: done." in told.text()
    entry = read(desk.get("/admin/entries/1/"))
    assert "by the rule “js → javascript”" in entry.one("ul", "reasons").text()
    assert f"{ADDRESS}#rule-1" in entry.links()
    desk.post("/admin/history/1/undo")
    assert "js" in blog.services.facets.current().names.tags
    assert "No entry would change" not in read(desk.get(f"{ADDRESS}preview?rule=1")).text()


def test_only_authors_see_rules(blog: Blog) -> None:
    client = blog.client()
    for address in (ADDRESS, f"{ADDRESS}preview", f"{ADDRESS}1/"):
        assert client.get(address).status_code == 303
