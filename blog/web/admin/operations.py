"""What was done to many entries or to tags, and undoing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.operations import CannotUndo, undo_operation
from blog.domain.addresses import parse_page
from blog.queries.history import history
from blog.web.admin.pages import admin_page
from blog.web.admin.ways import own_page
from blog.web.context import services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

operations: Final = Blueprint("admin_operations", __name__, url_prefix="/admin/history")


@operations.get("/")
def show() -> Response:
    """Show what was done, the last first."""
    return admin_page("history.html", history=history(services(), parse_page(request.args.getlist("page"))))


@operations.post("/<int:operation_id>/undo")
def undo(operation_id: int) -> Response:
    """Undo one operation, and tell what could not be put back."""
    try:
        undone = undo_operation(services(), operation_id, author().name)
    except CannotUndo as error:
        flash(error.sentence, "error")
    else:
        flash(f"Undone: {undone.summary}.")
        for note in undone.notes:
            flash(note, "warning")
    return redirect(own_page(request.form.get("back", ""), "/admin/history/"), 303)
