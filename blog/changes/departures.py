"""Noting what leaves filters, so that their feeds can say so (RFC 6721).

An entry leaves filters when it is deleted, hidden or scheduled again, when it loses a tag or gets one
(which somebody excludes), when its kind, series, domain or day is another one, and when it is not in one of
its sources any more. Whatever may do that to entries which are there already does it within ``departures``.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import delete, insert, select

from blog.changes.lookups import rows_in
from blog.models import DEPARTURE_DAYS, Alias, Appearance, Departure, Entry, Reach, Tag, entry_tag, public_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

# The mapper would send a statement for those with a source, and another for those without.
_DEPARTURE: Final = cast("Table", Departure.__table__)
# A reader that has not asked for that long has to make do without.
KEPT: Final = timedelta(days=DEPARTURE_DAYS)
_COLUMNS: Final = (
    Entry.atom_id,
    Entry.kind,
    Entry.series_id,
    Entry.domain,
    Entry.day,
)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What filters know of a public entry: its row's columns, all its sources, and its tags, slugs by ids."""

    columns: Mapping[str, Any]
    sources: set[int]
    tags: dict[int, str] = field(default_factory=dict)


@contextmanager
def departures(session: Session, entry_ids: Collection[int], now: datetime) -> Iterator[None]:
    """Note which of these entries leave filters by what is written meanwhile."""
    before = _standings(session, entry_ids, now)
    yield
    if before:
        note_departures(session, before, now)


def note_departures(session: Session, before: Mapping[int, _Standing], now: datetime) -> None:
    """Note those of these entries that are not any more what they were, and forget what is long ago."""
    after = _standings(session, before, now)
    living = _living_tags(session, before)
    rows = [
        {
            **one.columns,
            "entry_id": entry_id,
            "at": now,
            "reach": reach,
            "sources": _between_spaces(map(str, sorted(one.sources))),
            "tags": _between_spaces(sorted(_told_tags(one, living, reach))),
        }
        for entry_id, one in before.items()
        if (reach := _reach(one, after.get(entry_id), living)) is not None
    ]
    if rows:
        session.execute(delete(Departure).where(Departure.at < now - KEPT))
        session.execute(insert(_DEPARTURE), rows)


def _reach(before: _Standing, after: _Standing | None, living: Mapping[int, int]) -> Reach | None:
    """Which filters an entry may have left; None where it has left none."""
    if after is None or before.columns != after.columns or before.sources - after.sources:
        return Reach.ANY
    if {living[tag] for tag in before.tags if tag in living} - after.tags.keys():
        return Reach.TAGGED
    return Reach.WITHOUT if after.tags.keys() - before.tags.keys() else None


def _told_tags(one: _Standing, living: Mapping[int, int], reach: Reach) -> Iterator[str]:
    """The tags that the entry had, by which filters ask.

    One that was merged into another is that from now on, and what got the other by it would seem to have
    had it before.
    """
    return (slug for tag, slug in one.tags.items() if reach < Reach.WITHOUT or living.get(tag) == tag)


def _between_spaces(words: Iterable[str]) -> str:
    return f" {' '.join(words)} "


def _standings(session: Session, entry_ids: Collection[int], now: datetime) -> dict[int, _Standing]:
    """Those of these entries that are public, as filters know them."""
    statement = select(Entry.id, Entry.source_id, *_COLUMNS).where(public_at(now))
    found: dict[int, _Standing] = {}
    for row in rows_in(session, statement, Entry.id, entry_ids):
        columns = row._asdict()
        own = columns.pop("source_id")
        found[columns.pop("id")] = _Standing(columns, set() if own is None else {own})
    joined = select(Appearance.entry_id, Appearance.source_id)
    for entry_id, source_id in rows_in(session, joined, Appearance.entry_id, found):
        found[entry_id].sources.update(() if source_id is None else (source_id,))
    pairs = select(entry_tag.c.entry_id, Tag.id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
    for entry_id, tag_id, slug in rows_in(session, pairs, entry_tag.c.entry_id, found):
        found[entry_id].tags[tag_id] = slug
    return found


def _living_tags(session: Session, before: Mapping[int, _Standing]) -> dict[int, int]:
    """The tags that these had, each with the one that it is now; one that was deleted has none.

    The feed of a merged tag leads to that of the other, and a deleted tag has no feed: so nothing leaves.
    """
    slugs = {tag: slug for one in before.values() for tag, slug in one.tags.items()}
    here = {tag for (tag,) in rows_in(session, select(Tag.id), Tag.id, slugs)}
    gone = {slug: tag for tag, slug in slugs.items() if tag not in here}
    led = rows_in(session, select(Alias.slug, Alias.tag_id), Alias.slug, gone)
    return {tag: tag for tag in here} | {gone[slug]: tag for slug, tag in led}
