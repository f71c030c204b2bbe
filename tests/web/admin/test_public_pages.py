"""Public pages as the author sees them, and that nobody else sees a trace of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from library import fill
from reading import look, read
from signing import at_desk

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

ENTRY = "/2009/May/25/sharding-at-last/"
PAGES = [
    "/",
    ENTRY,
    "/tags/python/",
    "/2009/",
    "/search/?q=pages",
    "/notes/",
    "/feed.atom",
    "/feed.json",
    "/nowhere/",
]


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    blog = make_blog("sqlite")
    fill(blog)
    return blog


def test_each_entry_leads_its_author_to_its_form(blog: Blog) -> None:
    desk = at_desk(blog)
    for address in ("/", "/tags/python/", "/notes/"):
        page = read(desk.get(address))
        assert len(page.all("a", cls="edit")) == len(page.all("article")) > 0
    page = read(desk.get(ENTRY))
    assert [one["href"] for one in page.all("a", cls="edit")] == ["/admin/entries/1/"]
    assert "Sharding at last" in desk.get("/admin/entries/1/").text
    assert desk.get(ENTRY).headers["Cache-Control"] == "private, no-store"


def test_nobody_else_sees_a_trace_of_it(blog: Blog) -> None:
    anonymous = blog.client()
    before = {address: anonymous.get(address).data for address in PAGES}
    desk = at_desk(blog)
    for address in PAGES:
        desk.get(address)
    # The same bytes, from the cache or made anew, also with a cookie that is nobody's.
    stranger = blog.client()
    stranger.set_cookie("crosstag_session", "nonsense")
    for address in PAGES:
        for client in (anonymous, blog.client(), stranger):
            answer = client.get(address)
            assert (address, answer.data) == (address, before[address])
            # Where apps ask for its author's consent is said to everybody (IndieAuth).
            assert b"/admin/" not in answer.data.replace(b"/admin/indieauth", b"")
            assert "Set-Cookie" not in answer.headers


def test_the_page_that_was_looked_at_last_is_not_the_authors_for_others(blog: Blog) -> None:
    desk = at_desk(blog)
    assert read(desk.get(ENTRY)).all("a", cls="edit") != []
    assert look(desk.client.application.test_client(), ENTRY).all("a", cls="edit") == []
