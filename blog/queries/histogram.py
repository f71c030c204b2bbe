"""The histogram of a filter: how many of its entries each year or month has, and the way there.

It is the date filter, too. Without a date its bars are years; where a year is chosen, or there is but
one, they are that year's months. So what is counted is the filter without its date.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.dates import MONTH_NAMES, MONTHS
from blog.facets.count import count_years

if TYPE_CHECKING:
    from blog.domain.filters import Filter
    from blog.facets.count import Months

# Beyond so many years from the first to the last, those without an entry are left out.
_YEARS: Final = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """A year or a month: ``url`` is empty where it has none; ``tick`` is its label below, if it has one."""

    label: str
    tick: str
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """The bars, newest first; ``unit`` is "year" or "month".

    ``whole_url`` leads back to any time; it is empty where that is what is shown.
    """

    unit: str
    bars: tuple[Bar, ...]
    whole_url: str

    @property
    def most(self) -> int:
        """The count of the highest bar."""
        return max(bar.count for bar in self.bars)


def histogram(wanted: Filter, months: Months) -> Histogram | None:
    """Draw the filter by ``months``, which counts what it finds at any time; None where one bar is all."""
    bare = wanted.at_any_time()
    whole_url = bare.url() if bare != wanted else ""
    years = count_years(months)
    year = wanted.year if wanted.year in years else next(iter(years)) if len(years) == 1 else None
    bars = _year_bars(wanted, years) if year is None else _month_bars(wanted, year, months)
    if sum(1 for bar in bars if bar.count) < (1 if whole_url else 2):
        return None
    return Histogram("year" if year is None else "month", bars[::-1], whole_url)


def _month_bars(wanted: Filter, year: int, months: Months) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            label=f"{MONTH_NAMES[month - 1]} {year}",
            tick=MONTHS[month - 1],
            count=months.get((year, month), 0),
            url=wanted.in_period(year, month).url() if months.get((year, month)) else "",
            is_chosen=(wanted.year, wanted.month) == (year, month),
        )
        for month in range(1, 13)
    )


def _year_bars(wanted: Filter, years: dict[int, int]) -> tuple[Bar, ...]:
    if not years:
        return ()
    first, last = min(years), max(years)
    shown = list(range(first, last + 1)) if last - first < _YEARS else sorted(years)
    step = 1 if len(shown) < 10 else 2 if len(shown) < 19 else 5
    return tuple(
        Bar(
            label=str(year),
            tick="" if year % step else str(year),
            count=years.get(year, 0),
            url=wanted.in_period(year).url() if year in years else "",
            is_chosen=_lies_in(year, wanted),
        )
        for year in shown
    )


def _lies_in(year: int, wanted: Filter) -> bool:
    """Tell whether a filter by from and to reaches into the year."""
    if not (wanted.since or wanted.until):
        return False
    begins = wanted.since.year if wanted.since else year
    ends = wanted.until.year if wanted.until else year
    return begins <= year <= ends
