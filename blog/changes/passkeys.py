"""Writing passkeys: made, used, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from blog.accounts import Passkey
from blog.auth.passkeys import BadPasskey

if TYPE_CHECKING:
    from blog.auth.passkeys import NewPasskey
    from blog.services import Services

_MOST_NAME: Final = 80


def add_passkey(services: Services, user_id: int, name: str, made: NewPasskey) -> None:
    """Keep a passkey of an author.

    Raises:
        BadPasskey: it is there already.
    """
    with services.sessions.write() as session:
        if session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
            raise BadPasskey("This passkey is there already.")
        row = {
            "user_id": user_id,
            "credential_id": made.credential_id,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "name": name.strip()[:_MOST_NAME] or "Passkey",
            "created": services.clock(),
        }
        session.execute(insert(Passkey), [row])


def note_used(services: Services, passkey_id: int, sign_count: int) -> None:
    """Note that a passkey has signed, and how often it says it has."""
    with services.sessions.write() as session:
        values = {"sign_count": sign_count, "last_used": services.clock()}
        session.execute(update(Passkey).where(Passkey.id == passkey_id).values(**values))


def delete_passkey(services: Services, user_id: int, passkey_id: int) -> None:
    """Take one of an author's own passkeys away; another's is left alone."""
    with services.sessions.write() as session:
        session.execute(delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id))
