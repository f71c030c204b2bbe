"""Many sets of entry ids, most of them tiny: one for each tag, one for each domain.

A blog of a million entries has a hundred thousand tags and as many domains, most of them on one
entry or two. A bitmap each would take longer to make and more room than all else together, so the
sets lie one behind the other in one list of ids, and a bitmap is made when it is asked for: a
microsecond for a small one. Those of the large sets are made at once, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from pyroaring import BitMap

from blog.facets.rows import as_bitmap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from blog.facets.rows import Hosts, Ids, Numbers

_LARGE: Final = 128
EMPTY: Final = BitMap()


class Sets(Mapping[int, BitMap]):
    """Sets of entry ids by small whole numbers; those without a member are not there.

    ``sizes[key]`` is the number of members. Immutable, as are the bitmaps it gives.
    """

    __slots__ = ("_bitmaps", "_members", "_starts", "drift", "sizes")

    def __init__(
        self,
        members: Ids,
        starts: Numbers,
        sizes: NDArray[np.int32],
        bitmaps: dict[int, BitMap],
        drift: int = 0,
    ) -> None:
        self._members = members
        self._starts = starts
        self._bitmaps = bitmaps
        self.sizes = sizes
        # How many sets were changed since the list was made: those are all kept as bitmaps.
        self.drift = drift

    @classmethod
    def of_pairs(cls, keys: Numbers, ids: Ids) -> Sets:
        """Return the sets that these pairs of a key and an entry id make; the ids ascend.

        Key 0 stands for none.
        """
        order = np.argsort(keys, kind="stable")
        sizes = np.bincount(keys, minlength=1).astype(np.int32)
        starts = np.cumsum(sizes) - sizes
        sizes[0] = 0
        made = cls(ids[order], starts, sizes, {})
        made._bitmaps = {key: made._made(key) for key in np.flatnonzero(sizes >= _LARGE).tolist()}
        return made

    def _made(self, key: int) -> BitMap:
        start = int(self._starts[key])
        return as_bitmap(self._members[start : start + int(self.sizes[key])])

    def __getitem__(self, key: int) -> BitMap:
        """Return the set of a key.

        Raises:
            KeyError: it has no member.
        """
        if not 0 < key < len(self.sizes) or not self.sizes[key]:
            raise KeyError(key)
        bitmap = self._bitmaps.get(key)
        return self._made(key) if bitmap is None else bitmap

    def __iter__(self) -> Iterator[int]:
        """Iterate over the keys, ascending."""
        return iter(np.flatnonzero(self.sizes).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.sizes))

    def size(self, key: int) -> int:
        """Return how many members a set has."""
        return int(self.sizes[key]) if 0 < key < len(self.sizes) else 0

    def by_size(self) -> NDArray[np.int64]:
        """Return the keys, the largest set's first; of equal sizes the smaller key first."""
        keys = np.flatnonzero(self.sizes)
        return keys[np.argsort(-self.sizes[keys], kind="stable")]

    def changed(self, sets: Mapping[int, BitMap]) -> Sets:
        """Return the sets with these in the place of what they were."""
        if not sets:
            return self
        sizes = np.zeros(max(len(self.sizes), *(key + 1 for key in sets)), np.int32)
        sizes[: len(self.sizes)] = self.sizes
        for key, bitmap in sets.items():
            sizes[key] = len(bitmap)
        return Sets(self._members, self._starts, sizes, {**self._bitmaps, **sets}, self.drift + len(sets))


class HostSets(Mapping[str, BitMap]):
    """Sets of entry ids by domain."""

    __slots__ = ("hosts", "sets")

    def __init__(self, hosts: Hosts, sets: Sets) -> None:
        self.hosts = hosts
        self.sets = sets

    def __getitem__(self, host: str) -> BitMap:
        """Return the entries that point to a host.

        Raises:
            KeyError: there is none.
        """
        return self.sets[self.hosts.numbers[host]]

    def __iter__(self) -> Iterator[str]:
        names = self.hosts.names
        return (names[number] for number in self.sets)

    def __len__(self) -> int:
        return len(self.sets)

    def largest(self, count: int) -> list[tuple[str, int]]:
        """Return the hosts that most entries point to, with how many do."""
        numbers = self.sets.by_size()[:count].tolist()
        return [(self.hosts.names[number], self.sets.size(number)) for number in numbers]
