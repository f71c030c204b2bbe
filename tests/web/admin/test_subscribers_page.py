"""The author sees who subscribes, on a page of its own and where a tag is about to get another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reading import read
from signing import at_desk

from blog.changes.audience import add_heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


def test_subscribers_are_shown_by_feed_and_before_a_tag_is_renamed_merged_or_deleted(
    make_blog: Callable[..., Blog],
) -> None:
    blog = make_blog("sqlite")
    blog.write("One", "python sql")
    desk = at_desk(blog)
    assert "No feed has been asked for yet." in desk.get("/admin/subscribers/").text
    reader = blog.client()
    for agent in ("Feedbin feed-id:1 - 11 subscribers", "newsboat/2.32", "<b>/1 (3 subscribers)"):
        reader.get("/tags/python+sql.atom", headers={"User-Agent": agent})
    reader.get("/feed.json", headers={"User-Agent": "newsboat/2.32"})
    add_heard(blog.services, blog.services.audience.take())
    page = read(desk.get("/admin/subscribers/"))
    rows = [row.text() for row in page.one("tbody").all("tr")]
    assert [row.split()[:5] for row in rows] == [
        ["Posts", "tagged", "python,", "sql", "15"],
        ["Everything", "1", "1", "0", "1"],
    ]
    assert "15 subscribers" in desk.get("/admin/tags/sql/").text
    for what, fields, said in (
        ("rename", {"name": "SQL databases"}, "15 subscribers of 1 feed with this tag will be led on to the new address; what they have read stays read."),
        ("merge", {"into": "python"}, "15 subscribers of 1 feed with this tag will be led on to the new address; what they have read stays read."),
        ("delete", {}, "15 subscribers of 1 feed with this tag: readers will say that it is gone."),
    ):  # fmt: skip
        assert said in " ".join(read(desk.post(f"/admin/tags/sql/{what}", fields)).text().split())
