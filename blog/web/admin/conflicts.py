"""Conflicts: what a source says now of what the author has changed, and which of the two it is to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.conflicts import keep_mine, take_theirs
from blog.domain.addresses import parse_page
from blog.domain.errors import CrosstagError
from blog.queries.conflicts import ADDRESS, all_open_ids, open_conflicts
from blog.web.admin.pages import admin_page
from blog.web.context import row_number, services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

conflicts: Final = Blueprint("admin_conflicts", __name__, url_prefix="/admin/conflicts")


@conflicts.get("/")
def show(status: int = 200, error: str = "") -> Response:
    """List what is open, with both sides."""
    page = open_conflicts(services(), parse_page(request.args.getlist("page")))
    return admin_page("conflicts.html", status=status, page=page, error=error)


@conflicts.post("/")
def settle() -> Response:
    """Keep what the author says, or take what the source says: of one field, or of all."""
    is_theirs = request.form.get("do") == "theirs"
    chosen = request.form.getlist("id", type=row_number)
    ids = all_open_ids(services()) if request.form.get("all") else chosen
    try:
        count = take_theirs(services(), ids, by=author().name) if is_theirs else keep_mine(services(), ids)
    except CrosstagError as error:
        return show(422, error.sentence)
    fields = "One field" if count == 1 else f"{count:,} fields"
    said = "says what its source says" if count == 1 else "say what their sources say"
    flash(
        f"{fields} {said} now."
        if is_theirs
        else f"{fields} {'stays' if count == 1 else 'stay'} as you have it."
    )
    return redirect(ADDRESS, 303)
