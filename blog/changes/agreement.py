"""Conflicts that are over, because an edit made both sides say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.changes.lookups import rows_in
from blog.domain.drafts import field_to_json
from blog.models import Conflict, Entry, Series, Tag, entry_tag

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session


def close_agreed(session: Session, entry_ids: Collection[int], now: datetime) -> None:
    """Close the open conflicts of these entries whose field says by now what the source says."""
    statement = select(Conflict).where(Conflict.settled.is_(None))
    rows = [row for (row,) in rows_in(session, statement, Conflict.entry_id, entry_ids)]
    if not rows:
        return
    ids = {row.entry_id for row in rows}
    pairs = select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
    tags: dict[int, list[str]] = {}
    for entry_id, slug in rows_in(session, pairs, entry_tag.c.entry_id, ids):
        tags.setdefault(entry_id, []).append(slug)
    entries = select(Entry, Series.slug).outerjoin(Series, Series.id == Entry.series_id)
    # They were written past the session, which may hold them as they were.
    entries = entries.execution_options(populate_existing=True)
    drafts = {
        entry.id: entry.draft(tags.get(entry.id, ()), series=series or "")
        for entry, series in rows_in(session, entries, Entry.id, ids)
    }
    for row in rows:
        if row.entry_id in drafts and field_to_json(drafts[row.entry_id], row.field) == row.theirs:
            row.settled, row.how = now, "over"
    session.flush()
