"""How fast a token may be used: so many requests a minute, by the setting ``api_requests``.

Counted in memory, by each process for itself: a count in the database would make a write of every
read. With several workers a token may so do a multiple of it, which is no matter: this keeps a program
that has lost its way from keeping the blog busy, and proves nothing.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from flask import current_app
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from blog.web.context import services

if TYPE_CHECKING:
    from flask import Flask

_KEY: Final = "crosstag.rates"


def attach(app: Flask) -> None:
    """Give the app its counters."""
    app.extensions[_KEY] = FixedWindowRateLimiter(MemoryStorage())


def refuse_too_fast(token_id: int) -> None:
    """Count a request made with this token.

    Raises:
        TooManyRequests: there were too many within the minute; with the seconds to wait.
    """
    most = services().settings.api_requests
    if most:
        refuse_too_many("token", str(token_id), most)


def refuse_too_many(what: str, whose: str, most: int) -> None:
    """Count a request of somebody, whose requests of this kind may be ``most`` a minute.

    Raises:
        TooManyRequests: there were too many within the minute; with the seconds to wait.
    """
    counting: FixedWindowRateLimiter = current_app.extensions[_KEY]
    limit = RateLimitItemPerMinute(most)
    if not counting.hit(limit, what, whose):
        wait = max(1, math.ceil(counting.get_window_stats(limit, what, whose).reset_time - time.time()))
        raise TooManyRequests(f"That are more than {most:,} requests within a minute.", retry_after=wait)
