"""Digests: every filter by day, week and month, as pages, feeds and Markdown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import feedparser
import pytest
from conftest import DATABASES, counted, draft
from library import opened
from reading import look, read, titles

from blog.changes.entries import delete_entry, save_entry
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.entry import Markup
from blog.rendering import to_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from flask.testing import FlaskClient

BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library")) as blog:
        yield blog.client()


def items(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "application/feed+json; charset=utf-8"), address
    found: list[dict[str, Any]] = json.loads(answer.data)["items"]
    return found


def markdown(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "text/markdown; charset=utf-8"), address
    return answer.get_data(as_text=True)


PERIODS = [
    ("/weekly/2009-W22/", "Posts: Week 22 of 2009", ["Sharding at last", "A queue in Redis"]),
    ("/tags/redis/weekly/2009-W22/", "Posts tagged redis: Week 22 of 2009", ["A queue in Redis"]),
    ("/tags/scaling+-python/monthly/2009-06/", "Posts tagged scaling, excluding python: June 2009", ["Caching pages"]),
    ("/tags/python,ruby/daily/2010-02-28/", "Posts tagged python or ruby: 28 February 2010", ["Blocks", "On speed"]),
    ("/articles/monthly/2014-02/", "Articles: February 2014", ["Part two"]),
    ("/sources/github/weekly/2012-W09/", "Posts from Github: Week 9 of 2012", ["Github crosstag 0.1"]),
    ("/domains/example.org/weekly/2009-W22/", "Posts pointing to example.org: Week 22 of 2009", ["Sharding at last", "A queue in Redis"]),
    ("/series/sqlite-inside/monthly/2014-01/", "Posts in the series Sqlite inside: January 2014", ["Part one"]),
    ("/search/weekly/2009-W22/?tag=python&type=link", "Links tagged python: Week 22 of 2009", ["Sharding at last", "A queue in Redis"]),
    ("/search/weekly/2009-W23/?q=pages", "“pages” in posts: Week 23 of 2009", ["Caching pages"]),
    ("/search/weekly/2009-W22/?year=2009&month=5", "Posts in May 2009: Week 22 of 2009", ["Sharding at last", "A queue in Redis"]),
    ("/weekly/2009-W30/", "Posts: Week 30 of 2009", []),
]  # fmt: skip


@pytest.mark.parametrize(("address", "title", "entries"), PERIODS)
def test_a_period_shows_the_filters_entries_of_its_days(
    client: FlaskClient, address: str, title: str, entries: list[str]
) -> None:
    page = look(client, address)
    assert page.one("h1").text() == title
    assert titles(page) == entries
    assert page.one("link", rel="canonical")["href"] == f"http://localhost{address}"
    alternates = [one["type"] for one in page.all("link", rel="alternate")]
    assert alternates == ["application/atom+xml", "application/feed+json", *["text/markdown"] * bool(entries)]
    for one in page.all("link", rel="alternate"):
        answer = client.get(one["href"])
        assert (answer.status_code, answer.mimetype) == (200, one["type"])
    robots = [one["content"] for one in page.all("meta") if one.get("name") == "robots"]
    assert robots == ([] if entries else ["noindex"])


@pytest.mark.parametrize(("address", "leads_to"), [
    ("/tags/scaling+python/weekly/2009-W22/", "/tags/python+scaling/weekly/2009-W22/"),
    ("/tags/Python/weekly/", "/tags/python/weekly/"),
    ("/weekly/2009w22/", "/weekly/2009-W22/"),
    ("/monthly/2009-May/", "/monthly/2009-05/"),
    ("/monthly/2009-5.md", "/monthly/2009-05.md"),
    ("/daily/2009-May-5/", "/daily/2009-05-05/"),
    ("/search/weekly/?tag=python", "/tags/python/weekly/"),
    ("/search/weekly.atom?type=link", "/links/weekly.atom"),
    ("/search/weekly/?q=pages&sort=date", "/search/weekly/?q=pages"),
    ("/search/monthly/2009-05.md?tag=python&q=", "/tags/python/monthly/2009-05.md"),
    ("/weekly/?utm_source=x", "/weekly/"),
])  # fmt: skip
def test_another_spelling_leads_to_the_one_address(client: FlaskClient, address: str, leads_to: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (301, leads_to)
    assert client.get(leads_to).status_code == 200


@pytest.mark.parametrize(("address", "status"), [
    ("/weekly/2009-W54/", 400), ("/weekly/2009-05/", 400), ("/weekly/0000-W01/", 400), ("/monthly/2009-13/", 400),
    ("/daily/2009-02-30/", 400), ("/weekly/9999-W53/", 400), ("/weekly/1066/", 400), ("/weekly/2008/", 404),
    ("/weekly/2031-W01/", 404), ("/tags/nosuch/weekly/", 404), ("/tags/pyhton/weekly.atom", 404), ("/yearly/", 404),
    ("/search/weekly/?year=abc", 400), ("/weekly/x.md", 400),
])  # fmt: skip
def test_what_is_no_digest_is_refused_with_a_sentence(client: FlaskClient, address: str, status: int) -> None:
    assert look(client, address, status).one("p", cls="about").text().endswith((".", "?"))


def test_the_first_and_the_last_week_there_can_be_are_weeks(client: FlaskClient) -> None:
    assert (
        look(client, "/weekly/1970-W01/")
        .one("p", cls="sentence")
        .text()
        .startswith("29 December 1969 to 4 January")
    )
    assert client.get("/weekly/2199-W52/").status_code == 404


def test_what_is_called_like_a_rhythm_is_found_beside_it(make_blog: Callable[..., Blog]) -> None:
    blog, name = make_blog("sqlite"), "weekly"
    blog.write("One", name, source=name, series=name, day="2026-11-23")
    client = blog.client()
    for folder in ("tags", "sources", "series"):
        assert look(client, f"/{folder}/{name}/").one("h1").text() == {
            "tags": f"Posts tagged {name}", "sources": f"Posts from {name.title()}", "series": name.title()
        }[folder]  # fmt: skip
        assert titles(look(client, f"/{folder}/{name}/{name}/")) == ["One"]
        assert items(client, f"/{folder}/{name}.json")[0]["title"] == "One"
        assert items(client, f"/{folder}/{name}/monthly.json") == []
    blog.write("Two", slug=name, day="2026-11-22")
    assert look(client, f"/2026/Nov/22/{name}/").one("h1").text() == "Two"


def test_a_digest_lists_the_periods_that_have_entries(client: FlaskClient) -> None:
    page = look(client, "/tags/python/weekly/")
    assert titles(page) == ["Github crosstag 0.1"]
    grids = page.all("ul", cls="grid")
    assert [one.links() for one in grids] == [
        ["/tags/python/weekly/2012-W09/"],
        [f"/tags/python/weekly/{year}/" for year in (2012, 2011, 2010, 2009)],
    ]
    year = look(client, "/tags/python/weekly/2009/")
    assert year.all("ul", cls="grid")[0].links() == ["/tags/python/weekly/2009-W22/"]
    # The last Thursday of 2009 and the 31 January lie in the years that they are filed under.
    assert look(client, "/tags/python/weekly/2010/").all("ul", cls="grid")[0].links() == [
        "/tags/python/weekly/2010-W04/"
    ]


def test_a_period_leads_to_its_neighbours_that_have_entries(client: FlaskClient) -> None:
    around = look(client, "/tags/python/monthly/2010-01/").one("nav", cls="periods")
    assert {one["rel"]: one["href"] for one in around.all("a")} == {
        "prev": "/tags/python/monthly/2009-05/",
        "next": "/tags/python/monthly/2011-12/",
    }
    nothing = look(client, "/tags/python/monthly/2010-06/").one("nav", cls="periods")
    assert {one["rel"]: one["href"] for one in nothing.all("a")} == {
        "prev": "/tags/python/monthly/2010-01/",
        "next": "/tags/python/monthly/2011-12/",
    }


@pytest.mark.parametrize("address", ["/", "/tags/python/", "/search/?q=pages", "/links/"])
def test_a_filters_page_and_its_feed_lead_to_digests(client: FlaskClient, address: str) -> None:
    weekly = {"/": "/weekly/", "/search/?q=pages": "/search/weekly/?q=pages"}.get(address, f"{address}weekly/")
    page = look(client, address)
    assert weekly in page.one("body").links()
    assert client.get(weekly).status_code == 200
    feed = page.all("link", rel="alternate")[0]["href"]
    explained = read(client.get(feed, headers=BROWSER))
    offered = [link for link in explained.one("section", cls="feed-how").links() if "ly.atom" in link]
    assert [client.get(link).mimetype for link in offered] == ["application/atom+xml"] * 3


# Feeds.


def test_a_subscriber_gets_one_item_a_week_when_the_week_is_over(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write("Before", "python", day="2026-11-22")
    blog.write("Now", "python", day="2026-11-23")
    client = blog.client()
    feed = feedparser.parse(client.get("/tags/python/weekly.atom").data)
    assert not feed.bozo
    (entry,) = feed.entries
    assert (entry.title, entry.link) == (
        "Posts tagged python: Week 47 of 2026",
        "http://localhost/tags/python/weekly/2026-W47/",
    )
    assert (entry.published, entry.updated) == ("2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z")
    assert "Before" in entry.content[0].value
    assert client.get(entry.link).status_code == 200
    blog.clock.now = datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC)
    assert len(items(client, "/tags/python/weekly.json")) == 1
    blog.clock.now = datetime(2026, 11, 30, tzinfo=UTC)
    assert [one["title"][-15:] for one in items(client, "/tags/python/weekly.json")] == [
        "Week 48 of 2026",
        "Week 47 of 2026",
    ]


def test_a_week_goes_by_the_blogs_own_days(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", time_zone="Pacific/Auckland")
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)  # there it is Monday already
    blog.write("Late", "python", published=at)
    client = blog.client()
    assert titles(look(client, "/daily/2026-11-23/")) == ["Late"]
    assert titles(look(client, "/weekly/2026-W48/")) == ["Late"]
    blog.clock.now = datetime(2026, 11, 29, 23, 59, tzinfo=ZoneInfo("Pacific/Auckland"))
    assert items(client, "/weekly.json") == []
    blog.clock.forward(minutes=1)
    (item,) = items(client, "/weekly.json")
    assert item["date_published"] == "2026-11-29T11:00:00+00:00"


@pytest.mark.parametrize("kind", DATABASES)
def test_an_items_id_stays_when_its_tag_is_renamed_or_an_entry_edited(
    kind: str, make_blog: Callable[..., Blog]
) -> None:
    blog = make_blog(kind)
    one = blog.write("One", "python sql", day="2026-11-10", source="there", series="long")
    blog.write("Two", "ruby", day="2026-11-11")
    client = blog.client()
    feeds = [
        "/tags/python+sql/weekly.json",
        "/tags/-ruby/weekly.json",
        "/weekly.json",
        "/search/weekly.json?tag=python&type=link",
    ]
    before = {address: items(client, address) for address in feeds}
    ids = {address: [item["id"] for item in found] for address, found in before.items()}
    assert len({str(one) for one in ids.values()}) == len(feeds)
    assert all(one[0].startswith("tag:") and " " not in one[0] for one in ids.values())
    rename_tag(blog.services, "python", "snake")
    for address, known in ids.items():
        found = client.get(address)
        if "python" in address:
            assert found.status_code == 301
            assert "snake" in found.location
        assert [item["id"] for item in items(client, found.location or address)] == known
    blog.clock.forward(hours=3)
    edited = draft("One, edited", "snake sql", day="2026-11-10", source="there", series="long")
    save_entry(blog.services, edited, one)
    (item,) = items(client, "/weekly.json")
    assert [item["id"]] == ids["/weekly.json"]
    assert item["date_modified"] == "2026-11-23T15:00:00+00:00"


def test_the_digest_of_a_merged_tag_becomes_that_of_the_other(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write("One", "py", day="2026-11-10")
    blog.write("Two", "python", day="2026-11-11")
    client = blog.client()
    (known,) = items(client, "/tags/python/weekly.json")
    merge_tags(blog.services, "py", "python")
    for twin in ("weekly.json", "weekly/", "weekly/2026-W46/", "weekly/2026-W46.md"):
        moved = client.get(f"/tags/py/{twin}")
        assert (moved.status_code, moved.location) == (301, f"/tags/python/{twin}")
    (item,) = items(client, "/tags/python/weekly.json")
    assert item["id"] == known["id"]
    assert "One" in item["content_html"]


def test_what_a_feed_says_is_whole(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", base_url="https://links.example", feed_size=5, list_words=5)
    html = '<p>See <a href="/about/">this</a> and <a href="#n">that</a>.</p>'
    blog.write(
        "Link",
        day="2026-11-10",
        slug="link",
        url="https://x.example/",
        via_url="https://v.example/",
        via_title="V & w",
    )
    blog.write(
        "Essay",
        kind="article",
        day="2026-11-09",
        slug="essay",
        body=html + "<p>one two three four</p>" * 9,
        markup=Markup.HTML,
    )
    blog.write(
        "",
        kind="quotation",
        day="2026-11-09",
        slug="q",
        body="Slow <b>is</b> a bug.",
        citation="Ada",
        context="in a talk",
        url="https://a.example/",
    )
    blog.write("Out", "python", day="2026-11-01")
    found = items(blog.client(), "/weekly.json")[0]["content_html"]
    assert [found.index(f"<h2>{kind}</h2>") for kind in ("Articles", "Links", "Quotations")] == sorted(
        found.index(f"<h2>{kind}</h2>") for kind in ("Articles", "Links", "Quotations")
    )
    for part in (
        '<h3><a href="https://links.example/2026/Nov/9/essay/">Essay</a></h3>',
        '<a href="https://links.example/about/">this</a>',
        '<a href="https://links.example/2026/Nov/9/essay/#e',
        '<a href="https://links.example/2026/Nov/9/essay/">All 40 words, 9 November 2026</a>',
        '<h3><a href="https://x.example/">Link</a></h3>',
        '(via <a href="https://v.example/">V &amp; w</a>)',
        '<blockquote cite="https://a.example/"><p>Slow <b>is</b> a bug.</p></blockquote>',
        '<p>— <a href="https://a.example/">Ada</a>, in a talk</p>',
    ):
        assert part in found
    assert "Out" not in found


def test_an_unchanged_feed_is_304_until_an_entry_or_the_day_changes(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    one = blog.write("One", "python", day="2026-11-20")
    client = blog.client()
    for address in (
        "/tags/python/weekly.atom",
        "/tags/python/weekly/2026-W47/",
        "/tags/python/weekly/2026-W47.md",
    ):
        tag = client.get(address).headers["ETag"]
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    blog.clock.forward(days=7)
    assert client.get("/tags/python/weekly/2026-W47.md", headers={"If-None-Match": tag}).status_code == 304
    delete_entry(blog.services, one)
    assert items(client, "/tags/python/weekly.json") == []
    assert look(client, "/tags/python/weekly/2026-W47/").one("p", cls="sentence").text().endswith(": nothing")


def test_a_browser_is_told_what_the_feed_of_a_digest_is(client: FlaskClient) -> None:
    page = read(client.get("/tags/python/weekly.atom", headers=BROWSER))
    assert page.one("h1").text() == "Feed: Posts tagged python, week by week"
    assert page.one("input", id="feed-address")["value"] == "http://localhost/tags/python/weekly.atom"
    assert page.one("ol", cls="feed-items").links()[0] == "/tags/python/weekly/2012-W09/"
    assert "/tags/python/weekly/" in page.one("main").links()


# Bounded work.


def test_of_a_long_period_the_newest_are_shown_and_the_rest_is_linked(
    make_blog: Callable[..., Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.queries.digests.MOST_ENTRIES", 3)
    monkeypatch.setattr("blog.queries.digests._MOST_IN_FEED", 2)
    blog = make_blog("sqlite", cache_megabytes=0)
    for number in range(5):
        blog.write(f"Entry {number}", "python", day=f"2026-11-{10 + number}")
    client = blog.client()
    page = look(client, "/tags/python/monthly/2026-11/")
    assert titles(page) == ["Entry 2", "Entry 3", "Entry 4"]
    rest = "/search/?tag=python&from=2026-11-01&to=2026-11-30"
    assert page.one("p", cls="quiet").links() == [rest]
    assert len(titles(look(client, rest))) == 5
    assert f"](http://localhost{rest})" in markdown(client, "/tags/python/monthly/2026-11.md")
    blog.clock.forward(days=30)
    assert rest.replace("&", "&amp;") in items(client, "/tags/python/monthly.json")[0]["content_html"]


@pytest.mark.parametrize("kind", DATABASES)
def test_a_digest_costs_as_many_statements_however_much_there_is(
    kind: str, make_blog: Callable[..., Blog]
) -> None:
    blog = make_blog(kind, cache_megabytes=0)
    addresses = ["/weekly/", "/weekly/2026-W45/", "/weekly/2026-W45.md", "/weekly.atom", "/monthly/2026/"]
    costs = []
    for days in (range(1, 3), range(3, 9)):
        for day in days:
            blog.write(tags=f"tag{day} all", day=f"2026-11-{day:02}", source="there")
        client = blog.client()
        for address in addresses:
            client.get(address)
        for address in addresses:
            with counted(blog) as statements:
                assert client.get(address).status_code == 200
            costs.append((address, len(statements)))
    assert costs[: len(addresses)] == costs[len(addresses) :]


# Markdown.


def test_a_week_as_markdown(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", base_url="https://links.example", title="Ada [links]")
    blog.write(
        "A *starry* title",
        "python",
        day="2026-11-17",
        slug="starry",
        url="https://x.example/a_(b)",
        body="Some *words* and [a page](/about/).",
        via_url="https://v.example/",
        via_title="Vera",
    )
    blog.write(
        "",
        "python",
        kind="quotation",
        day="2026-11-16",
        slug="q",
        body="First.\n\nSecond.",
        citation="Ada",
        context="in a talk",
        url="https://a.example/",
    )
    note = draft("", "python", kind="note", day="2026-11-18", slug="n", markup=Markup.HTML)
    save_entry(blog.services, replace(note, title="", body="<p>Old <b>HTML</b></p><pre>a\n\nb</pre>"))
    assert (
        markdown(blog.client(), "/tags/python/weekly/2026-W47.md")
        == """\
# Posts tagged python: Week 47 of 2026

[16 to 22 November 2026: 3 entries, on Ada \\[links\\]](https://links.example/tags/python/weekly/2026-W47/)

## Links

### [A \\*starry\\* title](https://x.example/a%5F%28b%29)

Some *words* and [a page](https://links.example/about/).

[17 November 2026](https://links.example/2026/Nov/17/starry/) · x.example · via [Vera](https://v.example/)

## Quotations

> First.
>
> Second.

— [Ada](https://a.example/), in a talk

[16 November 2026](https://links.example/2026/Nov/16/q/)

## Notes

<p>Old <b>HTML</b></p><pre>a&#10;
b</pre>

[18 November 2026](https://links.example/2026/Nov/18/n/)
"""
    )


HARMFUL = [
    "<script>alert(1)</script> and <b onclick='x()'>more</b>",
    "[click](javascript:alert(1))",
    "[click](java&#115;cript:alert(1))",
    "[click](javascript&colon;alert(1))",
    "[click](<javascript:alert(1)>)",
    "[click][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<!-- never closed",
    "```\nnever closed",
]


@pytest.mark.parametrize("body", HARMFUL)
def test_what_an_entry_says_harms_nothing_where_it_is_pasted(make_blog: Callable[..., Blog], body: str) -> None:
    blog = make_blog("sqlite")
    blog.write("Harmful", day="2026-11-16", body=body)
    blog.write("After", day="2026-11-17", body="It goes on *here*.")
    text = markdown(blog.client(), "/weekly/2026-W47.md")
    pasted = to_html(text, Markup.MARKDOWN)
    assert "<em>here</em>" in pasted
    assert ">After</a></h3>" in pasted
    assert "<script" not in text
    assert "onclick" not in text
    assert 'href="java' not in pasted
    assert "](java" not in text.replace("<", "").lower()


def test_references_of_two_entries_do_not_meet(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write("One", day="2026-11-16", body="See [this][1].[^a]\n\n[1]: https://one.example/\n[^a]: A note.")
    blog.write("Two", day="2026-11-17", body="See [this][1].\n\n  [1]: https://two.example/")
    pasted = to_html(markdown(blog.client(), "/weekly/2026-W47.md"), Markup.MARKDOWN)
    assert pasted.index("https://one.example/") < pasted.index("https://two.example/")


def test_code_that_shows_a_link_is_not_rewritten(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", base_url="https://links.example")
    blog.write("One", day="2026-11-16", body="Write `[a](/b)`, as [here](/c).")
    text = markdown(blog.client(), "/weekly/2026-W47.md")
    assert "<code>[a](/b)</code>" in text
    assert 'href="https://links.example/c"' in text
