"""Private links: they show an entry that is not public to whoever has them, until they expire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint

from blog.queries.previews import previewed
from blog.web.context import services
from blog.web.pages import page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

previews: Final = Blueprint("previews", __name__)


@previews.get("/preview/<token>/")
def show(token: str) -> Response:
    """Show the entry; nobody keeps the page, and no other site learns its address."""
    response = page("entry.html", page=previewed(services(), token))
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
