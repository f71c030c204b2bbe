"""The thread that tells the rest of the web, and adds up who has asked for which feed.

Every process that serves has one. Each adds to the counts what it has heard itself; of everything else
one process at a time takes a piece of the work, which is claimed in the database. A failure is logged
and tried again: what is still to be done lies there, too.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from blog.changes.audience import add_heard

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from blog.services import Services

_EVERY: Final = 2.0
_AFTER_A_FAILURE: Final = 30.0
_COUNTS_EVERY: Final = 60.0
log = logging.getLogger(__name__)


class Teller(threading.Thread):
    """A daemon thread; ``stop()`` ends it, and loses nothing that was heard."""

    def __init__(self, services: Services, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__(name="crosstag-teller", daemon=True)
        self._services = services
        self._seconds = seconds
        self._stopping = threading.Event()
        self._counted = seconds()
        self._day: date | None = None

    def run(self) -> None:
        """Look, wait, and so on until stopped."""
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = _EVERY if self.look() else _AFTER_A_FAILURE

    def look(self) -> bool:
        """Do what is to be done by now; False after a failure."""
        try:
            if self._seconds() - self._counted >= _COUNTS_EVERY:
                self.count()
        except Exception:  # a thread that died would count and tell nothing any more
            log.exception("Counting readers, or telling others, went wrong; trying again soon.")
            return False
        return True

    def count(self) -> None:
        """Add what was heard to the counts, and when the day is over forget who it was."""
        self._counted = self._seconds()
        today = self._services.clock().date()
        heard = self._services.audience.take()
        if heard or today != self._day:
            add_heard(self._services, heard)
            self._day = today

    def stop(self) -> None:
        """End the thread, wait for what it is doing, and add up what was heard last."""
        self._stopping.set()
        self.join()
        self.count()
