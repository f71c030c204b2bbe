"""How often something may be tried: signing in, above all.

Counted are failures only, for each account and for each address, whether or not there is such an
account: so nothing tells which names exist.
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

_PER_ACCOUNT: Final = parse("10 per 15 minutes")
_PER_ADDRESS: Final = parse("30 per 15 minutes")


def refuse_too_many(account: str) -> None:
    """Refuse what was tried too often, for this account or from this address.

    Raises:
        TooManyRequests: with the seconds to wait, as ``Retry-After``.
    """
    counting, limits = _counting(), _limits(account)
    for limit, key in limits:
        if not counting.test(limit, *key):
            wait = max(1, math.ceil(counting.get_window_stats(limit, *key).reset_time - _now()))
            raise TooManyRequests(
                f"That was tried too often. It can be tried again in {math.ceil(wait / 60)} minutes.",
                retry_after=wait,
            )


def count_failure(account: str) -> None:
    """Count one more failure."""
    for limit, key in _limits(account):
        _counting().hit(limit, *key)


def _counting() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(AttemptStorage(services=services()))


def _limits(account: str) -> tuple[tuple[RateLimitItem, tuple[str, str]], ...]:
    of_account = ("account", account.strip().lower()[:80])
    return (_PER_ACCOUNT, of_account), (_PER_ADDRESS, ("address", request.remote_addr or ""))


def _now() -> float:
    return services().clock().timestamp()
