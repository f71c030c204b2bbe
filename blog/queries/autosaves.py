"""Reading what was typed and not saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Text, cast, select

from blog.accounts import Autosave
from blog.domain.entryform import EntryForm
from blog.queries.entries import beginning

if TYPE_CHECKING:
    from datetime import datetime

    from blog.services import Services


@dataclass(frozen=True, slots=True)
class KeptTyping:
    """What a form held. ``seen`` is the version of the entry that the typing began from."""

    form_id: str
    entry_id: int | None
    form: EntryForm
    version: int
    seen: int
    at: datetime

    @property
    def name(self) -> str:
        """What it is called, or how it begins."""
        return self.form.title or beginning(self.form.body) or self.form.url or "Nothing yet"


def typed_into(services: Services, user_id: int, form_id: str) -> KeptTyping | None:
    """Return what an author typed into a form, if that is kept."""
    with services.sessions.read() as session:
        statement = select(Autosave).where(Autosave.user_id == user_id, Autosave.form == form_id)
        row = session.scalar(statement)
        return _kept(row) if row and row.fields else None


def being_written(services: Services, user_id: int, limit: int = 20) -> list[KeptTyping]:
    """Return what an author began and did not save, the latest first."""
    with services.sessions.read() as session:
        # A row without fields only holds the number of the form's last save.
        is_kept = cast(Autosave.fields, Text) != "{}"
        statement = select(Autosave).where(Autosave.user_id == user_id, is_kept).order_by(Autosave.at.desc())
        return [_kept(row) for row in session.scalars(statement.limit(limit))]


def _kept(row: Autosave) -> KeptTyping:
    return KeptTyping(row.form, row.entry_id, EntryForm.read(row.fields), row.version, row.seen, row.at)
