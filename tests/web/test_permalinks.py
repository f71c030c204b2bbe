"""One entry's page: its address, what it shows of each kind, and where one can go from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from library import fill
from reading import Element, look

from blog.changes.entries import delete_entry, save_entry
from blog.domain.entry import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


def neighbours(page: Element) -> dict[str, str]:
    """What "older" and "newer" lead to, by their words."""
    found = page.all("nav", aria_label="Older and newer")
    return {link.text(): link["href"] for nav in found for link in nav.all("a")}


SPELLINGS = {
    "/2009/5/25/uuid/": "/2009/May/25/uuid/",
    "/2009/may/25/uuid/": "/2009/May/25/uuid/",
    "/2009/May/025/uuid/": "/2009/May/25/uuid/",
    "/2009/May/25/uuid/?utm_source=x": "/2009/May/25/uuid/",
}


@pytest.mark.parametrize(("spelling", "address"), SPELLINGS.items())
def test_an_entry_has_one_address(make_blog: Callable[..., Blog], spelling: str, address: str) -> None:
    blog = make_blog("sqlite")
    blog.write("UUID", slug="uuid")
    client = blog.client()
    answer = client.get(spelling)
    assert (answer.status_code, answer.location) == (301, address)
    assert look(client, address).one("link", rel="canonical")["href"] == f"http://localhost{address}"
    missing = client.get(address.rstrip("/"))
    assert (missing.status_code, missing.location) == (308, f"http://localhost{address}")


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/2009/May/25/other/", 404, "There is no entry “other” on 2009 May 25."),
        ("/2009/May/24/uuid/", 404, "There is no entry “uuid” on 2009 May 24."),
        ("/2009/May/32/uuid/", 400, "May 2009 has days 1 to 31."),
        ("/2009/Mai/25/uuid/", 400, "“Mai” is not a month; months are 1 to 12, or Jan to Dec."),
    ],
)
def test_what_is_no_entry_is_not_there(
    make_blog: Callable[..., Blog], address: str, status: int, sentence: str
) -> None:
    blog = make_blog("sqlite")
    blog.write("UUID", slug="uuid")
    assert look(blog.client(), address, status).one("p", cls="about").text() == sentence


SLUGS = {
    "日本語の題": "/2009/May/25/%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%81%AE%E9%A1%8C/",
    "C++ & <b>.NET</b>": "/2009/May/25/cplusplus-and-b-dotnet-b/",
    "!!!": "/2009/May/25/link/",
}


@pytest.mark.parametrize(("title", "address"), SLUGS.items())
def test_an_entry_gets_an_address_from_its_title(blog: Blog, title: str, address: str) -> None:
    blog.write(title)
    client = blog.client()
    assert address in look(client, "/").links()
    assert look(client, address).one("h1").text() == title


def test_entries_of_one_title_and_day_have_an_address_each(blog: Blog) -> None:
    for _ in range(3):
        blog.write("Same")
    found = [one for one in dict.fromkeys(look(blog.client(), "/2009/May/25/").links()) if "same" in one]
    assert set(found) == {f"/2009/May/25/same{end}/" for end in ("", "-2", "-3")}


# What is shown.


def test_a_link_shows_where_it_leads_and_where_it_was_found(blog: Blog) -> None:
    blog.write(
        "A queue", "C++ redis", slug="a", url="https://www.example.org/q?a=1&b=2", body="Worth *reading*.",
        via_url="https://vera.example/", via_title="Vera & co", kind="link",
    )  # fmt: skip
    entry = look(blog.client(), "/2009/May/25/a/").one("article")
    assert entry.one("h1").one("a")["href"] == "https://www.example.org/q?a=1&b=2"
    assert entry.one("a", cls="domain")["href"] == "/domains/example.org/"
    assert (entry.one(cls="via").text(), entry.one(cls="via").one("a")["href"]) == (
        "(via Vera & co)",
        "https://vera.example/",
    )
    assert entry.one(cls="body").one("em").text() == "reading"
    assert {tag.text(): tag["href"] for tag in entry.all("a", rel="tag")} == {
        "C++": "/tags/cplusplus/",
        "redis": "/tags/redis/",
    }
    assert entry.one("time")["datetime"] == "2009-05-25T12:00:00+00:00"


def test_a_quotation_shows_whose_it_is(blog: Blog) -> None:
    blog.write(
        "On speed",
        slug="a",
        kind="quotation",
        body="Slow is a bug.",
        citation="Ada",
        context="in a talk",
        url="https://ada.example/talk",
    )
    page = look(blog.client(), "/2009/May/25/a/")
    assert page.one("blockquote", cls="body").text() == "Slow is a bug."
    assert page.one("blockquote", cls="body")["cite"] == "https://ada.example/talk"
    assert page.one(cls="attribution").text() == "— Ada, in a talk"
    assert page.one(cls="attribution").one("a")["href"] == "https://ada.example/talk"


def test_an_article_is_cut_in_lists_and_whole_on_its_page(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", list_words=20)
    paragraphs = "\n\n".join(f"Paragraph {number} has exactly seven words here." for number in range(10))
    blog.write("Long", slug="a", kind="article", body=paragraphs)
    client = blog.client()
    for address in ("/", "/articles/", "/2009/May/25/"):
        entry = look(client, address).one("article")
        assert entry.one("p", cls="more").text() == "[… 70 words] in Long"
        assert entry.one("p", cls="more").one("a")["href"] == "/2009/May/25/a/"
        assert len(entry.one(cls="body").all("p")) == 2
    whole = look(client, "/2009/May/25/a/").one("article")
    assert len(whole.one(cls="body").all("p")) == 10
    assert whole.all("p", cls="more") == []


def test_the_time_is_told_on_the_blogs_clock(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", time_zone="Pacific/Auckland")
    save_entry(
        blog.services, replace(draft("Late", slug="late"), published=datetime(2009, 5, 25, 20, 4, tzinfo=UTC))
    )
    client = blog.client()
    when = look(client, "/2009/May/26/late/").one("article").one("time")
    assert (when.text(), when["datetime"]) == ("26 May 2009 8:04 am", "2009-05-25T20:04:00+00:00")
    assert [one.text() for one in look(client, "/2009/May/26/").all("h2", cls="entry-title")] == ["Late"]
    assert look(client, "/2009/May/25/").all("article") == []


def test_footnotes_of_two_entries_on_a_page_do_not_meet(blog: Blog) -> None:
    for number in range(2):
        blog.write(f"Note {number}", kind="note", body="Said[^1].\n\n[^1]: By somebody.", slug=f"n{number}")
    page = look(blog.client(), "/")  # which refuses an id that is there twice
    ids = {one["id"] for one in page.walk() if one.get("id")}
    inside = {link[1:] for link in page.links() if link.startswith("#e")}
    assert inside
    assert inside <= ids


# Where to go from here.


def test_every_entry_leads_to_its_neighbours_in_time(blog: Blog) -> None:
    fill(blog)
    client = blog.client()
    seen: list[str] = []
    address = "/2016/Jul/4/no-tag-at-all/"
    newer = ""
    while address:
        around = neighbours(look(client, address))
        assert [href for words, href in around.items() if words.startswith("Newer")] == (
            [newer] if newer else []
        )
        seen.append(address)
        newer, address = (
            address,
            next((href for words, href in around.items() if words.startswith("← Older")), ""),
        )
    assert [one.split("/")[-2] for one in seen] == [
        "no-tag-at-all", "snow", "part-two", "part-one", "crosstag-0-2", "crosstag-0-1", "lambdas", "templates", "on-speed", "blocks",
        "decorators", "caching-pages", "a-queue-in-redis", "sharding-at-last",
    ]  # fmt: skip


def test_neighbours_are_public_ones(blog: Blog) -> None:
    for day, status in (
        ("01", "published"),
        ("02", "hidden"),
        ("03", "published"),
        ("04", "draft"),
        ("05", "published"),
    ):
        blog.write(f"Day {day}", slug="a", day=f"2009-05-{day}", status=Status(status))
    assert neighbours(look(blog.client(), "/2009/May/3/a/")) == {
        "← Older Day 01": "/2009/May/1/a/",
        "Newer → Day 05": "/2009/May/5/a/",
    }


def test_a_part_of_a_series_leads_through_the_series(blog: Blog) -> None:
    for number, status in enumerate(("published", "published", "hidden", "published"), start=1):
        blog.write(
            f"Part {number}", slug=f"p{number}", day=f"2014-0{5 - number}-01", kind="article", body="x", series="inside", series_order=number,
            status=Status(status),
        )  # fmt: skip
    client = blog.client()
    page = look(client, "/2014/Mar/1/p2/")
    box = page.one("nav", aria_label="Series")
    assert box.all("p")[0].text() == "Part 2 of 3 of Inside"
    assert [one.text() for one in box.one("ol").all("a")] == ["Part 1", "Part 2", "Part 4"]
    assert [one["href"] for one in box.one("ol").all("a", aria_current="page")] == ["/2014/Mar/1/p2/"]
    steps = page.one("nav", aria_label="In this series")
    assert (steps.one("a", rel="prev")["href"], steps.one("a", rel="next")["href"]) == (
        "/2014/Apr/1/p1/",
        "/2014/Jan/1/p4/",
    )


def test_similar_entries_share_rare_tags_and_related_tags_keep_company(blog: Blog) -> None:
    for number in range(12):
        blog.write(f"Common {number}", "web", day="2009-06-01")
    for number in range(3):
        blog.write(f"Rare {number}", "crdt merge", slug=f"rare-{number}", day=f"2009-07-0{number + 1}")
    for number in range(2):
        blog.write(f"Apart {number}", "crdt paper", day="2009-08-01")
    aside = look(blog.client(), "/2009/Jul/1/rare-0/").one("aside", aria_label="Similar")
    assert [one.text() for one in aside.one("ul", cls="lines").all("a")][:2] == ["Rare 2", "Rare 1"]
    assert [one.text() for one in aside.one("ul", cls="cloud").all("a")] == ["paper"]


# What has moved.


def test_an_entry_that_moves_is_found_where_it_was_in_one_step(blog: Blog) -> None:
    one = draft("First name", slug="first", body="x")
    entry_id = save_entry(blog.services, one)
    save_entry(blog.services, replace(one, slug="second"), entry_id)
    save_entry(blog.services, replace(one, slug="second", published=datetime(2010, 1, 2, tzinfo=UTC)), entry_id)
    client = blog.client()
    for old in ("/2009/May/25/first/", "/2009/May/25/second/"):
        answer = client.get(old)
        assert (answer.status_code, answer.location) == (301, "/2010/Jan/2/second/")
    assert look(client, "/2010/Jan/2/second/").one("h1").text() == "First name"


def test_an_entry_that_moves_back_is_where_it_was_at_first(blog: Blog) -> None:
    one = draft("Name", slug="first", body="x")
    entry_id = save_entry(blog.services, one)
    for slug in ("second", "first"):
        save_entry(blog.services, replace(one, slug=slug), entry_id)
    client = blog.client()
    assert client.get("/2009/May/25/first/").status_code == 200
    assert client.get("/2009/May/25/second/").location == "/2009/May/25/first/"
    delete_entry(blog.services, entry_id)
    after = [client.get(f"/2009/May/25/{slug}/", follow_redirects=True) for slug in ("first", "second")]
    assert [one.status_code for one in after] == [404, 404]


def test_a_new_entry_may_live_where_another_was(blog: Blog) -> None:
    one = draft("Old", slug="first", body="x")
    entry_id = save_entry(blog.services, one)
    save_entry(blog.services, replace(one, slug="second"), entry_id)
    blog.write("New", slug="first")
    client = blog.client()
    assert look(client, "/2009/May/25/first/").one("h1").text() == "New"
    assert look(client, "/2009/May/25/second/").one("h1").text() == "Old"


def test_a_change_is_seen_by_the_next_request(blog: Blog) -> None:
    one = draft("Before", "old", slug="a", body="old words")
    entry_id = save_entry(blog.services, one)
    client = blog.client()
    etag = client.get("/2009/May/25/a/").headers["ETag"]
    blog.clock.forward(days=1)
    save_entry(blog.services, replace(one, title="After", tags=("new",), body="new words"), entry_id)
    answer = client.get("/2009/May/25/a/", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert [client.get(address).status_code for address in ("/tags/new/", "/2009/May/25/a/")] == [200, 200]
    page = look(client, "/2009/May/25/a/")
    assert (page.one("h1").text(), page.one(cls="body").text()) == ("After", "new words")
    assert "Last changed" in page.one("article").text()


def test_chance_leads_to_every_entry(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    for number in range(4):
        blog.write(f"Entry {number}", "even" if number % 2 == 0 else "odd", slug=str(number))
    client = blog.client()
    answers = [client.get("/random/even/") for _ in range(60)]
    assert {one.location for one in answers} == {"/2009/May/25/0/", "/2009/May/25/2/"}
    assert {(one.status_code, one.headers["Cache-Control"]) for one in answers} == {(302, "no-store")}
    assert {client.get("/random/").location for _ in range(150)} == {
        f"/2009/May/25/{number}/" for number in range(4)
    }
    assert (
        look(client, "/random/even+odd/", 404).one("p", cls="about").text()
        == "There is no entry to choose from."
    )
    assert client.get("/random/nosuch/").status_code == 404
