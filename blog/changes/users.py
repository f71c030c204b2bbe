"""Writing who may write: authors, their passwords, and the sessions of their browsers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select, update

from blog.accounts import Authorization, Login, Token, User
from blog.auth.passwords import hashed, is_outdated
from blog.auth.tokens import digest, new_token
from blog.domain.errors import CrosstagError, NotThere
from blog.models import Setting

if TYPE_CHECKING:
    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session

    from blog.services import Services

SETUP: Final = "setup"
SIGNING: Final = "signing key"
# How long a session lasts that nobody uses, and how exactly it is noted that somebody does.
IDLE: Final = timedelta(days=60)
NOTED: Final = timedelta(minutes=5)
_NAME: Final = re.compile(r"[\w.@-]{1,80}")


class BadName(CrosstagError):
    """The name cannot be an author's."""


class SetupOver(CrosstagError):
    """The blog has an author already, or the link was not the last one that was printed."""


def create_user(services: Services, name: str, password: str) -> int:
    """Create an author; return the id.

    Raises:
        BadName: it has other characters than letters, digits and . @ - _, or somebody has it.
        BadPassword: it is too weak.
    """
    name = _checked(name)
    stored = hashed(password, name)
    with services.sessions.write() as session:
        return _create(services, session, name, stored)


def create_first_user(services: Services, token: str, name: str, password: str) -> int:
    """Create the first author, for whoever has the link that ``crosstag serve`` printed; return the id.

    Raises:
        SetupOver: there is an author, or the token is not that of the link.
        BadName: as for ``create_user``.
        BadPassword: as for ``create_user``.
    """
    name = _checked(name)
    # Before the hash, which takes long: who has no link has nothing hashed.
    with services.sessions.read() as session:
        _check_setup(session, token)
    stored = hashed(password, name)
    with services.sessions.write() as session:
        _check_setup(session, token)
        session.execute(delete(Setting).where(Setting.name == SETUP))
        return _create(services, session, name, stored)


def _check_setup(session: Session, token: str) -> None:
    known = session.scalar(select(Setting.value).where(Setting.name == SETUP))
    if known != digest(token) or session.scalar(select(func.count(User.id))):
        raise SetupOver("This link has been used, or a newer one was printed.")


def _checked(name: str) -> str:
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise BadName("A name has letters, digits and . @ - _ only, 80 at most.")
    return name


def _create(services: Services, session: Session, name: str, stored: str) -> int:
    if session.scalar(select(User.id).where(User.name == name)):
        raise BadName(f"There is an author called “{name}” already.")
    user = User(name=name, password_hash=stored, created=services.clock())
    session.add(user)
    session.flush()
    return user.id


def set_password(services: Services, name: str, password: str) -> int:
    """Give an author a new password; end all their sessions, tokens, and codes that wait for being traded.

    Passkeys stay: each is somewhere that its author has chosen. Return how many tokens were revoked.

    Raises:
        NotThere: nobody is called that.
        BadPassword: it is too weak.
    """
    stored = hashed(password, name)
    with services.sessions.write() as session:
        user = session.scalar(select(User.id).where(User.name == name.strip().lower()))
        if user is None:
            raise NotThere(f"There is no author called “{name}”.")
        session.execute(update(User).where(User.id == user).values(password_hash=stored))
        session.execute(delete(Login).where(Login.user_id == user))
        session.execute(
            delete(Authorization).where(Authorization.user_id == user, Authorization.used.is_(None))
        )
        statement = update(Token).where(Token.user_id == user, Token.revoked.is_(None))
        revoked: CursorResult[object] = session.execute(statement.values(revoked=services.clock()))  # type: ignore[assignment]  # an update gives a cursor
        return revoked.rowcount


def begin_setup(services: Services) -> str | None:
    """Return a new token for creating the first author, or None where there is one; older tokens end."""
    token = new_token()
    with services.sessions.write() as session:
        if session.scalar(select(func.count(User.id))):
            return None
        session.execute(delete(Setting).where(Setting.name == SETUP))
        session.execute(insert(Setting), [{"name": SETUP, "value": digest(token)}])
    return token


def secret_key(services: Services) -> str:
    """Return the key that cookies and forms are signed with: made once, and the same in every process."""
    with services.sessions.read() as session:
        known = session.scalar(select(Setting.value).where(Setting.name == SIGNING))
    if known is None:
        with services.sessions.write() as session:
            known = session.scalar(select(Setting.value).where(Setting.name == SIGNING))
            if known is None:
                known = new_token()
                session.execute(insert(Setting), [{"name": SIGNING, "value": known}])
    return str(known)


def start_login(services: Services, user_id: int, user_agent: str, address: str, password: str = "") -> str:
    """Begin a session of an author's browser; return its token, which exists nowhere else.

    Sessions that were not used for long end by the way. ``password``, where that was the way in,
    is hashed anew if the hash is of weaker parameters than today's.
    """
    token, now = new_token(), services.clock()
    with services.sessions.write() as session:
        session.execute(delete(Login).where(Login.last_seen < now - IDLE))
        stored = session.scalar(select(User.password_hash).where(User.id == user_id)) or ""
        if password and is_outdated(stored):
            session.execute(update(User).where(User.id == user_id).values(password_hash=hashed(password)))
        row = {"user_id": user_id, "token_hash": digest(token), "started": now, "last_seen": now}
        about = {"user_agent": user_agent[:300], "address": address[:80]}
        session.execute(insert(Login), [row | about])
    return token


def note_seen(services: Services, login_id: int) -> None:
    """Note that a session is being used."""
    with services.sessions.write() as session:
        session.execute(update(Login).where(Login.id == login_id).values(last_seen=services.clock()))


def end_login(services: Services, user_id: int, login_id: int) -> None:
    """End one of an author's own sessions; one that is over already, or another's, is left alone."""
    with services.sessions.write() as session:
        session.execute(delete(Login).where(Login.id == login_id, Login.user_id == user_id))


def end_other_logins(services: Services, user_id: int, login_id: int) -> None:
    """End all of an author's sessions but this one."""
    with services.sessions.write() as session:
        session.execute(delete(Login).where(Login.user_id == user_id, Login.id != login_id))
