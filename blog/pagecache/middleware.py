"""The page cache: a WSGI middleware (PEP 3333) that answers from kept bytes while they are right.

What is right is known by the *state* of the blog: a value that is another one whenever what pages are
made from has changed. A page is kept with the state it was made from, and sent while the blog is in
that state. So nothing is ever invalidated, and nothing has to know which pages a change touches.

The state is looked at before the page is made. What commits while it is being made may be on it
already; it is then kept under the older state, and made again at the next request.

Every public answer goes through here, kept or not: validators, 304, compression and ``Vary`` are done
in this one place, once for each page and not for each request.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, Protocol

from werkzeug.http import parse_date

from blog.pagecache.accepting import wants_page
from blog.pagecache.compression import negotiated
from blog.pagecache.store import Page, PageStore

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from blog.pagecache.store import Headers, Key, Variant

SESSION_COOKIE: Final = "crosstag_session"
# What a view puts into the environment, to say what its answer depends on besides the blog.
DEPENDS: Final = "crosstag.depends"
# Among these: the answer is another one every time.
NEVER: Final = "never"
_KEPT: Final = ("200", "301", "308", "404", "410")
# Left out when the app is asked. It answers whole; what of that is sent is decided here.
_CONDITIONS: Final = {
    "HTTP_IF_MATCH",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_RANGE",
    "HTTP_IF_RANGE",
    "wsgi.file_wrapper",
    # What is made for all must not be able to know who has asked for it.
    "HTTP_COOKIE",
    "HTTP_AUTHORIZATION",
}
# Said anew here, of the bytes that are sent.
_OURS: Final = {"etag", "content-length", "content-encoding", "vary", "connection"}
# Not true any more when a page is sent later: the server says the date, and max-age how long it is good.
_OF_THEN: Final = {"date", "expires", "age", "accept-ranges"}
# Below these, every answer is somebody's own: nothing is kept, nor one answer given to two who ask at once.
_PERSONAL: Final = ("/admin/", "/api/", "/micropub", "/preview/", "/websub/")
# Pictures: the app sends them from the disk, and knows their validators and their ranges itself.
_FILES: Final = ("/media/", "/cards/")
# A longer address is nobody's page, and is not worth the room.
_LONGEST: Final = 2_000


class States(Protocol):
    """Says which states the blog, and what else a page may depend on, are in."""

    names: tuple[str, ...]

    def blog(self) -> Hashable:
        """Return the state of what is written in the blog, on which every page depends.

        Asked for at each request.
        """
        ...

    def part(self, name: str) -> Hashable:
        """Return the state of one of ``names``, on which few pages depend."""
        ...


class PageCache:
    """Wraps a WSGI app. ``limit`` is in bytes; with 0 nothing is kept, and all else stays the same."""

    def __init__(self, app: WSGIApplication, states: States, limit: int) -> None:
        self._app = app
        self._states = states
        self.store = PageStore(limit)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD") or environ["PATH_INFO"].startswith(_FILES):
            return self._app(environ, start_response)
        if ("HTTP_COOKIE" in environ or "HTTP_AUTHORIZATION" in environ) and is_personal(environ):
            return self._app(environ, _private(start_response))
        key = (
            environ["wsgi.url_scheme"],
            environ.get("HTTP_HOST", ""),
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            "page" if wants_page(environ) else "",
        )
        page = self.store.get(key)
        if page is None or page.blog != self._states.blog() or (page.parts and self._has_moved(page)):
            if environ["PATH_INFO"].startswith(_PERSONAL):
                return self._app(environ, _private(start_response))
            page = self._fresh(key, environ)
        encoding = negotiated(environ.get("HTTP_ACCEPT_ENCODING", ""))
        variant = page.variants.get(encoding) or self._variant(key, page, encoding)
        if variant.etag and not _is_wanted(environ, variant):
            start_response("412 PRECONDITION FAILED", [("Content-Length", "0")])
            return ()
        if variant.etag and _is_known(environ, page, variant):
            start_response("304 NOT MODIFIED", variant.headers_304)
            return ()
        start_response(page.status, variant.headers)
        return (variant.body,) if method == "GET" else ()

    def _variant(self, key: Key, page: Page, encoding: str) -> Variant:
        variant = page.variant(encoding)
        self.store.grown(key, page)
        return variant

    def _has_moved(self, page: Page) -> bool:
        return any(self._states.part(name) != state for name, state in page.parts.items())

    def _fresh(self, key: Key, environ: WSGIEnvironment) -> Page:
        # All states are looked at before the page is made: which of them count is known afterwards.
        blog = self._states.blog()
        parts = {name: self._states.part(name) for name in self._states.names}

        def make() -> Page:
            return self._made(environ, blog, parts)

        if sum(map(len, key)) > _LONGEST:
            return make()
        return self.store.computed(key, (blog, *parts.values()), make)

    def _made(self, environ: WSGIEnvironment, blog: Hashable, parts: Mapping[str, Hashable]) -> Page:
        """Ask the app for the whole answer, whatever part of it the client wants."""
        asked = {name: value for name, value in environ.items() if name not in _CONDITIONS}
        asked |= {"REQUEST_METHOD": "GET", DEPENDS: set()}
        status, headers, body = _answer(self._app, asked)
        depends: set[str] = asked[DEPENDS]
        vary = [value for name, value in headers if name.lower() == "vary"]
        kept = [pair for pair in headers if pair[0].lower() not in _OURS | _OF_THEN]
        return Page(
            status,
            [*kept, ("Vary", ", ".join(["Accept-Encoding", *vary]))],
            body,
            etag=hashlib.blake2b(body, digest_size=12).hexdigest() if status.startswith("200") else "",
            blog=blog,
            parts={name: state for name, state in parts.items() if name in depends},
            is_kept=status.startswith(_KEPT) and NEVER not in depends and _may_be_kept(headers),
        )


def is_personal(environ: WSGIEnvironment) -> bool:
    """Tell whether a request is of somebody who may be signed in, and sees pages of their own."""
    cookies = environ.get("HTTP_COOKIE", "").split(";")
    return "HTTP_AUTHORIZATION" in environ or any(
        one.partition("=")[0].strip() == SESSION_COOKIE for one in cookies
    )


def _private(start_response: StartResponse) -> StartResponse:
    """Let no cache on the way keep what was made for one person."""

    def start(status: str, headers: Headers, *error: Any) -> Callable[[bytes], object]:
        public = [pair for pair in headers if pair[0].lower() != "cache-control"]
        return start_response(status, [*public, ("Cache-Control", "private, no-store")], *error)

    return start


def _answer(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, Headers, bytes]:
    """Return all that the app answers (PEP 3333: also what it writes before it returns)."""
    started: list[tuple[str, Headers]] = []
    parts: list[bytes] = []

    def start_response(status: str, headers: Headers, _error: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return parts.append

    body = app(environ, start_response)
    try:
        parts.extend(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return *started[-1], b"".join(parts)


def _may_be_kept(headers: Headers) -> bool:
    named = {name.lower(): value.lower() for name, value in headers}
    control = named.get("cache-control", "")
    return "set-cookie" not in named and "no-store" not in control and "private" not in control


def _is_wanted(environ: WSGIEnvironment, variant: Variant) -> bool:
    """Tell whether this page is one that the client insists on, if it does (RFC 9110, section 13.1.1)."""
    return "HTTP_IF_MATCH" not in environ or _is_among(environ["HTTP_IF_MATCH"], variant.etag)


def _is_known(environ: WSGIEnvironment, page: Page, variant: Variant) -> bool:
    """Tell whether the client has this page already (RFC 9110, section 13.2.2)."""
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is None:
        return "HTTP_IF_MODIFIED_SINCE" in environ and _is_unmodified(environ, page)
    return known == variant.etag or _is_among(known, variant.etag)


def _is_among(known: str, etag: str) -> bool:
    """Compare weakly, as a GET does. The same page in another encoding is another one (section 8.8.3.2)."""
    tags = (one.strip().removeprefix("W/") for one in known.split(","))
    return known.strip() == "*" or etag in tags


def _is_unmodified(environ: WSGIEnvironment, page: Page) -> bool:
    since = parse_date(environ["HTTP_IF_MODIFIED_SINCE"])
    modified = parse_date(
        next((value for name, value in page.headers if name.lower() == "last-modified"), None)
    )
    return since is not None and modified is not None and modified <= since
