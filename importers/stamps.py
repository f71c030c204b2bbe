"""Times as exports write them: numbers since some epoch, in some unit, or dates as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from blog.domain.dates import LAST_YEAR
from importers.dates import read_date

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNDATED: Final = EPOCH + timedelta(days=1)
"""When that was of which nothing says when: the first moment that is in 1970 everywhere on Earth."""

_WEBKIT_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_NUMBER: Final = re.compile(r"\s*(\d{1,18})(?:\.\d*)?\s*")
# The unit of a number is told by its size: today is 1.8 × 10⁹ in seconds since 1970, and
# 1.3 × 10¹⁶ in the microseconds since 1601 that Chrome counts.
_MILLISECONDS: Final = 10**11
_MICROSECONDS: Final = 10**14
_WEBKIT: Final = 10**16


def read_stamp(value: object, now: datetime) -> datetime | None:
    """The time that ``value`` means, or None where it means none that a bookmark can have.

    Nobody has kept anything more than a day after ``now``.
    """
    moment = read_any_stamp(value)
    return moment if moment and moment <= now + timedelta(days=1) else None


def read_any_stamp(value: object) -> datetime | None:
    """The time that ``value`` means, also one to come, or None where it means none.

    Zero and everything else on the first day of 1970 is how programs write "no date".
    """
    try:
        moment = _moment(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment and moment > UNDATED and moment.year <= LAST_YEAR else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or value is None:
        return None
    number = _NUMBER.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if not number:
        return read_date(value.strip() if isinstance(value, str) else value)
    count = int(number[1])
    if count >= _WEBKIT:
        return (_WEBKIT_EPOCH + timedelta(microseconds=count)).replace(microsecond=0)
    unit = 1_000_000 if count < _MILLISECONDS else 1_000 if count < _MICROSECONDS else 1
    return (EPOCH + timedelta(microseconds=count * unit)).replace(microsecond=0)
