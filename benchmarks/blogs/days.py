"""When entries were published, and in which order they were imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.blogs.draws import drawn
from blog.domain.dates import days_in_month

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from benchmarks.blogs.figures import Figures

# Most entries are imported in the order of their dates; some turn up later.
_LATE: Final = 0.03
_HOW_LATE: Final = 0.05


def draw_times(figures: Figures, random: Generator, count: int) -> NDArray[np.int64]:
    """Seconds since 1970 of ``count`` entries, the oldest first, in the months and hours of the real blog."""
    months = figures.first_month + drawn(random, figures.months, count)
    last = figures.first_month + len(figures.months) - 1
    lengths = np.array(
        [days_in_month(*_year_and_month(month)) for month in range(figures.first_month, last + 1)]
    )
    lengths[-1] = figures.last_days
    first_days = ((months - 1970 * 12).astype("datetime64[M]")).astype("datetime64[D]").astype(np.int64)
    days = first_days + random.integers(0, lengths[months - figures.first_month])
    seconds = days * 86_400 + drawn(random, figures.hours, count) * 3_600 + random.integers(0, 3_600, count)
    return np.sort(seconds)


def _year_and_month(month: int) -> tuple[int, int]:
    """A month counted from year 0, as its year and its number from 1 to 12."""
    return month // 12, month % 12 + 1


def order_of_import(random: Generator, count: int) -> NDArray[np.int64]:
    """The entries, numbered from the oldest, in the order in which they got their ids."""
    late = random.random(count) < _LATE
    return np.argsort(np.arange(count) + late * random.exponential(count * _HOW_LATE, count), kind="stable")
