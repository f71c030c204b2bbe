"""Work that outlasts its request: a thread of this process, of which the database tells how far it is.

A thread that ends with its process leaves a run that says it goes on while nobody is at it; whoever looks
sees that it was broken off (``blog/importlock.py``), and it can be begun again.
"""

from __future__ import annotations

import logging
import queue
import threading
from typing import TYPE_CHECKING, Final

from blog.domain.errors import CrosstagError

if TYPE_CHECKING:
    from collections.abc import Callable

# To count what there is to do can take a while; after this the answer is that it has not begun yet.
_PATIENCE: Final = 60.0
log = logging.getLogger(__name__)


def begin(work: Callable[[Callable[[int], None]], object]) -> int:
    """Begin the work in a thread; return the number that it says once it has begun.

    Raises:
        CrosstagError: what the work itself raises before it has begun.
    """
    said: queue.SimpleQueue[int | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            work(said.put)
        except CrosstagError as error:
            said.put(error)
        except Exception as error:  # the run says so, too; nobody else would hear of it
            log.exception("Work in the background failed.")
            said.put(error)

    threading.Thread(target=run, name="crosstag-import", daemon=True).start()
    try:
        answer = said.get(timeout=_PATIENCE)
    except queue.Empty:
        raise CrosstagError("It takes long to begin. Look at the list of imports in a minute.") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
