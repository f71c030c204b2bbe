"""Passwords, by argon2id with the parameters that its library recommends (RFC 9106)."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from blog.domain.errors import CrosstagError

LEAST: Final = 10
MOST: Final = 1_000
_HASHER: Final = PasswordHasher()


class BadPassword(CrosstagError):
    """The password cannot be used; the sentence says why."""


def hashed(password: str, name: str = "") -> str:
    """Return what is stored of a new password.

    Raises:
        BadPassword: it is too short, absurdly long, or the account's own name.
    """
    if len(password) < LEAST:
        raise BadPassword(f"A password needs at least {LEAST} characters; several words make a good one.")
    if len(password) > MOST:
        raise BadPassword(f"A password has at most {MOST:,} characters.")
    if name and password.strip().lower() in {name.lower(), name.lower() * 2}:
        raise BadPassword("A password that is one's own name is the first one to be tried.")
    return _HASHER.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Tell whether the password is the stored one; None, for nobody's, takes as long and is never right."""
    try:
        _HASHER.verify(stored or _nobodys(), password[: MOST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobodys() -> str:
    """What is verified for a name that nobody has, so that a wrong name takes as long as a wrong password."""
    return _HASHER.hash("nobody's password")


def is_outdated(stored: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's, and should be made anew."""
    return _HASHER.check_needs_rehash(stored)
