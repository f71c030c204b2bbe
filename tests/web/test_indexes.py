"""The pages that list where one can go: tags, sources, domains, series."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from reading import Element, look

from blog.changes.imports import ImportLedger
from blog.changes.tagging import merge_tags
from blog.domain.entry import AliasDraft, SeriesDraft, SourceDraft, Status, TagDraft

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


@pytest.fixture
def tagged(blog: Blog) -> Blog:
    """C++ on 3 entries, Zebra and apple on 2, 日本語 and once on one, ghost on a draft, none on nothing."""
    for tags in (("C++", "Zebra"), ("C++", "apple"), ("C++", "Zebra", "apple", "日本語"), ("once",)):
        blog.write("Entry", " ".join(tags))
    blog.write("Draft", "ghost apple", status=Status.DRAFT)
    ImportLedger(blog.services).apply_names([TagDraft(name="none", description="Nobody uses it.")])
    return blog


def listed(page: Element) -> dict[str, int]:
    """The tags of an index with their counts, in its order; on one entry where no count is shown."""
    links = [link for cloud in page.one("main").all("ul", cls="cloud") for link in cloud.all("a")]
    return {
        link.text().rpartition(" ")[0] if link.all(cls="count") else link.text(): int(
            link.one(cls="count").text()
        )
        if link.all(cls="count")
        else 1
        for link in links
    }


def test_the_tags_are_listed_by_size(tagged: Blog) -> None:
    page = look(tagged.client(), "/tags/")
    assert list(listed(page).items()) == [("C++", 3), ("apple", 2), ("Zebra", 2), ("once", 1), ("日本語", 1)]
    assert page.one(cls="facts").all("p")[0].text() == "5 tags, 2 of them on a single entry"


def test_the_tags_are_listed_by_name(tagged: Blog) -> None:
    page = look(tagged.client(), "/tags/?sort=name")
    assert list(listed(page).items()) == [("apple", 2), ("C++", 3), ("once", 1), ("Zebra", 2), ("日本語", 1)]
    letters = page.one("nav", cls="letters")
    assert [link.text() for link in letters.all("a")] == ["A", "C", "O", "Z", "Other"]
    ids = {one.get("id") for one in page.walk()}
    assert {link[1:] for link in letters.links()} <= ids


def test_a_merged_tag_leaves_the_index(tagged: Blog) -> None:
    merge_tags(tagged.services, "apple", "zebra")
    assert listed(look(tagged.client(), "/tags/")) == {"C++": 3, "Zebra": 3, "once": 1, "日本語": 1}


def test_a_tags_page_says_what_is_said_about_it(blog: Blog) -> None:
    ImportLedger(blog.services).apply_names(
        [
            TagDraft(name="SQLite", description="A *small* database. <script>alert(1)</script>"),
            AliasDraft(old="sqlite3", tag="sqlite"),
            AliasDraft(old="lite", tag="sqlite"),
        ]
    )
    blog.write("One", "sqlite wal")
    blog.write("Two", "sqlite wal")
    for number in range(8):
        blog.write(f"Other {number}", "web")
    page = look(blog.client(), "/tags/sqlite/")
    assert page.one("h1").text() == "Posts tagged SQLite"
    assert page.one("div", cls="about").text() == "A small database."
    assert page.one("div", cls="about").one("em").text() == "small"
    assert "Also found aslite, sqlite3" in page.one("div", cls="tag-facts").text()
    assert "/tags/sqlite+wal/" in page.links() or "/tags/wal/" in page.links()
    # Intersections are not about the one tag.
    assert look(blog.client(), "/tags/sqlite+wal/").all("div", cls="about") == []


def places(page: Element) -> list[tuple[str, str, str]]:
    """The places of an index: name, address and what is said of their size."""
    found = []
    for line in page.one("main").one("ul", cls="places").all("li"):
        link = line.one("a")
        found.append((link.all("span")[0].text(), link["href"], link.one(cls="count").text()))
    return found


def test_sources_domains_and_series_are_listed_with_their_sizes(blog: Blog) -> None:
    ImportLedger(blog.services).apply_names(
        [
            SourceDraft(slug="gh", name="GitHub & co"),
            SourceDraft(slug="quiet", name="Quiet"),
            SeriesDraft(slug="inside", title="Inside <b>SQLite</b>"),
        ]
    )
    blog.write("1", source="gh", url="https://github.com/1", series="inside", day="2009-01-01")
    blog.write("2", source="gh", url="https://www.github.com/2", series="inside", day="2009-01-02")
    blog.write("3", source="toots", url="https://social.example/1", series="newest", day="2010-01-01")
    blog.write("4", url="https://github.com/4", source="hidden one", series="hidden one", status=Status.HIDDEN)
    client = blog.client()
    assert places(look(client, "/sources/")) == [
        ("GitHub & co", "/sources/gh/", "2 entries"),
        ("Toots", "/sources/toots/", "1 entry"),
    ]
    assert places(look(client, "/domains/")) == [
        ("github.com", "/domains/github.com/", "2 entries"),
        ("social.example", "/domains/social.example/", "1 entry"),
    ]
    # The one that was added to last comes first.
    assert places(look(client, "/series/")) == [
        ("Newest", "/series/newest/", "1 entry"),
        ("Inside <b>SQLite</b>", "/series/inside/", "2 entries"),
    ]
    for address in ("/sources/gh/", "/domains/github.com/", "/series/inside/"):
        assert client.get(address).status_code == 200


def test_domains_lead_to_their_pages_however_they_are_spelt(blog: Blog) -> None:
    for number, host in enumerate(("example.org", "WWW.Example.ORG", "example.org.", "www.www.twice.example", "www.com", "müller.example", "a_b.example", "[2001:db8::1]:8080")):  # fmt: skip
        blog.write(f"Link {number}", url=f"https://{host}/")
    client = blog.client()
    found = places(look(client, "/domains/"))
    assert {name: size for name, _, size in found}["example.org"] == "3 entries"
    for _, address, _ in found:
        assert client.get(address).status_code == 200, address


def test_a_series_is_read_in_its_own_order_on_one_page(blog: Blog) -> None:
    ImportLedger(blog.services).apply_names(
        [SeriesDraft(slug="inside", title="Inside", description="All *about* it.")]
    )
    for title, order, day in (
        ("Third", 3, "2009-01-01"),
        ("First", 1, "2011-01-01"),
        ("Loose", None, "2008-01-01"),
        ("Second", 2, "2010-01-01"),
    ):
        blog.write(title, series="inside", series_order=order, day=day, kind="article", body="x")
    client = blog.client()
    page = look(client, "/series/inside/")
    assert [one.text() for one in page.one("ol", cls="parts").all("h2")] == [
        "First",
        "Second",
        "Third",
        "Loose",
    ]
    assert page.one("div", cls="about").text() == "All about it."
    assert page.one("main").one("p", cls="subscribe").links() == ["/series/inside.atom", "/series/inside.json"]
    assert client.get("/series/inside/?page=2").status_code == 404


@pytest.mark.parametrize("sort", ["", "?sort=name"])
def test_more_tags_than_a_page_holds_come_on_several(
    tagged: Blog, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.queries.indexes._TAGS", 2)
    client = tagged.client()
    found: list[str] = []
    address: str | None = f"/tags/{sort}"
    while address:
        page = look(client, address)
        assert page.one(cls="facts").all("p")[0].text() == "5 tags, 2 of them on a single entry"
        found += listed(page)
        address = next((str(link["href"]) for link in page.all("a") if link.get("rel") == "next"), None)
    assert sorted(found) == sorted(["C++", "apple", "Zebra", "once", "日本語"])
    assert client.get("/tags/?page=4").status_code == 404
    assert client.get("/tags/?page=1").headers["Location"] == "/tags/"


def test_a_sitemap_of_more_tags_than_a_file_may_hold_has_parts(
    tagged: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.web.crawlers._TAGS", 2)
    client = tagged.client()
    whole = client.get("/sitemap.xml").text
    parts = ["/sitemap-tags.xml", "/sitemap-tags-2.xml", "/sitemap-tags-3.xml"]
    assert [part in whole for part in [*parts, "/sitemap-tags-4.xml"]] == [True, True, True, False]
    listed_tags = "".join(client.get(part).text for part in parts).count("/tags/")
    assert listed_tags == 5
    assert client.get("/sitemap-tags-4.xml").status_code == client.get("/sitemap-tags-1.xml").status_code == 404


def test_one_link_at_most_is_the_next_page_and_each_letter_has_one_place(
    make_blog: Callable[..., Blog],
) -> None:
    blog = make_blog("sqlite", page_size=2)
    for year in (2011, 2012, 2012, 2012, 2013):
        blog.write(tags="ßtest salt", day=f"{year}-01-01")
    client = blog.client()
    rels = {
        year: re.findall(r'<a rel="(\w+)" href="([^"]+)"', client.get(f"/{year}/").text)
        for year in (2012, 2011)
    }
    assert rels == {2012: [("next", "/2012/?page=2")], 2011: [("next", "/2012/")]}
    assert len(re.findall('id="letter-s"', client.get("/tags/?sort=name").text)) == 1
