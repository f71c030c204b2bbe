"""The first page after signing in: what waits, and the way to everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint

from blog.queries.desk import desk
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

home: Final = Blueprint("admin_home", __name__, url_prefix="/admin")


@home.get("/")
def show() -> Response:
    """Show drafts, what is scheduled, the inbox, and what was last changed."""
    return admin_page("home.html", desk=desk(services()))
