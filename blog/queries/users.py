"""Reading who may write, and who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from blog.accounts import Login, User
from blog.auth.passwords import is_right
from blog.auth.tokens import digest

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from blog.services import Services


@dataclass(frozen=True, slots=True)
class Author:
    """Whoever is signed in, and by which session; ``seen`` is when that was last noted as used."""

    id: int
    name: str
    login_id: int
    seen: datetime


@dataclass(frozen=True, slots=True)
class OpenLogin:
    """A session of a browser, as its owner sees it."""

    id: int
    started: datetime
    last_seen: datetime
    user_agent: str
    address: str


@dataclass(frozen=True, slots=True)
class UserRow:
    """An author, as the list of authors shows them; ``last_seen`` is None for who is not signed in."""

    name: str
    created: datetime
    last_seen: datetime | None


def has_users(services: Services) -> bool:
    """Tell whether there is any author."""
    with services.sessions.read() as session:
        return bool(session.scalar(select(func.count(User.id))))


def users(services: Services) -> list[UserRow]:
    """Return all authors, by name."""
    last = select(func.max(Login.last_seen)).where(Login.user_id == User.id).scalar_subquery()
    with services.sessions.read() as session:
        rows = session.execute(select(User.name, User.created, last).order_by(User.name))
        return [UserRow(*row) for row in rows]


def authenticate(services: Services, name: str, password: str) -> int | None:
    """Return the id of the author with this name and password; wrong names take as long as wrong passwords."""
    with services.sessions.read() as session:
        statement = select(User.id, User.password_hash).where(User.name == name.strip().lower()[:80])
        found = session.execute(statement).one_or_none()
    right = is_right(password, found.password_hash if found else None)
    return found.id if found and right else None


def author_of(services: Services, token: str, idle: timedelta) -> Author | None:
    """Return who is signed in by a session's token, unless the session was not used for so long."""
    with services.sessions.read() as session:
        statement = select(User.id, User.name, Login.id, Login.last_seen).join(User, User.id == Login.user_id)
        row = session.execute(statement.where(Login.token_hash == digest(token))).one_or_none()
    if row is None or row.last_seen < services.clock() - idle:
        return None
    return Author(*row)


def open_logins(services: Services, user_id: int) -> list[OpenLogin]:
    """Return an author's sessions, the last used one first."""
    statement = select(Login.id, Login.started, Login.last_seen, Login.user_agent, Login.address)
    with services.sessions.read() as session:
        rows = session.execute(statement.where(Login.user_id == user_id).order_by(Login.last_seen.desc()))
        return [OpenLogin(*row) for row in rows]
