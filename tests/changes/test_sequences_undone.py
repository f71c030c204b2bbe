"""Whatever sequence of operations an author comes up with: undone in reverse, all tables are what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import put_tables_back, tables

from blog.changes.bulk import AddTags, DeleteEntries, RemoveTags, SetKind, SetSource, SetStatus
from blog.changes.operations import undo_operation
from blog.changes.plans import Action, carry_out, preview
from blog.changes.tagging import (
    AddAlias,
    Delete,
    Describe,
    DisplayName,
    Imply,
    Merge,
    RemoveAlias,
    Rename,
    Split,
    StopImplying,
)
from blog.domain.entry import Kind, Status
from blog.domain.errors import CrosstagError

if TYPE_CHECKING:
    from conftest import Blog

# Few names, so that they meet: old names, new ones, and those of tags that were deleted.
SLUGS = st.sampled_from(["a", "b", "c", "d", "e"])
NAMES = st.sampled_from(["A", "b", "C", "d", "E", "D e"])
IDS = st.frozensets(st.integers(1, 6), min_size=1)

ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(Rename, SLUGS, NAMES),
    st.builds(DisplayName, SLUGS, NAMES),
    st.builds(Merge, SLUGS, SLUGS),
    st.builds(Split, SLUGS, NAMES, IDS),
    st.builds(Delete, SLUGS),
    st.builds(Describe, SLUGS, st.sampled_from(["", "One.", "*Two.*"])),
    st.builds(AddAlias, SLUGS, NAMES),
    st.builds(RemoveAlias, SLUGS, SLUGS),
    st.builds(Imply, SLUGS, NAMES, st.booleans()),
    st.builds(StopImplying, SLUGS, SLUGS),
    st.builds(AddTags, IDS, st.lists(NAMES, min_size=1, max_size=2).map(tuple)),
    st.builds(RemoveTags, IDS, st.lists(NAMES, min_size=1, max_size=2).map(tuple)),
    st.builds(SetKind, IDS, st.sampled_from(Kind)),
    st.builds(SetStatus, IDS, st.sampled_from(Status)),
    st.builds(SetSource, IDS, st.sampled_from(["", "there", "elsewhere"])),
    st.builds(DeleteEntries, IDS),
)


@pytest.fixture
def written(blog: Blog) -> Blog:
    """Five entries under four tags, one of which implies another and one of which has an old name."""
    for number, tags in enumerate(("a b", "b c", "c", "d a", ""), start=1):
        status = Status.DRAFT if number % 2 else Status.PUBLISHED
        blog.write(f"Entry {number}", tags, kind="note" if number == 3 else "link", status=status)
    carry_out(blog.services, AddAlias("a", "e"))
    carry_out(blog.services, Imply("b", "c", existing=True))
    return blog


def done(blog: Blog, action: Action) -> int | None:
    """Carry an action out, which is what its preview says; None where it is refused, by both."""
    try:
        shown = preview(blog.services, action)
    except CrosstagError:
        with pytest.raises(CrosstagError):
            carry_out(blog.services, action)
        return None
    made = carry_out(blog.services, action)
    assert (made.summary, made.count, made.left) == (shown.summary, shown.count, shown.left)
    return made.operation


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, min_size=1, max_size=8))
def test_operations_undone_in_reverse_leave_every_table_as_it_was(written: Blog, actions: list[Action]) -> None:
    # Every example ends where it began, so the next one begins there.
    states = []
    for action in actions:
        before = tables(written)
        operation = done(written, action)
        if operation is None:
            assert tables(written) == before
        else:
            states.append((operation, before))
    for operation, before in reversed(states):
        assert undo_operation(written.services, operation, "").notes == ()
        assert tables(written) == before


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTIONS, min_size=2, max_size=6), order=st.permutations(range(6)))
def test_operations_can_be_undone_in_any_order_and_no_implication_closes_a_circle(
    written: Blog, actions: list[Action], order: list[int]
) -> None:
    start = tables(written)
    operations = [done(written, action) for action in actions]
    for place in order:
        operation = operations[place] if place < len(operations) else None
        if operation is None:
            continue
        undo_operation(written.services, operation, "")
        found = tables(written)
        slugs = {row[1] for row in found["tag"]}
        assert not slugs & {row[0] for row in found["alias"]}, "a living tag is no old name"
        _assert_no_circle({(one, other) for one, other in found["implication"]})
    put_tables_back(written, start)


def _assert_no_circle(pairs: set[tuple[int, int]]) -> None:
    while ends := {other for _, other in pairs} - {one for one, _ in pairs}:
        pairs = {(one, other) for one, other in pairs if other not in ends}
    assert not pairs


def test_a_merge_undone_gives_back_when_an_entry_got_each_tag(blog: Blog) -> None:
    entry = blog.write("Entry", "first")
    blog.clock.forward(hours=1)
    carry_out(blog.services, AddTags(frozenset({entry}), ("second",)))
    before = tables(blog)
    merged = carry_out(blog.services, Merge("first", "second"))
    assert tables(blog)["entry_tag"] != before["entry_tag"]
    undo_operation(blog.services, merged.operation, "")
    assert tables(blog)["entry_tag"] == before["entry_tag"]
