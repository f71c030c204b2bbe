"""When a source is asked again, in tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.schedule import (
    LEAST,
    LONGEST_WISH,
    MOST,
    Plan,
    Result,
    Rhythm,
    Wishes,
    max_age,
    period_in_feed,
    plan,
)

CHANGED, UNCHANGED, FAILED, THROTTLED, GONE = Result
NONE = Wishes()


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


LONGEST_PLAN = MOST / 1.1

# result, interval and failures before, wishes; interval, failures and wait after, without jitter
CASES = [
    pytest.param(CHANGED, hours(4), 0, NONE, hours(2), 0, hours(2), id="news: twice as often"),
    pytest.param(CHANGED, minutes(20), 0, NONE, LEAST, 0, LEAST, id="news, but never more often than that"),
    pytest.param(UNCHANGED, hours(4), 0, NONE, hours(6), 0, hours(6), id="304 or the same again: less often"),
    pytest.param(UNCHANGED, MOST, 0, NONE, LONGEST_PLAN, 0, LONGEST_PLAN, id="but every other day at least"),
    pytest.param(UNCHANGED, hours(4), 5, NONE, hours(6), 0, hours(6), id="well again: failures are forgotten"),
    pytest.param(CHANGED, hours(1), 0, Wishes(max_age=hours(3)), minutes(30), 0, hours(3), id="max-age"),
    pytest.param(
        CHANGED, hours(1), 0, Wishes(max_age=minutes(1)), minutes(30), 0, minutes(30), id="a short one"
    ),
    pytest.param(UNCHANGED, hours(1), 0, Wishes(in_feed=hours(24)), hours(1.5), 0, hours(24), id="ttl"),
    pytest.param(
        CHANGED, hours(1), 0, Wishes(in_feed=MOST), minutes(30), 0, LONGEST_PLAN, id="ttl of more than we wait"
    ),
    pytest.param(
        CHANGED, hours(1), 0, Wishes(retry_after=hours(5)), minutes(30), 0, hours(5), id="Retry-After with 200"
    ),
    pytest.param(FAILED, hours(4), 0, NONE, hours(4), 1, LEAST, id="5xx, or no answer: soon again"),
    pytest.param(FAILED, hours(4), 1, NONE, hours(4), 2, minutes(30), id="a second time"),
    pytest.param(FAILED, hours(4), 5, NONE, hours(4), 6, hours(8), id="and a sixth"),
    pytest.param(FAILED, hours(4), 9_999, NONE, hours(4), 10_000, LONGEST_PLAN, id="for years"),
    pytest.param(FAILED, hours(4), 0, Wishes(max_age=hours(9)), hours(4), 1, LEAST, id="max-age of an error"),
    pytest.param(
        FAILED, hours(4), 0, Wishes(retry_after=hours(2)), hours(4), 1, hours(2), id="503, Retry-After"
    ),
    pytest.param(
        FAILED, hours(4), 0, Wishes(retry_after=minutes(1)), hours(4), 1, LEAST, id="a short one, too"
    ),
    pytest.param(THROTTLED, hours(4), 0, NONE, hours(8), 1, hours(1), id="429: from now on less often"),
    pytest.param(THROTTLED, hours(4), 2, NONE, hours(8), 3, hours(4), id="429 again and again"),
    pytest.param(
        THROTTLED,
        hours(4),
        0,
        Wishes(retry_after=timedelta(days=7)),
        hours(8),
        1,
        timedelta(days=7),
        id="a week",
    ),
    pytest.param(
        THROTTLED, hours(4), 0, Wishes(retry_after=timedelta(days=365)), hours(8), 1, LONGEST_WISH, id="a year"
    ),
    pytest.param(GONE, hours(4), 0, NONE, hours(4), 1, LEAST, id="410: whoever resumes it tries soon"),
]


@pytest.mark.parametrize(("result", "interval", "failures", "wishes", "then", "failed", "wait"), CASES)
def test_the_next_time_follows_from_what_came(
    result: Result,
    interval: timedelta,
    failures: int,
    wishes: Wishes,
    then: timedelta,
    failed: int,
    wait: timedelta,
) -> None:
    before = Rhythm(interval=interval, failures=failures)
    expected = Plan(rhythm=Rhythm(interval=then, failures=failed), wait=wait)
    assert plan(before, result, wishes, 0.0) == expected
    later = plan(before, result, wishes, 1.0)
    assert later.rhythm == expected.rhythm
    assert later.wait == wait * 1.1


lengths = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4_000))


@given(
    st.sampled_from(Result),
    st.builds(Rhythm, interval=lengths, failures=st.integers(0, 10**9)),
    st.builds(Wishes, max_age=lengths, in_feed=lengths),
    st.floats(0, 1),
)
def test_without_retry_after_every_wait_is_between_15_minutes_and_2_days(
    result: Result, before: Rhythm, wishes: Wishes, jitter: float
) -> None:
    found = plan(before, result, wishes, jitter)
    assert LEAST <= found.wait <= MOST
    assert LEAST <= found.rhythm.interval <= MOST


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ("", timedelta(0)),
        ("max-age=3600", hours(1)),
        ('public, Max-Age = "3600"', hours(1)),
        ("s-maxage=99999, max-age=60", minutes(1)),
        ("s-maxage=99999", timedelta(0)),
        ("no-cache, max-age=3600", timedelta(0)),
        ("max-age=3600,no-store", timedelta(0)),
        ("max-age=-5", timedelta(0)),
        ("max-age=often", timedelta(0)),
        ("max-age=999999999999999999", MOST),
    ],
)
def test_max_age_is_read_from_cache_control(header: str, length: timedelta) -> None:
    assert max_age(header) == length


@pytest.mark.parametrize(
    ("ttl", "period", "frequency", "length"),
    [
        ("", "", "", timedelta(0)),
        ("60", "", "", hours(1)),
        (" 90 ", "hourly", "1", hours(1.5)),
        ("30", "Hourly", "1", hours(1)),
        ("", "daily", "", hours(24)),
        ("", "daily", "4", hours(6)),
        ("", "daily", "0", hours(24)),
        ("", "daily", "-3", hours(24)),
        ("", "weekly", "1", MOST),
        ("", "yearly", "730", hours(12)),
        ("", "sometimes", "2", timedelta(0)),
        ("soon", "", "", timedelta(0)),
        ("99999999999999999999", "", "", timedelta(0)),
        ("999999", "", "", MOST),
    ],
)
def test_the_wish_of_a_feed_is_read_from_its_elements(
    ttl: str, period: str, frequency: str, length: timedelta
) -> None:
    assert period_in_feed(ttl, period, frequency) == length
