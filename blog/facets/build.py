"""Making snapshots: a whole one from the rows of all entries, the next one from what has changed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from pyroaring import BitMap

from blog.facets.rows import KINDS, as_bitmap, month_number, month_of
from blog.facets.sets import EMPTY, HostSets, Sets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from blog.facets.rows import Changes, Ids, Row, Rows
    from blog.facets.snapshot import Snapshot

_Key = TypeVar("_Key")
# When so many sets have been changed one by one, they are made anew, all in one list again.
_MOST_DRIFT: Final = 20_000


def with_rows(snapshot: Snapshot, rows: Rows) -> Snapshot:
    """Return the snapshot with these rows and all bitmaps made of them."""
    ids, columns = rows.public(), rows.columns
    tagged = np.repeat(ids, columns.tag_counts[ids])
    return replace(
        snapshot,
        rows=rows,
        everything=as_bitmap(ids),
        tags=Sets.of_pairs(rows.tags_of(ids), tagged),
        kinds=_by(columns.kinds[ids], ids, lambda code: KINDS[code - 1]),
        sources=_with_also(_by(columns.sources[ids], ids, int), rows.also),
        series=_by(columns.series[ids], ids, int),
        domains=HostSets(rows.hosts, Sets.of_pairs(columns.domains[ids], ids)),
        months=_by(columns.months[ids], ids, month_of),
    )


def _by(values: NDArray[Any], ids: Ids, key: Callable[[int], _Key]) -> dict[_Key, BitMap]:
    """The ids by their value, of which there are few; a 0 stands for none."""
    order = np.argsort(values, kind="stable")
    found, starts = np.unique(values[order], return_index=True)
    parts = np.split(ids[order], starts[1:])
    return {key(value): as_bitmap(part) for value, part in zip(found.tolist(), parts, strict=False) if value}


def _with_also(sources: dict[int, BitMap], also: Mapping[int, tuple[int, ...]]) -> dict[int, BitMap]:
    """The entries of each source, with those that are the same link as one of it."""
    more: dict[int, list[int]] = defaultdict(list)
    for entry_id, others in also.items():
        for source in others:
            more[source].append(entry_id)
    return {**sources, **{source: sources.get(source, EMPTY) | BitMap(ids) for source, ids in more.items()}}


def with_changes(snapshot: Snapshot, changes: Changes) -> Snapshot:
    """Return the snapshot after these entries became these rows, or left the public (None).

    Each bitmap that changes is copied once, whatever the number of its entries that do.
    """
    if not changes:
        return snapshot
    rows = snapshot.rows.changed(changes)
    if snapshot.tags.drift + snapshot.domains.sets.drift > _MOST_DRIFT:
        return with_rows(snapshot, rows)
    moves = _Moves(snapshot.rows, changes)
    domains = moves.of(lambda row: _host(rows, row), snapshot.domains.sets)
    return replace(
        snapshot,
        rows=rows,
        everything=moves.of(_anywhere, {"": snapshot.everything}).get("", snapshot.everything),
        tags=snapshot.tags.changed(moves.of(lambda row: row.tags, snapshot.tags)),
        domains=HostSets(rows.hosts, snapshot.domains.sets.changed(domains)),
        kinds=_moved(snapshot.kinds, moves, lambda row: row.place.kind),
        sources=_living({**snapshot.sources, **moves.of(lambda row: row.sources, snapshot.sources)}),
        series=_moved(snapshot.series, moves, lambda row: row.place.series),
        months=_moved(snapshot.months, moves, lambda row: month_of(month_number(date.fromordinal(row.day)))),
    )


def _anywhere(_row: Row) -> tuple[str, ...]:
    return ("",)


def _host(rows: Rows, row: Row) -> tuple[int, ...]:
    return (rows.hosts.numbers[row.place.domain],) if row.place.domain else ()


def _moved(
    before: Mapping[_Key, BitMap], moves: _Moves, key_of: Callable[[Row], _Key | None]
) -> dict[_Key, BitMap]:
    """The bitmaps of one facet after the moves; one that nobody is in any more is not there."""

    def keys(row: Row) -> tuple[_Key, ...]:
        key = key_of(row)
        return () if key is None else (key,)

    return _living({**before, **moves.of(keys, before)})


def _living(sets: Mapping[_Key, BitMap]) -> dict[_Key, BitMap]:
    return {key: bitmap for key, bitmap in sets.items() if bitmap}


class _Moves:
    """Entries that change, with the rows they had and the rows they get."""

    def __init__(self, rows: Rows, changes: Changes) -> None:
        self._gone = [(entry_id, row) for entry_id, _ in changes if (row := rows.get(entry_id))]
        self._come = [(entry_id, row) for entry_id, row in changes if row]

    def of(self, keys: Callable[[Row], Iterable[_Key]], before: Mapping[_Key, BitMap]) -> dict[_Key, BitMap]:
        """Return each bitmap that changes, as it is afterwards; ``keys`` says where a row stands."""
        gone: dict[_Key, list[int]] = defaultdict(list)
        come: dict[_Key, list[int]] = defaultdict(list)
        for entry_id, row in self._gone:
            for key in keys(row):
                gone[key].append(entry_id)
        for entry_id, row in self._come:
            for key in keys(row):
                come[key].append(entry_id)
        return {
            key: (before.get(key, EMPTY) - BitMap(gone[key])) | BitMap(come[key]) for key in {**gone, **come}
        }
