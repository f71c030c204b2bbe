"""The demo blog behind a real server, and the address of every page of it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent.parent

# Each template with something in it, with little, and with nothing. A pair stands for the first address on
# a page that looks like the pattern.
_PERMALINK: Final = r'href="(/\d{4}/[A-Z][a-z]{2}/\d{1,2}/[^"/]+/)"'
ERRORS: Final = {"no-page": 404, "no-tag": 404, "bad-address": 400}
PAGES: Final[dict[str, str | tuple[str, str]]] = {
    "home": "/",
    "home-2": "/?page=2",
    "intersection": "/tags/python+scaling/",
    "tag": "/tags/python/",
    "not": "/tags/-python/",
    "empty-intersection": "/tags/python+scaling+sqlite+css/",
    "kind": "/articles/",
    "activity": "/activity/",
    "quotations": "/quotations/",
    "article": ("/articles/", _PERMALINK),
    "link": ("/links/", _PERMALINK),
    "quotation": ("/quotations/", _PERMALINK),
    "note": ("/notes/", _PERMALINK),
    "activity-item": ("/activity/", _PERMALINK),
    "tags": "/tags/",
    "tags-by-name": "/tags/?sort=name",
    "archive": "/archive/",
    "year": ("/archive/", r'href="(/\d{4}/)"'),
    "month": ("/2013/", r'href="(/2013/[A-Z][a-z]{2}/)"'),
    "day": ("/2013/", r'href="(/2013/[A-Z][a-z]{2}/\d+/)"'),
    "empty-year": "/1999/",
    "sources": "/sources/",
    "source": ("/sources/", r'href="(/sources/[^"/]+/)"'),
    "domains": "/domains/",
    "domain": ("/domains/", r'href="(/domains/[^"/]+/)"'),
    "all-series": "/series/",
    "series": ("/series/", r'href="(/series/[^"/]+/)"'),
    "search": "/search/",
    "found": "/search/?q=database",
    "nothing-found": "/search/?q=databsae+nothinglikeit",
    "long-word": f"/search/?q={'w' * 190}",
    "on-this-day": "/on-this-day/",
    "on-a-day": "/on-this-day/Mar/14/",
    "digests": "/tags/python/weekly/",
    "digest": ("/monthly/", r'href="(/monthly/\d{4}-\d\d/)"'),
    "digests-of-a-year": "/daily/2013/",
    "empty-digest": "/tags/python/weekly/2001-W01/",
    "no-page": "/nothing/here/",
    "no-tag": "/tags/pyhton/",
    "bad-address": "/?page=-1",
    "many-chips": "/search/?tag=python&exclude.tag=sqlite&exclude.tag=django&exclude.tag=http&type=link&type=article&from=2009-01-01&to=2025-12-31",
}  # fmt: skip


def fetched(url: str) -> str:
    """What a server answers, whatever its status."""
    try:
        with urlopen(url) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.read().decode()


def addresses_at(server: str) -> dict[str, str]:
    """The address of every page, those that depend on the demo blog's words looked up."""
    found = {}
    for name, where in PAGES.items():
        if isinstance(where, str):
            found[name] = where
            continue
        page, pattern = where
        match = re.search(pattern, fetched(server + page).partition("<main")[2])
        assert match, f"nothing like {pattern} on {page}"
        found[name] = match.group(1)
    return found


@contextmanager
def demo_served(folder: Path) -> Iterator[str]:
    """Serve the demo blog as its reader's machine would, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / "log"
    words = ["--data", str(folder / "data"), "serve", "--port", str(port), "--demo"]
    foreign = ("CROSSTAG_", "DATABASE_URL")
    known = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "blog", *words], cwd=ROOT, env=known, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"the server does not answer: {log.read_text()}")
