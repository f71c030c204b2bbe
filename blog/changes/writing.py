"""Saving what an author typed: the entry, its history and what was kept of the form, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.changes.autosaves import drop_typed, own_entry
from blog.changes.columns import as_stored
from blog.changes.entries import check_version, tags_of, write_entry
from blog.domain.tags import slugify
from blog.models import Entry, Series

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from blog.changes.autosaves import Typed
    from blog.domain.entry import Draft
    from blog.services import Services


def save_typed(services: Services, typed: Typed, draft: Draft, *, by: str) -> int:
    """Save the draft that a form made; return the entry's id.

    A form for a new entry that is sent twice makes one entry. What changes nothing is no revision.

    Raises:
        NotThere: the entry was deleted.
        BadDraft: the draft cannot be an entry.
        EditedMeanwhile: the entry is not any more what the form began from.
    """
    with services.sessions.write() as session:
        entry_id = typed.entry_id or own_entry(session, typed.form_id)
        if entry_id is None:
            entry_id = write_entry(session, services, draft, by=by)
        elif not _says_so_already(session, entry_id, draft, is_again=typed.entry_id is None):
            write_entry(session, services, draft, entry_id, by=by, seen=typed.seen)
        elif typed.entry_id is not None:
            check_version(session, entry_id, typed.seen)
        drop_typed(session, typed)
        return entry_id


def _says_so_already(session: Session, entry_id: int, draft: Draft, *, is_again: bool) -> bool:
    """Whether the entry is what the draft makes of it; sent again, its time and slug are as they were."""
    entry = session.get(Entry, entry_id)
    if entry is None:
        return False
    title = session.scalar(select(Series.title).where(Series.id == entry.series_id)) or ""
    before = entry.draft(tags_of(session, [entry_id]).get(entry_id, ()), series=title)
    if is_again:
        draft = replace(draft, published=entry.published, slug=entry.slug)
    return _comparable(before) == _comparable(draft)


def _comparable(draft: Draft) -> Draft:
    slugs = tuple(sorted(slugify(name) for name in draft.tags))
    series = slugify(draft.series) if draft.series else ""
    return replace(as_stored(draft), tags=slugs, series=series, source="", updated=None)
