"""Writing what is the same entry in other sources: items that join one, say something new, or leave it.

What came to the entry with an item is noted in ``Appearance.added``, change by change, so that it can go
again, with an import that is undone or with the item when it is taken apart. What somebody else says too, or
what was changed since, stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select

from blog.changes.columns import as_stored, columns_of
from blog.changes.entries import EntryChange, drafts_after, tags_of, update_entries
from blog.changes.filing import source_ids
from blog.changes.log import record, record_new_names
from blog.changes.lookups import rows_in
from blog.domain.drafts import draft_to_json
from blog.models import Alias, Appearance, Change, Entry, Source, Tag
from importers.joining import FILLED, new_tags
from importers.pipeline import digest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.changes.entries import Rewritten
    from blog.changes.slugs import FreeSlugs
    from blog.config import Settings
    from importers.pipeline import Decision

# Why a revision was kept: another source added something, or that went again.
JOINED: Final = "joined"
LEFT: Final = "left"


def joining_change(decision: Decision) -> EntryChange | None:
    """Return what an item changes of the entry that it is the same link as; None where that is nothing."""
    same = decision.joins
    if same is None or not decision.fields:
        return None
    added = {slug: decision.tag_names.get(slug, slug) for slug in new_tags(decision.upstream, same)}
    names = {slug: slug for slug in sorted(same.tags)} | added
    return EntryChange(same.entry_id, decision.draft, decision.fields, names, None)


def write_joins(
    session: Session,
    settings: Settings,
    decisions: Sequence[Decision],
    changes: Sequence[Rewritten],
    slugs: FreeSlugs,
    now: datetime,
) -> None:
    """Let items join the entries they are the same link as, and note what they say now, with its changes."""
    if not decisions:
        return
    before = tags_of(session, [change.entry_id for change, _ in changes])
    update_entries(session, settings, changes, slugs, now, reason=JOINED)
    changed = {change.entry_id for change, _ in changes}
    first = [one for one in decisions if one.joins and one.joins.said is None]
    record(session, "updated", sorted({one.entry_id or 0 for one in first} - changed), now)
    additions = additions_of(session, [change for change, _ in changes], before)
    sources, made = source_ids(session, [one.draft.source for one in first])
    if made:
        record_new_names(session, now)
    last = _last_changes(session, [one.entry_id or 0 for one in first])
    rows = [
        {
            "entry_id": one.entry_id,
            "source_id": sources[one.draft.source],
            "external_id": one.draft.external_id,
            "upstream": one.upstream,
            "item": {"draft": draft_to_json(one.draft)},
            "added": [additions.get(one.entry_id or 0, {"change": last[one.entry_id or 0]})],
            "first_seen": now,
        }
        for one in first
    ]
    if rows:
        session.execute(insert(Appearance), rows)
    _say_more(session, [one for one in decisions if one.joins and one.joins.said is not None], additions)


def _say_more(session: Session, decisions: Sequence[Decision], additions: Mapping[int, dict[str, Any]]) -> None:
    """Note what items that have joined before say now."""
    statement = select(Appearance, Source.slug).outerjoin(Source, Source.id == Appearance.source_id)
    rows = rows_in(session, statement, Appearance.external_id, [one.draft.external_id for one in decisions])
    there = {(source or "", one.external_id): one for one, source in rows}
    for one in decisions:
        row = there[one.key]
        row.upstream = dict(one.upstream)
        # What an entry was before it was made one with another is kept as it was: it comes back so.
        row.item = {**row.item, "draft": draft_to_json(one.draft)}
        if one.fields and row.entry_id in additions:
            row.added = [*row.added, additions[row.entry_id]]
    session.flush()


def additions_of(
    session: Session, changes: Sequence[EntryChange], before: Mapping[int, Collection[str]]
) -> dict[int, dict[str, Any]]:
    """Return what each change added to its entry: the tags, the digests of the fields, and the change itself.

    The changes are written already, and ``before`` are the tags that the entries had.
    """
    ids = [change.entry_id for change in changes]
    after, last = tags_of(session, ids), _last_changes(session, ids)
    drafts = drafts_after(session, changes)
    return {
        change.entry_id: {
            "change": last[change.entry_id],
            "tags": sorted(set(after.get(change.entry_id, ())) - set(before.get(change.entry_id, ()))),
            "fields": {
                name: digest(getattr(as_stored(drafts[change.entry_id][0]), name))
                for name in sorted(set(change.fields) - {"tags"})
            },
        }
        for change in changes
    }


def _last_changes(session: Session, entry_ids: Collection[int]) -> dict[int, int]:
    log = select(Change.entry_id, func.max(Change.id)).group_by(Change.entry_id)
    return {entry: last for entry, last in rows_in(session, log, Change.entry_id, set(entry_ids)) if entry}


def take_back(
    session: Session,
    settings: Settings,
    leaving: Sequence[tuple[Appearance, Sequence[Mapping[str, Any]]]],
    slugs: FreeSlugs,
    now: datetime,
    *,
    by: str = "",
    reason: str = LEFT,
) -> dict[int, list[str]]:
    """Take from entries what these appearances added to them, as far as it still is so and nobody else says it.

    All are of different entries. Return, by entry, the names of the fields that were changed since.
    """
    living = dict(session.execute(select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id)).all())
    changes: list[EntryChange] = []
    stays: dict[int, list[str]] = {}
    for appearance, additions in leaving:
        change, left = _taking_back(session, appearance, additions, living)
        stays[appearance.entry_id] = left
        changes += [change] if change.fields else []
    after = drafts_after(session, changes)
    rewritten = [
        (change, columns_of(*after[change.entry_id], settings))
        for change in changes
        if change.entry_id in after
    ]
    update_entries(session, settings, rewritten, slugs, now, by=by, reason=reason)
    unchanged = {one.entry_id for one, _ in leaving} - {change.entry_id for change, _ in rewritten}
    record(session, "updated", sorted(unchanged), now)
    return stays


def _taking_back(
    session: Session,
    appearance: Appearance,
    additions: Sequence[Mapping[str, Any]],
    living: Mapping[str, str],
) -> tuple[EntryChange, list[str]]:
    # It may have been written past the session, which then holds it as it was.
    entry = session.get_one(Entry, appearance.entry_id, populate_existing=True)
    said = _said_by_others(session, entry, appearance, living)
    added = {living.get(tag, tag) for one in additions for tag in one.get("tags", ())}
    here = set(tags_of(session, [entry.id]).get(entry.id, ()))
    go = (added & here) - said
    digests = {name: stands for one in additions for name, stands in one.get("fields", {}).items()}
    draft = entry.draft()
    ours = {name for name, stands in digests.items() if digest(getattr(draft, name)) == stands}
    # A text goes with its markup, and an address with its title, or not at all.
    whole = [names for names in FILLED.values() if ours.issuperset(names)]
    # Without a title and a text a link is still a link.
    emptied: dict[str, Any] = {name: "" for names in whole for name in names if name != "markup"}
    fields = frozenset(emptied) | ({"tags"} if go else set())
    names = {slug: slug for slug in sorted(here - go)}
    left = sorted(name for name in digests if name in FILLED and name not in emptied)
    return EntryChange(entry.id, replace(draft, **emptied), fields, names, None), left


def _said_by_others(
    session: Session, entry: Entry, appearance: Appearance, living: Mapping[str, str]
) -> set[str]:
    """The tags that the entry's own source says, or another item that has joined it."""
    others = select(Appearance.upstream).where(Appearance.entry_id == entry.id, Appearance.id != appearance.id)
    said = [entry.upstream or {}, *session.scalars(others)]
    return {living.get(tag, tag) for one in said for tag in one.get("tags", "").split()}
