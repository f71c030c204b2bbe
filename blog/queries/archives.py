"""The archive by year, month and day, and what happened on this day in other years."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from blog.domain.dates import MONTH_NAMES, days_in_month
from blog.domain.filters import EVERYTHING, Filter
from blog.facets.count import count_days, count_months, count_years
from blog.facets.select import matching, newest_first
from blog.queries.choices import Choice
from blog.queries.entries import EntryView, load_entries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blog.facets.snapshot import Snapshot
    from blog.services import Services


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
