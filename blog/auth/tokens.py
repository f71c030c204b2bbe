"""Random tokens: what a cookie, a link or a program shows to prove itself, stored as a digest only."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

_BYTES: Final = 32


def new_token(prefix: str = "") -> str:
    """Return a token of 256 random bits that may stand in URLs; ``prefix`` tells people what it is."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(token: str) -> str:
    """Return what is stored of a token. It is random, so a plain SHA-256 cannot be searched for it."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
