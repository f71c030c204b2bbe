"""A real site elsewhere: pages with any headers, and forms that it is sent."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Page:
    """What is sent: HTML, unless the headers say otherwise."""

    body: str = ""
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


class Elsewhere:
    """``pages`` by path; ``forms`` are what was sent, with the address it was sent to."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self.answers = Page(status=202)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(site.pages.get(self.path, Page(status=404)))

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                site.forms.append((self.path, parse_qsl(sent)))
                self._answer(site.answers)

            def _answer(self, page: Page) -> None:
                self.send_response(page.status)
                if not any(name.lower() == "content-type" for name, _ in page.headers):
                    self.send_header("Content-Type", "text/html; charset=utf-8")
                for name, value in page.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page.body.encode())

            def log_message(self, *_words: object) -> None:
                pass

        return Handler

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    site = Elsewhere()
    try:
        yield site
    finally:
        site.close()
