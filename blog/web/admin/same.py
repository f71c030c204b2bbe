"""The same link from several sources: made one, one by one or all at once, and taken apart again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.making_one import MakeOne
from blog.changes.plans import carry_out, preview
from blog.changes.restoring import CannotRestore
from blog.changes.taking_apart import take_apart
from blog.domain.addresses import parse_page
from blog.domain.errors import CrosstagError
from blog.queries.history import operation
from blog.queries.same import ADDRESS, same_as, same_groups, same_page
from blog.web.admin.pages import admin_page
from blog.web.admin.sheets import found_entry, says_the_same, sent_sheet, sheet_page, with_problem
from blog.web.context import row_number, services
from blog.web.sessions import author

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response

same_links: Final = Blueprint("admin_same", __name__, url_prefix="/admin")


@same_links.get("/same/")
def show(status: int = 200, error: str = "") -> Response:
    """List the entries that are the same link of several sources."""
    page = same_page(services(), parse_page(request.args.getlist("page")))
    said = request.args.get("done", 0, type=row_number)
    done = operation(services(), said) if said else None
    return admin_page("same.html", status=status, page=page, error=error, done=done)


@same_links.post("/same/")
def make_one() -> Response:
    """Make one entry of a group; of all, once what that does was shown."""
    try:
        if not request.form.get("all"):
            return _made([tuple(request.form.getlist("id", type=row_number))])
        groups = [group.ids for group in same_groups(services())]
        if request.form.get("seen") == _digest(groups):
            return _made(groups)
        shown = preview(services(), MakeOne(services(), tuple(groups)))
    except CrosstagError as error:
        return show(422, error.sentence)
    changed = "seen" in request.form
    return admin_page("same_all.html", preview=shown, seen=_digest(groups), changed=changed)


def _made(groups: Sequence[tuple[int, ...]]) -> Response:
    done = carry_out(services(), MakeOne(services(), tuple(one for one in groups if one)), author().name)
    return redirect(f"{ADDRESS}?done={done.operation}", 303)


def _digest(groups: Sequence[tuple[int, ...]]) -> str:
    """What stands for these very groups: what was shown is what is done."""
    return hashlib.blake2b(repr(sorted(groups)).encode(), digest_size=8).hexdigest()


@same_links.post("/entries/<int:entry_id>/apart/<int:appearance_id>")
def apart(entry_id: int, appearance_id: int) -> Response:
    """Let an item that is part of an entry be one of its own; what was typed has to be saved first."""
    entry = found_entry(entry_id)
    if entry is not None:
        sheet = sent_sheet(entry)
        if not says_the_same(sheet.form, entry):
            return sheet_page(with_problem(sheet, "Save what you typed first; then take it apart."), 409)
    try:
        made = take_apart(services(), appearance_id, entry_id=entry_id, by=author().name)
    except CannotRestore as error:
        flash(error.sentence, "error")
        return redirect(f"/admin/entries/{entry_id}/", 303)
    flash("This is an entry of its own now, and stays one.")
    return redirect(f"/admin/entries/{made}/", 303)


@same_links.get("/entries/<int:entry_id>/same")
def same_as_this(entry_id: int) -> Response:
    """Show what is the same link as an entry, those too that were taken apart."""
    return admin_page("same_as.html", group=same_as(services(), entry_id), entry_id=entry_id)
