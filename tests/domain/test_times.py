"""Times as authors type and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from blog.domain.times import BadTime, LocalTime, read_local, spoken_when, typed_local

LONDON = ZoneInfo("Europe/London")
TWICE = (
    "1:30 am on 25 October 2026 comes twice, for in Europe/London the clocks are put back; the first is meant."
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2026-11-29T09:00", LocalTime(datetime(2026, 11, 29, 9, 0, tzinfo=UTC))),
        ("2026-07-29T09:00", LocalTime(datetime(2026, 7, 29, 8, 0, tzinfo=UTC))),
        (" 2026-07-29 9:05 ", LocalTime(datetime(2026, 7, 29, 8, 5, tzinfo=UTC))),
        ("2026-07-29T09:00:30", LocalTime(datetime(2026, 7, 29, 8, 0, tzinfo=UTC))),
        ("2026-11-29", LocalTime(datetime(2026, 11, 29, tzinfo=UTC))),
        ("2026-10-25T01:30", LocalTime(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), TWICE)),
        ("2026-10-25T02:00", LocalTime(datetime(2026, 10, 25, 2, 0, tzinfo=UTC))),
    ],
)
def test_a_time_is_read_on_the_blogs_clock(typed: str, read: LocalTime) -> None:
    assert read_local(typed, LONDON) == read


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "“” is no date and time such as 2026-11-29 09:00."),
        ("tomorrow", "“tomorrow” is no date and time such as 2026-11-29 09:00."),
        ("2026-02-30T09:00", "“2026-02-30T09:00” is no date and time such as 2026-11-29 09:00."),
        ("2026-02-03T24:10", "“2026-02-03T24:10” is no date and time such as 2026-11-29 09:00."),
        ("1969-02-03T10:10", "Years go from 1971 to 2198."),
        ("9999-12-31T23:59", "Years go from 1971 to 2198."),
        ("2026-03-29T01:30", "There is no 1:30 am on 29 March 2026: in Europe/London the clocks are put forward, past it. Try 2:30 am."),
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(BadTime) as error:
        read_local(typed, LONDON)
    assert error.value.sentence == sentence


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Kathmandu", "America/Los_Angeles", "UTC"])
def test_what_the_form_shows_is_read_as_the_same_minute(zone: str) -> None:
    moment = datetime(2026, 6, 1, 12, 34, tzinfo=UTC)
    assert read_local(typed_local(moment, ZoneInfo(zone)), ZoneInfo(zone)) == LocalTime(moment)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "just now, Thursday 26 November 2026, 8:00 am, Europe/London"),
        (0.01, "in a moment, Thursday 26 November 2026, 8:00 am, Europe/London"),
        (0.5, "in 30 minutes, Thursday 26 November 2026, 8:30 am, Europe/London"),
        (1.2, "in 1 hour, Thursday 26 November 2026, 9:12 am, Europe/London"),
        (73, "in 3 days, Sunday 29 November 2026, 9:00 am, Europe/London"),
        (24 * 200, "in 6 months, Monday 14 June 2027, 9:00 am, Europe/London"),
        (-24, "1 day ago, Wednesday 25 November 2026, 8:00 am, Europe/London"),
        (-24 * 365 * 3, "2 years ago, Monday 27 November 2023, 8:00 am, Europe/London"),
    ],
)
def test_a_time_is_said_by_its_distance_its_day_and_its_clock(hours: float, words: str) -> None:
    now = datetime(2026, 11, 26, 8, tzinfo=UTC)
    assert spoken_when(now + timedelta(hours=hours), now, LONDON) == words
