"""Bringing one deleted entry back, as it was: its id, its URI, its times, its tags, and its address if free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.changes.restoring import undo_deletion
from blog.domain.errors import NotThere
from blog.models import Entry

if TYPE_CHECKING:
    from blog.services import Services


def restore_entry(services: Services, entry_id: int) -> None:
    """Bring an entry back; one that is there stays as it is.

    Raises:
        NotThere: nothing is kept of it, or it was imported or written again since.
    """
    write = undo_deletion(services, {"entries": [entry_id]})
    with services.sessions.write() as session:
        notes = write(session, services.clock())
        if session.scalar(select(Entry.id).where(Entry.id == entry_id)) is None:
            raise NotThere(notes[0] if notes else "There is nothing to bring back.")
