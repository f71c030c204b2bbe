"""Times as an author types and reads them: on the blog's own clock, with its jumps said.

Where clocks are put forward an hour is missing, and where they are put back an hour comes twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from blog.domain.dates import FIRST_YEAR, LAST_YEAR, spoken_day
from blog.domain.errors import CrosstagError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TYPED: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{1,2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?")
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_DAYS_IN_MONTH: Final = 30.44
_DAYS_IN_YEAR: Final = 365.25


class BadTime(CrosstagError):
    """No such time, on the blog's clock."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time that was typed, and what is to be said of it: that it comes twice, where it does."""

    moment: datetime
    remark: str = ""


def read_local(text: str, zone: ZoneInfo) -> LocalTime:
    """Read "2026-11-29T09:00" as a time on the blog's clock; a day alone is its first minute.

    Raises:
        BadTime: it is none, or one that the clock jumped over.
    """
    found = _TYPED.fullmatch(text.strip())
    try:
        local = datetime.fromisoformat(f"{found[1]}T{(found[2] or '00:00').zfill(5)}") if found else None
    except ValueError:
        local = None
    if local is None:
        raise BadTime(f"“{text.strip()[:40]}” is no date and time such as 2026-11-29 09:00.")
    if not FIRST_YEAR < local.year < LAST_YEAR:
        raise BadTime(f"Years go from {FIRST_YEAR + 1} to {LAST_YEAR - 1}.")
    return _placed(local, zone)


def _placed(local: datetime, zone: ZoneInfo) -> LocalTime:
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    moment = first.astimezone(UTC)
    if first.utcoffset() == second.utcoffset():
        return LocalTime(moment)
    when = f"{spoken_clock(local)} on {spoken_day(local.date())}"
    meant = moment.astimezone(zone).replace(tzinfo=None)
    if meant != local:
        after = spoken_clock(meant)
        raise BadTime(f"There is no {when}: in {zone.key} the clocks are put forward, past it. Try {after}.")
    return LocalTime(
        moment, f"{when} comes twice, for in {zone.key} the clocks are put back; the first is meant."
    )


def typed_local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a time as ``read_local`` reads it, to the minute."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M").zfill(16)


def spoken_when(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "in 3 days, Sunday 29 November 2026, 9:00 am, Europe/London"."""
    local = moment.astimezone(zone)
    day = f"{_DAYS[local.weekday()]} {spoken_day(local.date())}"
    return f"{spoken_distance(moment, now, zone)}, {day}, {spoken_clock(local)}, {zone.key}"


def spoken_clock(local: datetime) -> str:
    """Return "9:00 am"."""
    return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}"


def spoken_distance(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return "in 3 days" or "20 minutes ago"; days are those of the calendar."""
    seconds = abs((moment - now).total_seconds())
    if seconds < _MINUTE:
        return "in a moment" if moment > now else "just now"
    far = _how_far(seconds, abs((moment.astimezone(zone).date() - now.astimezone(zone).date()).days))
    return f"in {far}" if moment > now else f"{far} ago"


def _how_far(seconds: float, days: int) -> str:
    if seconds < _HOUR:
        return _counted(seconds / _MINUTE, "minute")
    if seconds < _DAY or days < 1:
        return _counted(seconds / _HOUR, "hour")
    if days < 2 * _DAYS_IN_MONTH:
        return _counted(days, "day")
    if days < 2 * _DAYS_IN_YEAR:
        return _counted(days / _DAYS_IN_MONTH, "month")
    return _counted(days / _DAYS_IN_YEAR, "year")


def _counted(count: float, unit: str) -> str:
    whole = int(count)
    return f"{whole} {unit}{'' if whole == 1 else 's'}"
