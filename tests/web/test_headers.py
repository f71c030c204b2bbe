"""Headers: what keeps a page safe, what lets it be kept, and what lets it not be sent again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from library import fill, opened
from reading import look

from blog.changes.tagging import rename_tag
from blog.web.context import static_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from flask.testing import FlaskClient


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library")) as blog:
        yield blog.client()


PAGES = [
    "/", "/tags/python/", "/tags/python+scaling/", "/search/", "/search/?q=pages", "/2009/", "/2009/May/25/", "/2009/May/25/a-queue-in-redis/", "/tags/", "/archive/",
    "/sources/", "/series/sqlite-inside/", "/on-this-day/May/25/",
]  # fmt: skip
MACHINES = ["/feed.atom", "/feed.json", "/tags/python.atom", "/sitemap.xml", "/sitemap-2009.xml"]
OTHERS = [
    "/nothing",
    "/tags/nosuch/",
    "/?page=-1",
    "/tags/Python/",
    "/tags/python",
    "/random/",
    "/robots.txt",
    "/static/style.css",
    "/entries/",
]


@pytest.mark.parametrize("address", [*PAGES, *MACHINES, *OTHERS])
def test_every_answer_is_safe_to_show(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        headers = answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    default = policy["default-src"]
    scripts, objects = policy.get("script-src", default), policy.get("object-src", default)
    assert (default, scripts, objects, policy["base-uri"]) == (
        "'none'" if address.startswith("/static/") else "'self'",
        "'self'" if headers["Content-Type"].startswith("text/html") else "'none'",
        "'none'",
        "'none'",
    )
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers.getlist("Set-Cookie") == []
    assert "Cookie" not in headers.get("Vary", "")


@pytest.mark.parametrize("address", [*PAGES, *MACHINES])
def test_what_a_reader_has_is_not_sent_again(client: FlaskClient, address: str) -> None:
    first = client.get(address)
    etag = first.headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]+"', etag)
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = client.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
        # RFC 9110, section 15.4.5: what a cache goes by is sent along.
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert client.get(address, headers={"If-None-Match": '"other"'}).data == first.data


def test_any_change_on_a_page_changes_its_validator(blog: Blog) -> None:
    entry_id = blog.write("One", "python")
    client = blog.client()
    watched = ["/", "/tags/python/", "/tags/", "/feed.atom", "/sitemap-2009.xml", "/2009/May/25/"]

    def etags() -> list[str]:
        return [client.get(address, follow_redirects=True).headers["ETag"] for address in watched]

    before = etags()
    assert etags() == before
    rename_tag(blog.services, "python", "Python")
    renamed = etags()
    assert [old == new for old, new in zip(before, renamed, strict=True)] == [
        False,
        False,
        False,
        False,
        True,
        False,
    ]
    blog.write("Two", "python")
    assert all(old != new for old, new in zip(renamed, etags(), strict=True))
    assert entry_id


CACHING = {
    "/": "public, max-age=60, stale-while-revalidate=86400",
    "/tags/python/": "public, max-age=60, stale-while-revalidate=86400",
    "/sitemap.xml": "public, max-age=60, stale-while-revalidate=86400",
    "/feed.atom": "public, max-age=300, stale-while-revalidate=86400",
    "/tags/Python/": "public, max-age=3600",
    "/entries/": "public, max-age=3600",
    "/tags/python": "public, max-age=3600",
    "/random/": "no-store",
}


@pytest.mark.parametrize(("address", "control"), CACHING.items())
def test_how_long_an_answer_may_be_kept(client: FlaskClient, address: str, control: str) -> None:
    assert client.get(address).headers["Cache-Control"] == control


@pytest.mark.parametrize("address", ["/nothing", "/tags/nosuch/", "/?page=-1", "/?page=99"])
def test_an_error_is_not_kept_for_long(client: FlaskClient, address: str) -> None:
    """What is not there now may be there in a minute, and a cache may guess where nothing is said."""
    assert client.get(address).headers["Cache-Control"] == "no-cache"


def test_static_files_are_named_by_their_content_and_may_be_kept_for_a_year(client: FlaskClient) -> None:
    page = look(client, "/")
    named = [one["href"] for one in page.all("link") if one["href"].startswith("/static/")]
    assert len(named) >= 2
    for address in named:
        assert re.fullmatch(r"/static/[\w./-]+\?v=[0-9a-f]{12}", address)
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert answer.cache_control.max_age == 365 * 86_400
            assert answer.cache_control.public
            etag = answer.headers["ETag"]
        with client.get(address, headers={"If-None-Match": etag}) as answer:
            assert answer.status_code == 304
        with client.get(address.partition("?")[0]) as answer:
            assert answer.cache_control.max_age == 300


def test_a_file_asked_for_by_another_content_is_not_kept_for_a_year(client: FlaskClient) -> None:
    """While a new version is put on several machines, an old one must not be kept under the new name."""
    with client.get("/static/style.css?v=000000000000") as answer:
        assert (answer.status_code, answer.cache_control.max_age) == (200, 300)


@pytest.mark.parametrize(
    "address",
    [
        "/static/",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/nothing.css",
        "/static//etc/passwd",
    ],
)
def test_nothing_but_static_files_is_served_as_such(client: FlaskClient, address: str) -> None:
    with client.get(address) as answer:
        assert answer.status_code in (308, 404)


def test_a_page_says_its_type_and_length(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    fill(blog)
    client = blog.client()
    for address, kind in (
        ("/", "text/html"),
        ("/feed.atom", "application/atom+xml"),
        ("/feed.json", "application/feed+json"),
    ):
        answer = client.get(address)
        assert answer.content_type == f"{kind}; charset=utf-8"
        assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize(("stylesheet", "fonts"), [("style.css", 2), ("european.css", 4)])
def test_a_stylesheet_names_its_fonts_by_their_content(
    client: FlaskClient, stylesheet: str, fonts: int
) -> None:
    found = client.get(f"/static/{stylesheet}").text
    named = re.findall(r'url\("fonts/([\w-]+\.woff2)\?v=([0-9a-f]+)"\)', found)
    assert len(named) == fonts
    assert {name: static_url(f"fonts/{name}") for name, _ in named} == {
        name: f"/static/fonts/{name}?v={digest}" for name, digest in named
    }


@pytest.mark.parametrize(
    ("language", "has_more"), [("en", False), ("en-GB", False), ("cs", True), ("pt-BR", True)]
)
def test_blogs_in_other_languages_bring_more_letters(
    make_blog: Callable[..., Blog], language: str, has_more: bool
) -> None:
    home = make_blog("sqlite", language=language).client().get("/").text
    assert (static_url("european.css") in home) is has_more


def test_a_static_file_needs_nothing_else(client: FlaskClient) -> None:
    headers = client.get("/static/favicon.svg").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert "Content-Disposition" not in headers
