"""What became of an entry, bringing back what it said, and deleting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.entries import EditedMeanwhile, delete_entry
from blog.changes.restoring import CannotRestore, restore_revision
from blog.queries.revisions import deleted_entries
from blog.queries.revisions import history as history_of
from blog.queries.writing import open_entry
from blog.web.admin.pages import admin_page
from blog.web.context import services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

history: Final = Blueprint("admin_history", __name__, url_prefix="/admin")


@history.get("/entries/<int:entry_id>/history")
def show(entry_id: int, wrong: str = "") -> Response:
    """Show who changed what, and when."""
    found = history_of(services(), entry_id)
    return admin_page(
        "revisions.html", status=409 if wrong else 200, history=found, entry_id=entry_id, problem=wrong
    )


@history.post("/entries/<int:entry_id>/history/<int:revision_id>/restore")
def restore(entry_id: int, revision_id: int) -> Response:
    """Let the entry say again what it said before a change, or bring it back."""
    try:
        restore_revision(services(), entry_id, revision_id, by=author().name)
    except CannotRestore as error:
        return show(entry_id, error.sentence)
    flash("It says again what it said then. That can be undone in its history, too.")
    return redirect(f"/admin/entries/{entry_id}/", 303)


@history.get("/entries/<int:entry_id>/delete")
def ask(entry_id: int, wrong: str = "") -> Response:
    """Ask whether the entry is really to be deleted."""
    entry = open_entry(services(), entry_id)
    return admin_page("delete.html", status=409 if wrong else 200, entry=entry, problem=wrong)


@history.post("/entries/<int:entry_id>/delete")
def delete(entry_id: int) -> Response:
    """Delete the entry, unless it was changed since the author was asked."""
    try:
        delete_entry(services(), entry_id, by=author().name, seen=request.form.get("seen", type=int))
    except EditedMeanwhile:
        return ask(entry_id, "It was changed meanwhile. This is what it is now: is it still to be deleted?")
    flash("It is deleted. Here it can be brought back.")
    return redirect("/admin/deleted/", 303)


@history.get("/deleted/")
def deleted() -> Response:
    """List what was deleted, and can be brought back."""
    return admin_page("deleted.html", entries=deleted_entries(services()))
