"""Keeping what is being typed, until it is saved or thrown away.

Two tabs may have the same form open. Each says which save it saw last, and a save that it did not see
is neither overwritten nor dropped. So the saves of a form are numbered for ever: where nothing is kept any
more, its row stays, without fields, for the next number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from blog.accounts import Autosave
from blog.domain.errors import CrosstagError
from blog.models import Entry

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.domain.entryform import EntryForm
    from blog.services import Services

# What the author's own new entries are called, for ever, behind the id of the form they came from.
_OWN: Final = "form:"


class TypedElsewhere(CrosstagError):
    """Another tab has saved something newer; ``version`` and ``at`` say which and when."""

    def __init__(self, version: int, at: datetime) -> None:
        super().__init__("This was typed into in another tab or on another device. Nothing is overwritten.")
        self.version = version
        self.at = at


class SavedAlready(CrosstagError):
    """The new entry that this form was for is there by now; ``entry_id`` says which."""

    def __init__(self, entry_id: int) -> None:
        super().__init__("What was begun here has been saved meanwhile.")
        self.entry_id = entry_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a form holds. ``version`` is the last save of it that it saw, ``seen`` the entry's version."""

    form_id: str
    user_id: int
    form: EntryForm
    entry_id: int | None = None
    version: int = 0
    seen: int = 0


def keep_typed(services: Services, typed: Typed) -> tuple[int, datetime]:
    """Keep what a form holds now; return the version of this save, and when it was made.

    Raises:
        TypedElsewhere: there is a save that this form has not seen.
        SavedAlready: the form was for a new entry, and that has been saved.
    """
    with services.sessions.write() as session:
        now = services.clock()
        if typed.entry_id is None and (made := own_entry(session, typed.form_id)):
            raise SavedAlready(made)
        row = _row(session, typed.user_id, typed.form_id)
        if row is None:
            row = Autosave(form=typed.form_id, user_id=typed.user_id, entry_id=typed.entry_id, version=0)
            session.add(row)
        elif not _has_seen(typed, row):
            raise TypedElsewhere(row.version, row.at)
        # Where the answer to a save was lost, the same is sent again by who has not seen it.
        row.version = max(row.version, typed.version) + 1
        row.fields, row.seen, row.at = typed.form.fields(), typed.seen, now
        return row.version, now


def forget_typed(services: Services, user_id: int, form_id: str) -> None:
    """Throw away what was typed into a form."""
    with services.sessions.write() as session:
        if row := _row(session, user_id, form_id):
            _empty(row)


def forget_own(services: Services, typed: Typed) -> None:
    """Throw away what was kept of a form that holds nothing any more that would be missed.

    Raises:
        TypedElsewhere: there is a save that this form has not seen.
    """
    with services.sessions.write() as session:
        row = _row(session, typed.user_id, typed.form_id)
        if row is None:
            return
        if not _has_seen(typed, row):
            raise TypedElsewhere(row.version, row.at)
        _empty(row)


def drop_typed(session: Session, typed: Typed) -> None:
    """Drop what was kept of a form that is being saved; what it never saw stays, unless it is the same."""
    row = _row(session, typed.user_id, typed.form_id)
    if row is None or not _has_seen(typed, row):
        return
    if typed.entry_id is None:
        session.delete(row)  # its entry is there, so nothing more is kept of this form
    else:
        _empty(row)


def own_id(form_id: str) -> str:
    """Return the external id of the entry that comes from a form for a new one: so it comes but once."""
    return f"{_OWN}{form_id}"


def own_entry(session: Session, form_id: str) -> int | None:
    """Return the entry that came from this form, if it did."""
    statement = select(Entry.id).where(Entry.external_id == own_id(form_id), Entry.source_id.is_(None))
    return session.scalar(statement)


def _row(session: Session, user_id: int, form_id: str) -> Autosave | None:
    return session.scalar(select(Autosave).where(Autosave.user_id == user_id, Autosave.form == form_id))


def _has_seen(typed: Typed, row: Autosave) -> bool:
    """Whether a form may do away with what is kept: that is its own, the same, or nothing."""
    return not row.fields or row.version == typed.version or row.fields == typed.form.fields()


def _empty(row: Autosave) -> None:
    if row.fields:
        row.fields, row.version = {}, row.version + 1
