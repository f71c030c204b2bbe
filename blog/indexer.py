"""The thread that keeps the text index in step while the blog is served.

It looks at the log once a second. Of several processes that do so, one at a time writes;
the others find nothing left to do. A failure is logged and tried again: the log keeps what
is still to be indexed.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

    from blog.services import Services

_EVERY: Final = 1.0
_AFTER_A_FAILURE: Final = 30.0
log = logging.getLogger(__name__)


class Indexer(threading.Thread):
    """A daemon thread; ``stop()`` ends it."""

    def __init__(self, services: Services) -> None:
        super().__init__(name="crosstag-indexer", daemon=True)
        self._services = services
        self._stopping = threading.Event()
        self._pulse: Hashable = None

    def run(self) -> None:
        """Catch up, wait, and so on until stopped."""
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = _EVERY if self.look() else _AFTER_A_FAILURE

    def look(self) -> bool:
        """Catch up if anything has changed; False after a failure."""
        try:
            pulse = self._services.sessions.pulse()
            if pulse == self._pulse:
                return True
            if self._services.search.catch_up():
                self._pulse = pulse
        except Exception:  # a thread that died would leave the index behind for ever
            log.exception("The text index could not be brought up to date; trying again soon.")
            return False
        return True

    def stop(self) -> None:
        """End the thread and wait for what it is doing."""
        self._stopping.set()
        self.join()
