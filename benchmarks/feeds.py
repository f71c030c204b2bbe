"""A server of feeds to poll, each with twenty items, that takes as long to answer as servers far away do.

    python -m benchmarks.feeds PORT SECONDS

``/feed/7`` is the seventh feed. Whoever has it already is told so by 304, until ``/next`` is asked: then
every second feed, those with odd numbers, has two items more.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_ITEMS: Final = 20
_MORE: Final = 2
_BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_BODY: Final = "&lt;p&gt;" + "Some words about &lt;em&gt;this and that&lt;/em&gt;, as feeds have them. " * 20


class _Feeds(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def __init__(self, port: int, seconds: float) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.seconds = seconds
        self.state = 0


class _Handler(BaseHTTPRequestHandler):
    server: _Feeds
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a feed, or take note that there is something new."""
        if not self.path.startswith("/feed/"):
            self.server.state += self.path == "/next"
            self._answer(b"Ready.", "")
            return
        time.sleep(self.server.seconds)
        number = int(self.path.rpartition("/")[2])
        state = self.server.state if number % 2 else 0
        etag = f'"{number}-{state}"'
        self._answer(None if self.headers["If-None-Match"] == etag else _feed(number, state), etag)

    def _answer(self, data: bytes | None, etag: str) -> None:
        self.send_response(304 if data is None else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _feed(number: int, state: int) -> bytes:
    items = "".join(_item(number, at) for at in reversed(range(_MORE * state, _MORE * state + _ITEMS)))
    return f"<rss><channel><title>Feed {number}</title>{items}</channel></rss>".encode()


def _item(number: int, at: int) -> str:
    address = f"https://feed{number}.example/{at}"
    published = format_datetime(_BEGIN + timedelta(hours=at, minutes=number), usegmt=True)
    return (
        f"<item><title>Item {at} of feed {number}</title><link>{address}</link><guid>{address}</guid>"
        f"<pubDate>{published}</pubDate><category>polled</category><description>{_BODY}</description></item>"
    )


if __name__ == "__main__":
    _Feeds(int(sys.argv[1]), float(sys.argv[2])).serve_forever()
