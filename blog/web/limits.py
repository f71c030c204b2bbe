"""How often something may be tried: signing in, above all.

Counted are failures only, whether or not there is such an account: so nothing tells which names exist.
An account from one address waits soonest, and for all addresses late: nobody is to lock an author out
who fails on purpose, from elsewhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from flask import request
from limits import parse
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from blog.changes.attempts import AttemptStorage
from blog.web.context import services

if TYPE_CHECKING:
    from limits import RateLimitItem

    Tries = tuple[tuple[RateLimitItem, tuple[str, ...]], ...]

_FEW: Final = parse("10 per 15 minutes")
_PER_ADDRESS: Final = parse("30 per 15 minutes")
_PER_ACCOUNT: Final = parse("100 per 15 minutes")


def by_password(account: str) -> Tries:
    """Return what is counted where somebody signs in by a name and a password."""
    name, address = account.strip().lower()[:80], _address()
    of_both = (_FEW, ("account and address", name, address))
    return of_both, (_PER_ADDRESS, ("address", address)), (_PER_ACCOUNT, ("account", name))


def by_passkey() -> Tries:
    """Return what is counted where a passkey signs in: no account is known before it has."""
    return (_FEW, ("passkey", _address())), (_PER_ADDRESS, ("address", _address()))


def own_password(user_id: int) -> Tries:
    """Return what is counted where an author who is signed in shows their password: nobody else's failures."""
    return ((_FEW, ("own password", str(user_id))),)


def refuse_too_many(tries: Tries) -> None:
    """Refuse what was tried too often.

    Raises:
        TooManyRequests: with the seconds to wait, as ``Retry-After``.
    """
    counting = _counting()
    for limit, key in tries:
        if not counting.test(limit, *key):
            wait = max(1, math.ceil(counting.get_window_stats(limit, *key).reset_time - _now()))
            raise TooManyRequests(
                f"That was tried too often. It can be tried again in {math.ceil(wait / 60)} minutes.",
                retry_after=wait,
            )


def count_failure(tries: Tries) -> None:
    """Count one more failure."""
    for limit, key in tries:
        _counting().hit(limit, *key)


def _counting() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(AttemptStorage(services=services()))


def _address() -> str:
    return request.remote_addr or ""


def _now() -> float:
    return services().clock().timestamp()
