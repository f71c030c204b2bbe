"""The pages of a search: marked words, did-you-mean, orders, and whatever a reader types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

import pytest
from conftest import ENGINES, draft
from library import opened
from reading import Element, foreign_scripts, look, read, titles, total

from blog.changes.entries import save_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from flask.testing import FlaskClient


@pytest.fixture(scope="module", params=ENGINES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library"), search_engine=request.param) as blog:
        yield blog.client()


@pytest.fixture(params=ENGINES)
def make_blog(request: pytest.FixtureRequest, make_blog: Callable[..., Blog]) -> Callable[..., Blog]:
    return partial(make_blog, search_engine=request.param)


def snippets(page: Element) -> dict[str, list[str]]:
    """By title, what is marked in the snippet of each entry."""
    return {
        one.all("h2")[0].text(): [
            mark.text() for snippet in one.all("p", cls="snippet") for mark in snippet.all("mark")
        ]
        for one in page.all("article")
    }


def test_the_words_that_matched_are_marked(client: FlaskClient) -> None:
    page = look(client, "/search/?q=pages+cache")
    assert snippets(page) == {"Caching pages": ["cache", "pages"]}
    assert page.one("article").one("p", cls="snippet").text() == "A cache of pages."
    assert page.one("h1").text() == "“pages cache” in posts"


def test_markup_in_a_text_is_never_markup_in_a_snippet(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write("Tags", kind="note", body="Write `<mark>needle</mark>` & `<script>alert(1)</script>` so.")
    page = look(blog.client(), "/search/?q=needle")
    assert page.one("p", cls="snippet").text() == "Write <mark>needle</mark> & <script>alert(1)</script> so."
    assert [one.text() for one in page.all("mark")] == ["needle"]


MEANT = {
    "/search/?q=clousures": "/search/?q=closures",
    "/search/?q=clousures&tag=ruby&type=link&year=2010": "/search/?q=closures&tag=ruby&type=link&year=2010",
    "/search/?q=clousures&exclude.tag=python": "/search/?q=closures&exclude.tag=python",
    "/search/?q=clousures&from=2010-01-01&sort=date": "/search/?q=closures&from=2010-01-01&sort=date",
}


@pytest.mark.parametrize(("address", "meant"), MEANT.items())
def test_did_you_mean_keeps_everything_else(client: FlaskClient, address: str, meant: str) -> None:
    page = look(client, address)
    assert total(page) == 0
    link = page.one("div", cls="empty").all("p")[1].one("a")
    assert (link.text(), link["href"]) == ("closures", meant)
    assert titles(look(client, meant)) == ["Blocks"]


@pytest.mark.parametrize(
    "address",
    [
        "/search/?q=clousures&tag=python",
        "/search/?q=closures&tag=python",
        "/search/?q=qqqqqqqq",
        "/search/?q=blocks",
    ],
)
def test_nothing_is_meant_that_would_find_nothing_either(client: FlaskClient, address: str) -> None:
    assert "Did you mean" not in look(client, address).one("main").text()


def test_a_search_box_keeps_the_filter_of_its_page(client: FlaskClient) -> None:
    for address, expected in (
        ("/tags/python+-ruby/", [("tag", "python"), ("exclude.tag", "ruby")]),
        ("/links/", [("type", "link")]),
        ("/2009/May/", [("year", "2009"), ("month", "5")]),
        ("/search/?q=pages&tag=cache&sort=date", [("tag", "cache")]),
        ("/tags/python,ruby/", [("tag", "python,ruby")]),
        ("/", []),
    ):
        form = look(client, address).one("form", role="search")
        kept = [(one["name"], one["value"]) for one in form.all("input", type="hidden")]
        assert (form["action"], kept) == ("/search/", expected), address
        assert (
            read(client.get(f"/search/?{urlencode([*kept, ('q', 'word')])}", follow_redirects=True)).one(
                "input", id="q"
            )["value"]
            == "word"
        )
    box = look(client, "/search/?q=pages&tag=cache").one("input", id="q")
    assert box["value"] == "pages"


def test_matches_come_by_relevance_or_by_date(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write("Needle needle", kind="note", body="A needle, a needle, my needle.", day="2009-01-01")
    blog.write(
        "Haystack",
        kind="note",
        body="Somewhere in very many other words there is a needle, they say. " + "Hay. " * 80,
        day="2010-01-01",
    )
    client = blog.client()
    page = look(client, "/search/?q=needle")
    assert titles(page) == ["Needle needle", "Haystack"]
    assert "/search/?q=needle&sort=date" in page.one(cls="facts").links()
    page = look(client, "/search/?q=needle&sort=date")
    assert titles(page) == ["Haystack", "Needle needle"]
    assert "/search/?q=needle" in page.one(cls="facts").links()


def test_pages_of_a_search_hold_every_match_once(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", page_size=3)
    for number in range(10):
        blog.write(f"Needle {number}", kind="note", body="needle " * (number % 4 + 1))
    client = blog.client()
    for order in ("", "&sort=date"):
        seen = [
            title
            for page in range(1, 5)
            for title in titles(look(client, f"/search/?q=needle{order}{f'&page={page}' if page > 1 else ''}"))
        ]
        assert sorted(seen) == [f"Needle {number}" for number in range(10)]


def test_the_empty_search_page_says_how(client: FlaskClient) -> None:
    page = look(client, "/search/")
    assert page.one("h1").text() == "Search"
    assert page.one("input", id="search")["name"] == "q"
    assert "/tags/python/" in page.one("main").links()
    assert page.all("article") == []


FOUND = {
    '"function around"': ["Decorators"],
    '"around function"': [],
    "雪": ["Snow"],
    "tag:c++ templates": ["Templates"],
    "C++": [],
    "closures OR pages": ["Blocks", "Caching pages", "Part one"],
    "pag*": ["Caching pages", "Part one"],
    "title:blocks": ["Blocks"],
    "domain:example.org queue": ["A queue in Redis"],
    "source:github crosstag": ["Github crosstag 0.1", "Github crosstag 0.2"],
    "words -just": [],
    "CLOSURES": ["Blocks"],
    "closure": ["Blocks"],
}


def test_what_is_typed_finds_what_it_says(client: FlaskClient) -> None:
    found = {
        typed: sorted(titles(read(client.get(f"/search/?q={quote_plus(typed)}", follow_redirects=True))))
        for typed in FOUND
    }
    assert found == FOUND


HOSTILE = [
    "????*", "[a TO z]", "a" * 5_000, "word " * 2_000, '"' * 300, "(" * 500, "((((a OR b) OR c", "* OR *", "-", "--", "OR", "OR OR OR", "AND NOT", "tag:", "tag:\"",
    "title:title:title:", "a" * 199 + "é", "NOT *:*", "foo^99999", "foo~99", "/.*.*.*x/", "{!lucene}", "'; DROP TABLE entry;--", "%s%n", "\\", "a\tb", "🐍", "’",
    "ab*", "a*", "* ", "-python -ruby", "x -x", "tag:nosuch word", "domain:nosuch word", "misspeltt " * 20, "clousures " * 19 + "abcdefghi",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE, ids=lambda typed: typed[:20])
def test_nothing_that_is_typed_is_an_error(client: FlaskClient, typed: str) -> None:
    """An unknown tag or domain is not there, as on its own page; everything else is found or not."""
    answer = client.get(f"/search/?q={quote_plus(typed)}", follow_redirects=True)
    page = read(answer, 404 if "nosuch" in typed else 200)
    assert foreign_scripts(page) == []
    feed = client.get(f"/search.atom?q={quote_plus(typed)}", follow_redirects=True)
    assert feed.status_code == answer.status_code


def test_a_reader_is_told_when_too_much_was_typed(client: FlaskClient) -> None:
    page = look(client, f"/search/?{urlencode({'q': ' '.join(f'w{number}' for number in range(30))})}")
    assert "what goes beyond was left aside" in page.one("header", cls="page-head").text()
    long = client.get(f"/search/?q={'word+' * 100}", follow_redirects=True)
    assert "what goes beyond was left aside" in read(long).one("header", cls="page-head").text()


def test_new_entries_are_announced_as_missing_until_they_are_indexed(blog: Blog) -> None:
    blog.write("Old", kind="note", body="needle")
    client = blog.client()
    assert "still being indexed" not in look(client, "/search/?q=needle").text()
    blog.write("New", kind="note", body="needle")
    assert "still being indexed" in look(client, "/search/?q=needle").text()
    blog.services.search.catch_up()
    assert titles(look(client, "/search/?q=needle&sort=date")) == ["New", "Old"]


def test_an_edited_entry_is_found_by_its_new_words_only(blog: Blog) -> None:
    entry_id = blog.write("One", kind="note", body="haystack")
    client = blog.client()
    assert total(look(client, "/search/?q=haystack")) == 1
    save_entry(blog.services, draft("One", kind="note", body="barn"), entry_id)
    blog.services.search.catch_up()
    assert [total(look(client, f"/search/?q={word}")) for word in ("haystack", "barn")] == [0, 1]
