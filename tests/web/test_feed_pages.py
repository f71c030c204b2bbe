"""A feed that is opened in a browser explains itself, and costs no reader anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from library import opened
from reading import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
READER: Final = {"Accept": "application/atom+xml, application/rss+xml, */*;q=0.1"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library"), feed_size=4) as blog:
        yield blog.client()


FEEDS: Final = {
    "/feed.atom": ("Feed: My linkblog", "/"),
    "/tags/python.atom": ("Feed: Posts tagged python", "/tags/python/"),
    "/tags/python.json": ("Feed: Posts tagged python", "/tags/python/"),
    "/search.atom?tag=python&year=2009": (
        "Feed: Posts tagged python, in 2009",
        "/search/?tag=python&year=2009",
    ),
    "/tags/cache+python.atom": ("Feed: Posts tagged cache, python", "/tags/cache+python/"),
}


@pytest.mark.parametrize(("address", "expected"), FEEDS.items())
def test_a_browser_is_told_what_a_feed_is_and_what_is_in_it(
    client: FlaskClient, address: str, expected: tuple[str, str]
) -> None:
    title, page_url = expected
    answer = client.get(address, headers=BROWSER)
    page = read(answer)
    assert page.one("h1").text() == title
    assert page.one("input", id="feed-address")["value"] == f"http://localhost{address}"
    assert page_url in page.one("main").links()
    assert {one.get("name"): one["content"] for one in page.all("meta") if one.get("content")}[
        "robots"
    ] == "noindex"
    feed = client.get(address, headers=READER).get_data(as_text=True)
    listed = [link["href"] for item in page.all("ol", cls="feed-items") for link in item.all("a")]
    assert feed.count("http://localhost/20") >= len(listed) == (0 if "cache" in address else len(set(listed)))
    assert all(f"http://localhost{one}" in feed for one in listed)
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert answer.headers["Vary"] == "Accept-Encoding, Accept"


def test_page_and_feed_are_kept_apart(client: FlaskClient) -> None:
    found: dict[str, set[tuple[str | None, ...]]] = {}
    for name, headers in (
        ("page", BROWSER),
        ("feed", READER),
        ("any", {}),
        ("page", BROWSER),
        ("feed", READER),
    ):
        answer = client.get("/tags/python.atom", headers=headers)
        found.setdefault(name, set()).add((answer.content_type, answer.headers["ETag"], answer.headers["Vary"]))
    assert found["any"] == found["feed"]
    ((kind, etag, vary),), ((other_kind, other_etag, other_vary),) = found["page"], found["feed"]
    assert (kind, other_kind) == ("text/html; charset=utf-8", "application/atom+xml; charset=utf-8")
    assert etag != other_etag
    assert vary == other_vary == "Accept-Encoding, Accept"


def test_who_has_the_feed_is_told_so_and_who_has_not_gets_the_page(client: FlaskClient) -> None:
    etag = client.get("/tags/python.atom").headers["ETag"]
    known = {"If-None-Match": etag}
    assert client.get("/tags/python.atom", headers=READER | known).status_code == 304
    read(client.get("/tags/python.atom", headers=BROWSER | known)).one("input", id="feed-address")
    page_etag = client.get("/tags/python.atom", headers=BROWSER).headers["ETag"]
    again = client.get("/tags/python.atom", headers=BROWSER | {"If-None-Match": page_etag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/tags/python.atom", headers=READER | {"If-None-Match": page_etag}).status_code == 200


@pytest.mark.parametrize("headers", [BROWSER, READER], ids=["browser", "reader"])
def test_asking_for_the_head_alone_says_the_same(client: FlaskClient, headers: dict[str, str]) -> None:
    whole, head = (client.open("/feed.atom", method=method, headers=headers) for method in ("GET", "HEAD"))
    assert (head.status_code, head.data) == (200, b"")
    names = ("Content-Type", "Content-Length", "ETag", "Vary", "Cache-Control")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


def test_other_spellings_lead_to_the_address_that_explains_itself(client: FlaskClient) -> None:
    for headers in (BROWSER, READER):
        for address in ("/tags/Python.atom", "/tags/python.atom?utm_source=x", "/search.atom?tag=python"):
            answer = client.get(address, headers=headers)
            assert (answer.status_code, answer.headers["Location"]) == (301, "/tags/python.atom")


def test_an_archive_is_for_readers_alone(client: FlaskClient) -> None:
    answer = client.get("/feed.atom?archive=1", headers=BROWSER, follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_what_is_not_there_is_not_there_for_both(client: FlaskClient) -> None:
    assert {client.get("/tags/nosuch.atom", headers=one).status_code for one in (BROWSER, READER)} == {404}
