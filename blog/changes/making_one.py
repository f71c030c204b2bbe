"""Making one entry of several that are the same link; the addresses of the others lead to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import and_, delete, insert, or_, select, update

from blog.changes.appearances import JOINED, additions_of
from blog.changes.beside import kept_beside
from blog.changes.columns import columns_of
from blog.changes.departures import departures
from blog.changes.entries import (
    DELETED,
    EntryChange,
    drafts_after,
    kept_fields,
    late_tags_of,
    tags_of,
    update_entries,
)
from blog.changes.filing import set_times
from blog.changes.log import record
from blog.changes.lookups import rows_in
from blog.changes.operations import MADE_ONE
from blog.changes.plans import NothingToDo, Plan
from blog.changes.redirects import lead_on
from blog.changes.same_links import read_moved_pages, sources_of
from blog.changes.slugs import FreeSlugs
from blog.domain.dates import day_path
from blog.models import Appearance, Entry, entry_tag, known_at, public_at
from blog.outreach import Mention
from importers.joining import FILLED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from blog.services import Services

_ENTRY: Final = cast("Table", Entry.__table__)
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class MakeOne:
    """Make one entry of each group: the first of each stays, and the others become part of it.

    They are only if they are the same link and each from a source of its own.
    """

    services: Services
    groups: tuple[tuple[int, ...], ...]

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        pairs, left = _pairs(session, self.groups)
        if not pairs:
            raise NothingToDo("They are not the same link of several sources any more.")
        kept = {one for one, _ in pairs}

        def write(session: Session, now: datetime, by: str) -> Mapping[str, Any]:
            return {"appearances": [_dissolve(session, self.services, pair, now, by) for pair in pairs]}

        words = "one" if len(kept) == 1 else f"{len(kept):,}"
        return Plan(
            what=MADE_ONE,
            summary=f"Make {words} of {len(kept) + len(pairs):,} entries that are the same link",
            entries=[entry for _, entry in pairs],
            write=write,
            notes=(
                "What stays gets the tags of the others, and their texts where it has none.",
                "The addresses of these lead to what stays.",
            ),
            left=left,
        )


def _pairs(session: Session, groups: Sequence[Sequence[int]]) -> tuple[list[Pair], dict[int, str]]:
    """Which entry becomes part of which, and why some cannot."""
    ids = [entry for group in groups for entry in group]
    rows = {row.id: row for row in rows_in(session, _COLUMNS, Entry.id, ids)}
    moved, sources = read_moved_pages(session), sources_of(session, ids)
    pairs: list[Pair] = []
    left: dict[int, str] = {}
    for first, *others in groups:
        if first not in rows:
            continue
        key, taken = moved.key(rows[first].url), {rows[first].source_id} | sources.get(first, set())
        for entry in (one for one in others if one in rows and one != first):
            there = {rows[entry].source_id} | sources.get(entry, set())
            if key is None or moved.key(rows[entry].url) != key:
                left[entry] = "it is another link"
            elif rows[entry].status != rows[first].status:
                left[entry] = "not everybody who sees the one sees the other"
            elif there & taken:
                left[entry] = "the other has an item of its source already"
            else:
                taken |= there
                pairs.append((first, entry))
    return pairs, left


_COLUMNS: Final = select(Entry.id, Entry.url, Entry.source_id, Entry.status)


def _paths(session: Session, entry_ids: Sequence[int]) -> dict[int, str]:
    rows = rows_in(session, select(Entry.id, Entry.day, Entry.slug), Entry.id, entry_ids)
    return {entry: f"/{day_path(day)}/{slug}/" for entry, day, slug in rows}


def _dissolve(session: Session, services: Services, pair: Pair, now: datetime, by: str) -> int:
    """Make an entry part of another; return the appearance that it is from now on."""
    keep, entry = (session.get_one(Entry, one) for one in pair)
    tags = tags_of(session, pair)
    paths = _paths(session, pair)
    theirs = list(session.scalars(select(Appearance.id).where(Appearance.entry_id == entry.id)))
    mentions = _hand_over_mentions(session, *pair)
    late, beside = late_tags_of(session, [entry.id]), kept_beside(session, [entry.id])
    fields = kept_fields(entry, tags.get(entry.id, [])) | late.get(entry.id, {}) | beside.get(entry.id, {})
    values: dict[str, Any] = {
        "entry_id": keep.id,
        "source_id": entry.source_id,
        "external_id": entry.external_id,
        "upstream": dict(entry.upstream or {}),
        "item": {"fields": fields, "with": theirs, "mentions": mentions},
        "first_seen": now,
    }
    change, times = _change(keep, entry, tags), _times(session, keep, entry, now)
    values["added"] = [_add(session, services, change, tags.get(keep.id, []), now, by)]
    set_times(session, times)
    session.execute(update(Appearance).where(Appearance.entry_id == entry.id).values(entry_id=keep.id))
    with departures(session, [entry.id], now):
        session.execute(delete(_ENTRY).where(_ENTRY.c.id == entry.id))
    session.expire_all()
    record(session, DELETED, [pair[1]], now)
    lead_on(session, [(paths[pair[1]], paths[pair[0]])])
    return session.execute(insert(Appearance).values(values).returning(Appearance.id)).scalar_one()


def _times(
    session: Session, keep: Entry, entry: Entry, now: datetime
) -> dict[tuple[int, int], datetime | None]:
    """When what stays got the tags that come with the other: when readers saw the link under them.

    Else old links would come to the top of the feeds of tags that have had them for years.
    """
    seen = or_(and_(Entry.id == keep.id, known_at(now)), and_(Entry.id == entry.id, public_at(now)))
    if len(session.scalars(select(Entry.id).where(seen)).all()) < len((keep, entry)):
        return {}
    own = select(entry_tag.c.tag_id).where(entry_tag.c.entry_id == keep.id)
    theirs = select(entry_tag.c.tag_id, entry_tag.c.at).where(
        entry_tag.c.entry_id == entry.id, entry_tag.c.tag_id.not_in(own)
    )
    prompt = entry.published if entry.published > keep.published else None
    return {(keep.id, tag): at or prompt for tag, at in session.execute(theirs)}


def _hand_over_mentions(session: Session, keep: int, entry: int) -> list[str]:
    """Let pages that mention an entry mention another, where they do not already; return their addresses."""
    known = select(Mention.source).where(Mention.entry_id == keep)
    new = (Mention.entry_id == entry, Mention.source.not_in(known))
    pages = list(session.scalars(select(Mention.source).where(*new)))
    theirs = (Mention.entry_id == entry, Mention.source.in_(pages))
    session.execute(update(Mention).where(*theirs).values(entry_id=keep))
    return pages


def _change(keep: Entry, entry: Entry, tags: Mapping[int, Sequence[str]]) -> EntryChange:
    """What the entry that stays gets of the other."""
    fields = {
        field
        for name, whole in FILLED.items()
        if not getattr(keep, name) and getattr(entry, name)
        for field in whole
    }
    both = {slug: slug for one in (keep.id, entry.id) for slug in tags.get(one, ())}
    fields |= {"tags"} if len(both) > len(tags.get(keep.id, ())) else set()
    return EntryChange(keep.id, entry.draft(), frozenset(fields), both, None)


def _add(
    session: Session, services: Services, change: EntryChange, before: Sequence[str], now: datetime, by: str
) -> dict[str, Any]:
    changes = []
    if change.fields:
        changes = [(change, columns_of(*drafts_after(session, [change])[change.entry_id], services.settings))]
        update_entries(session, services.settings, changes, FreeSlugs(session, {}), now, by=by, reason=JOINED)
    else:
        record(session, "updated", [change.entry_id], now)
    return additions_of(session, [change], {change.entry_id: before})[change.entry_id]
