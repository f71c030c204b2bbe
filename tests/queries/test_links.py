"""A link is looked up: what it is called, whose it is, and by which address it is better known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from websites import ARTICLE, Website, website

from blog.domain.errors import FetchRefused
from blog.queries.links import all_before, look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog

PAGES = {
    "/whentouse.html": ARTICLE,
    "/old": "301 /plain",
    "/short": "302 /plain",
    "/plain": "<title>Plain</title>",
    "/named": "<title>T</title><meta property=og:site_name content=S>",
    "/loop": "301 /loop",
    "/foreign": "<title>T</title><link rel=canonical href=https://elsewhere.example/>",
}


@pytest.fixture(scope="module")
def site() -> Iterator[Website]:
    with website(PAGES) as served:
        yield served


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite", fetch_private=True)


@pytest.mark.parametrize(
    ("asked", "better"),
    [
        ("/whentouse.html", ""),
        ("/whentouse.html?utm_source=x", "/whentouse.html"),
        ("/old", "/plain"),
        ("/short", ""),
        ("/plain", ""),
        ("/foreign", ""),
    ],
)
def test_another_address_is_offered_where_the_page_has_it_for_good(
    blog: Blog, site: Website, asked: str, better: str
) -> None:
    found = look_up(blog.services, f"{site.base}{asked}")
    assert (found.asked, found.better_url) == (f"{site.base}{asked}", better and f"{site.base}{better}")


@pytest.mark.parametrize(
    ("path", "kind", "fields"),
    [
        ("/whentouse.html", "link", {"title": "Appropriate uses for SQLite"}),
        ("/whentouse.html", "note", {"title": "Appropriate uses for SQLite"}),
        (
            "/whentouse.html",
            "quotation",
            {"citation": "D. Richard Hipp", "context": "Appropriate uses for SQLite"},
        ),
        ("/named", "quotation", {"citation": "S", "context": "T"}),
        ("/plain", "quotation", {"context": "Plain"}),
    ],
)
def test_each_kind_has_its_fields(
    blog: Blog, site: Website, path: str, kind: str, fields: dict[str, str]
) -> None:
    assert look_up(blog.services, site.base + path).fields(kind) == fields


def test_a_page_that_leads_nowhere_is_refused_with_a_sentence(blog: Blog, site: Website) -> None:
    with pytest.raises(FetchRefused, match="redirects more than 5 times"):
        look_up(blog.services, f"{site.base}/loop")


def test_what_links_to_either_address_was_linked_before_once(blog: Blog) -> None:
    one = blog.write("One", url="https://example.com/a")
    two = blog.write("Two", url="https://example.com/b")
    urls = ["https://example.com/a?utm_source=x", "", "https://example.com/a", "https://example.com/b"]
    assert [before.id for before in all_before(blog.services, urls)] == [one, two]
    assert [before.id for before in all_before(blog.services, urls, but=one)] == [two]
