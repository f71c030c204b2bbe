"""The one place that turns errors into HTTP: each becomes a page with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import HTTPException

from blog.domain.addresses import parse_text
from blog.domain.errors import BadFilter, NotThere
from blog.queries.browse import UnknownTags
from blog.queries.redirects import redirect_for
from blog.queries.static_pages import static_page_at
from blog.web import problems
from blog.web.context import moved, redirect_unless_at, services
from blog.web.metadata import static_page_meta
from blog.web.pages import page

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

_NOTHING_HERE = "Nothing lives at this address. Perhaps a search finds what you came for."


def bad_filter(error: BadFilter) -> Response:
    """400: the address cannot be understood."""
    return _page(400, "This address makes no sense here", error.sentence)


def not_there(error: NotThere) -> Response:
    """404, unless the address is known to have moved."""
    return _redirected() or _page(404, "Not here", error.sentence)


def unknown_tags(error: UnknownTags) -> Response:
    """404 that says which tags are unknown and offers near ones."""
    return _redirected() or _page(404, "No such tag", error.sentence, near=error.near, rest=error.rest)


def http_error(error: HTTPException) -> Response | HTTPException:
    """Everything that Flask refuses by itself: unknown addresses, wrong methods, requests too large."""
    if error.response is not None or (error.code or 500) < 400:
        return error
    if request.path.startswith("/api/"):
        return problems.of_http(error)
    if error.code == 404:
        # Static pages have no rule of their own: whatever else lives at an address comes first.
        return _static_page() or _redirected() or _page(404, "Not here", _NOTHING_HERE)
    response = _page(error.code or 500, error.name, error.description or error.name)
    # A 405 names the methods that are allowed (RFC 9110, section 15.5.6), a 429 says when to come again.
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _static_page() -> Response | None:
    try:
        path = parse_text(request.path)
    except BadFilter:
        return None
    found = static_page_at(services(), path) if request.url_rule is None else None
    if found is None:
        return None
    meta = static_page_meta(found)
    return redirect_unless_at(found.url) or page(
        "static_page.html", address=found.url, meta=meta, static_page=found
    )


def _redirected() -> Response | None:
    try:
        path = parse_text(request.path)
    except BadFilter:
        return None
    target = redirect_for(services(), urlsplit(request.host_url).hostname or "", path)
    return moved(target) if target else None


def _page(status: int, title: str, sentence: str, **values: Any) -> Response:
    response = page("error.html", status=status, title=title, sentence=sentence, **values)
    response.status_code = status
    return response


def register(app: Flask) -> None:
    """Let the app show errors as pages."""
    app.register_error_handler(BadFilter, bad_filter)
    app.register_error_handler(UnknownTags, unknown_tags)
    app.register_error_handler(NotThere, not_there)
    app.register_error_handler(HTTPException, http_error)
