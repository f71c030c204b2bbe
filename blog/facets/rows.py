"""What the facets know of each entry, by entry id: when, where, and which tags.

A million of these must fit beside the bitmaps, so the numbers lie in arrays, equal values
are shared, and everything comes in blocks of 4,096 ids. A change copies the blocks it
touches and no others; a snapshot that somebody still reads keeps the old ones.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blog.domain.entry import Kind

_BITS: Final = 12
_SIZE: Final = 1 << _BITS
_MASK: Final = _SIZE - 1


class Place(NamedTuple):
    """Where an entry belongs; few different ones, shared by many entries."""

    kind: Kind
    source: int | None
    series: int | None
    domain: str


class Row(NamedTuple):
    """One public entry: ``stamp`` in microseconds since 1970, ``day`` as ``date.toordinal()``, tag ids."""

    stamp: int
    day: int
    place: Place
    tags: tuple[int, ...]


@dataclass(slots=True)
class _Block:
    stamps: array[int] = field(default_factory=lambda: array("q", bytes(8 * _SIZE)))
    days: array[int] = field(default_factory=lambda: array("I", bytes(4 * _SIZE)))
    places: list[Place | None] = field(default_factory=lambda: [None] * _SIZE)
    tags: list[tuple[int, ...]] = field(default_factory=lambda: [()] * _SIZE)

    def copy(self) -> _Block:
        return _Block(self.stamps[:], self.days[:], self.places[:], self.tags[:])


class Rows:
    """The rows of all public entries; never changed once it is in a snapshot."""

    __slots__ = ("_blocks",)

    def __init__(self, blocks: dict[int, _Block] | None = None) -> None:
        self._blocks = blocks if blocks is not None else {}

    def get(self, entry_id: int) -> Row | None:
        """Return the entry's row, None where it is not public."""
        block = self._blocks.get(entry_id >> _BITS)
        if block is None:
            return None
        at = entry_id & _MASK
        place = block.places[at]
        return None if place is None else Row(block.stamps[at], block.days[at], place, block.tags[at])

    def stamp(self, entry_id: int) -> int:
        """Return when a public entry was published."""
        return self._blocks[entry_id >> _BITS].stamps[entry_id & _MASK]

    def day(self, entry_id: int) -> int:
        """Return the day ordinal of a public entry."""
        return self._blocks[entry_id >> _BITS].days[entry_id & _MASK]

    def tags(self, entry_id: int) -> tuple[int, ...]:
        """Return the tag ids of a public entry."""
        return self._blocks[entry_id >> _BITS].tags[entry_id & _MASK]

    def changed(self, changes: Iterable[tuple[int, Row | None]]) -> Rows:
        """Return the rows with these entries set, or taken out where the row is None."""
        blocks = dict(self._blocks)
        own: set[int] = set()
        for entry_id, row in changes:
            number = entry_id >> _BITS
            if number not in own:
                own.add(number)
                blocks[number] = blocks[number].copy() if number in blocks else _Block()
            _put(blocks[number], entry_id & _MASK, row)
        return Rows(blocks)


def _put(block: _Block, at: int, row: Row | None) -> None:
    if row is None:
        block.places[at] = None
        block.tags[at] = ()
        return
    block.stamps[at], block.days[at], block.places[at], block.tags[at] = row
