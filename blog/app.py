"""``create_app``: the web application, wired together by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, request
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from blog.audience import HearsReaders
from blog.config import bundled
from blog.pagecache.middleware import PageCache
from blog.web import context, digests, errors, feeds, programs, public, sessions, uploads
from blog.web.admin import guard
from blog.web.admin.account import account
from blog.web.admin.assist import assist
from blog.web.admin.conflicts import conflicts
from blog.web.admin.entries_list import entries_list
from blog.web.admin.entry_form import entry_form
from blog.web.admin.export import export
from blog.web.admin.history import history
from blog.web.admin.home import home
from blog.web.admin.imports import imports
from blog.web.admin.inbox import inbox_of_author
from blog.web.admin.intersections import intersections
from blog.web.admin.login import login
from blog.web.admin.media import attach as attach_pictures
from blog.web.admin.media import media as author_media
from blog.web.admin.operations import operations
from blog.web.admin.passkeys import keys
from blog.web.admin.polling import polling
from blog.web.admin.redirects import redirects_of_author
from blog.web.admin.rules import rules_of_author
from blog.web.admin.same import same_links
from blog.web.admin.settings import settings
from blog.web.admin.sources import sources_of_author
from blog.web.admin.static_pages import static_pages_of_author
from blog.web.admin.subscribers import subscribers
from blog.web.admin.tags import tags
from blog.web.admin.typed import typed
from blog.web.admin.webmentions import webmentions
from blog.web.blogroll import blogroll
from blog.web.cards import attach as attach_cards
from blog.web.cards import cards
from blog.web.crawlers import crawlers
from blog.web.entries import entries
from blog.web.indexes import indexes
from blog.web.legacy import legacy
from blog.web.manifest import manifest
from blog.web.media import media
from blog.web.previews import previews
from blog.web.states import BlogStates

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.routing import Map

    from blog.services import Services

# The blueprints: what readers see, and what authors do.
READING: Final = (entries, media, cards, indexes, blogroll, legacy, crawlers, manifest, previews)
WRITING: Final = (entry_form, typed, history, assist, author_media)
TENDING: Final = (
    entries_list,
    tags,
    intersections,
    operations,
    inbox_of_author,
    imports,
    sources_of_author,
    polling,
    redirects_of_author,
    same_links,
    conflicts,
    rules_of_author,
    subscribers,
    webmentions,
)
HOUSE: Final = (login, keys, home, account, settings, static_pages_of_author, export)
_STATIC: Final = Path(__file__).resolve().parent / "static"
# Pictures come from wherever the pages linked to are.
_POLICY: Final = (
    "default-src 'self'; script-src {scripts}; object-src 'none'; img-src * data: blob:; media-src *; "
    "connect-src {connections}; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
# A style sheet, a font or a picture that is opened by itself needs nothing else.
_POLICY_OF_FILES: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


# What a column of numbers holds; nothing has a larger one.
_LARGEST: Final = 2**31 - 1


class Number(IntegerConverter):
    """A number in an address: nothing lives at one that no database could look up."""

    def __init__(self, url_map: Map, **limits: Any) -> None:
        super().__init__(url_map, **({"max": _LARGEST} | limits))


class Blog(Flask):
    """Flask, with static files that may be kept for a year when asked for by their content's digest.

    By the digest of the content that is sent, that is: while a new version is put on several
    machines, the old file must not be kept under the new one's name.
    """

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return for how many seconds a static file is good."""
        return context.YEAR if context.is_digest(filename or "", request.args.get("v", "")) else 300


def create_app(services: Services) -> Flask:
    """Return the web application of an opened blog."""
    app = Blog(__name__, static_folder=str(_STATIC), template_folder=str(bundled("templates")))
    app.url_map.converters["int"] = Number
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    context.attach(app, services)
    attach_pictures(app)
    attach_cards(app)
    uploads.attach(app)
    guard.attach(app)
    sessions.attach(app, services)
    public.register(app)
    feeds.register(app)
    digests.register(app)
    programs.register(app)
    for blueprint in (*READING, *WRITING, *TENDING, *HOUSE):
        app.register_blueprint(blueprint)
    errors.register(app)
    app.after_request(_with_headers)
    # Assigned where Flask says that middleware goes: so its test client goes through it, too.
    limit = services.settings.cache_megabytes * 1_000_000
    app.wsgi_app = PageCache(app.wsgi_app, BlogStates(services), limit)  # type: ignore[method-assign]
    app.wsgi_app = HearsReaders(app.wsgi_app, services.audience)  # type: ignore[method-assign]
    if proxies := services.settings.proxies:
        # As many as the operator says stand in front: one more, and anybody could say who they are.
        app.wsgi_app = ProxyFix(app.wsgi_app, proxies, proxies, proxies)  # type: ignore[method-assign]
    return app


def _policy(response: Response) -> str:
    """Return the policy: our own scripts on pages, and what the author allowed on those for readers.

    What is no page runs none, and neither does a private link.
    """
    if request.endpoint == "static":
        return _POLICY_OF_FILES
    if request.path.startswith(guard.PREFIX):
        return _POLICY.format(scripts="'self'", connections="'self'")
    hosts = context.services().settings.script_hosts if context.shows_own_html() else ""
    is_page = response.mimetype == "text/html" and context.runs_scripts()
    scripts = " ".join(filter(None, ["'self'" if is_page else "", hosts]))
    return _POLICY.format(scripts=scripts or "'none'", connections=f"'self' {hosts}".strip())


def _with_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy(response))
    if request.endpoint == "static":
        # How a browser shows it, it knows; of some sixty kilobytes for a page, four of these would be one.
        headers.pop("Content-Disposition", None)
    if request.path.startswith(guard.PREFIX):
        headers["Cache-Control"] = "private, no-store"
    if response.cache_control.max_age == context.YEAR:
        # Named by its content, so even a reload need not ask for it again (RFC 8246).
        response.cache_control.immutable = True
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if request.path.endswith((".atom", ".json")) and not request.path.startswith(guard.PREFIX):
        # Readers that run in a browser need it on redirects and errors too.
        headers["Access-Control-Allow-Origin"] = "*"
    if response.status_code in (200, 304):
        headers.setdefault("Cache-Control", "public, max-age=60, stale-while-revalidate=86400")
    elif response.status_code in (301, 308):
        headers.setdefault("Cache-Control", context.REDIRECT_LASTS)
    else:
        # Where nothing is said, caches guess how long a 404 is good for; it may be there in a minute.
        headers.setdefault("Cache-Control", "no-cache")
    return response
