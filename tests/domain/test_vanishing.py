"""What vanished from a feed is told from what has rolled off its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.vanishing import vanished_from


def feed(*days: int) -> list[tuple[str, str]]:
    return [(str(day), f"2020-01-{day:02}") for day in days]


@pytest.mark.parametrize(
    ("before", "here", "gone"),
    [
        (feed(), "", ""),
        (feed(5, 4, 3), "543", ""),
        (feed(5, 4, 3), "6543", ""),
        (feed(5, 4, 3), "765", ""),
        (feed(5, 4, 3), "53", "4"),
        (feed(5, 4, 3), "3", "54"),
        (feed(5, 4, 3, 2), "42", "53"),
        (feed(5, 4, 3), "", ""),
        (feed(5, 4, 3), "9", ""),
        # The oldest first: what goes from the beginning has rolled off.
        (feed(3, 4, 5), "456", ""),
        (feed(3, 4, 5), "35", "4"),
        # In no order: what is dated before all that is still there has rolled off, wherever it stood.
        (feed(5, 1, 4, 3), "543", ""),
        (feed(5, 1, 4, 3), "13", "54"),
    ],
)
def test_what_stood_before_something_that_is_still_there_has_vanished(
    before: list[tuple[str, str]], here: str, gone: str
) -> None:
    assert vanished_from(before, set(here)) == list(gone)


@given(st.sets(st.integers(1, 28), min_size=1), st.integers(0, 30))
def test_what_makes_room_for_newer_items_never_vanishes(days: set[int], room: int) -> None:
    listed = feed(*sorted(days, reverse=True))
    assert vanished_from(listed, {name for name, _ in listed[: len(listed) - room]}) == []
