"""The thread that polls sources while the blog is served.

Every process that serves has one; the one that holds the lock works, and when its process ends, another
does. The lock only saves work: sources are claimed one by one, so ``crosstag poll``, here or on another
machine, may go on beside it.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from fasteners import InterProcessLock

from blog.poller.rounds import Poller

if TYPE_CHECKING:
    from blog.services import Services

_EVERY: Final = 5.0
_AFTER_A_FAILURE: Final = 60.0
_UNTIL_IT_IS_OUR_TURN: Final = 15.0
log = logging.getLogger(__name__)


class BackgroundPoller(threading.Thread):
    """A daemon thread; ``stop()`` ends it."""

    def __init__(self, services: Services, poller: Poller | None = None) -> None:
        super().__init__(name="crosstag-poller", daemon=True)
        self._poller = poller or Poller(services)
        self._lock = InterProcessLock(services.settings.data_dir / "poll.lock")

    def run(self) -> None:
        """Wait for our turn, then poll what is due, wait, and so on until stopped."""
        while not self._lock.acquire(blocking=False):
            if not self._poller.rest(_UNTIL_IT_IS_OUR_TURN):
                return
        try:
            while self._poller.rest(self._pause()):
                pass
        finally:
            self._lock.release()

    def _pause(self) -> float:
        """Poll what is due; return how long to wait then."""
        try:
            self._poller.poll_due()
            return self._poller.pause(_EVERY)
        except Exception:  # a thread that died would leave every source unread
            log.exception("Sources could not be polled; trying again soon.")
            return _AFTER_A_FAILURE

    def stop(self) -> None:
        """End the thread and wait for what it is doing."""
        self._poller.stop()
        self.join()
