"""Nobody gets to an author's page without signing in: one check in front of them all.

It goes by the address and not by the view, so a page that is added tomorrow is guarded without anybody
having to think of it. The few that are open are named here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from flask import redirect, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge

from blog.pagecache.middleware import is_personal
from blog.web.admin.pages import admin_page
from blog.web.context import services
from blog.web.errors import http_error
from blog.web.sessions import current_author

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from werkzeug.wrappers import Response

PREFIX: Final = "/admin/"
OPEN: Final = frozenset(
    {"admin_login.form", "admin_login.enter", "admin_login.setup", "admin_login.create"}
    | {"admin_passkeys.request_options", "admin_passkeys.enter"}
    # An app trades a code there for who the author is; where the author agrees to that, is not open.
    | {"admin_indieauth.profile"}
)
# Beyond this, what a form held is not carried through signing in again; autosave has it.
_MOST_KEPT: Final = 510_000
_MOST_FIELDS: Final = 200


def attach(app: Flask) -> None:
    """Check every request of the app; before anything else looks at it."""
    app.before_request(_guard)
    app.register_error_handler(CSRFError, _outlived)


def _guard() -> Response | None:
    if is_personal(request.environ) or request.path.startswith(PREFIX):
        # These did not come through the page cache, which looks at the log for all others.
        services().site.follow()
    if not request.path.startswith(PREFIX) or request.endpoint in OPEN or current_author():
        return None
    if request.method in ("GET", "HEAD"):
        return redirect(f"{PREFIX}login?next={_here()}", 303)
    if request.headers.get("Accept", "").startswith("application/json"):
        return {"error": "Sign in first."}, 401  # type: ignore[return-value]  # Flask makes a response of it
    # The session ended while a form was open: what was typed is handed through, and lost nowhere.
    return admin_page("login.html", status=403, next=request.path, kept=_kept_fields())


def _outlived(error: CSRFError) -> Response:
    """Answer a form that was opened in a session that is over, by an author who has signed in anew since.

    What was typed is shown to be sent again, with this session's token.
    """
    is_open = not request.path.startswith(PREFIX) or request.endpoint in OPEN
    kept = [] if is_open or current_author() is None else _kept_fields()
    if not kept:
        return http_error(error)  # type: ignore[return-value]  # with a page, as for any other error
    return admin_page("resume.html", status=400, next=request.path, kept=kept)


def _kept_fields() -> list[tuple[str, str]]:
    """Return the fields of the form that are to be sent again once somebody has signed in.

    Of another site's form nothing is kept: else an author who is asked to sign in, and does, would send
    with two clicks what somebody else had filled in.
    """
    if not _is_our_form():
        return []
    try:
        sent = request.form.items(multi=True)
    except RequestEntityTooLarge:
        return []
    return if_not_too_many((name, value) for name, value in sent if name != "csrf_token")


def if_not_too_many(sent: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return these fields; none, where they are more than a form of the author's has."""
    fields = list(sent)
    size = sum(len(name) + len(value) for name, value in fields)
    return fields if len(fields) <= _MOST_FIELDS and size <= _MOST_KEPT else []


def _is_our_form() -> bool:
    """Whether a page of this blog has sent this, as browsers say with every form (RFC 6454, section 7)."""
    sender = request.headers.get("Origin") or request.headers.get("Referer") or ""
    ours = {request.host, urlsplit(services().settings.base_url).netloc} - {""}
    return urlsplit(sender).netloc in ours


def _here() -> str:
    return quote(request.full_path.rstrip("?"), safe="/")
