"""Who is signed in: the cookie, and the row that it stands for.

The cookie is signed, HttpOnly and SameSite=Lax, and holds a random token; what counts is the row with
the token's digest, which the author can end from anywhere. Public pages never look here, unless the
request brings the cookie: then they offer to edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.exceptions import Unauthorized

from blog.changes.users import IDLE, NOTED, note_seen, secret_key, start_login
from blog.pagecache.middleware import SESSION_COOKIE
from blog.queries.users import author_of
from blog.web.context import services

if TYPE_CHECKING:
    from flask import Flask

    from blog.queries.users import Author
    from blog.services import Services

_LOGIN: Final = "login"

csrf: Final = CSRFProtect()


class _Cookies(SecureCookieSessionInterface):
    """The cookie goes over TLS only, wherever the blog is reached by TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        base = urlsplit(services().settings.base_url)
        return request.is_secure or (base.scheme == "https" and base.netloc == request.host)


def attach(app: Flask, opened: Services) -> None:
    """Give the app its cookie, and its check of forms; after the guard of the admin pages."""
    app.secret_key = secret_key(opened)
    app.session_interface = _Cookies()
    app.config.update(
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=IDLE,
        # Else the answer to every picture and style sheet would bring the cookie as it was when that was
        # asked for, and take back what a page that was asked for at the same time has put into it.
        SESSION_REFRESH_EACH_REQUEST=False,
        # A form may stay open for days; it ends with the session that it belongs to.
        WTF_CSRF_TIME_LIMIT=None,
    )
    csrf.init_app(app)
    app.jinja_env.globals.update(signed_in=current_author)


def current_author() -> Author | None:
    """Return who is signed in, and note now and then that they are still there."""
    if "author" not in g:
        g.author = _looked_up() if SESSION_COOKIE in request.cookies else None
    found: Author | None = g.author
    return found


def author() -> Author:
    """Return who is signed in, where the guard has made sure that somebody is."""
    found = current_author()
    if found is None:
        raise Unauthorized("Sign in first.")
    return found


def sign_in(user_id: int, password: str = "") -> None:
    """Begin a session of this author, under a cookie that nobody has seen before."""
    session.clear()
    session.permanent = True
    agent, address = request.user_agent.string, request.remote_addr or ""
    session[_LOGIN] = start_login(services(), user_id, agent, address, password)
    g.pop("author", None)
    # The form's token was of the session that has just ended; the new one has its own from the beginning.
    g.pop("csrf_token", None)
    generate_csrf()


def forget() -> None:
    """Let this browser forget its session."""
    session.clear()
    g.pop("author", None)


def _looked_up() -> Author | None:
    token = session.get(_LOGIN)
    if not isinstance(token, str):
        return None
    found = author_of(services(), token, IDLE)
    if found and services().clock() - found.seen > NOTED:
        note_seen(services(), found.login_id)
        session.modified = True  # so the cookie, too, is good for as long again
    return found
