"""Reading passkeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.accounts import Passkey

if TYPE_CHECKING:
    from datetime import datetime

    from blog.services import Services


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """A passkey, as its owner sees it and as a signature is checked by it."""

    id: int
    user_id: int
    name: str
    created: datetime
    last_used: datetime | None
    credential_id: bytes
    public_key: bytes
    sign_count: int


_COLUMNS = (
    *(Passkey.id, Passkey.user_id, Passkey.name, Passkey.created, Passkey.last_used),
    *(Passkey.credential_id, Passkey.public_key, Passkey.sign_count),
)


def passkeys_of(services: Services, user_id: int) -> list[KnownPasskey]:
    """Return an author's passkeys, the oldest first."""
    with services.sessions.read() as session:
        rows = session.execute(select(*_COLUMNS).where(Passkey.user_id == user_id).order_by(Passkey.id))
        return [KnownPasskey(*row) for row in rows]


def passkey_by(services: Services, credential_id: bytes) -> KnownPasskey | None:
    """Return the passkey with this id, whosever it is."""
    with services.sessions.read() as session:
        row = session.execute(select(*_COLUMNS).where(Passkey.credential_id == credential_id)).one_or_none()
        return KnownPasskey(*row) if row else None


def has_passkeys(services: Services) -> bool:
    """Tell whether anybody has made one: else nobody need be offered to use it."""
    with services.sessions.read() as session:
        return session.scalar(select(Passkey.id).limit(1)) is not None
