"""A blog that is served and written to, and what stands between it and a feed reader: a proxy that notes."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

# RFC 9110, section 7.6.1: what is between two neighbours only.
_OF_THE_CONNECTION: Final = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}


class Noting(ThreadingHTTPServer):
    """Passes requests on, under the name that it was asked by, and notes what was asked and answered."""

    daemon_threads = True

    def __init__(self, there: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.there = urlsplit(there)
        self.base = f"http://127.0.0.1:{self.server_port}"
        self._seen: list[tuple[str, int]] = []

    def note(self, path: str, status: int) -> None:
        self._seen.append((path, status))

    def seen(self) -> list[tuple[str, int]]:
        """What was asked for since this was last looked at, with the status of its answer."""
        seen, self._seen = self._seen, []
        return seen


class _Passing(BaseHTTPRequestHandler):
    server: Noting
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        there = self.server.there
        assert there.hostname
        connection = http.client.HTTPConnection(there.hostname, there.port, timeout=30)
        try:
            connection.putrequest("GET", self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _OF_THE_CONNECTION:
                    connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        self.server.note(self.path, answer.status)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def noting(there: str) -> Iterator[Noting]:
    """Stand between a server and whoever asks it."""
    proxy = Noting(there)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
