"""The first page after signing in: what waits, and the way to everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint

from blog.queries.autosaves import being_written
from blog.queries.desk import desk
from blog.queries.mentions import waiting_mentions
from blog.web.admin.pages import admin_page
from blog.web.context import base_url, services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

home: Final = Blueprint("admin_home", __name__, url_prefix="/admin")


@home.get("/")
def show() -> Response:
    """Show what is being written, drafts, what is scheduled, the inbox, and what was last published."""
    written = being_written(services(), author().id)
    return admin_page(
        "home.html",
        desk=desk(services()),
        written=written,
        mentions=waiting_mentions(services()) if services().settings.webmention else None,
        bookmarklet=_bookmarklet(),
    )


def _bookmarklet() -> str:
    """What a browser keeps as a bookmark: it opens the form with the page one is on, and what is selected."""
    return (
        "javascript:(()=>{const e=encodeURIComponent;"
        f"open('{base_url()}/admin/new?url='+e(location.href)+'&title='+e(document.title)"
        "+'&text='+e(getSelection()),'_blank')})()"
    )
