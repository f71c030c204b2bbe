"""The address of a feed leads back to the filter that it was made from."""

from __future__ import annotations

from datetime import date

import pytest

from blog.domain.digests import Digest, Rhythm
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.feed_addresses import parse_feed
from blog.domain.filters import EVERYTHING, Filter

FILTERS = [
    EVERYTHING,
    Filter(tags=frozenset({"python", "日本語"}), without=frozenset({"django"})),
    Filter(any_of=frozenset({frozenset({"python", "ruby"})})),
    Filter(kinds=frozenset({Kind.LINK})),
    Filter(source="elsewhere"),
    Filter(domain="example.com"),
    Filter(series="deep-dives"),
    Filter(year=2009),
    Filter(year=2009, month=5),
    Filter(year=2009, month=5, day=25),
    Filter(text="an “index” & more", tags=frozenset({"sql"}), since=date(2020, 1, 1)),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=lambda one: one.url())
@pytest.mark.parametrize("form", ["atom", "json"])
def test_a_feeds_address_leads_back_to_its_filter(wanted: Filter, form: str) -> None:
    assert parse_feed(wanted.feed_url(form)) == (wanted, form, None)


@pytest.mark.parametrize(
    "wanted",
    [*FILTERS, Filter(source="weekly"), Filter(domain="weekly"), Filter(series="weekly")],
    ids=lambda one: one.url(),
)
@pytest.mark.parametrize("rhythm", Rhythm)
def test_so_does_that_of_a_digests_feed(wanted: Filter, rhythm: Rhythm) -> None:
    address = Digest(wanted, rhythm).feed_url("atom")
    assert parse_feed(address) == (wanted, "atom", rhythm)
    assert parse_feed(address).address == address
    assert parse_feed(wanted.feed_url("json")) == (wanted, "json", None)


@pytest.mark.parametrize("wanted", FILTERS, ids=lambda one: one.url())
def test_an_archive_is_the_feed_that_it_is_behind(wanted: Filter) -> None:
    assert parse_feed(wanted.feed_url("atom", "3-5f2b")).address == wanted.feed_url("atom")


@pytest.mark.parametrize(
    "address",
    ["/", "/feed.rss", "/api/x.json", "/tags/.atom", "/nowhere.json", "/2009/May/25/slug.json", "feed.atom", "/2009/Smarch.atom", "/2009/weekly.atom", "/2009/May/25/weekly.atom", "/feed/weekly.atom", "/tags/weekly/2009-W22.atom", "/search.atom?" + "a=b&" * 99, "/" + "x" * 4_000 + ".atom"],
)  # fmt: skip
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(BadFilter):
        parse_feed(address)
