"""The tables of whoever writes: authors, how they sign in, and what acts for them.

Nothing here is needed to read the blog. Whatever proves who somebody is (a session, a token, a
link, a code) is stored as its SHA-256 digest only: a copy of the database signs nobody in.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  # SQLAlchemy reads the annotations
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from blog.models import Base, UtcDateTime


class User(Base):
    """An author. ``name`` is what they sign in with, lower-cased; the hash is argon2id's own string."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A second way in (WebAuthn): the public half of a key that the author's device keeps."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(Integer, default=0)
    name: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Login(Base):
    """A session of a browser. It ends when its row goes, whatever its cookie says."""

    __tablename__ = "login"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    user_agent: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")


class Token(Base):
    """What lets a program act for an author; ``scopes`` are words with a space between them.

    ``client`` is the address of the program that an IndieAuth token was given to, and empty for
    one that the author made.
    """

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    client: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Authorization(Base):
    """An IndieAuth authorization code that waits, for some minutes, to be redeemed once."""

    __tablename__ = "authorization"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client: Mapped[str] = mapped_column(Text)
    redirect_uri: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    challenge: Mapped[str] = mapped_column(Text)
    expires: Mapped[datetime] = mapped_column(UtcDateTime)
    used: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Attempt(Base):
    """How often something was tried within a stretch of time, such as signing in to one account.

    A challenge that waits for a passkey's answer is here, too, as its digest, until it is taken up.
    """

    __tablename__ = "attempt"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    expires: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Autosave(Base):
    """What is being typed into a form, kept until it is saved or thrown away.

    ``form`` names the open form: one for each entry, and one for each new entry that was begun.
    ``fields`` are the form's own, as typed. ``version`` counts the saves, so that two tabs notice
    each other: it only grows, so a row without ``fields``, of which nothing is kept, stays for it.
    ``seen`` is the version of the entry that the typing began from.
    """

    __tablename__ = "autosave"

    id: Mapped[int] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(String(80), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    entry_id: Mapped[int | None] = mapped_column(Integer, index=True)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(Integer)
    seen: Mapped[int] = mapped_column(Integer, default=0)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PreviewLink(Base):
    """A link that shows an entry, whatever its status, to whoever has it, until it expires."""

    __tablename__ = "preview_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    expires: Mapped[datetime] = mapped_column(UtcDateTime)
