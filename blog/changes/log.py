"""Appending to the log that every follower reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from blog.models import MENTIONS, NAMES, NEW_NAMES, SETTINGS, Change, last_change_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session


def record(session: Session, what: str, entry_ids: Iterable[int], at: datetime) -> None:
    """Note that these entries were created, updated or deleted."""
    rows = [{"what": what, "entry_id": entry_id, "at": at} for entry_id in entry_ids]
    if rows:
        session.execute(insert(Change), rows)


def record_names(session: Session, at: datetime) -> None:
    """Note that tags, old names, sources or series changed."""
    session.execute(insert(Change), [{"what": NAMES, "entry_id": None, "at": at}])


def record_new_names(session: Session, at: datetime) -> None:
    """Note that tags, sources or series were added, and those that were there are what they were."""
    session.execute(insert(Change), [{"what": NEW_NAMES, "entry_id": None, "at": at}])


def record_settings(session: Session, at: datetime) -> None:
    """Note that settings or static pages changed."""
    session.execute(insert(Change), [{"what": SETTINGS, "entry_id": None, "at": at}])


def record_mentions(session: Session, at: datetime) -> None:
    """Note that what other sites say below an entry changed; the entry itself is what it was."""
    session.execute(insert(Change), [{"what": MENTIONS, "entry_id": None, "at": at}])


def version_of(session: Session, entry_id: int) -> int:
    """Return the version of an entry: its last change, 0 where there was none."""
    return session.scalar(last_change_of(entry_id)) or 0
