"""Who asks for which feed: heard in memory by a WSGI middleware, and taken from there once a minute.

It stands in front of the page cache, which answers most of these requests, and is told of every answer
that a reader can use: a 200, or a 304 to what it has already. What it keeps for a minute is, for each
feed, what services said and from where the others asked. Why it is counted so, and what becomes of
addresses: docs/decisions/0028-subscribers.md.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from blog.domain.agents import is_reader, service_of
from blog.domain.feed_addresses import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ENDINGS: Final = tuple(f".{form}" for form in FORMS)
_ANSWERED: Final = ("200", "304")
# What a minute may bring; whoever asks for more feeds than that reads none of them.
_MOST_FEEDS: Final = 2_000
_MOST_READERS: Final = 20_000
_MOST_SERVICES: Final = 10
_LONGEST_AGENT: Final = 300


@dataclass(slots=True)
class Heard:
    """What was heard of one feed: for how many each service asks, and the others by address and agent."""

    services: dict[str, int] = field(default_factory=dict)
    readers: set[tuple[str, str]] = field(default_factory=set)


class Audience:
    """What was heard since somebody took it; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[str, Heard] = {}
        self._readers = 0

    def hear(self, environ: WSGIEnvironment) -> None:
        """Note who asks for the feed that a request is for."""
        agent = environ.get("HTTP_USER_AGENT", "")[:_LONGEST_AGENT]
        service = service_of(agent)
        if service is None:
            destination = environ.get("HTTP_SEC_FETCH_DEST", "")
            if not is_reader(agent, environ.get("HTTP_ACCEPT", "")[:_LONGEST_AGENT], destination):
                return
        with self._lock:
            heard = self._of(_address(environ))
            if heard is None:
                return
            if service is None:
                self._add_reader(heard, (environ.get("REMOTE_ADDR", ""), agent))
            elif service.name in heard.services or len(heard.services) < _MOST_SERVICES:
                heard.services[service.name] = service.subscribers

    def _of(self, address: str) -> Heard | None:
        heard = self._feeds.get(address)
        if heard is None and len(self._feeds) < _MOST_FEEDS:
            heard = self._feeds[address] = Heard()
        return heard

    def _add_reader(self, heard: Heard, reader: tuple[str, str]) -> None:
        if reader not in heard.readers and self._readers < _MOST_READERS:
            heard.readers.add(reader)
            self._readers += 1

    def take(self) -> dict[str, Heard]:
        """Return what was heard, by the address of the feed, and begin anew."""
        with self._lock:
            heard, self._feeds, self._readers = self._feeds, {}, 0
        return heard


def _address(environ: WSGIEnvironment) -> str:
    path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/,+-.~")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


class HearsReaders:
    """Wraps a WSGI app, and tells an audience of each feed that it answers with."""

    def __init__(self, app: WSGIApplication, audience: Audience) -> None:
        self._app = app
        self._audience = audience

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not environ["PATH_INFO"].endswith(_ENDINGS) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._app(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            if status.startswith(_ANSWERED) and not _is_page(headers) and not _is_archive(environ):
                self._audience.hear(environ)
            return start_response(status, headers, *error)

        return self._app(environ, start)


def _is_page(headers: Iterable[tuple[str, str]]) -> bool:
    """Tell whether a browser was shown what a feed is, instead of the feed."""
    return any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers)


def _is_archive(environ: WSGIEnvironment) -> bool:
    """Tell whether this is what was before a feed: who walks it asks for much at once."""
    return any(pair.startswith("archive=") for pair in environ.get("QUERY_STRING", "").split("&"))
