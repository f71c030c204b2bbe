"""What is hidden, a draft, scheduled or deleted appears nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from reading import look, read, titles, total

from blog.changes.entries import delete_entry, save_entry
from blog.domain.entry import Status

if TYPE_CHECKING:
    from conftest import Blog


SECRET = "Xylophone"


@pytest.fixture(params=["hidden", "draft", "scheduled", "hidden later", "deleted"])
def secret(request: pytest.FixtureRequest, blog: Blog) -> Blog:
    """A blog with three public entries and one that nobody may see."""
    for number in range(3):
        blog.write(f"Plain {number}", "open music", day=f"202{number}-11-23", body="The same orchestra plays.")
    hidden = draft(
        f"{SECRET} title",
        "open music xylophone-tag",
        day="2019-11-23",
        slug="xylophone-slug",
        body=f"{SECRET} in an orchestra",
        url="https://xylophone.example/",
        source="xylophone-source",
        series="xylophone-series",
        external_id="entry:77",
    )
    if request.param in ("hidden", "draft"):
        save_entry(blog.services, replace(hidden, status=Status(request.param)))
    elif request.param == "scheduled":
        # Tomorrow, by the blog's clock.
        save_entry(blog.services, replace(hidden, published=datetime(2026, 11, 24, tzinfo=UTC)))
    else:
        entry_id = save_entry(blog.services, hidden)
        blog.client().get("/")
        if request.param == "deleted":
            delete_entry(blog.services, entry_id)
        else:
            save_entry(blog.services, replace(hidden, status=Status.HIDDEN), entry_id)
    return blog


EVERYWHERE = [
    "/", "/?page=1", "/tags/", "/tags/?sort=name", "/tags/open/", "/tags/music+open/", "/tags/-music/", "/links/", "/2019/", "/2019/Nov/",
    "/2019/Nov/23/", "/2026/", "/2026/Nov/24/", "/archive/", "/sources/", "/domains/", "/series/", "/on-this-day/", "/on-this-day/Nov/24/",
    "/search/", "/search/?q=orchestra", "/search/?q=orchestra&sort=date", "/search/?q=title", "/search/?q=orch*", "/feed.atom", "/feed.json",
    "/tags/open.atom", "/tags/open.json", "/search.atom?q=orchestra", "/links.json", "/2019.atom", "/2026/Nov.atom", "/sitemap.xml",
    "/sitemap-tags.xml", "/sitemap-2022.xml", "/2022/Nov/23/plain-2/", "/tags/opne/", "/tags/xylophone/", "/robots.txt",
]  # fmt: skip
NOWHERE = [
    "/2019/Nov/23/xylophone-slug/", "/2026/Nov/24/xylophone-slug/", "/e/77", "/e/77/", "/random/xylophone-tag/", "/domains/xylophone.example/",
    "/domains/xylophone.example.atom", "/sitemap-2019.xml", "/sitemap-2026.xml",
]  # fmt: skip


def test_what_is_not_public_appears_nowhere(secret: Blog) -> None:
    client = secret.client()
    said = {
        address: client.get(address, follow_redirects=True).get_data(as_text=True) for address in EVERYWHERE
    }
    asked = {"/tags/xylophone/": 3}  # the title, the sentence and the search box say what was asked for
    leaks = {
        address: text.lower().count("xylophone")
        for address, text in said.items()
        if "xylophone" in text.lower()
    }
    assert {address: count for address, count in leaks.items() if count > asked.get(address, 0)} == {}
    assert {address: client.get(address).status_code for address in NOWHERE} == dict.fromkeys(NOWHERE, 404)
    assert total(look(client, "/tags/open/")) == 3
    assert total(look(client, "/search/?q=orchestra")) == 3
    assert total(look(client, "/search/?q=xylophone")) == 0


def test_a_misspelt_word_is_not_corrected_to_one_that_nobody_may_read(secret: Blog) -> None:
    page = look(secret.client(), "/search/?q=xylophon")
    assert "xylophone" not in page.one("main").text().lower().replace("“xylophon”", "")


def test_a_random_entry_is_a_public_one(secret: Blog) -> None:
    client = secret.client()
    led = {client.get("/random/open/").location for _ in range(40)}
    assert led <= {f"/202{number}/Nov/23/plain-{number}/" for number in range(3)}
    assert len(led) > 1


def test_a_scheduled_entry_appears_when_its_time_has_come(blog: Blog) -> None:
    blog.write("Old", "news")
    save_entry(
        blog.services,
        replace(
            draft("Soon", "news soon", body="tomorrow's word"), published=datetime(2026, 11, 24, 8, tzinfo=UTC)
        ),
    )
    client = blog.client()
    watched = [
        "/",
        "/tags/news/",
        "/tags/news.atom",
        "/search/?q=word",
        "/search.atom?q=word",
        "/on-this-day/Nov/24/",
        "/archive/",
    ]
    before = {address: client.get(address) for address in watched}
    assert titles(read(before["/tags/news/"])) == ["Old"]
    assert client.get("/2026/Nov/24/soon/").status_code == 404
    blog.clock.forward(hours=20, seconds=-1)
    assert client.get("/2026/Nov/24/soon/").status_code == 404
    blog.clock.forward(seconds=2)
    assert titles(look(client, "/tags/news/")) == ["Soon", "Old"]
    assert client.get("/2026/Nov/24/soon/").status_code == 200
    for address, old in before.items():
        again = client.get(address, headers={"If-None-Match": old.headers["ETag"]})
        assert again.status_code == 200, address
        assert "Soon" in again.get_data(as_text=True) or address == "/archive/", address
    assert total(look(client, "/tags/soon/")) == 1


def test_an_old_address_does_not_tell_where_an_entry_that_was_taken_back_is_now(blog: Blog) -> None:
    one = blog.write("One", slug="was-public")
    save_entry(blog.services, draft("One", slug="renamed-secretly", status=Status.DRAFT), one)
    client = blog.client()
    assert client.get("/2009/May/25/was-public/").status_code == 404
    save_entry(blog.services, draft("One", slug="renamed-secretly"), one)
    assert client.get("/2009/May/25/was-public/").headers["Location"] == "/2009/May/25/renamed-secretly/"
