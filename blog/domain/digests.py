"""Digests: a filter's entries day by day, week by week or month by month, and where that lives.

A digest lies below its filter's page: ``/tags/python/weekly/`` with one page for each period, such as
``/tags/python/weekly/2026-W47/``, its Markdown beside that and a feed of the finished ones beside it all.
Weeks are those of ISO 8601: they begin on Monday, and belong to the year that their Thursday lies in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from blog.domain.dates import (
    FIRST_YEAR,
    LAST_YEAR,
    MONTH_NAMES,
    MONTHS,
    days_in_month,
    month_number,
    spoken_day,
)
from blog.domain.errors import BadFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from blog.domain.filters import Filter

_WEEK: Final = re.compile(r"([0-9]{4})-?[Ww]([0-9]{1,2})")
_MONTH: Final = re.compile(r"([0-9]{4})-([0-9]{1,2}|[A-Za-z]{3,9})")
_DAY: Final = re.compile(r"([0-9]{4})-([0-9]{1,2}|[A-Za-z]{3,9})-([0-9]{1,2})")
_YEAR: Final = re.compile(r"[0-9]{4}")


class Rhythm(StrEnum):
    """How often there is a digest; the value is the word in addresses."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"

    @property
    def unit(self) -> str:
        """The word for one period."""
        return _UNITS[self]

    def period_of(self, day: date) -> Period:
        """Return the period that a day lies in."""
        if self is Rhythm.WEEKLY:
            return Period(self, day - timedelta(days=day.weekday()))
        return Period(self, day.replace(day=1) if self is Rhythm.MONTHLY else day)


_UNITS: Final = {Rhythm.DAILY: "day", Rhythm.WEEKLY: "week", Rhythm.MONTHLY: "month"}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A day, a week or a month of the blog's calendar; ``first`` is its first day."""

    rhythm: Rhythm
    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        if self.rhythm is Rhythm.WEEKLY:
            return self.first + timedelta(days=6)
        if self.rhythm is Rhythm.MONTHLY:
            return self.first.replace(day=days_in_month(self.first.year, self.first.month))
        return self.first

    @property
    def year(self) -> int:
        """The year that it belongs to."""
        return self.first.isocalendar().year if self.rhythm is Rhythm.WEEKLY else self.first.year

    @property
    def name(self) -> str:
        """Its name in addresses: ``2026-11-23``, ``2026-W48``, ``2026-11``."""
        if self.rhythm is Rhythm.WEEKLY:
            return f"{self.year}-W{self.first.isocalendar().week:02}"
        return self.first.isoformat()[: 7 if self.rhythm is Rhythm.MONTHLY else 10]

    @property
    def title(self) -> str:
        """Say it: "23 November 2026", "Week 48 of 2026", "November 2026"."""
        if self.rhythm is Rhythm.WEEKLY:
            return f"Week {self.first.isocalendar().week} of {self.year}"
        if self.rhythm is Rhythm.MONTHLY:
            return f"{MONTH_NAMES[self.first.month - 1]} {self.first.year}"
        return spoken_day(self.first)

    @property
    def label(self) -> str:
        """Say it among others of its year: "23 Nov", "Week 48", "November"."""
        if self.rhythm is Rhythm.WEEKLY:
            return f"Week {self.first.isocalendar().week}"
        if self.rhythm is Rhythm.MONTHLY:
            return MONTH_NAMES[self.first.month - 1]
        return f"{self.first.day} {MONTHS[self.first.month - 1]}"

    @property
    def days_in_words(self) -> str:
        """Say from when to when a week is: "16 to 22 November 2026"; of others the title says it."""
        if self.rhythm is not Rhythm.WEEKLY:
            return ""
        first, last = self.first, self.last
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day} to {spoken_day(last)}"
        begin = spoken_day(first)
        return f"{begin.removesuffix(f' {last.year}')} to {spoken_day(last)}"


def parse_period_name(rhythm: Rhythm, text: str) -> Period:
    """Read the name of a period: ``2026-W48``, ``2026-11`` (or ``2026-Nov``), ``2026-11-23``.

    Raises:
        BadFilter: it is none of this rhythm.
    """
    found = _PATTERNS[rhythm].fullmatch(text)
    try:
        period = rhythm.period_of(_READ[rhythm](*found.groups())) if found else None
    except ValueError:
        period = None
    if period is None or not FIRST_YEAR <= period.year <= LAST_YEAR:
        example = rhythm.period_of(date(2026, 11, 23)).name
        raise BadFilter(f"“{text[:80]}” is not a {rhythm.unit}; one is named like {example}.")
    return period


def parse_year_name(text: str) -> int | None:
    """Read the name of a year, under which a digest lists its periods; None where it is no such name.

    Raises:
        BadFilter: it is a year that cannot be.
    """
    if not _YEAR.fullmatch(text):
        return None
    if not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise BadFilter(f"Years go from {FIRST_YEAR} to {LAST_YEAR}.")
    return int(text)


def _day(year: str, month: str, day: str) -> date:
    return date(int(year), month_number(month) or 0, int(day))


_PATTERNS: Final = {Rhythm.DAILY: _DAY, Rhythm.WEEKLY: _WEEK, Rhythm.MONTHLY: _MONTH}
_READ: Final[Mapping[Rhythm, Callable[..., date]]] = {
    Rhythm.DAILY: _day,
    Rhythm.WEEKLY: lambda year, week: date.fromisocalendar(int(year), int(week), 1),
    Rhythm.MONTHLY: lambda year, month: _day(year, month, "1"),
}


@dataclass(frozen=True, slots=True)
class Digest:
    """A filter, in a rhythm. Order and page of the filter mean nothing to it."""

    wanted: Filter
    rhythm: Rhythm

    def title(self, names: Mapping[str, str] | None = None) -> str:
        """Say it: "Posts tagged python, week by week"."""
        unit = self.rhythm.unit
        return f"{self.wanted.title(names)}, {unit} by {unit}"

    def url(self, below: str = "") -> str:
        """Return the address of its page, or of that of a period or a year, by its name."""
        return self.wanted.url_below(f"{self.rhythm}/{below}/" if below else f"{self.rhythm}/")

    def markdown_url(self, period: Period) -> str:
        """Return the address of a period as Markdown."""
        return self.wanted.url_below(f"{self.rhythm}/{period.name}.md")

    def feed_url(self, form: str) -> str:
        """Return the address of its feed; ``form`` is ``"atom"`` or ``"json"``."""
        return self.wanted.url_below(f"{self.rhythm}.{form}")
