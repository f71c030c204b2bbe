"""Facets: whatever is asked of the bitmaps, brute force over plain sets says the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.filters import Filter
from blog.facets.build import with_changes
from blog.facets.count import (
    count_kinds,
    count_months,
    count_sources,
    count_years,
    telling_tags,
    top_tags,
)
from blog.facets.follower import microseconds
from blog.facets.names import Named, Names
from blog.facets.rows import Place, Row
from blog.facets.select import matching, newest
from blog.facets.snapshot import Snapshot

TAGS = [
    Named(number, slug, slug)
    for number, slug in enumerate(["python", "ruby", "scaling", "sql", "web", "ai"], 1)
]
SOURCES = [Named(1, "github", "GitHub"), Named(2, "til", "TIL")]
SERIES = [Named(1, "lite", "On SQLite")]
NAMES = Names(
    tags={tag.slug: tag for tag in TAGS},
    tags_by_id={tag.id: tag for tag in TAGS},
    aliases={"py": "python"},
    sources={one.slug: one for one in SOURCES},
    sources_by_id={one.id: one for one in SOURCES},
    series={one.slug: one for one in SERIES},
    series_by_id={one.id: one for one in SERIES},
    display={},
)


@dataclass(frozen=True)
class Plain:
    """An entry as the brute force sees it."""

    id: int
    when: datetime
    kind: Kind
    source: str
    series: str
    domain: str
    tags: frozenset[str]
    also: frozenset[str] = frozenset()

    @property
    def sources(self) -> frozenset[str]:
        return self.also | ({self.source} if self.source else set())

    def row(self) -> Row:
        place = Place(
            self.kind,
            NAMES.sources[self.source].id if self.source else None,
            NAMES.series[self.series].id if self.series else None,
            self.domain,
        )
        tags = tuple(sorted(NAMES.tags[tag].id for tag in self.tags))
        also = tuple(sorted(NAMES.sources[one].id for one in self.also if one != self.source))
        return Row(microseconds(self.when), self.when.date().toordinal(), place, tags, also)


slugs = st.sampled_from([tag.slug for tag in TAGS])
plain_entries = st.builds(
    Plain,
    id=st.integers(1, 12_000),
    when=st.builds(
        lambda day, second: datetime(2008, 1, 30, tzinfo=UTC) + timedelta(days=day, seconds=second),
        st.integers(0, 800),
        st.sampled_from([0, 0, 60, 3_600]),
    ),
    kind=st.sampled_from(list(Kind)),
    source=st.sampled_from(["", "", "github", "til"]),
    series=st.sampled_from(["", "", "lite"]),
    domain=st.sampled_from(["", "example.com", "example.org"]),
    tags=st.frozensets(slugs, max_size=4),
    also=st.sampled_from(
        [frozenset[str](), frozenset[str](), frozenset({"til"}), frozenset({"github", "til"})]
    ),
)
blogs = st.lists(plain_entries, max_size=40, unique_by=lambda one: one.id)
periods = st.sampled_from(
    [(None, None, None), (2008, None, None), (2009, 2, None), (2009, 2, 14), (2031, None, None)]
)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    year, month, day = draw(periods)
    since = None if year else draw(st.sampled_from([None, date(2008, 2, 29), date(2009, 1, 1)]))
    until = None if year else draw(st.sampled_from([None, date(2009, 1, 31), date(2010, 2, 1)]))
    values: dict[str, Any] = {
        "tags": draw(st.frozensets(slugs, max_size=2)),
        "any_of": draw(st.frozensets(st.frozensets(slugs, min_size=1, max_size=3), max_size=1)),
        "without": draw(st.frozensets(slugs, max_size=1)),
        "kinds": draw(st.frozensets(st.sampled_from(list(Kind)), max_size=2)),
        "source": draw(st.sampled_from(["", "", "github", "nowhere"])),
        "series": draw(st.sampled_from(["", "", "lite"])),
        "domain": draw(st.sampled_from(["", "", "example.com"])),
    }
    try:
        return Filter(**values, year=year, month=month, day=day, since=since, until=until)
    except BadFilter:
        return Filter(year=year, month=month, day=day)


def snapshot_of(entries: list[Plain]) -> Snapshot:
    return with_changes(Snapshot(NAMES), [(one.id, one.row()) for one in entries])


def is_meant(entry: Plain, wanted: Filter) -> bool:
    day = entry.when.date()
    return all(
        (
            wanted.tags <= entry.tags,
            all(group & entry.tags for group in wanted.any_of),
            not wanted.without & entry.tags,
            not wanted.kinds or entry.kind in wanted.kinds,
            not wanted.source or wanted.source in entry.sources,
            not wanted.series or entry.series == wanted.series,
            not wanted.domain or entry.domain == wanted.domain,
            wanted.year is None or day.year == wanted.year,
            wanted.month is None or day.month == wanted.month,
            wanted.day is None or day.day == wanted.day,
            wanted.since is None or day >= wanted.since,
            wanted.until is None or day <= wanted.until,
        )
    )


@given(blogs, filters())
def test_a_filter_means_exactly_the_entries_it_says(entries: list[Plain], wanted: Filter) -> None:
    assert set(matching(snapshot_of(entries), wanted)) == {one.id for one in entries if is_meant(one, wanted)}


@given(blogs, filters(), st.integers(0, 45), st.integers(1, 10))
def test_any_page_is_that_part_of_all_entries_newest_first(
    entries: list[Plain], wanted: Filter, start: int, size: int
) -> None:
    found = [one for one in entries if is_meant(one, wanted)]
    ordered = [one.id for one in sorted(found, key=lambda one: (one.when, one.id), reverse=True)]
    snapshot = snapshot_of(entries)
    page = newest(snapshot, matching(snapshot, wanted), start, start + size)
    assert page == ordered[start : start + size]


@given(blogs, filters())
def test_counts_are_those_of_brute_force(entries: list[Plain], wanted: Filter) -> None:
    snapshot = snapshot_of(entries)
    matches = matching(snapshot, wanted)
    found = [one for one in entries if is_meant(one, wanted)]
    assert count_kinds(snapshot, matches) == Counter(one.kind for one in found)
    assert count_sources(snapshot, matches) == Counter(
        NAMES.sources[source].id for one in found for source in one.sources
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("blog.facets.count._FEW_FORWARD", -1)
        by_bitmaps = count_sources(snapshot, matches)
    assert list(by_bitmaps.items()) == list(count_sources(snapshot, matches).items())
    months = count_months(snapshot, matches)
    assert months == Counter((one.when.year, one.when.month) for one in found)
    assert list(months) == sorted(months, reverse=True)
    assert count_years(months) == Counter(one.when.year for one in found)


@given(
    blogs,
    filters(),
    st.integers(1, 7),
    st.sampled_from([0, 10_000]),
    st.sets(st.sampled_from([1, 2]), max_size=2),
)
def test_the_top_tags_are_exact_whichever_way_they_are_counted(
    entries: list[Plain], wanted: Filter, limit: int, forward_up_to: int, skip: set[int]
) -> None:
    snapshot = snapshot_of(entries)
    matches = matching(snapshot, wanted)
    in_blog = Counter(tag for one in entries for tag in one.tags)
    here = Counter(tag for one in entries if is_meant(one, wanted) for tag in one.tags)
    ranked = sorted(
        (
            (-count, -in_blog[slug], NAMES.tags[slug].id)
            for slug, count in here.items()
            if NAMES.tags[slug].id not in skip
        )
    )
    expected = [(tag, -count) for count, _, tag in ranked[:limit]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("blog.facets.count._TAGS_FORWARD", forward_up_to)
        patch.setattr("blog.facets.count._TAGS_FORWARD_SHARE", 1_000_000)
        assert top_tags(snapshot, matches, skip, limit) == expected


changes = st.lists(st.tuples(plain_entries, st.booleans()), max_size=30)


@settings(max_examples=30)
@given(blogs, changes, filters())
def test_a_snapshot_that_followed_changes_equals_one_built_from_nothing(
    entries: list[Plain], later: list[tuple[Plain, bool]], wanted: Filter
) -> None:
    before = snapshot_of(entries)
    held = {name: {key: set(ids) for key, ids in getattr(before, name).items()} for name in FACETS}
    snapshot, there = before, {one.id: one for one in entries}
    for entry, is_gone in later:
        if is_gone:
            there.pop(entry.id, None)
        else:
            there[entry.id] = entry
        snapshot = with_changes(snapshot, [(entry.id, None if is_gone else entry.row())])
    fresh = snapshot_of(list(there.values()))
    for name in FACETS:
        assert getattr(snapshot, name) == getattr(fresh, name), name
        assert {key: set(ids) for key, ids in getattr(before, name).items()} == held[name], "the old one moved"
    assert matching(snapshot, wanted) == matching(fresh, wanted)
    assert [snapshot.rows.get(one) for one in there] == [entry.row() for entry in there.values()]


FACETS = ("tags", "kinds", "sources", "series", "domains", "months")


def test_telling_tags_are_those_more_frequent_here_than_everywhere() -> None:
    base = Plain(1, datetime(2009, 1, 1, tzinfo=UTC), Kind.LINK, "", "", "", frozenset())
    entries = [replace(base, id=number, tags=frozenset({"python", "sql"})) for number in range(1, 5)]
    entries += [replace(base, id=number, tags=frozenset({"python"})) for number in range(5, 9)]
    entries += [replace(base, id=number, tags=frozenset({"web"})) for number in range(9, 41)]
    snapshot = snapshot_of(entries)
    matches = snapshot.tag("python")
    found = telling_tags(snapshot, matches, top_tags(snapshot, matches, {NAMES.tags["python"].id}))
    assert [(NAMES.tags_by_id[one.tag].slug, one.entries, lift) for one, lift in found] == [("sql", 4, 5.0)]


def test_an_empty_blog_answers_everything_with_nothing() -> None:
    snapshot = Snapshot(NAMES)
    assert matching(snapshot, Filter()) == BitMap()
    assert newest(snapshot, BitMap(), 0, 30) == []
    assert top_tags(snapshot, BitMap(), set()) == []
    assert telling_tags(snapshot, BitMap(), []) == []
