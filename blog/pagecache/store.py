"""The kept pages: bounded in bytes, each made once however many ask for it at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from blog.pagecache.compression import IDENTITY, compressed, is_compressible

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

Headers = list[tuple[str, str]]
Key = tuple[str, ...]
# What a page takes besides its bytes: headers, strings, dictionaries. Measured with tracemalloc.
_OVERHEAD: Final = 4_000
# No single page may take more than this share of all room.
_SHARE: Final = 8


class Variant(NamedTuple):
    """A page in one encoding: its validator, and the answers ready to be sent."""

    etag: str
    headers: Headers
    headers_304: Headers
    body: bytes


class Page:
    """An answer of the app, and its variants by encoding, each made when it is first asked for.

    ``etag`` is without quotes and encoding, empty for an answer that is none to be validated (a
    redirect, an error). ``blog`` is the state of the blog that it was made from, and ``parts`` those
    of what else it depends on: while all are what they were, the page is right.
    """

    __slots__ = (
        "_lock",
        "blog",
        "body",
        "etag",
        "headers",
        "is_kept",
        "is_recent",
        "parts",
        "status",
        "variants",
    )

    def __init__(
        self,
        status: str,
        headers: Headers,
        body: bytes,
        *,
        etag: str,
        blog: Hashable,
        parts: Mapping[str, Hashable],
        is_kept: bool,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.etag = etag
        self.blog = blog
        self.parts = parts
        self.is_kept = is_kept
        # Set at every use after the first, cleared when the page is next in line to go.
        self.is_recent = False
        self.variants: dict[str, Variant] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """How many bytes keeping it takes, its variants included."""
        return _OVERHEAD + len(self.body) + sum(len(one.body) for one in list(self.variants.values()))

    def variant(self, encoding: str) -> Variant:
        """Return the page in an encoding, or as it is where compressing it saves nothing."""
        with self._lock:
            if encoding not in self.variants:
                self.variants[encoding] = self._made(encoding)
            return self.variants[encoding]

    def _made(self, encoding: str) -> Variant:
        kind = next((value for name, value in self.headers if name.lower() == "content-type"), "")
        body = self.body
        if encoding != IDENTITY and is_compressible(kind, len(body)):
            body = compressed(self.body, encoding, kind)
        if encoding == IDENTITY or len(body) >= len(self.body):
            return self._answer(self.body, "", [])
        return self._answer(body, f"-{encoding}", [("Content-Encoding", encoding)])

    def _answer(self, body: bytes, suffix: str, encoded: Headers) -> Variant:
        # Two encodings are two representations, so a strong validator tells them apart (RFC 9110, 8.8.1).
        etag = f'"{self.etag}{suffix}"' if self.etag else ""
        validator = [("ETag", etag)] if etag else []
        length = ("Content-Length", str(len(body)))
        # A 304 says what a cache goes by, and nothing about the content (section 15.4.5).
        kept = [pair for pair in self.headers if not pair[0].lower().startswith("content-t")]
        return Variant(etag, [*self.headers, *encoded, *validator, length], [*kept, *validator], body)


class PageStore:
    """Pages by key, up to ``limit`` bytes in all; those not used for longest go first.

    Safe to share between threads. ``limit`` 0 keeps nothing.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._sizes: dict[Key, int] = {}
        self._flights: dict[tuple[Key, Hashable], Future[Page]] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Key) -> Page | None:
        """Return what is kept under a key, whatever state of the blog it is of."""
        page = self._pages.get(key)
        if page is not None:
            # A flag and not a move to the end: readers take no lock for it.
            page.is_recent = True
        return page

    def computed(self, key: Key, state: Hashable, make: Callable[[], Page]) -> Page:
        """Return the page that ``make`` makes; who asks for the same meanwhile waits for that one.

        A page that may not be kept is made for each who asks.
        """
        with self._lock:
            flight = self._flights.get((key, state))
            leads = flight is None
            if flight is None:
                flight = self._flights[(key, state)] = Future()
        if not leads:
            page = _result(flight)
            return page if page is not None and page.is_kept else make()
        return self._led(key, state, flight, make)

    def _led(self, key: Key, state: Hashable, flight: Future[Page], make: Callable[[], Page]) -> Page:
        try:
            page = make()
        except BaseException as error:
            flight.set_exception(error)
            raise
        else:
            flight.set_result(page)
            if page.is_kept:
                self._keep(key, page)
            return page
        finally:
            with self._lock:
                del self._flights[(key, state)]

    def _keep(self, key: Key, page: Page) -> None:
        if page.size * _SHARE > self._limit:
            return
        with self._lock:
            self._drop(key)
            self._pages[key] = page
            self._account(key, page)

    def grown(self, key: Key, page: Page) -> None:
        """Count the variants of a page that were made since; some other page may have to go for them."""
        with self._lock:
            if self._pages.get(key) is page:
                self._account(key, page)

    def _account(self, key: Key, page: Page) -> None:
        # Once: a variant may be made between two looks.
        size = page.size
        self.size += size - self._sizes.get(key, 0)
        self._sizes[key] = size
        while self.size > self._limit:
            oldest, candidate = next(iter(self._pages.items()))
            if candidate.is_recent:
                # A second chance: it goes the next time, unless somebody asks for it until then.
                candidate.is_recent = False
                self._pages.move_to_end(oldest)
            else:
                self._drop(oldest)

    def _drop(self, key: Key) -> None:
        if self._pages.pop(key, None) is not None:
            self.size -= self._sizes.pop(key)


def _result(flight: Future[Page]) -> Page | None:
    """What the one who leads made; None where that failed, and everybody may see for themselves."""
    error: Any = flight.exception()
    return None if error is not None else flight.result()
