"""What a WSGI server loads: ``blog.wsgi:make_app``, which opens the blog that CROSSTAG_DATA names."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

from blog.app import create_app
from blog.config import load
from blog.indexer import Indexer
from blog.poller.background import BackgroundPoller
from blog.services import open_services
from blog.telling.background import start_telling

if TYPE_CHECKING:
    from flask import Flask


def make_app() -> Flask:
    """Open the blog and return its application.

    Threads of this process keep the text index up to date, count who reads the feeds and tell others
    what is new, and poll sources if no other process does.
    """
    services = open_services(load(Path(os.environ.get("CROSSTAG_DATA", "data")), os.environ))
    # Before the first request, which would have to wait for it. What was read stays for the life of
    # the process: the garbage collector need not walk through it again and again.
    services.facets.current()
    gc.collect()
    gc.freeze()
    Indexer(services).start()
    start_telling(services)
    if services.settings.poll:
        BackgroundPoller(services).start()
    return create_app(services)
