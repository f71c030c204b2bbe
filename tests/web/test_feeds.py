"""Feeds as readers get them: every filter has one, it holds what its page holds, and it tells the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import feedparser
import pytest
from conftest import draft
from library import fill, opened
from reading import look

from blog.changes.entries import delete_entry, save_entry
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.entry import Kind, Markup, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from flask.testing import FlaskClient


def atom(client: FlaskClient, address: str, **headers: str) -> Any:
    """Read a feed as a feed reader does; it is given bytes, never an address."""
    answer = client.get(address, headers=headers)
    assert (answer.status_code, answer.content_type) == (200, "application/atom+xml; charset=utf-8"), address
    found = feedparser.parse(answer.data, response_headers={"content-type": answer.content_type})
    assert not found.bozo
    assert found.version == "atom10"
    return found


def items(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "application/feed+json; charset=utf-8"), address
    found: list[dict[str, Any]] = json.loads(answer.data)["items"]
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library")) as blog:
        yield blog.client()


# Every page has its feed, and the feed holds what the page holds.

PAGES = [
    "/", "/tags/python/", "/tags/python+scaling/", "/tags/python,ruby+-scaling/", "/tags/-python/", "/tags/cplusplus/", "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E/",
    "/articles/", "/links/", "/quotations/", "/notes/", "/activity/", "/sources/github/", "/domains/example.org/", "/series/sqlite-inside/", "/2009/",
    "/2009/May/", "/2009/May/25/", "/search/?q=pages", "/search/?q=pages&sort=date", "/search/?tag=python&type=article", "/search/?tag=scaling&year=2009",
    "/search/?from=2009-01-01&to=2010-12-31", "/tags/cache+python/", "/1999/", "/search/?q=nothinglikeit",
]  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_a_filters_feeds_hold_exactly_what_its_page_holds(client: FlaskClient, address: str) -> None:
    page = look(client, address)
    listed = {link["href"] for entry in page.all("article") for link in entry.all("a", cls="when")}
    if "series" in address:
        listed = {link["href"] for part in page.one("ol", cls="parts").all("h2") for link in part.all("a")}
    if address == "/":
        # Home folds what programs report into lines.
        folded = (link["href"] for line in page.all(cls="folded") for link in line.all("a"))
        listed |= {address for address in folded if address[1:5].isdigit()}
    named = {one["type"]: one["href"] for one in page.all("link", rel="alternate")}
    feed = atom(client, named["application/atom+xml"])
    in_json = items(client, named["application/feed+json"])
    assert {entry.link.removeprefix("http://localhost") for entry in feed.entries} == listed
    assert [item["url"] for item in in_json] == [entry.link for entry in feed.entries]
    assert [item["id"] for item in in_json] == [entry.id for entry in feed.entries]
    published = [entry.published_parsed for entry in feed.entries]
    assert published == sorted(published, reverse=True)
    assert {link.rel: link.href for link in feed.feed.links} == {
        "self": f"http://localhost{named['application/atom+xml']}",
        "alternate": f"http://localhost{address}".replace("&sort=date", "")
        if "sort" not in named["application/atom+xml"]
        else f"http://localhost{address}",
    }


EVERYWHERE = [
    *PAGES, "/tags/", "/tags/?sort=name", "/archive/", "/sources/", "/domains/", "/series/", "/search/", "/on-this-day/", "/on-this-day/May/25/",
    "/2009/May/25/a-queue-in-redis/", "/2014/Jan/1/part-one/",
]  # fmt: skip
ERRORS = [
    "/nothing",
    "/tags/nosuch/",
    "/tags/pyhton+scaling/",
    "/?page=-1",
    "/?page=99",
    "/2009/May/25/nothing/",
]


@pytest.mark.parametrize("address", [*EVERYWHERE, *ERRORS])
def test_every_page_names_feeds_that_are_there(client: FlaskClient, address: str) -> None:
    page = look(client, address, 200 if address in EVERYWHERE else client.get(address).status_code)
    named = [(one["type"], one["title"], one["href"]) for one in page.all("link", rel="alternate")]
    assert [kind for kind, _, _ in named] == ["application/atom+xml", "application/feed+json"]
    for kind, title, href in named:
        answer = client.get(href)
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert title.startswith("My linkblog")
        assert title.count("My linkblog") == 1
        assert href in page.one("body").links() or kind.endswith("json"), "the feed is in plain view"


def test_a_feed_is_named_by_its_filter(client: FlaskClient) -> None:
    assert atom(client, "/tags/cplusplus+python.atom").feed.title == "My linkblog: Posts tagged C++, python"
    assert atom(client, "/feed.atom").feed.title == "My linkblog"
    assert json.loads(client.get("/2009/May.json").data)["title"] == "My linkblog: Posts in May 2009"


@pytest.mark.parametrize(
    "address",
    ["/tags/cache+python.atom", "/1999.atom", "/search.atom?q=nothinglikeit", "/tags/redis+-python.atom"],
)
def test_a_feed_with_nothing_in_it_is_a_feed(client: FlaskClient, address: str) -> None:
    feed = atom(client, address)
    assert (len(feed.entries), feed.feed.author) == (0, "My linkblog")
    assert items(client, address.replace(".atom", ".json")) == []


def test_a_feed_holds_the_newest_entries_up_to_its_size(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", feed_size=3)
    for day in range(1, 9):
        blog.write(f"Day {day}", "all", day=f"2009-05-{day:02}", body="needle " * day)
    client = blog.client()
    expected = ["Day 8", "Day 7", "Day 6"]
    for address in ("/feed.atom", "/tags/all.atom", "/search.atom?q=needle"):
        assert [entry.title for entry in atom(client, address).entries] == expected
        assert [item["title"] for item in items(client, address.replace(".atom", ".json"))] == expected


# What is in an entry.


def test_a_reader_reads_what_was_written(blog: Blog) -> None:
    save_entry(
        blog.services,
        draft(
            "A <queue> & more", "C++ redis", slug="queue", url="https://www.queue.example/?a=1&b=2", via_url="https://vera.example/", via_title="Vera & co",
            body="Worth *reading*.\n\n```python\nx < 1\n```", updated=datetime(2010, 1, 2, 3, 4, 5, tzinfo=UTC),
        ),
    )  # fmt: skip
    client = blog.client()
    (entry,) = atom(client, "/feed.atom").entries
    assert (entry.title, entry.link) == ("A <queue> & more", "http://localhost/2009/May/25/queue/")
    assert [(link.rel, link.href, link.get("title")) for link in entry.links[1:]] == [
        ("related", "https://www.queue.example/?a=1&b=2", "A <queue> & more"),
        ("via", "https://vera.example/", "Vera & co"),
    ]
    assert [(tag.term, tag.scheme, tag.label) for tag in entry.tags] == [
        ("cplusplus", "http://localhost/tags/", "C++"),
        ("redis", "http://localhost/tags/", "redis"),
    ]
    assert (entry.published, entry.updated) == ("2009-05-25T12:00:00Z", "2010-01-02T03:04:05Z")
    content = entry.content[0].value
    assert "<em>reading</em>" in content
    assert "A &lt;queue&gt; &amp; more" in content
    (item,) = items(client, "/feed.json")
    assert item["external_url"] == "https://www.queue.example/?a=1&b=2"
    assert (item["title"], item["tags"]) == ("A <queue> & more", ["C++", "redis"])


KINDS = {
    Kind.LINK: '<p><a href="https://x.example/"><strong>Name</strong></a></p>\n<p>Text.</p>\n<p>(via <a href="https://v.example/">V &amp; w</a>)</p>',
    Kind.ARTICLE: '<p>Text.</p>\n<p>(via <a href="https://v.example/">V &amp; w</a>)</p>',
    Kind.NOTE: '<p>Text.</p>\n<p>(via <a href="https://v.example/">V &amp; w</a>)</p>',
    Kind.ACTIVITY: '<p><a href="https://x.example/"><strong>Name</strong></a></p>\n<p>Text.</p>\n<p>(via <a href="https://v.example/">V &amp; w</a>)</p>',
    Kind.QUOTATION: '<blockquote cite="https://x.example/"><p>Text.</p></blockquote>\n<p>— <a href="https://x.example/">Ada</a>, in a talk</p>\n'
    '<p>(via <a href="https://v.example/">V &amp; w</a>)</p>',
}  # fmt: skip


@pytest.mark.parametrize(("kind", "expected"), KINDS.items())
def test_the_content_of_each_kind_is_whole(make_blog: Callable[..., Blog], kind: Kind, expected: str) -> None:
    blog = make_blog("sqlite")
    blog.write(
        "Name",
        kind=kind,
        url="https://x.example/",
        body="Text.",
        citation="Ada",
        context="in a talk",
        via_url="https://v.example/",
        via_title="V & w",
    )
    found = items(blog.client(), "/feed.json")[0]["content_html"]
    assert "".join(found.split("\n")) == "".join(expected.split("\n"))


def test_an_article_is_not_cut_in_a_feed(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", list_words=20)
    blog.write(
        "Long",
        kind="article",
        body="\n\n".join(f"Paragraph {number} has exactly seven words here." for number in range(40)),
    )
    assert items(blog.client(), "/feed.json")[0]["content_html"].count("<p>") == 40


ADDRESSES = {
    '<a href="/about/">': '<a href="https://links.example/about/">',
    '<a href="next">': '<a href="https://links.example/2009/May/25/a/next">',
    '<a href="?x=1">': '<a href="https://links.example/2009/May/25/a/?x=1">',
    '<a href="//other.example/">': '<a href="https://other.example/">',
    '<a href="https://other.example/?a=1&amp;b=2">': '<a href="https://other.example/?a=1&amp;b=2">',
    '<a href="mailto:ada@x.example">': '<a href="mailto:ada@x.example">',
    '<img src="/media/a.png">': 'src="https://links.example/media/a.png"',
    '<img src="a.png" srcset="/a.png 1x, /b.png 2x">': 'srcset="https://links.example/a.png 1x, https://links.example/b.png 2x"',
    '<img srcset="a,b.png,c 100w,//x.example/d.png 2w, https://y.example/e.png">': (
        'srcset="https://links.example/2009/May/25/a/a,b.png,c 100w,https://x.example/d.png 2w, https://y.example/e.png"'
    ),
    '<video poster="/p.png" src="/v.mp4">': 'poster="https://links.example/p.png"',
    '<blockquote cite="/q/">': '<blockquote cite="https://links.example/q/">',
    "<p>src=\"/not/an/address\"": "src=\"/not/an/address\"",
}  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), ADDRESSES.items())
def test_addresses_inside_content_are_absolute(
    make_blog: Callable[..., Blog], written: str, expected: str
) -> None:
    blog = make_blog("sqlite", base_url="https://links.example")
    save_entry(
        blog.services,
        draft("A", kind="article", slug="a", body=f"<div>{written}text</div>", markup=Markup.HTML),
    )
    client = blog.client()
    assert expected in items(client, "/feed.json")[0]["content_html"]
    assert items(client, "/feed.json")[0]["url"] == "https://links.example/2009/May/25/a/"


def test_the_address_that_is_set_wins_over_the_one_asked_for(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog(
        "sqlite", base_url="https://links.example", author="Ada", tagline="Links & notes", language="de"
    )
    blog.write("One", "python", slug="one")
    answer = blog.client().get("/tags/python.atom", headers={"Host": "127.0.0.1:8000"})
    assert b"127.0.0.1" not in answer.data
    feed = feedparser.parse(answer.data)
    assert (feed.feed.id, feed.feed.author, feed.feed.language) == (
        "tag:links.example,2026:/tags/1.atom",
        "Ada",
        "de",
    )
    assert feed.entries[0].id.startswith("tag:links.example,2009-05-25:")
    assert atom(blog.client(), "/feed.atom").feed.subtitle == "Links & notes"


def test_hostile_entries_make_no_broken_feed(blog: Blog) -> None:
    hostile = "]]></content>\x00\x0b\x1f\u2028\ufffe<script>alert(1)</script>&nbsp;\U0001f40d"
    for number, kind in enumerate(Kind):
        save_entry(
            blog.services,
            draft(
                f"{hostile}{number}", kind=kind, body=hostile, citation=hostile, context=hostile, via_title=hostile,
                via_url='https://v.example/"<x>', url='https://x.example/?q="a b"|{c}\\', image_url="https://x.example/<i>.png", image_alt=hostile,
            ),
        )  # fmt: skip
    client = blog.client()
    feed = atom(client, "/feed.atom")
    assert len(feed.entries) == len(Kind) == len(items(client, "/feed.json"))
    for item in items(client, "/feed.json"):
        assert "<script" not in item["content_html"]
        assert 'href="https://v.example/"' not in item["content_html"]


# What stays and what changes.


def test_an_id_never_changes(blog: Blog) -> None:
    one = draft("First", "old", slug="first", body="first")
    entry_id = save_entry(blog.services, one)
    client = blog.client()
    before = atom(client, "/feed.atom").entries[0].id
    assert before.startswith("tag:localhost,2009-05-25:")
    rename_tag(blog.services, "old", "New name")
    for values in (
        {"title": "Other"},
        {"slug": "other"},
        {"published": datetime(2011, 1, 2, tzinfo=UTC)},
        {"body": "other"},
        {"tags": ("x",)},
        {"kind": Kind.NOTE},
    ):
        one = replace(one, **values)
        save_entry(blog.services, one, entry_id)
        assert [entry.id for entry in atom(client, "/feed.atom").entries] == [before], values
        assert [item["id"] for item in items(client, "/feed.json")] == [before], values


def test_ids_differ_between_entries(blog: Blog) -> None:
    for _ in range(5):
        blog.write("Same", "same", slug="same")
    assert len({entry.id for entry in atom(blog.client(), "/feed.atom").entries}) == 5


WRITTEN = draft("Name", "one two", slug="name", body="Text.", via_url="https://v.example/", series="some")
EDITS = {
    "nothing": ({}, False),
    "tags": ({"tags": ("other",)}, False),
    "series": ({"series": "other"}, False),
    "slug": ({"slug": "other"}, False),
    "title": ({"title": "Other"}, True),
    "body": ({"body": "Other."}, True),
    "url": ({"url": "https://other.example/"}, True),
    "via": ({"via_url": "https://other.example/"}, True),
    "citation": ({"citation": "Ada"}, True),
}


@pytest.mark.parametrize(("values", "moves"), EDITS.values(), ids=EDITS)
def test_updated_moves_with_what_a_reader_reads_and_with_nothing_else(
    blog: Blog, values: dict[str, Any], moves: bool
) -> None:
    entry_id = save_entry(blog.services, WRITTEN)
    client = blog.client()
    assert atom(client, "/feed.atom").feed.updated == "2009-05-25T12:00:00Z"
    blog.clock.now = datetime(2026, 12, 1, 10, tzinfo=UTC)
    save_entry(blog.services, replace(WRITTEN, **values), entry_id)
    feed = atom(client, "/feed.atom")
    expected = "2026-12-01T10:00:00Z" if moves else "2009-05-25T12:00:00Z"
    assert (feed.entries[0].updated, feed.feed.updated) == (expected, expected)
    assert feed.entries[0].published == "2009-05-25T12:00:00Z"


def test_renaming_and_merging_tags_update_no_entry(blog: Blog) -> None:
    blog.write("One", "py web")
    blog.write("Two", "python", day="2010-01-01")
    client = blog.client()
    blog.clock.forward(days=30)
    rename_tag(blog.services, "web", "The Web")
    merge_tags(blog.services, "py", "python")
    feed = atom(client, "/tags/python.atom")
    assert [(entry.title, entry.updated) for entry in feed.entries] == [
        ("Two", "2010-01-01T12:00:00Z"),
        ("One", "2009-05-25T12:00:00Z"),
    ]
    assert [tag.label for tag in feed.entries[1].tags] == ["python", "The Web"]


# Asking again.


def _rename(blog: Blog, entry_id: int) -> None:
    del entry_id
    rename_tag(blog.services, "python", "Python")


CHANGES: dict[str, Callable[[Blog, int], object]] = {
    "written": lambda blog, _: blog.write("New", "python"),
    "edited": lambda blog, entry_id: save_entry(
        blog.services, replace(WRITTEN, body="Other.", tags=("python",)), entry_id
    ),
    "tagged": lambda blog, entry_id: save_entry(
        blog.services, replace(WRITTEN, tags=("python", "more")), entry_id
    ),
    "deleted": lambda blog, entry_id: delete_entry(blog.services, entry_id),
    "hidden": lambda blog, entry_id: save_entry(
        blog.services, replace(WRITTEN, tags=("python",), status=Status.HIDDEN), entry_id
    ),
    "renamed": _rename,
    "come due": lambda blog, _: None,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("address", ["/feed.atom", "/feed.json", "/tags/python.atom"])
def test_a_feed_is_sent_again_when_it_has_changed_and_not_before(
    blog: Blog, address: str, change: Callable[[Blog, int], object]
) -> None:
    entry_id = save_entry(blog.services, replace(WRITTEN, tags=("python",)))
    due = blog.clock.now.replace(hour=20)
    save_entry(blog.services, replace(draft("Scheduled", "python"), published=due))
    client = blog.client()
    blog.clock.forward(minutes=5)
    first = client.get(address)
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    match = {"If-None-Match": first.headers["ETag"]}
    for headers in (since, match, since | match):
        again = client.get(address, headers=headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Access-Control-Allow-Origin"] == "*"
    blog.clock.forward(seconds=1)
    change(blog, entry_id)
    if change is CHANGES["come due"]:
        blog.clock.forward(hours=9)
    for headers in (since, match, since | match):
        again = client.get(address, headers=headers, follow_redirects=True)
        assert again.status_code == 200, headers
        assert again.data != first.data
    # Once more, in the very second of the change and after it.
    for seconds in (0, 10):
        blog.clock.forward(seconds=seconds)
        latest = client.get(address, follow_redirects=True)
        assert latest.data == again.data
    newest = {"If-Modified-Since": latest.headers["Last-Modified"]}
    assert client.get(address, headers=newest, follow_redirects=True).status_code == 304


def test_two_changes_within_one_second_are_two_changes(blog: Blog) -> None:
    blog.write("One")
    client = blog.client()
    early = client.get("/feed.atom")
    known = {"If-Modified-Since": early.headers.get("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT")}
    blog.clock.forward(microseconds=400_000)
    blog.write("Two")
    blog.clock.forward(minutes=1)
    if "Last-Modified" in early.headers:
        assert client.get("/feed.atom", headers=known).status_code == 200
    assert client.get("/feed.atom", headers={"If-None-Match": early.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/feed.atom", "/feed.json", "/tags/python.atom", "/tags/Python.atom", "/tags/nosuch.atom", "/search.json?q=pages", "/feed.atom?utm_source=x", "/2009.json", "/search.atom?year=x"],
)  # fmt: skip
def test_readers_that_run_in_a_browser_may_read_every_answer(client: FlaskClient, address: str) -> None:
    assert client.get(address).headers["Access-Control-Allow-Origin"] == "*"


def test_pages_are_not_for_other_sites_to_read(client: FlaskClient) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/").headers


def test_the_feeds_of_a_whole_blog_are_valid(blog: Blog) -> None:
    fill(blog)
    client = blog.client()
    feed = atom(client, "/feed.atom")
    assert len(feed.entries) == 14
    assert len({entry.id for entry in feed.entries}) == 14
    assert all(entry.content[0].type == "text/html" for entry in feed.entries)
