"""Drawing by weights and dealing out by sizes: what every part of a generated blog does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import ArrayLike, NDArray


def drawn(random: Generator, weights: ArrayLike, count: int) -> NDArray[np.int64]:
    """Draw ``count`` numbers, each as often as its weight says, by chance."""
    sums = np.cumsum(weights, dtype=np.float64)
    found: NDArray[np.int64] = np.searchsorted(sums, random.random(count) * sums[-1], side="right")
    return found


def dealt(random: Generator, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Deal out numbers in a random order, each exactly as often as its size says."""
    return random.permutation(np.repeat(np.arange(len(sizes)), sizes))


def by_percentiles(random: Generator, percentiles: Sequence[int], count: int) -> NDArray[np.int64]:
    """Draw ``count`` lengths whose percentiles are these; between two, long ones are rarer than short ones."""
    at = np.interp(random.random(count) * 100, np.arange(101), np.log1p(percentiles))
    return np.expm1(at).round().astype(np.int64)
