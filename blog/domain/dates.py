"""Dates as addresses spell them: ``2009``, ``May``, ``25``."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

# Not calendar.month_abbr: that follows the machine's locale, and addresses must not.
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH_NAMES: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199


def month_number(text: str) -> int | None:
    """Read "May", "may", "MAY", "may" spelled out or "5" as 5; None for anything else."""
    if text.isascii() and text.isdigit() and len(text) <= 2:
        return int(text) if 1 <= int(text) <= 12 else None
    lowered = text.lower()
    for number, (short, full) in enumerate(zip(MONTHS, MONTH_NAMES, strict=True), start=1):
        if lowered in (short.lower(), full.lower()):
            return number
    return None


def days_in_month(year: int, month: int) -> int:
    """Return 28 to 31."""
    return calendar.monthrange(year, month)[1]


def day_path(day: date) -> str:
    """Return a day's part of an address, ``2009/May/25``."""
    return f"{day.year}/{MONTHS[day.month - 1]}/{day.day}"


def spoken_day(day: date) -> str:
    """Return the day for people, "25 May 2009"."""
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
