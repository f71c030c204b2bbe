"""What every view and template needs of the request: the services, addresses, and words for numbers."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import Flask, current_app, redirect, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from werkzeug.local import LocalProxy

from blog.domain.dates import spoken_day
from blog.domain.pictures import PictureName
from blog.pagecache.middleware import DEPENDS, is_personal

if TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.wrappers import Response

    from blog.services import Services

_KEY: Final = "crosstag.services"
_STATIC: Final = Path(__file__).resolve().parent.parent / "static"
# For what is named by its content, and so never changes.
YEAR: Final = 365 * 86_400
# A redirect is as permanent as the name it is about: browsers keep a 301 for ever unless told otherwise.
REDIRECT_LASTS: Final = "public, max-age=3600"


def attach(app: Flask, services: Services) -> None:
    """Give the app its services and the templates their words."""
    app.extensions[_KEY] = services
    app.jinja_env.filters.update(
        spoken_day=spoken_day,
        spoken_time=spoken_time,
        spoken_clock=spoken_clock,
        plain_day=plain_day,
        iso=iso,
        number=number,
        times=times,
        stored_html=shown_html,
        whole_url=whole_url,
        picture_name=PictureName.at,
        own_html=own_html,
    )
    app.jinja_env.globals.update(
        site=LocalProxy(lambda: services.settings),
        menu=LocalProxy(lambda: services.site.menu),
        runs_scripts=runs_scripts,
        shows_own_html=shows_own_html,
        static=static_url,
    )


def services() -> Services:
    """Return the services of the app that serves this request."""
    found: Services = current_app.extensions[_KEY]
    return found


def runs_scripts() -> bool:
    """Tell whether this page runs the one script for readers, which is ours.

    A private link does not, and neither does what the author's form shows of an entry: its frame forbids it.
    """
    return not request.path.startswith(("/preview/", "/admin/"))


def shows_own_html() -> bool:
    """Tell whether this page has the author's own HTML on it, and runs the scripts that come with it.

    A private link has not: a script from elsewhere would tell it on. Nor has a page that its author looks
    at: such a script could act for who is signed in.
    """
    return not (is_personal(request.environ) or request.path.startswith("/preview/"))


def depends_on(what: str) -> None:
    """Tell the page cache that this answer depends on something besides what is written in the blog.

    Every part of a request that looks at the clock or at the text index has to say so.
    """
    request.environ.get(DEPENDS, set()).add(what)


def knows_base_url() -> bool:
    """Tell whether whole addresses can be made: what says that a request is bad has to do without."""
    return bool(services().settings.base_url or request.host)


def base_url() -> str:
    """Return the blog's address without a slash at its end: as set, else as this request came in.

    Raises:
        BadRequest: it is not set, and the request names no host that addresses could be made of.
    """
    if not knows_base_url():
        raise BadRequest("This request does not name the host it is for. Its operator may set base_url.")
    return services().settings.base_url or request.host_url.rstrip("/")


def whole_url(address: str) -> str:
    """Return an address as those need it who are elsewhere: one of this blog begins with the blog's."""
    return f"{base_url()}{address}" if address.startswith("/") else address


def redirect_unless_at(address: str) -> Response | None:
    """Return a permanent redirect to the address, unless the request is for it however it is encoded.

    Comparing what the address *means* keeps a client that encodes otherwise than we do from
    being sent round in circles.
    """
    target = urlsplit(address)
    asked = (request.path, list(request.args.items(multi=True)))
    if asked == (unquote(target.path), parse_qsl(target.query, keep_blank_values=True)):
        return None
    return moved(address)


def moved(address: str) -> Response:
    """Return a permanent redirect that may be cached for an hour."""
    response = redirect(address, 301)
    response.headers["Cache-Control"] = REDIRECT_LASTS
    return response


def parameters() -> dict[str, list[str]]:
    """Return the query's parameters, each with all its values."""
    return request.args.to_dict(flat=False)


def static_url(name: str) -> str:
    """Return the address of a static file, which changes whenever its content does."""
    return f"/static/{name}?v={_digests()[name]}"


def is_digest(name: str, digest: str) -> bool:
    """Tell whether a static file has this very content."""
    return _digests().get(name) == digest


@cache
def _digests() -> dict[str, str]:
    return {
        path.relative_to(_STATIC).as_posix(): hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()
        for path in _STATIC.rglob("*")
        if path.is_file()
    }


def stored_html(html: str) -> Markup:
    """Let HTML from the database through unescaped: ``blog.rendering`` made it safe before it was stored.

    This is the only place that says so; templates and feeds both come here.
    """
    return Markup(html)  # noqa: S704


def shown_html(html: str) -> Markup:
    """Do what ``stored_html`` does, for a page: blocks of code scroll inside themselves, so the keyboard
    must be able to reach them. A feed's reader does as it likes with them.
    """
    return stored_html(html.replace("<pre>", '<pre tabindex="0">'))


def own_html(html: str) -> Markup:
    """Let HTML through that the author put into the settings, for every page: it is theirs to say.

    What scripts it may bring along, the Content-Security-Policy says (``blog/app.py``).
    """
    return Markup(html)  # noqa: S704


def spoken_time(moment: datetime) -> str:
    """Return a time for people, on the blog's clock: "3:04 pm, 25 May 2009"."""
    local = moment.astimezone(services().settings.zone)
    return f"{spoken_clock(moment)}, {spoken_day(local.date())}"


def spoken_clock(moment: datetime) -> str:
    """Return what the blog's clock said, for people: "3:04 pm"."""
    local = moment.astimezone(services().settings.zone)
    return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}"


def plain_day(moment: datetime) -> str:
    """Return the day of a time, on the blog's calendar, for tables: "2009-05-25"."""
    return moment.astimezone(services().settings.zone).date().isoformat()


def iso(moment: datetime) -> str:
    """Return a time for ``<time datetime>``."""
    return moment.isoformat(timespec="seconds")


def row_number(text: str) -> int:
    """Read the number of a row that was sent; whatever no column holds is none (a ``ValueError``)."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("no number of a row")
    return int(text)


def number(count: int) -> str:
    """Return "1,219"."""
    return f"{count:,}"


def times(count: int, one: str, many: str) -> str:
    """Return "1 entry" or "1,219 entries"."""
    return f"{count:,} {one if count == 1 else many}"
