"""Links that show an entry to whoever has them, until they expire."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from blog.accounts import PreviewLink
from blog.auth.tokens import digest, new_token
from blog.domain.errors import NotThere
from blog.models import Entry

if TYPE_CHECKING:
    from blog.services import Services

DAYS: Final = (1, 7, 30)


def create_preview_link(services: Services, entry_id: int, days: int) -> str:
    """Make a link that shows an entry for so many days; return its token, which exists nowhere else.

    Links that have expired go by the way.

    Raises:
        NotThere: there is no entry with this id.
    """
    token, now = new_token(), services.clock()
    with services.sessions.write() as session:
        if session.scalar(select(Entry.id).where(Entry.id == entry_id)) is None:
            raise NotThere(f"There is no entry number {entry_id}.")
        session.execute(delete(PreviewLink).where(PreviewLink.expires <= now))
        row = {"entry_id": entry_id, "token_hash": digest(token), "created": now}
        session.execute(insert(PreviewLink), [row | {"expires": now + timedelta(days=days)}])
    return token


def revoke_preview_link(services: Services, entry_id: int, link_id: int) -> None:
    """End one of an entry's links; one that is over already is left alone."""
    with services.sessions.write() as session:
        session.execute(delete(PreviewLink).where(PreviewLink.id == link_id, PreviewLink.entry_id == entry_id))
