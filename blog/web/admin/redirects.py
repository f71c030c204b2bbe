"""Addresses that lead elsewhere: list, add, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.redirects_by_hand import BadRedirect, delete_redirect, save_redirect
from blog.queries.redirects import redirect_row, redirects
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

redirects_of_author: Final = Blueprint("admin_redirects", __name__, url_prefix="/admin/redirects")
_FIELDS: Final = ("path", "target", "host")
_EMPTY: Final = dict.fromkeys(_FIELDS, "")


@redirects_of_author.get("/")
def index() -> Response:
    """List the redirects, or those with a text in them."""
    return _list(_EMPTY)


def _list(values: Mapping[str, str], error: BadRedirect | None = None) -> Response:
    text = request.args.get("q", "").strip()[:200]
    page = redirects(services(), text, max(1, request.args.get("page", 1, type=int)))
    errors = {error.field: error.sentence} if error else {}
    status = 422 if error else 200
    return admin_page("redirects.html", status=status, page=page, text=text, values=values, errors=errors)


@redirects_of_author.post("/")
def add() -> Response:
    """Add a redirect."""
    values = _typed()
    try:
        save_redirect(services(), values["path"], values["target"], values["host"])
    except BadRedirect as error:
        return _list(values, error)
    flash(f"{values['path']} leads to {values['target']} now.")
    return redirect("/admin/redirects/", 303)


@redirects_of_author.get("/<int:redirect_id>/")
def edit(redirect_id: int) -> Response:
    """Show a redirect in a form."""
    row = redirect_row(services(), redirect_id)
    return _form(redirect_id, {name: getattr(row, name) for name in _FIELDS})


@redirects_of_author.post("/<int:redirect_id>/")
def save(redirect_id: int) -> Response:
    """Change a redirect."""
    values = _typed()
    try:
        save_redirect(services(), values["path"], values["target"], values["host"], redirect_id)
    except BadRedirect as error:
        return _form(redirect_id, values, error)
    flash(f"{values['path']} leads to {values['target']} now.")
    return redirect("/admin/redirects/", 303)


@redirects_of_author.post("/<int:redirect_id>/delete")
def delete(redirect_id: int) -> Response:
    """Delete a redirect."""
    path = delete_redirect(services(), redirect_id)
    flash(f"{path} leads nowhere any more.")
    return redirect("/admin/redirects/", 303)


def _form(redirect_id: int, values: Mapping[str, str], error: BadRedirect | None = None) -> Response:
    errors = {error.field: error.sentence} if error else {}
    status = 422 if error else 200
    return admin_page("redirect.html", status=status, id=redirect_id, values=values, errors=errors)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _FIELDS}
