"""A process that renders for another one (``blog/changes/renderers.py``) until that one ends.

It is started as ``python -m blog.changes.renderer 5``, 5 being the socket to the other process, and
answers each list of bodies with a list of what they became. It imports no more than it needs for
that, and is ready in a tenth of a second. One thread reads what is asked and one writes the
answers: the other process need not wait to be heard, and this one never waits to be read.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from blog.rendering import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blog.rendering import Rendered, Unrendered

    Questions = SimpleQueue[Sequence[Unrendered]]
    Answers = SimpleQueue[Sequence[Rendered]]


def serve(connection: Connection) -> None:
    """Answer until the other end is closed."""
    questions: Questions = SimpleQueue()
    answers: Answers = SimpleQueue()
    Thread(target=_read, args=(connection, questions), daemon=True).start()
    Thread(target=_write, args=(connection, answers), daemon=True).start()
    while True:
        answers.put([render(*one) for one in questions.get()])


def _read(connection: Connection, questions: Questions) -> None:
    with suppress(EOFError, OSError):
        while True:
            questions.put(connection.recv())
    # Nobody is there to read an answer, not even to the question that is worked on.
    os._exit(0)


def _write(connection: Connection, answers: Answers) -> None:
    with suppress(OSError):
        while True:
            connection.send(answers.get())


if __name__ == "__main__":
    # What waits for its turn here are the two threads, and they need it for microseconds.
    sys.setswitchinterval(0.000_5)
    serve(Connection(int(sys.argv[1])))
