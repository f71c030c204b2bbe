"""When to ask a source again, decided from what came of asking it.

A source that says something new is asked more often, one that does not less often, between every 15
minutes and every two days. What its answers ask of those who come back is respected: the ``max-age`` of
``Cache-Control`` (RFC 9111, section 5.2.2.1), ``ttl`` and ``sy:updatePeriod`` in the feed itself,
``Retry-After`` (RFC 9110, section 10.2.3). No clock and no chance in here: times are lengths, and the
jitter is an argument.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

LEAST: Final = timedelta(minutes=15)
MOST: Final = timedelta(days=2)
FIRST: Final = timedelta(hours=1)
# ``Retry-After`` is a wish of the server's own, and may be longer than we would wait by ourselves.
LONGEST_WISH: Final = timedelta(days=30)
# How much later than planned a source may be asked: many that were added at once drift apart.
_SPREAD: Final = 0.1
_LONGEST_PLAN: Final = MOST / (1 + _SPREAD)
_THROTTLED: Final = timedelta(hours=1)
_MANY_FAILURES: Final = 20
# However well a hub tells of what is new, its source is asked by itself once a day.
_TOLD: Final = timedelta(days=1) / (1 + _SPREAD)


class Result(StrEnum):
    """What came of asking a source; throttled is 429, and gone is 410."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    THROTTLED = "throttled"
    GONE = "gone"


class Word(StrEnum):
    """What a hub has told of a source before it was asked: nothing by a hub that tells, or that there is news.

    Without a hub, or with one that has never told anything, nobody would tell.
    """

    NOBODY = "nobody would tell"
    QUIET = "quiet"
    NEWS = "news"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a source is asked, and how often in a row that has failed."""

    interval: timedelta = FIRST
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How long an answer asks to wait, by its headers and in the feed; zero where it does not.

    ``least`` is how long its author wants to wait in any case, and ``word`` what its hub has told.
    """

    max_age: timedelta = timedelta(0)
    in_feed: timedelta = timedelta(0)
    retry_after: timedelta = timedelta(0)
    least: timedelta = timedelta(0)
    word: Word = Word.NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to go on with a source: its rhythm from now on, and how long to wait this time."""

    rhythm: Rhythm
    wait: timedelta


def plan(before: Rhythm, result: Result, wishes: Wishes, jitter: float) -> Plan:
    """Decide when a source is asked again. ``jitter`` is from 0 to 1: 1 is a tenth later than 0."""
    match result:
        case Result.CHANGED:
            rhythm = Rhythm(interval=_bounded(before.interval / 2))
        case Result.UNCHANGED:
            rhythm = Rhythm(interval=_bounded(before.interval * 1.5))
        case Result.THROTTLED:
            rhythm = Rhythm(interval=_bounded(before.interval * 2), failures=before.failures + 1)
        case Result.FAILED | Result.GONE:
            rhythm = Rhythm(interval=_bounded(before.interval), failures=before.failures + 1)
    wait = _bounded(_own_wait(rhythm, result, wishes))
    wait = max(wait, min(max(wishes.retry_after, wishes.least), LONGEST_WISH))
    return Plan(rhythm=rhythm, wait=wait * (1 + _SPREAD * jitter))


def _own_wait(rhythm: Rhythm, result: Result, wishes: Wishes) -> timedelta:
    if not rhythm.failures:
        if wishes.word is Word.NEWS and result is Result.UNCHANGED:
            # The hub was faster than some cache on the way: what it told of is still to come.
            return max(LEAST, wishes.max_age)
        own = max(rhythm.interval, wishes.max_age, wishes.in_feed)
        return own if wishes.word is Word.NOBODY else _TOLD
    first = _THROTTLED if result is Result.THROTTLED else LEAST
    wait: timedelta = first * 2 ** (min(rhythm.failures, _MANY_FAILURES) - 1)
    return wait


def _bounded(length: timedelta) -> timedelta:
    return min(max(length, LEAST), _LONGEST_PLAN)


_MAX_AGE: Final = re.compile(r"""(?:^|[,\s])max-age\s*=\s*"?(\d{1,12})""", re.IGNORECASE)
_NEVER_KEPT: Final = re.compile(r"(?:^|[,\s])no-(?:store|cache)\b", re.IGNORECASE)


def max_age(cache_control: str) -> timedelta:
    """How long an answer stays good by its ``Cache-Control``; zero where it may not, or nothing is said."""
    found = _MAX_AGE.search(cache_control)
    if found is None or _NEVER_KEPT.search(cache_control):
        return timedelta(0)
    return min(timedelta(seconds=int(found[1])), MOST)


_PERIODS: Final = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}


def period_in_feed(ttl: str, period: str, frequency: str) -> timedelta:
    """How long a feed asks to wait by its ``ttl`` (minutes), ``sy:updatePeriod`` and ``sy:updateFrequency``.

    Of both the longer one counts. A period without a frequency is meant once; what is no number, or no
    period, says nothing.
    """
    times = int(frequency) if _is_number(frequency) and int(frequency) > 0 else 1
    by_period = _PERIODS.get(period.strip().lower(), timedelta(0)) / times
    by_ttl = timedelta(minutes=int(ttl)) if _is_number(ttl) else timedelta(0)
    return min(max(by_period, by_ttl), MOST)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[0-9]{1,6}\s*", text) is not None
