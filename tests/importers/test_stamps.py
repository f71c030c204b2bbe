"""Times as exports write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.stamps import read_any_stamp, read_stamp

NOW = datetime(2020, 6, 1, tzinfo=UTC)
MAY_25 = datetime(2009, 5, 25, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1243245600, MAY_25),
        ("1243245600", MAY_25),
        (" 1243245600.25 ", MAY_25),
        (1243245600.75, MAY_25),
        (1243245600_000, MAY_25),
        (1243245600_000_999, MAY_25),
        ("12887719200000000", MAY_25),  # since 1601
        ("2009-05-25T12:00:00+0200", MAY_25),
        ("2009-05-25T10:00:00Z", MAY_25),
        ("2009-05-25 10:00:00+00:00", MAY_25),
        ("Mon, 25 May 2009 10:00:00 GMT", MAY_25),
        ("2009-05-25", MAY_25.replace(hour=0)),
        (0, None),
        ("0", None),
        (86400, None),
        (-1, None),
        ("", None),
        (None, None),
        (True, None),
        ([1], None),
        (float("inf"), None),
        (float("nan"), None),
        ("9" * 18, None),
        ("9" * 5_000, None),
        ("0000-00-00 00:00:00", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("someday", None),
        ("2020-06-03", None),  # more than a day after now
    ],
)
def test_a_stamp_is_the_moment_that_is_meant_or_none(value: object, moment: datetime | None) -> None:
    assert read_stamp(value, NOW) == moment


def test_a_time_to_come_is_one_where_it_can_be_meant() -> None:
    assert read_any_stamp("2099-01-02") == datetime(2099, 1, 2, tzinfo=UTC)
    assert read_any_stamp("2200-01-01") is None


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.binary(), st.lists(st.integers())))
def test_nothing_is_raised_for_anything(value: object) -> None:
    read_any_stamp(value)
