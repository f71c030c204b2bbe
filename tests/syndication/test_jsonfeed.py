"""JSON Feed documents keep to version 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.syndication.items import Feed, FeedItem
from blog.syndication.jsonfeed import write_json

Rules = dict[str, tuple[type, bool]]
NOON = datetime(2009, 5, 25, 12, tzinfo=UTC)
ITEM = FeedItem(
    id="tag:links.example,2009-05-25:1",
    title="A queue in Redis",
    url="https://links.example/2009/May/25/queue/",
    html="<p>Worth reading.</p>",
    published=NOON,
    updated=NOON,
    tags=(("cplusplus", "C++"), ("redis", "redis")),
    related="https://queue.example/",
    related_title="A queue",
    via="https://vera.example/",
    via_title="Vera & co",
    image="https://queue.example/q.png",
)
FEED = Feed(
    id="tag:links.example,2026:/feed.atom",
    title="My linkblog",
    subtitle="Links",
    language="en",
    author="Ada",
    base_url="https://links.example",
    page_url="https://links.example/",
    atom_url="https://links.example/feed.atom",
    json_url="https://links.example/feed.json",
    tag_scheme="https://links.example/tags/",
    items=(ITEM,),
)
# Name, type, whether it must be there: what the specification says of the members we write.
TOP: Rules = {"version": (str, True), "title": (str, True), "items": (list, True), "home_page_url": (str, False), "feed_url": (str, False),
       "description": (str, False), "language": (str, False), "authors": (list, False)}  # fmt: skip
ITEMS: Rules = {"id": (str, True), "content_html": (str, True), "url": (str, False), "external_url": (str, False), "title": (str, False), "image": (str, False),
         "date_published": (str, False), "date_modified": (str, False), "tags": (list, False)}  # fmt: skip
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def written(feed: Feed = FEED) -> dict[str, Any]:
    """Write a feed, hold it to the specification, and return it."""
    document: dict[str, Any] = json.loads(write_json(feed).decode("utf-8"))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    _checked(document, TOP)
    for author in document["authors"]:
        assert author.keys() <= {"name", "url", "avatar"}
        assert author
    for item in document["items"]:
        _checked(item, ITEMS)
        assert all(isinstance(tag, str) for tag in item.get("tags", ()))
        assert DATE.fullmatch(item["date_published"])
        assert DATE.fullmatch(item["date_modified"])
    assert len({item["id"] for item in document["items"]}) == len(document["items"])
    return document


def _checked(found: dict[str, Any], rules: Rules) -> None:
    assert found.keys() <= rules.keys()
    for name, (kind, is_required) in rules.items():
        assert name in found or not is_required
        assert name not in found or isinstance(found[name], kind)
        assert not name.endswith("url") or found.get(name, "https://").startswith(("https://", "http://"))


def test_a_feed_says_all_there_is() -> None:
    assert written() == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "My linkblog",
        "home_page_url": "https://links.example/",
        "feed_url": "https://links.example/feed.json",
        "description": "Links",
        "language": "en",
        "authors": [{"name": "Ada", "url": "https://links.example/"}],
        "items": [
            {
                "id": "tag:links.example,2009-05-25:1",
                "url": "https://links.example/2009/May/25/queue/",
                "external_url": "https://queue.example/",
                "title": "A queue in Redis",
                "content_html": "<p>Worth reading.</p>",
                "image": "https://queue.example/q.png",
                "date_published": "2009-05-25T12:00:00+00:00",
                "date_modified": "2009-05-25T12:00:00+00:00",
                "tags": ["C++", "redis"],
            }
        ],
    }


def test_what_is_empty_is_left_out_but_never_the_content() -> None:
    bare = FeedItem(
        id="tag:x,2009-05-25:1", title="", url="https://links.example/1/", html="", published=NOON, updated=NOON
    )
    assert written(replace(FEED, items=(bare,), subtitle=""))["items"] == [
        {
            "id": "tag:x,2009-05-25:1",
            "url": "https://links.example/1/",
            "content_html": "",
            "date_published": "2009-05-25T12:00:00+00:00",
            "date_modified": "2009-05-25T12:00:00+00:00",
        }
    ]


def test_an_empty_feed_has_its_items_all_the_same() -> None:
    assert written(replace(FEED, items=()))["items"] == []


@pytest.mark.parametrize("text", ["</script><script>", "\x00\x01\x1f", "\u2028\u2029", "🐍 日本語", '"\\'])
def test_hostile_text_stays_text(text: str) -> None:
    document = written(
        replace(FEED, title=text, items=(replace(ITEM, title=text, html=text, tags=(("a", text),)),))
    )
    (item,) = document["items"]
    assert (document["title"], item["title"], item["content_html"], item["tags"]) == (text, text, text, [text])


@settings(max_examples=100, derandomize=True, deadline=None)
@given(text=st.text(st.characters()), moment=st.datetimes(timezones=st.just(UTC)))
def test_any_text_and_time_make_a_document(text: str, moment: datetime) -> None:
    written(
        replace(
            FEED, title=text, items=(replace(ITEM, title=text, html=text, published=moment, updated=moment),)
        )
    )
