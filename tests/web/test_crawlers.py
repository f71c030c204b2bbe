"""What machines read: robots.txt, and the sitemap by its protocol (https://www.sitemaps.org/protocol.html)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from conftest import draft
from library import fill

from blog.changes.entries import save_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from flask.testing import FlaskClient

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def parsed(client: FlaskClient, address: str, kind: str) -> list[dict[str, str]]:
    """Read a sitemap of a kind by the rules of the protocol; return what each of its parts says."""
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "application/xml; charset=utf-8")
    root = ElementTree.fromstring(answer.data)
    outer, inner = {"index": ("sitemapindex", "sitemap"), "urls": ("urlset", "url")}[kind]
    assert root.tag == NAMESPACE + outer
    assert len(answer.data) < 50_000_000
    assert len(root) <= 50_000
    found = []
    for one in root:
        assert one.tag == NAMESPACE + inner
        said = {child.tag.removeprefix(NAMESPACE): child.text or "" for child in one}
        assert said.keys() <= {"loc", "lastmod"}, said
        assert urlsplit(said["loc"]).scheme == "http"
        assert said["loc"].isascii()
        assert len(said["loc"]) < 2_048
        if "lastmod" in said:
            assert datetime.fromisoformat(said["lastmod"]).tzinfo is not None
        found.append(said)
    assert len({one["loc"] for one in found}) == len(found)
    return found


def test_the_sitemap_leads_to_every_page_that_is_worth_finding(blog: Blog) -> None:
    written = fill(blog)
    client = blog.client()
    parts = [one["loc"].removeprefix("http://localhost") for one in parsed(client, "/sitemap.xml", "index")]
    assert parts == [
        "/sitemap-tags.xml",
        *(f"/sitemap-{year}.xml" for year in (2016, 2015, 2014, 2013, 2012, 2011, 2010, 2009)),
    ]
    locations = [
        one["loc"].removeprefix("http://localhost") for part in parts for one in parsed(client, part, "urls")
    ]
    assert len(locations) == len(set(locations))
    for location in locations:
        assert client.get(location).status_code == 200, location
    entries = [one for one in locations if one.count("/") == 5]
    assert len(entries) == len(written)
    assert {
        "/",
        "/tags/python/",
        "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E/",
        "/tags/cplusplus/",
        "/series/sqlite-inside/",
    } <= set(locations)


def test_the_sitemap_says_when_an_entry_was_changed_last(blog: Blog) -> None:
    blog.write("One", slug="one", day="2009-01-01")
    two = draft("Two", slug="two", day="2009-01-02", body="old")
    entry_id = save_entry(blog.services, two)
    blog.clock.now = datetime(2026, 12, 24, 18, 30, 15, 999, tzinfo=UTC)
    save_entry(blog.services, draft("Two", slug="two", day="2009-01-02", body="new"), entry_id)
    assert parsed(blog.client(), "/sitemap-2009.xml", "urls") == [
        {"loc": "http://localhost/2009/Jan/2/two/", "lastmod": "2026-12-24T18:30:15+00:00"},
        {"loc": "http://localhost/2009/Jan/1/one/", "lastmod": "2009-01-01T12:00:00+00:00"},
    ]


def test_the_sitemap_of_an_empty_blog_is_a_sitemap(blog: Blog) -> None:
    client = blog.client()
    assert parsed(client, "/sitemap.xml", "index") == [{"loc": "http://localhost/sitemap-tags.xml"}]
    assert parsed(client, "/sitemap-tags.xml", "urls") == [{"loc": "http://localhost/"}]


@pytest.mark.parametrize("part", ["2008", "1969", "9999", "0000", "200", "x", "", "tag"])
def test_parts_that_the_index_does_not_name_are_not_there(make_blog: Callable[..., Blog], part: str) -> None:
    blog = make_blog("sqlite")
    blog.write(day="2009-01-01")
    assert blog.client().get(f"/sitemap-{part}.xml").status_code in (400, 404)


def test_a_sitemap_is_sent_once(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write(day="2009-01-01")
    client = blog.client()
    for address in ("/sitemap.xml", "/sitemap-tags.xml", "/sitemap-2009.xml"):
        etag = client.get(address).headers["ETag"]
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_robots_are_shown_the_sitemap_and_kept_out_of_what_has_no_end(make_blog: Callable[..., Blog]) -> None:
    answer = make_blog("sqlite", base_url="https://links.example").client().get("/robots.txt")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert answer.get_data(as_text=True).splitlines() == [
        "User-agent: *",
        "Disallow: /search",
        "Disallow: /random/",
        "Sitemap: https://links.example/sitemap.xml",
    ]


def test_the_address_that_is_set_wins_over_the_one_asked_for(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", base_url="https://links.example")
    blog.write("One", slug="one", day="2009-01-01")
    text = blog.client().get("/sitemap-2009.xml", headers={"Host": "127.0.0.1:8000"}).get_data(as_text=True)
    assert "<loc>https://links.example/2009/Jan/1/one/</loc>" in text


@pytest.mark.parametrize("part", ["0", "1", "2", "1000000", "1000001", "9" * 23, "9" * 5_000])
def test_parts_that_there_are_not_are_not_found(blog: Blog, part: str) -> None:
    assert blog.client().get(f"/sitemap-tags-{part}.xml").status_code == 404
