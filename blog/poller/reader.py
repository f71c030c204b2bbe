"""A process that reads what sources sent, for another one (``blog/poller/readers.py``), until that one ends.

It is started as ``python -m blog.poller.reader 5``, 5 being the socket to the other process. It says
once that it is ready; then it answers each pair of bytes and address with what was read, or with a
sentence that says why nothing was. It may be ended at any time, and may not have more than so much
memory: what it reads is nobody's that we know.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final

from blog.domain.errors import CrosstagError
from blog.poller.reading import read_source

if TYPE_CHECKING:
    from blog.poller.reading import FeedRead

_MOST_MEMORY: Final = 1_000_000_000
log = logging.getLogger(__name__)


def serve(connection: Connection) -> None:
    """Say that we are ready, and answer until the other end is closed."""
    questions: SimpleQueue[tuple[bytes, str]] = SimpleQueue()
    Thread(target=_listen, args=(connection, questions), daemon=True).start()
    with suppress(OSError):
        connection.send(True)
        while True:
            connection.send(answer(*questions.get()))


def _listen(connection: Connection, questions: SimpleQueue[tuple[bytes, str]]) -> None:
    with suppress(EOFError, OSError):
        while True:
            questions.put(connection.recv())
    # Nobody is there to read an answer, so none is worked on to its end.
    os._exit(0)


def answer(data: bytes, url: str) -> FeedRead | str:
    """Return what was read, or a sentence that says why nothing was."""
    try:
        return read_source(data, url)
    except CrosstagError as error:
        return error.sentence
    except MemoryError:
        return f"To read what {url} sent takes too much memory."
    except Exception:  # an importer's mistake is no reason to leave the others unread
        log.exception("What %s sent could not be read", url)
        return f"What {url} sent could not be read; the log says why."


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    # Whoever serves readers goes first.
    os.nice(5)
    serve(Connection(int(sys.argv[1])))
