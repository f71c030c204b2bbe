"""What was tagged late: the order in which entries entered a filter is that of a loop over plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_facets import NAMES, TAGS

from blog.domain.entry import Kind
from blog.domain.filters import Filter
from blog.facets.build import with_changes
from blog.facets.follower import microseconds
from blog.facets.late import LateTags
from blog.facets.rows import Place, Row
from blog.facets.select import entered_last, matching
from blog.facets.snapshot import Snapshot

SLUGS = tuple(tag.slug for tag in TAGS[:3])
IDS = {tag.slug: tag.id for tag in TAGS}
# By slug: when the tag came, as hours after the entry was published; None for from the first.
Entry = tuple[datetime, dict[str, int | None]]
MOMENTS = st.builds(
    lambda days, hours: datetime(2024, 1, 28, tzinfo=UTC) + timedelta(days=days, hours=hours),
    st.integers(0, 70),
    st.integers(0, 23),
)
ENTRIES = st.lists(
    st.tuples(
        MOMENTS,
        st.dictionaries(st.sampled_from(SLUGS), st.none() | st.sampled_from([1, 1, 30, 800, 2000])),
    ),
    max_size=25,
)
FILTERS = [
    Filter(tags=frozenset({"python"})),
    Filter(tags=frozenset({"python", "ruby"})),
    Filter(any_of=frozenset({frozenset({"python", "ruby"})})),
    Filter(tags=frozenset({"scaling"}), any_of=frozenset({frozenset({"python", "ruby"})})),
    Filter(tags=frozenset({"python"}), without=frozenset({"ruby"})),
    Filter(kinds=frozenset({Kind.LINK})),
]


def snapshot_of(entries: list[Entry]) -> Snapshot:
    """Return the snapshot of these entries, whose ids are their places from 1."""
    rows, late = [], []
    for entry_id, (published, tags) in enumerate(entries, 1):
        # The blog's calendar is some hours ahead of UTC, so that days and months begin sooner there.
        day = (published + timedelta(hours=10)).date().toordinal()
        ids = tuple(sorted(IDS[slug] for slug in tags))
        rows.append((entry_id, Row(microseconds(published), day, Place(Kind.LINK, None, None, ""), ids)))
        late += [
            (entry_id, IDS[slug], microseconds(published + timedelta(hours=hours)))
            for slug, hours in tags.items()
            if hours is not None
        ]
    made = with_changes(Snapshot(NAMES), rows)
    return replace(made, late=LateTags().changed([], late))


def entered(entry: Entry, wanted: Filter) -> datetime:
    """Return when an entry of the filter entered it."""
    published, tags = entry
    times = {slug: published + timedelta(hours=hours or 0) for slug, hours in tags.items()}
    demanded = [times[slug] for slug in wanted.tags]
    first = [min(times[slug] for slug in group if slug in times) for group in wanted.any_of]
    return max([published, *demanded, *first])


@settings(max_examples=30, derandomize=True, deadline=None)
@given(entries=ENTRIES, wanted=st.sampled_from(FILTERS))
def test_the_order_of_entering_is_that_of_brute_force(entries: list[Entry], wanted: Filter) -> None:
    snapshot = snapshot_of(entries)
    matches = matching(snapshot, wanted)

    def when(entry_id: int) -> tuple[datetime, bool, datetime, int]:
        entry = entries[entry_id - 1]
        # Of equal times, what came late comes before what was published then.
        return entered(entry, wanted), entered(entry, wanted) > entry[0], entry[0], entry_id

    expected = sorted(matches, key=when, reverse=True)
    assert entered_last(snapshot, wanted, matches, 0, len(matches)) == expected
    for start in range(0, len(matches), 4):
        stop = min(start + 4, len(matches))
        assert entered_last(snapshot, wanted, matches, start, stop) == expected[start:stop]


def test_what_is_read_anew_takes_the_place_of_what_was_there() -> None:
    late = LateTags().changed([], [(3, 1, 30), (1, 2, 10), (2, 1, 20)])
    assert [one.tolist() for one in late.of(1)] == [[2, 3], [20, 30]]
    after = late.changed([3, 1], [(3, 2, 40)])
    assert [one.tolist() for one in after.of(1)] == [[2], [20]]
    assert [one.tolist() for one in after.of(2)] == [[3], [40]]
    assert [one.tolist() for one in late.of(2)] == [[1], [10]], "a snapshot never changes"
    assert late.changed([9], []) is late


@pytest.mark.parametrize("wanted", FILTERS)
def test_nothing_has_no_order(wanted: Filter) -> None:
    empty = snapshot_of([])
    assert entered_last(empty, wanted, matching(empty, wanted), 0, 10) == []
