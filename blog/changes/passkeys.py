"""Writing passkeys: made, used, taken away; and what they are to sign, which is good for one answer."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from blog.accounts import Attempt, Passkey
from blog.auth.passkeys import BadPasskey, new_challenge
from blog.auth.tokens import digest

if TYPE_CHECKING:
    from sqlalchemy import CursorResult

    from blog.auth.passkeys import NewPasskey
    from blog.services import Services

_MOST_NAME: Final = 80
# How long an author may look for their finger.
_LASTS: Final = timedelta(minutes=5)


def begin_challenge(services: Services) -> bytes:
    """Return something new for a passkey to sign, and note that it waits for an answer."""
    challenge, now = new_challenge(), services.clock()
    with services.sessions.write() as session:
        session.execute(delete(Attempt).where(Attempt.expires <= now))
        session.execute(insert(Attempt), [{"key": _key(challenge), "count": 0, "expires": now + _LASTS}])
    return challenge


def spend_challenge(services: Services, challenge: bytes) -> None:
    """Take a challenge up, whatever its answer is worth.

    Raises:
        BadPasskey: it was answered already, or waited for too long.
    """
    waits = (Attempt.key == _key(challenge), Attempt.expires > services.clock())
    with services.sessions.write() as session:
        spent: CursorResult[object] = session.execute(delete(Attempt).where(*waits))  # type: ignore[assignment]  # a deletion gives a cursor
    if spent.rowcount != 1:
        raise BadPasskey("This took too long, or was answered already. Try again.")


def _key(challenge: bytes) -> str:
    return f"challenge:{digest(urlsafe_b64encode(challenge).decode())}"


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
