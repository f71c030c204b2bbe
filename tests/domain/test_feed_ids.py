"""A feed is called the same whatever its tags are called, and otherwise than any other."""

from __future__ import annotations

import re
from datetime import date

import pytest

from blog.domain.entry import Kind
from blog.domain.feed_ids import feed_id
from blog.domain.filters import EVERYTHING, Filter, Sort

TAGS = {"python": 17, "sql": 4, "日本語": 30}
BOTH = frozenset({"python", "sql"})

IDS = {
    EVERYTHING: "tag:links.example,2026:/feed.atom",
    Filter(tags=BOTH): "tag:links.example,2026:/tags/17+4.atom",
    Filter(any_of=frozenset({BOTH})): "tag:links.example,2026:/tags/17,4.atom",
    Filter(tags=frozenset({"sql"}), without=frozenset({"日本語"})): "tag:links.example,2026:/tags/4+-30.atom",
    Filter(kinds=frozenset({Kind.LINK})): "tag:links.example,2026:/links.atom",
    Filter(source="there"): "tag:links.example,2026:/sources/2.atom",
    Filter(series="deep"): "tag:links.example,2026:/series/3.atom",
    Filter(domain="a.example"): "tag:links.example,2026:/domains/a.example.atom",
    Filter(year=2009, month=5): "tag:links.example,2026:/2009/May.atom",
    Filter(text="a “b”", tags=frozenset({"sql"}), source="there", since=date(2020, 1, 1)): (
        "tag:links.example,2026:/search.atom?q=a+%E2%80%9Cb%E2%80%9D&tag=4&source=2&from=2020-01-01"
    ),
}
# RFC 4151, section 2.1.
_TAG_URI = re.compile(r"tag:[a-z0-9.-]+,[0-9]{4}:([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*")


def named(wanted: Filter) -> str:
    source, series = 2 if wanted.source else 0, 3 if wanted.series else 0
    return feed_id(wanted, "links.example", TAGS, source, series)


@pytest.mark.parametrize(("wanted", "called"), IDS.items(), ids=IDS.values())
def test_a_feed_is_called_by_what_does_not_change(wanted: Filter, called: str) -> None:
    assert named(wanted) == called
    assert _TAG_URI.fullmatch(called)


def test_two_filters_have_two_ids_and_a_renamed_one_keeps_its_own() -> None:
    assert len(set(map(named, IDS))) == len(IDS)
    for wanted in IDS:
        renamed = wanted.renamed({"python": "zebra", "sql": "aardvark"})
        tags = {"zebra": 17, "aardvark": 4, "日本語": 30}
        source, series = 2 if wanted.source else 0, 3 if wanted.series else 0
        assert feed_id(renamed, "links.example", tags, source, series) == named(wanted)


def test_the_order_of_a_page_is_none_of_a_feed() -> None:
    wanted = Filter(text="words", sort=Sort.DATE)
    assert named(wanted) == named(Filter(text="words"))
