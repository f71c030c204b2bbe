"""The tags as authors see them, and those that may be one tag under two names."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from blog.changes.plans import carry_out
from blog.changes.tagging import AddAlias, Describe, Imply
from blog.domain.entry import Status
from blog.domain.errors import NotThere
from blog.domain.neartags import Nearness
from blog.queries.tags_table import TagOrder, TagsWanted, near_duplicates, one_tag, tags_table

if TYPE_CHECKING:
    from conftest import Blog


@pytest.fixture
def written(blog: Blog) -> Blog:
    """Four entries, one of them a draft; postgres and postgresql are meant to be one."""
    blog.write("One", "postgres web", day="2009-05-25")
    blog.write("Two", "postgresql postgres", day="2010-05-25")
    blog.write("Three", "postgresql web", day="2011-05-25", status=Status.DRAFT)
    blog.write("Four", "postgresql web-site", day="2012-05-25")
    carry_out(blog.services, AddAlias("web", "www"))
    carry_out(blog.services, Imply("postgresql", "Databases"))
    carry_out(blog.services, Describe("web", "The web."))
    return blog


def test_the_table_counts_entries_of_every_status(written: Blog) -> None:
    table = tags_table(written.services, TagsWanted())
    lines = [
        (one.name, one.count, one.first, one.last, one.aliases, one.implies, one.is_described)
        for one in table.lines
    ]
    assert lines == [
        ("postgresql", 3, date(2010, 5, 25), date(2012, 5, 25), (), ("databases",), False),
        ("postgres", 2, date(2009, 5, 25), date(2010, 5, 25), (), (), False),
        ("web", 2, date(2009, 5, 25), date(2011, 5, 25), ("www",), (), True),
        ("web-site", 1, date(2012, 5, 25), date(2012, 5, 25), (), (), False),
        ("Databases", 0, None, None, (), (), False),
    ]
    assert (table.total, table.once, table.unused, table.pages) == (5, 1, 1, 1)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TagsWanted(order=TagOrder.NAME), ["databases", "postgres", "postgresql", "web", "web-site"]),
        (TagsWanted(order=TagOrder.FIRST), ["postgres", "web", "postgresql", "web-site", "databases"]),
        (TagsWanted(order=TagOrder.LAST), ["postgresql", "web-site", "web", "postgres", "databases"]),
        (TagsWanted(is_once=True), ["web-site"]),
        (TagsWanted(text="WW"), ["web"]),
        (TagsWanted(text="data"), ["databases"]),
        (TagsWanted(text="x"), []),
    ],
)
def test_the_table_is_sorted_and_searched(written: Blog, wanted: TagsWanted, expected: list[str]) -> None:
    assert [one.slug for one in tags_table(written.services, wanted).lines] == expected


def test_near_duplicates_say_how_often_they_are_together(written: Blog) -> None:
    total, pairs = near_duplicates(written.services)
    assert total == 1
    assert [(one.fewer.slug, one.more.slug, one.why, one.together) for one in pairs] == [
        ("postgres", "postgresql", Nearness.ENDING, 1)
    ]


def test_one_tag_is_told_whole(written: Blog) -> None:
    tag = one_tag(written.services, "postgresql")
    assert (tag.line.count, dict(tag.by_status), tag.line.implies, tag.implied_by, tag.page_url) == (
        3,
        {"draft": 1, "published": 2},
        ("databases",),
        (),
        "/tags/postgresql/",
    )
    assert [one.fewer.slug for one in tag.near] == ["postgres"]
    assert one_tag(written.services, "databases").implied_by == ("postgresql",)
    assert one_tag(written.services, "web").description == "The web."
    with pytest.raises(NotThere, match="There is no tag “www”"):
        one_tag(written.services, "www")
