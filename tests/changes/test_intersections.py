"""What is said of pages of tags goes where these go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from blog.changes.intersections import (
    BadIntroduction,
    IntroductionChanged,
    IntroductionDraft,
    forget_introduction,
    introduce,
)
from blog.changes.operations import undo_operation
from blog.changes.plans import carry_out
from blog.changes.tagging import Merge, Rename
from blog.domain.addresses import parse_tag_page
from blog.domain.errors import BadFilter, NotThere
from blog.models import Intersection
from blog.queries.intersections import introduced_pages, introduction_of, pinned_entries

if TYPE_CHECKING:
    from conftest import Blog

    from blog.changes.plans import Action


def say(blog: Blog, page: str, name: str = "", body: str = "", pins: tuple[int, ...] = ()) -> None:
    introduce(blog.services, parse_tag_page(page), IntroductionDraft(name, body, pins))


def said(blog: Blog) -> dict[str, str]:
    with blog.services.sessions.read() as session:
        return dict(session.execute(select(Intersection.address, Intersection.name)).all())


MOVES = [
    (
        "a renamed tag takes it along",
        Rename("py", "Python"),
        {"/tags/python+web/": "A", "/tags/-python+js/": "B"},
    ),
    ("a merged one does, too", Merge("py", "web"), {"/tags/web/": "A", "/tags/js+-web/": "B"}),
    ("what would mean nothing stays", Merge("py", "js"), {"/tags/js+web/": "A", "/tags/js+-py/": "B"}),
    ("another tag moves nothing", Rename("ruby", "Ruby!"), {"/tags/py+web/": "A", "/tags/js+-py/": "B"}),
]


@pytest.mark.parametrize(("_truth", "action", "after"), MOVES)
def test_tags_that_change_take_it_along_and_bring_it_back(
    blog: Blog, _truth: str, action: Action, after: dict[str, str]
) -> None:
    blog.write("One", "py web js ruby")
    say(blog, "py+web", "A")
    say(blog, "js+-py", "B")
    before = said(blog)
    done = carry_out(blog.services, action)
    assert said(blog) == {parse_tag_page(page).url(): name for page, name in after.items()}
    undo_operation(blog.services, done.operation, "")
    assert said(blog) == before


def test_where_two_pages_become_one_neither_introduction_is_lost(blog: Blog) -> None:
    blog.write("One", "js javascript web")
    say(blog, "js+web", "Old")
    say(blog, "javascript+web", "New")
    carry_out(blog.services, Merge("js", "javascript"))
    assert said(blog) == {"/tags/js+web/": "Old", "/tags/javascript+web/": "New"}
    problems = {one.name: one.problem for one in introduced_pages(blog.services)}
    assert problems["New"] == ""
    assert problems["Old"].startswith("This page is /tags/javascript+web/ now")


def test_an_introduction_is_rendered_and_kept_under_the_filters_one_address(blog: Blog) -> None:
    blog.write("One", "python web")
    say(blog, "https://blog.example/tags/web+python/", " Web  apps ", "In *Python*. <script>x</script>")
    found = introduction_of(blog.services, parse_tag_page("python+web"))
    assert found
    assert (found.address, found.name) == ("/tags/python+web/", "Web apps")
    assert found.html == "<p>In <em>Python</em>. </p>"
    assert introduction_of(blog.services, parse_tag_page("python")) is None


def test_pinned_are_those_that_readers_see_and_that_are_of_the_page(blog: Blog) -> None:
    one, two = blog.write("One", "python web"), blog.write("Two", "python web")
    other = blog.write("Other", "python")
    say(blog, "python+web", pins=(two, other, 10_000, one))
    found = introduction_of(blog.services, parse_tag_page("python+web"))
    assert found
    entries = pinned_entries(blog.services, parse_tag_page("python+web"), found.pins)
    assert [entry.title for entry in entries] == ["Two", "One"]


def test_nothing_said_is_nothing_kept(blog: Blog) -> None:
    blog.write("One", "python")
    say(blog, "python", "A name")
    say(blog, "python", " ", " \n")
    assert said(blog) == {}
    with pytest.raises(NotThere):
        forget_introduction(blog.services, 1)


def test_what_another_tab_saved_is_not_overwritten(blog: Blog) -> None:
    blog.write("One", "python")
    page = parse_tag_page("python")
    say(blog, "python", "First")
    with pytest.raises(IntroductionChanged):
        introduce(blog.services, page, IntroductionDraft("Second"), seen="")
    introduce(blog.services, page, IntroductionDraft("First"), seen="")
    assert said(blog) == {"/tags/python/": "First"}


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (IntroductionDraft("n" * 201), "name"),
        (IntroductionDraft("", "b" * 50_001), "body"),
        (IntroductionDraft(pins=tuple(range(11))), "pins"),
    ],
)
def test_too_much_is_refused(blog: Blog, draft: IntroductionDraft, field: str) -> None:
    blog.write("One", "python")
    with pytest.raises(BadIntroduction) as refused:
        introduce(blog.services, parse_tag_page("python"), draft)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "text", ["", "/", "/tags/", "/links/", "/2009/May/", "/tags/a/b/", "http://[", "/search/?tag=a"]
)
def test_only_a_page_of_tags_can_be_introduced(text: str) -> None:
    with pytest.raises(BadFilter):
        parse_tag_page(text)
