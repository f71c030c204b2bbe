"""Timing: what a measurement is, and how every one of them is taken.

Requests are drawn with a fixed seed. Each is made once to warm up and then some times; its time
is the median of these, and a line gives the median and the 95th percentile over all requests. A
kind that takes long gets fewer requests: how many there were is part of the measurement.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Work = Callable[[], object]

REQUESTS: Final = 60
REPEATS: Final = 5
# For one kind of request; with all kinds and sizes, "make bench" stays below a quarter of an hour.
_SECONDS: Final = 6.0
_LEAST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One cell of a table. ``unit`` is ms, s, MB or "a second"; ``count`` is of how many the median is.

    ``is_limit`` marks what Crosstag is held against: the least that such an answer can cost on
    this machine. ``note`` is for people.
    """

    name: str
    unit: str
    median: float
    p95: float | None = None
    count: int = 1
    note: str = ""
    is_limit: bool = False


def milliseconds(work: Work) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1_000


def measure(name: str, requests: Iterable[Work], *, repeats: int = REPEATS, is_limit: bool = False) -> Measured:
    """Time requests of one kind, until there are no more or enough time has been spent."""
    times: list[float] = []
    end = time.perf_counter() + _SECONDS
    for work in requests:
        work()
        times.append(statistics.median(milliseconds(work) for _ in range(repeats)))
        if len(times) >= _LEAST and time.perf_counter() > end:
            break
    return summed_up(name, "ms", times, is_limit=is_limit)


def summed_up(
    name: str, unit: str, values: Sequence[float], *, note: str = "", is_limit: bool = False
) -> Measured:
    """The median and the 95th percentile of values; of one value, only that."""
    ordered = sorted(values)
    return Measured(
        name=name,
        unit=unit,
        median=statistics.median(ordered),
        p95=ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] if len(ordered) > 1 else None,
        count=len(ordered),
        note=note,
        is_limit=is_limit,
    )
