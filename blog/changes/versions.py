"""Versions of entries: so that nobody writes over what they have not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from blog.domain.errors import CrosstagError
from blog.models import Change

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class ChangedMeanwhile(CrosstagError):
    """The entry is not any more what it was when it was looked at; ``version`` is what it is now."""

    def __init__(self, version: int) -> None:
        super().__init__("The entry has been changed since it was looked at.")
        self.version = version


def refuse_stale(session: Session, entry_id: int, seen: int | None) -> None:
    """Refuse to go on, within a writing transaction, unless an entry is at the version that was seen.

    Raises:
        ChangedMeanwhile: it is at another one; with None for the version, this is never so.
    """
    version = session.scalar(select(func.max(Change.id)).where(Change.entry_id == entry_id)) or 0
    if seen is not None and version != seen:
        raise ChangedMeanwhile(version)
