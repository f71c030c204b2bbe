"""Which version of an entry there is: what an edit began from is compared with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blog.models import last_change_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def entry_version(session: Session, entry_id: int) -> int:
    """Return the id of an entry's last change, 0 where there was none."""
    return session.scalar(last_change_of(entry_id)) or 0
