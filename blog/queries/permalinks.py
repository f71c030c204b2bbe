"""One entry's own page, and what is offered around it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyroaring import BitMap
from sqlalchemy import select

from blog.domain.dates import day_path
from blog.domain.errors import NotThere
from blog.facets.count import frequent_tags, telling_tags
from blog.facets.select import matching, newest_first
from blog.models import Entry
from blog.queries.entries import EntryView, Link, load_entries, permalink, tag_link

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from blog.domain.filters import Filter
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

_SIMILAR: Final = 5
_RELATED: Final = 8
# A tag on more entries than this says too little about any two of them to gather candidates by.
_COMMON_TAG: Final = 2_000
# With so many gathered, further tags only add to what these score.
_CANDIDATES: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesNavigation:
    """Where an entry stands in its series; ``position`` counts from one."""

    title: str
    url: str
    position: int
    entries: tuple[Link, ...]
    previous: Link | None
    next: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """An entry with its neighbours in time, similar entries, related tags and its series."""

    entry: EntryView
    newer: Link | None
    older: Link | None
    similar: tuple[EntryView, ...]
    related: tuple[Link, ...]
    series: SeriesNavigation | None


def entry_page(services: Services, day: date, slug: str) -> EntryPage:
    """Return the page of the entry at ``/2009/May/25/slug/``.

    Raises:
        NotThere: no public entry has this address.
    """
    snapshot = services.facets.current()
    with services.sessions.read() as session:
        entry_id = session.scalar(select(Entry.id).where(Entry.day == day, Entry.slug == slug))
        if entry_id is None or entry_id not in snapshot.everything:
            raise NotThere(f"There is no entry “{slug[:80]}” on {day_path(day).replace('/', ' ')}.")
        newer, older = _neighbours(snapshot, entry_id)
        similar = _similar_ids(services, snapshot, session, entry_id)
        wanted = [one for one in (entry_id, newer, older, *similar) if one is not None]
        views = {one.id: one for one in load_entries(session, snapshot, wanted)}
        if entry_id not in views:
            raise NotThere("This entry has just been taken away.")
        return EntryPage(
            entry=views[entry_id],
            newer=_link(views, newer),
            older=_link(views, older),
            similar=tuple(views[one] for one in similar if one in views),
            related=_related(snapshot, entry_id),
            series=_series(session, snapshot, entry_id),
        )


def entry_at(services: Services, day: date, slug: str) -> EntryView:
    """Return the entry at ``/2009/May/25/slug/``, without what its page has around it.

    Raises:
        NotThere: no public entry has this address.
    """
    snapshot = services.facets.current()
    with services.sessions.read() as session:
        entry_id = session.scalar(select(Entry.id).where(Entry.day == day, Entry.slug == slug))
        found = load_entries(session, snapshot, _public(snapshot, entry_id))
    if not found:
        raise NotThere(f"There is no entry “{slug[:80]}” on {day_path(day).replace('/', ' ')}.")
    return found[0]


def _public(snapshot: Snapshot, entry_id: int | None) -> list[int]:
    return [entry_id] if entry_id is not None and entry_id in snapshot.everything else []


def address_of_imported(services: Services, external_id: str) -> str:
    """Return the permalink of a public entry by the id it had where it was imported from.

    Raises:
        NotThere: there is none.
    """
    snapshot = services.facets.current()
    with services.sessions.read() as session:
        statement = select(Entry.id, Entry.day, Entry.slug).where(Entry.external_id == external_id)
        for row in session.execute(statement):
            if row.id in snapshot.everything:
                return permalink(row.day, row.slug)
    raise NotThere("There is no such entry.")


def address_at(services: Services, wanted: Filter, share: float) -> str:
    """Return the permalink of one of the filter's entries: ``share``, from 0 up to 1, says which.

    Raises:
        NotThere: the filter has no entry.
    """
    snapshot = services.facets.current()
    matches = matching(snapshot, wanted)
    if not matches:
        raise NotThere("There is no entry to choose from.")
    with services.sessions.read() as session:
        chosen = matches[int(share * len(matches))]
        row = session.execute(select(Entry.day, Entry.slug).where(Entry.id == chosen)).first()
    if row is None:
        raise NotThere("This entry has just been taken away.")
    return permalink(row.day, row.slug)


def _link(views: dict[int, EntryView], entry_id: int | None) -> Link | None:
    entry = views.get(entry_id) if entry_id is not None else None
    return Link(entry.name, entry.permalink) if entry else None


def _neighbours(snapshot: Snapshot, entry_id: int) -> tuple[int | None, int | None]:
    """The entries published next after and next before this one."""
    row = snapshot.rows.get(entry_id)
    assert row is not None, "a public entry has a row"
    months = list(snapshot.months_newest_first)
    here = next(at for at, month in enumerate(months) if entry_id in snapshot.months[month])
    ordered = newest_first(snapshot, snapshot.months[months[here]])
    at = ordered.index(entry_id)
    newer = ordered[at - 1] if at else None
    older = ordered[at + 1] if at + 1 < len(ordered) else None
    if newer is None and here:
        newer = newest_first(snapshot, snapshot.months[months[here - 1]])[-1]
    if older is None and here + 1 < len(months):
        older = newest_first(snapshot, snapshot.months[months[here + 1]])[0]
    return newer, older


def _similar_ids(services: Services, snapshot: Snapshot, session: Session, entry_id: int) -> list[int]:
    """Entries that share tags, each tag weighted by its rarity; by their text where there are too few."""
    row = snapshot.rows.get(entry_id)
    assert row is not None, "a public entry has a row"
    found = _by_shared_tags(snapshot, entry_id, row.tags)
    if len(found) < _SIMILAR:
        text = session.scalar(select(Entry.title + " " + Entry.text).where(Entry.id == entry_id)) or ""
        others = snapshot.everything - BitMap([entry_id, *found])
        found += services.search.engine.similar(text, others, _SIMILAR - len(found))
    return found


def _by_shared_tags(snapshot: Snapshot, entry_id: int, tags: tuple[int, ...]) -> list[int]:
    scores: Counter[int] = Counter()
    everything = len(snapshot.everything)
    for tag in sorted(tags, key=snapshot.tags.size):
        bitmap = snapshot.tags[tag]
        weight = math.log(everything / len(bitmap)) if len(bitmap) < everything else 0.0
        gathers = len(bitmap) <= _COMMON_TAG and len(scores) <= _CANDIDATES
        among = bitmap if gathers else bitmap & BitMap(scores)
        for other in among:
            scores[other] += weight  # type: ignore[assignment]  # a Counter counts in floats too
    scores.pop(entry_id, None)
    stamp = snapshot.rows.stamp
    own = set(tags)
    shared = [one for one in scores if len(own) == 1 or len(own.intersection(snapshot.rows.tags(one))) > 1]
    return sorted(shared, key=lambda one: (-scores[one], -stamp(one)))[:_SIMILAR]


def _related(snapshot: Snapshot, entry_id: int) -> tuple[Link, ...]:
    """Tags that keep company with this entry's tags, and that it does not carry itself."""
    row = snapshot.rows.get(entry_id)
    assert row is not None, "a public entry has a row"
    rare = sorted(row.tags, key=snapshot.tags.size)[:3]
    company = BitMap.union(
        BitMap(), *(snapshot.tags[tag] for tag in rare if snapshot.tags.size(tag) <= _COMMON_TAG)
    )
    return related_tags(snapshot, company, set(row.tags), _RELATED)


def related_tags(snapshot: Snapshot, company: BitMap, skip: set[int], limit: int) -> tuple[Link, ...]:
    """The tags that are much more frequent among these entries than everywhere."""
    counted = [one for one in frequent_tags(snapshot, company) if one.tag not in skip]
    telling = telling_tags(snapshot, company, counted, limit)
    return tuple(tag_link(snapshot.names.tags_by_id[found.tag]) for found, _ in telling)


def series_ids(session: Session, snapshot: Snapshot, series_id: int) -> list[int]:
    """The public entries of a series in its order; those without a place in it come by date."""
    members = snapshot.series.get(series_id, BitMap())
    orders = dict(
        session.execute(select(Entry.id, Entry.series_order).where(Entry.series_id == series_id)).all()
    )
    stamp = snapshot.rows.stamp
    return sorted(members, key=lambda one: (orders.get(one) is None, orders.get(one) or 0, stamp(one), one))


def _series(session: Session, snapshot: Snapshot, entry_id: int) -> SeriesNavigation | None:
    row = snapshot.rows.get(entry_id)
    if row is None or row.place.series is None:
        return None
    named = snapshot.names.series_by_id[row.place.series]
    ids = series_ids(session, snapshot, named.id)
    titles = session.execute(
        select(Entry.id, Entry.title, Entry.day, Entry.slug).where(Entry.series_id == named.id)
    )
    by_id = {one.id: Link(one.title or one.slug, permalink(one.day, one.slug)) for one in titles}
    # One may have left the series since the snapshot was taken.
    ids = [one for one in ids if one in by_id]
    if entry_id not in ids:
        return None
    links = tuple(by_id[one] for one in ids)
    at = ids.index(entry_id)
    return SeriesNavigation(
        title=named.name,
        url=f"/series/{named.slug}/",
        position=at + 1,
        entries=links,
        previous=links[at - 1] if at else None,
        next=links[at + 1] if at + 1 < len(links) else None,
    )
