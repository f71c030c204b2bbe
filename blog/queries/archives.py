"""The archive by year, month and day, and what happened on this day in other years."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from blog.domain.dates import MONTH_NAMES, MONTHS, days_in_month
from blog.domain.filters import EVERYTHING, Filter
from blog.facets.count import count_days, count_months, count_years
from blog.facets.select import matching, newest_first
from blog.queries.choices import Choice
from blog.queries.entries import EntryView, load_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from blog.facets.snapshot import Snapshot
    from blog.services import Services

# The days of a blog that lie below the second to the fifth step of its heat map.
_STEP_SHARES: Final = (0.35, 0.65, 0.85, 0.96)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar; ``url`` is empty where nothing was published."""

    day: int
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """A month: ``weeks`` of seven days from Monday, None where the week lies in another month."""

    name: str
    count: int
    url: str
    weeks: tuple[tuple[CalendarDay | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Around a period: the calendar of its year (one month of it, for a month or a day)."""

    year: int
    calendar: tuple[CalendarMonth, ...]
    previous: Choice | None
    next: Choice | None
    years: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class HeatDay:
    """A day with entries: how many, and which of the five steps from 1 that is, 5 being the busiest."""

    count: int
    step: int
    url: str


@dataclass(frozen=True, slots=True)
class HeatMonth:
    """A month of a heat map: a cell for each day that it has, None where nothing was; ``url`` likewise."""

    name: str
    short: str
    count: int
    url: str
    days: tuple[HeatDay | None, ...]


@dataclass(frozen=True, slots=True)
class HeatYear:
    """A year of a heat map, from January on; months before the first entry and after the last have no days."""

    year: int
    count: int
    url: str
    months: tuple[HeatMonth, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Every year that has entries, newest first; ``steps`` are the counts from which on each step is taken."""

    years: tuple[HeatYear, ...]
    total: int
    steps: tuple[int, ...]


def heat_map(services: Services) -> HeatMap:
    """Return how much was published on each day of each year."""
    snapshot = services.facets.current()
    counts = count_days(snapshot, snapshot.everything)
    steps = steps_of(counts.values())
    by_month: dict[tuple[int, int], dict[int, int]] = {}
    for ordinal, count in counts.items():
        day = date.fromordinal(ordinal)
        by_month.setdefault((day.year, day.month), {})[day.day] = count
    found = sorted({year for year, _ in by_month}, reverse=True)
    span = (min(by_month), max(by_month)) if by_month else ((0, 0), (0, 0))
    years = tuple(_heat_year(year, by_month, steps, span) for year in found)
    return HeatMap(years, len(snapshot.everything), steps)


def steps_of(counts: Iterable[int]) -> tuple[int, ...]:
    """Return where the five steps begin: at quantiles of the days, so that a busy one bleaches no others.

    Where no day has more than five entries, each number is a step, and the highest are those that are used.
    """
    ordered = sorted(counts) or [1]
    if ordered[-1] <= 5:
        return tuple(max(1, step - min(2, 5 - ordered[-1])) for step in range(1, 6))
    starts = [1]
    for share in _STEP_SHARES:
        starts.append(max(ordered[int(share * len(ordered))], starts[-1] + 1))
    return tuple(starts)


def _heat_year(
    year: int,
    by_month: Mapping[tuple[int, int], Mapping[int, int]],
    steps: Sequence[int],
    span: tuple[tuple[int, int], tuple[int, int]],
) -> HeatYear:
    months = tuple(
        _heat_month(year, month, by_month.get((year, month), {}), steps)
        if span[0] <= (year, month) <= span[1]
        else HeatMonth(MONTH_NAMES[month - 1], MONTHS[month - 1], 0, "", ())
        for month in range(1, 13)
    )
    return HeatYear(year, sum(month.count for month in months), f"/{year}/", months)


def _heat_month(year: int, month: int, counts: Mapping[int, int], steps: Sequence[int]) -> HeatMonth:
    name, short = MONTH_NAMES[month - 1], MONTHS[month - 1]
    # Spelled here and not by a filter for each of thousands of days; a test holds the one to the other.
    url = f"/{year}/{short}/"
    days = tuple(
        HeatDay(counts[day], bisect_right(steps, counts[day]), f"{url}{day}/") if day in counts else None
        for day in range(1, days_in_month(year, month) + 1)
    )
    return HeatMonth(name, short, sum(counts.values()), url if counts else "", days)


def years(services: Services) -> tuple[Choice, ...]:
    """Every year that has entries, newest first."""
    return _years(services.facets.current())


def _years(snapshot: Snapshot) -> tuple[Choice, ...]:
    counts = count_years(count_months(snapshot, snapshot.everything))
    return tuple(Choice(str(year), EVERYTHING.in_period(year).url(), count) for year, count in counts.items())


def archive(services: Services, wanted: Filter) -> Archive:
    """Return the calendar of a filter that is a year, a month or a day and nothing else."""
    assert wanted.year is not None, "an archive is of a period"
    snapshot = services.facets.current()
    days = count_days(snapshot, matching(snapshot, EVERYTHING.in_period(wanted.year)))
    months = (wanted.month,) if wanted.month else range(1, 13)
    earlier, later = _neighbours(snapshot, wanted)
    return Archive(
        year=wanted.year,
        calendar=tuple(_calendar(wanted.year, month, days) for month in months),
        previous=earlier,
        next=later,
        years=_years(snapshot),
    )


def _calendar(year: int, month: int, counts: Mapping[int, int]) -> CalendarMonth:
    cells: list[CalendarDay | None] = [None] * date(year, month, 1).weekday()
    total = 0
    for day in range(1, days_in_month(year, month) + 1):
        count = counts.get(date(year, month, day).toordinal(), 0)
        total += count
        cells.append(CalendarDay(day, count, EVERYTHING.in_period(year, month, day).url() if count else ""))
    cells += [None] * (-len(cells) % 7)
    weeks = tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))
    url = EVERYTHING.in_period(year, month).url() if total else ""
    return CalendarMonth(MONTH_NAMES[month - 1], total, url, weeks)


def _neighbours(snapshot: Snapshot, wanted: Filter) -> tuple[Choice | None, Choice | None]:
    """The nearest periods of the same length, before and after, that have entries."""
    periods = _periods(snapshot, wanted)
    here = (wanted.year, wanted.month, wanted.day)
    before = [one for one in periods if one < here[: len(one)]]
    after = [one for one in periods if one > here[: len(one)]]
    return (
        _period_choice(max(before), periods) if before else None,
        _period_choice(min(after), periods) if after else None,
    )


def _periods(snapshot: Snapshot, wanted: Filter) -> Counter[tuple[int, ...]]:
    """Count the entries of every period as long as the filter's; days only of the months around it."""
    periods: Counter[tuple[int, ...]] = Counter()
    if wanted.day:
        for month in _months_around(snapshot, (wanted.year or 0, wanted.month or 0)):
            for ordinal, count in count_days(snapshot, snapshot.months[month]).items():
                day = date.fromordinal(ordinal)
                periods[(day.year, day.month, day.day)] = count
        return periods
    for month, count in snapshot.month_sizes.items():
        periods[month if wanted.month else month[:1]] += count
    return periods


def _months_around(snapshot: Snapshot, month: tuple[int, int]) -> list[tuple[int, int]]:
    earlier = [one for one in snapshot.months_newest_first if one < month][:1]
    later = [one for one in snapshot.months_newest_first if one > month][-1:]
    return [*earlier, *([month] if month in snapshot.months else []), *later]


def _period_choice(period: tuple[int, ...], counts: Counter[tuple[int, ...]]) -> Choice:
    wanted = EVERYTHING.in_period(*period)
    label = str(period[0])
    if len(period) > 1:
        label = f"{MONTH_NAMES[period[1] - 1]} {label}"
    if len(period) > 2:
        label = f"{period[2]} {label}"
    return Choice(label, wanted.url(), counts[period])


def on_this_day(services: Services, today: date, limit: int = 100) -> list[tuple[int, list[EntryView]]]:
    """The entries of this day in each year, newest year first, up to ``limit`` in all."""
    snapshot = services.facets.current()
    ids: list[int] = []
    for year, month in snapshot.months_newest_first:
        if month != today.month or not _exists(year, today):
            continue
        if len(ids) >= limit:
            break
        ids += newest_first(snapshot, matching(snapshot, EVERYTHING.in_period(year, month, today.day)))
    with services.sessions.read() as session:
        entries = load_entries(session, snapshot, ids[:limit])
    return [
        (year, [one for one in entries if one.day.year == year])
        for year in sorted({one.day.year for one in entries}, reverse=True)
    ]


def _exists(year: int, day: date) -> bool:
    return day.day <= days_in_month(year, day.month)
