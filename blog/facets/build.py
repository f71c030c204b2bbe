"""Making snapshots: the next one from the last one and what has changed.

The same few lines serve a blog read whole at start-up and one retagged entry: additions are
collected per bitmap first, and each bitmap that changes is copied once.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from blog.facets.snapshot import EMPTY, Snapshot

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from blog.facets.rows import Row

Changes = list[tuple[int, "Row | None"]]
_FACETS = ("tags", "kinds", "sources", "series", "domains", "months")


def with_changes(snapshot: Snapshot, changes: Changes) -> Snapshot:
    """Return the snapshot after these entries became these rows, or left the public (None)."""
    gone: dict[tuple[str, Hashable], array[int]] = defaultdict(lambda: array("I"))
    come: dict[tuple[str, Hashable], array[int]] = defaultdict(lambda: array("I"))
    for entry_id, row in changes:
        for place in _places(snapshot.rows.get(entry_id)):
            gone[place].append(entry_id)
        for place in _places(row):
            come[place].append(entry_id)
    facets: dict[str, Any] = {name: _moved(getattr(snapshot, name), name, gone, come) for name in _FACETS}
    left = BitMap(entry_id for entry_id, row in changes if row is None)
    joined = BitMap(entry_id for entry_id, row in changes if row is not None)
    return replace(
        snapshot,
        rows=snapshot.rows.changed(changes),
        everything=(snapshot.everything - left) | joined,
        **facets,
    )


def _places(row: Row | None) -> Iterator[tuple[str, Hashable]]:
    """Every facet and key that a row stands under."""
    if row is None:
        return
    day = date.fromordinal(row.day)
    yield "months", (day.year, day.month)
    yield "kinds", row.place.kind
    for tag in row.tags:
        yield "tags", tag
    if row.place.source is not None:
        yield "sources", row.place.source
    if row.place.series is not None:
        yield "series", row.place.series
    if row.place.domain:
        yield "domains", row.place.domain


def _moved(
    before: Mapping[Any, BitMap],
    facet: str,
    gone: Mapping[tuple[str, Hashable], Iterable[int]],
    come: Mapping[tuple[str, Hashable], Iterable[int]],
) -> Mapping[Any, BitMap]:
    """The bitmaps of one facet after the move; one that nobody is in any more is not there."""
    touched = {key for name, key in (*gone, *come) if name == facet}
    if not touched:
        return before
    after = dict(before)
    for key in touched:
        bitmap = before.get(key, EMPTY) - BitMap(gone.get((facet, key), ()))
        bitmap |= BitMap(come.get((facet, key), ()))
        if bitmap:
            after[key] = bitmap
        else:
            after.pop(key, None)
    return after
