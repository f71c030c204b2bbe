"""Undoing what an import made one: its items leave the entries that they joined, with what they brought.

Items of a poll leave for good: a revision of the entry remembers them, as it does those that are deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from blog.changes.appearances import take_back
from blog.changes.appearances_kept import LEFT
from blog.changes.entries import kept_fields, tags_of
from blog.changes.lookups import rows_in
from blog.changes.slugs import FreeSlugs
from blog.models import Appearance, Entry, Revision, Source
from importers.pipeline import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy.orm import Session

    from blog.config import Settings
    from blog.models import ImportItem

# Why a revision was kept, as for all else of an import that is undone.
UNDONE_IMPORT: Final = "import undone"


def undo_joins(
    session: Session,
    settings: Settings,
    items: Sequence[ImportItem],
    now: datetime,
    *,
    by: str = "",
    for_good: bool = False,
) -> dict[int, list[str] | None]:
    """Let the items leave that joined, and take back what those added that had joined before.

    With ``for_good`` those that leave join nothing, and become no entry, when they come again.
    Return, by item, the names of the fields that were changed since and stay; None where the item has left
    already. Items that have nothing to do with joining are not in it.
    """
    there = _appearances(session, items)
    found: dict[int, list[str] | None] = {}
    for item in items:
        appearance = there.get((item.source, item.external_id))
        if appearance is None or appearance.entry_id != item.entry_id:
            found |= {item.id: None} if item.outcome == Outcome.JOINED else {}
            continue
        added = [one for one in appearance.added if one["change"] == item.change_id]
        if item.outcome == Outcome.JOINED:
            found[item.id] = _take_back(session, settings, appearance, appearance.added, now, by)
            if for_good:
                _remember_left(session, appearance, now, by)
            session.execute(delete(Appearance).where(Appearance.id == appearance.id))
            del there[item.source, item.external_id]
        elif added:
            found[item.id] = _take_back(session, settings, appearance, added, now, by)
            appearance.added = [one for one in appearance.added if one not in added]
            session.flush()
    return found


def _remember_left(session: Session, appearance: Appearance, now: datetime, by: str) -> None:
    """Remember that an item has left, in the revision that was kept because it did, if there is one."""
    entry = session.get_one(Entry, appearance.entry_id, populate_existing=True)
    left = [{"source_id": appearance.source_id, "external_id": appearance.external_id}]
    kept = select(Revision).where(Revision.entry_id == entry.id, Revision.at == now)
    kept = kept.where(Revision.reason == UNDONE_IMPORT).order_by(Revision.id.desc()).limit(1)
    revision = session.scalar(kept)
    if revision is None:
        fields = kept_fields(entry, tags_of(session, [entry.id]).get(entry.id, []))
        revision = Revision(entry_id=entry.id, at=now, reason=UNDONE_IMPORT, by=by, fields=fields)
        session.add(revision)
    revision.fields = revision.fields | {LEFT: [*revision.fields.get(LEFT, ()), *left]}
    session.flush()


def _take_back(
    session: Session,
    settings: Settings,
    appearance: Appearance,
    added: Sequence[Mapping[str, Any]],
    now: datetime,
    by: str,
) -> list[str]:
    pairs = [(appearance, added)]
    stays = take_back(session, settings, pairs, FreeSlugs(session, {}), now, by=by, reason=UNDONE_IMPORT)
    return stays[appearance.entry_id]


def _appearances(session: Session, items: Sequence[ImportItem]) -> dict[tuple[str, str], Appearance]:
    statement = select(Appearance, Source.slug).outerjoin(Source, Source.id == Appearance.source_id)
    rows = rows_in(session, statement, Appearance.external_id, {one.external_id for one in items})
    return {(source or "", one.external_id): one for one, source in rows}


def also_in(session: Session, entry_ids: Sequence[int]) -> dict[int | None, str]:
    """Return which of these entries items of other sources have joined, as the reason why they stay."""
    statement = select(Appearance.entry_id, Source.name)
    statement = statement.outerjoin(Source, Source.id == Appearance.source_id)
    return {
        entry: f"It is also in {name or 'your own writing'}, which came to it since."
        for entry, name in rows_in(session, statement, Appearance.entry_id, entry_ids)
    }
