"""Two laws that sizes of tags, domains and words follow, and that go on where the corpus ends.

Heaps' law says how many different ones there are: ``count`` times (total / its total) to the
power of ``heaps``. Zipf's says how often each occurs: the biggest keep their shares, whatever
the size of the blog, and from the last of these the sizes fall, on a slightly bent line in
logarithms, to those that occur once, whose share stays the same too. How much the line is bent
is not learned: it follows, because all sizes must add up to the total.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALVINGS: Final = 60
# In logarithms: no curve of sizes is bent more than this, and an exponent must not overflow.
_MOST_BENT: Final = 40.0


@dataclass(frozen=True, slots=True)
class Law:
    """``count`` different ones made up ``total``; ``head`` are the biggest, ``once`` the share used once."""

    count: int
    total: int
    once: float
    heaps: float
    head: tuple[int, ...]

    def different(self, total: int) -> int:
        """How many different ones make up a total."""
        expected = self.count * math.pow(total / self.total, self.heaps)
        return max(1, min(total, round(expected)))

    def tail(self, total: int, of_tail: int) -> NDArray[np.int64]:
        """The sizes below the head, biggest first; of ``total`` in all, these make up ``of_tail``."""
        different = min(of_tail, max(1, self.different(total) - len(self.head)))
        if not of_tail:
            return np.zeros(0, np.int64)
        first = max(1.5, self.head[-1] * total / self.total)
        more_than_once = max(0, different - round(self.different(total) * self.once))
        wanted = of_tail - (different - more_than_once)
        curve = _bent(first, more_than_once, wanted)
        sizes = np.ones(different, np.int64)
        sizes[:more_than_once] = np.maximum(2, curve.round().astype(np.int64))
        return _adding_up_to(of_tail, sizes)

    def sizes(self, total: int) -> NDArray[np.int64]:
        """The sizes of all that make up a total, biggest first; they add up to it."""
        head = np.array(self.head, np.float64) * total / self.total
        head = head[head >= 1].astype(np.int64)
        return np.concatenate((head, self.tail(total, total - int(head.sum()))))


def _bent(first: float, count: int, wanted: int) -> NDArray[np.float64]:
    """``count`` sizes from ``first`` down to one and a half that add up to ``wanted``, as far as they can."""
    if not count:
        return np.zeros(0)
    at = np.log(np.arange(1, count + 1)) / max(np.log(count), 1e-9)
    straight = np.log(first) + (np.log(1.5) - np.log(first)) * at
    low, high = -_MOST_BENT, _MOST_BENT
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if np.exp(straight - middle * at * (1 - at)).sum() > wanted:
            low = middle
        else:
            high = middle
    curve: NDArray[np.float64] = np.exp(straight - high * at * (1 - at))
    return curve


def _adding_up_to(total: int, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Mend what rounding lost: the biggest take the difference, in proportion."""
    missing = total - int(sizes.sum())
    while missing > 0:
        share = np.minimum(missing, np.ceil(sizes * (missing / sizes.sum())).astype(np.int64))
        given = np.minimum(share, np.maximum(0, missing - (np.cumsum(share) - share)))
        sizes = sizes + given
        missing -= int(given.sum())
    while missing < 0:
        over = sizes - 1
        assert over.any(), "there are never more different ones than there are in all"
        share = np.minimum(over, np.ceil(over * (-missing / over.sum())).astype(np.int64))
        taken = np.minimum(share, np.maximum(0, -missing - (np.cumsum(share) - share)))
        sizes = sizes - taken
        missing += int(taken.sum())
    return np.sort(sizes)[::-1]
