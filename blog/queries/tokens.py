"""Reading what acts for an author: who holds a token, and which tokens there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.accounts import Token, User
from blog.auth.scopes import parse_scopes
from blog.auth.tokens import digest

if TYPE_CHECKING:
    from datetime import datetime

    from blog.services import Services


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever shows a token: the author it acts for, and what it may be used for."""

    token_id: int
    user_id: int
    name: str
    scopes: frozenset[str]
    client: str
    created: datetime
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token, as its owner sees it."""

    id: int
    name: str
    scopes: tuple[str, ...]
    client: str
    created: datetime
    last_used: datetime | None
    revoked: datetime | None


def bearer_of(services: Services, token: str) -> Bearer | None:
    """Return whom a token acts for; None where it is none, or has ended."""
    shown = (Token.id, Token.user_id, User.name, Token.scopes, Token.client, Token.created, Token.last_used)
    statement = select(*shown).join(User, User.id == Token.user_id)
    with services.sessions.read() as session:
        row = session.execute(
            statement.where(Token.token_hash == digest(token), Token.revoked.is_(None))
        ).one_or_none()
    return None if row is None else Bearer(*row[:3], parse_scopes(row.scopes), *row[4:])


def tokens(services: Services, user_id: int) -> list[TokenRow]:
    """Return an author's tokens, the newest first, and those that have ended last."""
    shown = (Token.id, Token.name, Token.scopes, Token.client, Token.created, Token.last_used, Token.revoked)
    with services.sessions.read() as session:
        order = (Token.revoked.is_not(None), Token.id.desc())
        rows = session.execute(select(*shown).where(Token.user_id == user_id).order_by(*order))
        return [TokenRow(row.id, row.name, tuple(row.scopes.split()), *row[3:]) for row in rows]
