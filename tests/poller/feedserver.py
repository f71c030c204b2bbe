"""A real server of feeds, which remembers what it was asked, and by how many at once."""

from __future__ import annotations

import http.server
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blog.changes.subscriptions import Subscribed, subscribe
from blog.poller.asking import Network
from blog.poller.rounds import Poller, Tally
from blog.queries.subscriptions import Polled, polled_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog

    from blog.poller.readers import Readers
    from blog.services import Services


@dataclass
class Page:
    """What is sent; with ``conditional`` a 304 to whoever has it already."""

    data: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    conditional: bool = False


class Handler(http.server.BaseHTTPRequestHandler):
    server: FeedServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = self.headers["Host"].rpartition(":")[0]
        with self.server.asked(host, self.path, dict(self.headers)):
            page = self.server.pages.get(self.path, Page(status=404))
            if callable(page):
                page(self)
            else:
                self.send(page)

    def send(self, page: Page) -> None:
        etag = f'"{hash(page.data)}"'
        is_known = page.conditional and self.headers["If-None-Match"] == etag
        self.send_response(304 if is_known else page.status)
        if page.conditional:
            self.send_header("ETag", etag)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if not is_known:
            self.send_header("Content-Length", str(len(page.data)))
        self.end_headers()
        if not is_known:
            self.wfile.write(page.data)

    def begin(self, **headers: str) -> None:
        """Begin an answer whose length is not said."""
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        """Say nothing."""


class FeedServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__((address, 0), Handler)
        self.pages: dict[str, Page | Callable[[Handler], None]] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.delay = 0.0
        self.over = threading.Event()
        self.most_of_a_host: Counter[str] = Counter()
        self.most = 0
        self._now: Counter[str] = Counter()
        self._lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what this server is for."""

    @contextmanager
    def asked(self, host: str, path: str, headers: dict[str, str]) -> Iterator[None]:
        with self._lock:
            self.seen.append((host, path, headers))
            self._now[host] += 1
            self.most_of_a_host[host] = max(self.most_of_a_host[host], self._now[host])
            self.most = max(self.most, self._now.total())
        try:
            time.sleep(self.delay)
            yield
        finally:
            with self._lock:
                self._now[host] -= 1

    def url(self, path: str, host: str = "feeds.example") -> str:
        return f"http://{host}:{self.server_port}{path}"

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.seen]


@contextmanager
def broadcasting(address: str = "127.0.0.1") -> Iterator[FeedServer]:
    server = FeedServer(address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def rss(*titles: str, channel: str = "", text: str = "Words.", title: str = "A source") -> bytes:
    items = "".join(
        f"<item><title>{one}</title><link>https://a.example/{one}</link><guid>https://a.example/{one}</guid>"
        f"<pubDate>Mon, 25 May 2009 12:00:00 GMT</pubDate><category>sets</category>"
        f"<description>{text}</description></item>"
        for one in titles
    )
    return f"<rss><channel><title>{title}</title>{channel}{items}</channel></rss>".encode()


class Radio:
    """A blog that listens to a server, with the verbs that tests speak in."""

    def __init__(self, blog: Blog, server: FeedServer, readers: Readers | None = None) -> None:
        self.blog = blog
        self.readers = readers
        self.services: Services = blog.services
        self.server = server
        self.resolve: Callable[[str, int], list[str]] = lambda host, port: [
            "127.0.0.1" if host.endswith(".example") else host
        ]

    def add(self, name: str, path: str = "", host: str = "feeds.example", **options: Any) -> str:
        wanted = Subscribed(name=name, feed_url=self.server.url(path or f"/{name}", host), **options)
        return subscribe(self.services, wanted)

    def poller(self) -> Poller:
        network = Network(settings=self.services.settings, resolve=self.resolve)
        return Poller(self.services, network, lambda: 0.0, self.readers)

    def poll(self) -> Tally:
        return self.poller().poll_due()

    def state(self, slug: str) -> Polled:
        return polled_source(self.services, slug)

    def wait_of(self, slug: str) -> float:
        """How many minutes it is until a source is asked again."""
        found = self.state(slug).next_poll
        assert found is not None
        return (found - self.blog.clock.now).total_seconds() / 60
