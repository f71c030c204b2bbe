"""Writing what lets programs act for an author: tokens, and the codes that IndieAuth trades for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from blog.accounts import Authorization, Token
from blog.auth.scopes import parse_scopes, spelled
from blog.auth.tokens import digest, new_token
from blog.domain.errors import CrosstagError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session

    from blog.services import Services

# So that people, and programs that look for secrets where none should be, know one when they see it.
PREFIX: Final = "crosstag_"
# How exactly it is noted that a token is used, and how long a code waits.
NOTED: Final = timedelta(minutes=5)
CODE_LASTS: Final = timedelta(minutes=10)
_LONGEST_NAME: Final = 100


class BadToken(CrosstagError):
    """A token that nobody could tell apart, or that is good for nothing."""


class BadCode(CrosstagError):
    """The code is used, too old, of another client, or none at all; which one is nobody's business."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an author has agreed to: which client, which address it is told at, and for what."""

    user_id: int
    client: str
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str


def create_token(services: Services, user_id: int, name: str, scopes: Iterable[str], client: str = "") -> str:
    """Make a token for an author; return it, as it is stored nowhere.

    Raises:
        BadToken: it has no name, or nothing it may be used for.
    """
    name, words = " ".join(name.split()), spelled(scopes)
    if not name or len(name) > _LONGEST_NAME:
        raise BadToken(f"Give it a name that tells it from others, of {_LONGEST_NAME} characters at most.")
    if not words:
        raise BadToken("Choose at least one thing that it may be used for.")
    with services.sessions.write() as session:
        return _made(session, services, {"user_id": user_id, "name": name, "scopes": words, "client": client})


def _made(session: Session, services: Services, values: dict[str, object]) -> str:
    token = new_token(PREFIX)
    session.execute(insert(Token), [values | {"token_hash": digest(token), "created": services.clock()}])
    return token


def note_used(services: Services, token_id: int) -> None:
    """Note that a token is being used."""
    with services.sessions.write() as session:
        session.execute(update(Token).where(Token.id == token_id).values(last_used=services.clock()))


def revoke_token(services: Services, user_id: int, token_id: int) -> None:
    """End one of an author's own tokens; one that has ended already, or another's, is left alone."""
    _revoke(services, Token.id == token_id, Token.user_id == user_id)


def revoke_this(services: Services, token: str) -> None:
    """End the token that somebody holds; what is none is left alone."""
    _revoke(services, Token.token_hash == digest(token))


def _revoke(services: Services, *which: object) -> None:
    with services.sessions.write() as session:
        statement = update(Token).where(*which, Token.revoked.is_(None))  # type: ignore[arg-type]  # conditions
        session.execute(statement.values(revoked=services.clock()))


def forget_token(services: Services, user_id: int, token_id: int) -> None:
    """Take one of an author's tokens that have ended off the list."""
    with services.sessions.write() as session:
        session.execute(
            delete(Token).where(Token.id == token_id, Token.user_id == user_id, Token.revoked.is_not(None))
        )


def grant_code(services: Services, grant: Grant) -> str:
    """Note what an author has agreed to; return the code by which the client takes it up."""
    code, now = new_token(), services.clock()
    row = {
        "user_id": grant.user_id,
        "code_hash": digest(code),
        "client": grant.client,
        "redirect_uri": grant.redirect_uri,
        "scopes": spelled(grant.scopes),
        "challenge": grant.challenge,
        "expires": now + CODE_LASTS,
    }
    with services.sessions.write() as session:
        session.execute(delete(Authorization).where(Authorization.expires < now - CODE_LASTS))
        session.execute(insert(Authorization), [row])
    return code


def redeem_code(services: Services, code: str, client: str, redirect_uri: str, challenge: str) -> Grant:
    """Take a code up, once; return what was agreed to.

    It is spent by the first who shows it, whatever else is wrong: whoever guesses has one guess.

    Raises:
        BadCode: it is not good, for this client, at this address, with this challenge.
    """
    now = services.clock()
    with services.sessions.write() as session:
        row = session.scalar(select(Authorization).where(Authorization.code_hash == digest(code)))
        spent: CursorResult[object] = session.execute(  # type: ignore[assignment]  # an update gives a cursor
            update(Authorization)
            .where(Authorization.code_hash == digest(code), Authorization.used.is_(None))
            .values(used=now)
        )
    is_fresh = row is not None and spent.rowcount == 1 and row.expires > now
    if (
        row is None
        or not is_fresh
        or (row.client, row.redirect_uri, row.challenge) != (client, redirect_uri, challenge)
    ):
        raise BadCode("This code is used, too old, or was not given to this client.")
    return Grant(row.user_id, row.client, row.redirect_uri, parse_scopes(row.scopes), row.challenge)
