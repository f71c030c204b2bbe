"""A website on this machine, for what asks pages on the internet."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARTICLE = """<!doctype html><title>Appropriate uses for SQLite – SQLite</title>
<link rel="canonical" href="/whentouse.html"><meta name="author" content="D. Richard Hipp">
<meta property="og:site_name" content="SQLite"><meta name="description" content="SQLite &amp; others
<br>compete with fopen().">"""


class Website:
    """Pages by their paths; all others are not there. ``asked`` are the paths that somebody asked for.

    A page that is a status and an address, such as "301 /new", redirects there.
    """

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = dict(pages)
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.may_answer.wait(20)
                page = site.pages.get(self.path.partition("?")[0])
                moved = re.fullmatch(r"(30[1278]) (\S+)", page or "")
                self.send_response(int(moved[1]) if moved else 200 if page is not None else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if moved:
                    self.send_header("Location", moved[2])
                self.end_headers()
                try:
                    self.wfile.write((page or "").encode())
                except ConnectionError:
                    return  # whoever asked did not wait

            def log_message(self, *_words: object) -> None:
                pass

        return Handler

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def website(pages: Mapping[str, str] | None = None) -> Iterator[Website]:
    """Serve these pages, or one article."""
    site = Website({"/whentouse.html": ARTICLE} if pages is None else pages)
    try:
        yield site
    finally:
        site.close()
