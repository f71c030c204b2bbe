"""What the facets know of each entry, by entry id: when, where, and which tags.

Plain columns of numbers, indexed by the entry's id, so that what is asked of many entries at once
(sort these by time, count these tags, how many in each month?) is one pass of numpy and not a loop.
A million entries take 40 bytes each. Nothing here is ever changed in place: a change copies the
columns, some milliseconds at a million, and whoever still reads the old ones keeps them.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
from pyroaring import BitMap

from blog.domain.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

Ids: TypeAlias = "NDArray[np.uint32]"
Numbers: TypeAlias = "NDArray[np.integer[Any]]"
Changes: TypeAlias = "Sequence[tuple[int, Row | None]]"

KINDS: Final = tuple(Kind)
KIND_CODES: Final = {kind.value: code for code, kind in enumerate(KINDS, 1)}
# Room for so many entries more than there are, so that not every new one makes the columns longer.
_SPARE: Final = 1_024


class Place(NamedTuple):
    """Where an entry belongs."""

    kind: Kind
    source: int | None
    series: int | None
    domain: str


class Row(NamedTuple):
    """One public entry: ``stamp`` in microseconds since 1970, ``day`` as ``date.toordinal()``, tag ids.

    ``also`` are the sources that the same link is in besides, ascending.
    """

    stamp: int
    day: int
    place: Place
    tags: tuple[int, ...]
    also: tuple[int, ...] = ()

    @property
    def sources(self) -> tuple[int, ...]:
        """All sources that it is in."""
        own = self.place.source
        return self.also if own is None else (own, *self.also)


def as_array(ids: BitMap) -> Ids:
    """Return the ids, ascending."""
    return np.frombuffer(ids.to_array(), dtype=np.uint32)


def as_bitmap(ids: Ids) -> BitMap:
    """Return the set of these ids."""
    # pyroaring reads an array of Python's at once, and one of numpy's number by number.
    return BitMap(array("I", ids.tobytes()))


def month_number(day: date) -> int:
    """Return a month as the columns have it: months since the year 0."""
    return day.year * 12 + day.month - 1


def month_of(number: int) -> tuple[int, int]:
    """Return the (year, month) of a ``month_number``."""
    return number // 12, number % 12 + 1


class Hosts:
    """Numbers for domains, from 1 up in the order in which they came; 0 stands for none."""

    __slots__ = ("names", "numbers")

    def __init__(self, names: Sequence[str] = ("",)) -> None:
        self.names = tuple(names)
        self.numbers: Mapping[str, int] = {name: number for number, name in enumerate(self.names)}

    def with_names(self, names: Iterable[str]) -> Hosts:
        """Number those that have no number yet, too."""
        new = dict.fromkeys(name for name in names if name not in self.numbers)
        return Hosts((*self.names, *new)) if new else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """One value for each entry id up to the highest; what is not public has zeros.

    ``kinds`` are codes of ``KIND_CODES``, ``months`` those of ``month_number``, ``domains`` numbers
    of ``Hosts``. An entry's tags are ``tag_counts`` items of ``Rows.tag_ids`` from ``tag_starts``.
    """

    stamps: NDArray[np.int64]
    days: NDArray[np.int32]
    months: NDArray[np.int32]
    kinds: NDArray[np.uint8]
    sources: NDArray[np.int32]
    series: NDArray[np.int32]
    domains: NDArray[np.int32]
    tag_starts: NDArray[np.uint32]
    tag_counts: NDArray[np.uint32]

    @classmethod
    def of_size(cls, size: int) -> Columns:
        """Return columns for the ids below ``size``, none of them public."""
        return cls(
            stamps=np.zeros(size, np.int64),
            days=np.zeros(size, np.int32),
            months=np.zeros(size, np.int32),
            kinds=np.zeros(size, np.uint8),
            sources=np.zeros(size, np.int32),
            series=np.zeros(size, np.int32),
            domains=np.zeros(size, np.int32),
            tag_starts=np.zeros(size, np.uint32),
            tag_counts=np.zeros(size, np.uint32),
        )

    def copy(self, size: int) -> Columns:
        """Return a copy for the ids below ``size``, which may be more."""
        copied = Columns.of_size(size)
        for name in Columns.__slots__:
            before: NDArray[Any] = getattr(self, name)
            getattr(copied, name)[: len(before)] = before
        return copied


class Rows:
    """The rows of all public entries; never changed once it is in a snapshot.

    ``also`` has the further sources of the few entries that have any.
    """

    __slots__ = ("also", "columns", "hosts", "tag_ids")

    def __init__(
        self,
        columns: Columns | None = None,
        tag_ids: NDArray[np.uint32] | None = None,
        hosts: Hosts | None = None,
        also: Mapping[int, tuple[int, ...]] | None = None,
    ) -> None:
        self.columns = columns or Columns.of_size(0)
        self.tag_ids: NDArray[np.uint32] = np.zeros(0, np.uint32) if tag_ids is None else tag_ids
        self.hosts = hosts or Hosts()
        self.also: Mapping[int, tuple[int, ...]] = also or {}

    def public(self) -> Ids:
        """Return the ids of all entries, ascending."""
        return np.flatnonzero(self.columns.kinds).astype(np.uint32)

    def get(self, entry_id: int) -> Row | None:
        """Return the entry's row, None where it is not public."""
        columns = self.columns
        if not 0 <= entry_id < len(columns.kinds) or not columns.kinds[entry_id]:
            return None
        place = Place(
            KINDS[columns.kinds[entry_id] - 1],
            int(columns.sources[entry_id]) or None,
            int(columns.series[entry_id]) or None,
            self.hosts.names[columns.domains[entry_id]],
        )
        stamp, day = int(columns.stamps[entry_id]), int(columns.days[entry_id])
        return Row(stamp, day, place, self.tags(entry_id), self.also.get(entry_id, ()))

    def stamp(self, entry_id: int) -> int:
        """Return when a public entry was published."""
        return int(self.columns.stamps[entry_id])

    def tags(self, entry_id: int) -> tuple[int, ...]:
        """Return the tag ids of a public entry."""
        start = int(self.columns.tag_starts[entry_id])
        return tuple(self.tag_ids[start : start + int(self.columns.tag_counts[entry_id])].tolist())

    def tags_of(self, ids: Ids) -> NDArray[np.uint32]:
        """Return the tag ids of all these entries, one entry's after the other's."""
        counts = self.columns.tag_counts[ids].astype(np.int64)
        ends = np.cumsum(counts)
        if not len(ends) or not ends[-1]:
            return np.zeros(0, np.uint32)
        # Each place in the answer, moved by how far its entry's tags lie from there.
        moved = np.repeat(self.columns.tag_starts[ids] - (ends - counts), counts)
        found: NDArray[np.uint32] = self.tag_ids[np.arange(ends[-1]) + moved]
        return found

    def newest_first(self, ids: Ids) -> list[int]:
        """Sort entries by the time of publication, newest first; of equal times the later id first."""
        order = np.lexsort((ids, self.columns.stamps[ids]))[::-1]
        found: list[int] = ids[order].tolist()
        return found

    def changed(self, changes: Changes) -> Rows:
        """Return the rows with these entries set, or taken out where the row is None."""
        size = max((entry_id for entry_id, _ in changes), default=-1) + 1
        before = self.columns
        columns = before.copy(len(before.kinds) if size <= len(before.kinds) else size + _SPARE)
        gone = [entry_id for entry_id, row in changes if row is None]
        columns.kinds[gone] = columns.tag_counts[gone] = 0
        kept = {entry_id: row for entry_id, row in changes if row is not None}
        hosts = self.hosts.with_names(row.place.domain for row in kept.values())
        _fill(columns, kept, hosts)
        return Rows(columns, self._with_tags(columns, kept), hosts, self._also(changes))

    def _also(self, changes: Changes) -> Mapping[int, tuple[int, ...]]:
        """The further sources after these changes; as a rule nothing has any, before or after."""
        also = {entry_id: row.also for entry_id, row in changes if row and row.also}
        gone = [entry_id for entry_id, _ in changes if entry_id in self.also and entry_id not in also]
        if not also and not gone:
            return self.also
        after = {**self.also, **also}
        for entry_id in gone:
            del after[entry_id]
        return after

    def _with_tags(self, columns: Columns, rows: Mapping[int, Row]) -> NDArray[np.uint32]:
        """Put the new tags of these entries behind all others.

        What they had before stays where it is, read by nobody; when half the list is of that kind,
        the living half is copied.
        """
        tag_ids = self.tag_ids
        alive = int(columns.tag_counts.sum())
        if len(tag_ids) > 2 * alive + _SPARE:
            ids = np.flatnonzero(columns.tag_counts).astype(np.uint32)
            tag_ids = Rows(columns, tag_ids).tags_of(ids)
            columns.tag_starts[ids] = np.cumsum(columns.tag_counts[ids]) - columns.tag_counts[ids]
        ids = np.fromiter(rows, np.uint32, len(rows))
        counts = np.fromiter((len(row.tags) for row in rows.values()), np.uint32, len(rows))
        columns.tag_counts[ids] = counts
        columns.tag_starts[ids] = len(tag_ids) + np.cumsum(counts) - counts
        new = np.fromiter((tag for row in rows.values() for tag in row.tags), np.uint32)
        return np.concatenate((tag_ids, new))


def _fill(columns: Columns, rows: Mapping[int, Row], hosts: Hosts) -> None:
    ids = np.fromiter(rows, np.uint32, len(rows))
    months = {row.day: month_number(date.fromordinal(row.day)) for row in rows.values()}
    columns.stamps[ids] = [row.stamp for row in rows.values()]
    columns.days[ids] = [row.day for row in rows.values()]
    columns.months[ids] = [months[row.day] for row in rows.values()]
    columns.kinds[ids] = [KIND_CODES[row.place.kind] for row in rows.values()]
    columns.sources[ids] = [row.place.source or 0 for row in rows.values()]
    columns.series[ids] = [row.place.series or 0 for row in rows.values()]
    columns.domains[ids] = [hosts.numbers[row.place.domain] for row in rows.values()]
