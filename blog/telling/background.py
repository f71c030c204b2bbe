"""The threads that tell the rest of the web what is new, and add up who has asked for which feed.

Every process that serves has them. Each adds to the counts what it has heard itself; of everything else
whoever comes first takes a piece of the work, which is claimed in the database. A failure is logged and
tried again: what is still to be done lies there, too.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from blog.changes.audience import add_heard
from blog.telling.hub import HubTeller
from blog.telling.mentions import do_mentions

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from blog.services import Services

_EVERY: Final = 2.0
_AFTER_A_FAILURE: Final = 30.0
_COUNTS_EVERY: Final = 60.0
log = logging.getLogger(__name__)


class Repeated(threading.Thread):
    """A daemon thread that does something again and again; ``stop()`` ends it."""

    def __init__(self, name: str, do: Callable[[], object], every: float = _EVERY) -> None:
        super().__init__(name=f"crosstag-{name}", daemon=True)
        self._do = do
        self._every = every
        self._stopping = threading.Event()

    def run(self) -> None:
        """Do it, wait, and so on until stopped."""
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = self._every if self.look() else _AFTER_A_FAILURE

    def look(self) -> bool:
        """Do it once; False after a failure."""
        try:
            self._do()
        except Exception:  # a thread that died would do nothing any more
            log.exception("The thread %s met with a failure; trying again soon.", self.name)
            return False
        return True

    def stop(self) -> None:
        """End the thread, and wait for what it is doing."""
        self._stopping.set()
        self.join()


class Counting(Repeated):
    """Adds what this process has heard of readers to the counts, once a minute and when it ends."""

    def __init__(self, services: Services, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__("counting", self._count_by_the_minute)
        self._services = services
        self._seconds = seconds
        self._counted = seconds()
        self._day: date | None = None

    def _count_by_the_minute(self) -> None:
        if self._seconds() - self._counted >= _COUNTS_EVERY:
            self.count()

    def count(self) -> None:
        """Add what was heard, and when the day is over forget who it was."""
        self._counted = self._seconds()
        today = self._services.clock().date()
        heard = self._services.audience.take()
        if heard or today != self._day:
            add_heard(self._services, heard)
            self._day = today

    def stop(self) -> None:
        """End the thread, and add what was heard last."""
        super().stop()
        self.count()


def start_telling(services: Services) -> None:
    """Start the threads of this process."""
    Counting(services).start()
    Repeated("hub", HubTeller(services).look).start()
    Repeated("mentions", lambda: do_mentions(services)).start()
