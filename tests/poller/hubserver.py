"""A real hub, which asks back and tells as WebSub says, or does something else; and the blog that it calls."""

from __future__ import annotations

import hmac
import http.server
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import httpx
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask


class _Handler(http.server.BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        fields = {name: values[0] for name, values in form.items()}
        self.server.asked.append(fields)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        """Say nothing."""


class HubServer(http.server.ThreadingHTTPServer):
    """Remembers what it was asked; asks back and tells when a test says so."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []
        self.status = 202
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://hub.example:{self.server_port}/"

    def ask_back(self, **changes: str) -> httpx.Response:
        """Verify what was asked last (section 5.3)."""
        asked = self.asked[-1]
        said = {
            "hub.mode": asked["hub.mode"],
            "hub.topic": asked["hub.topic"],
            "hub.challenge": "a challenge",
            "hub.lease_seconds": asked.get("hub.lease_seconds", ""),
        } | {f"hub.{name}": value for name, value in changes.items()}
        return httpx.get(f"{asked['hub.callback']}?{urlencode(said)}")

    def tell(self, body: bytes = b"<rss/>", *, method: str = "sha256", secret: str = "") -> httpx.Response:
        """Distribute content, signed (sections 7 and 8)."""
        asked = next(one for one in reversed(self.asked) if "hub.secret" in one)
        signature = hmac.new((secret or asked["hub.secret"]).encode(), body, method).hexdigest()
        headers = {"X-Hub-Signature": f"{method}={signature}", "Content-Type": "application/rss+xml"}
        return httpx.post(asked["hub.callback"], content=body, headers=headers)


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


class Served:
    """The blog behind a port that is known before there is a blog."""

    def __init__(self) -> None:
        self.app: Flask | None = None
        self.server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def _answer(self, environ: Any, start_response: Any) -> Any:
        assert self.app is not None
        return self.app(environ, start_response)


@contextmanager
def running(*servers: Any) -> Iterator[None]:
    """Let these serve meanwhile."""
    serve: Callable[[Any], threading.Thread] = lambda one: threading.Thread(  # noqa: E731  used once, below
        target=one.serve_forever, kwargs={"poll_interval": 0.01}
    )
    threads = [serve(one) for one in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
