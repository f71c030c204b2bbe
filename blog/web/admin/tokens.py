"""Tokens: which programs act for the author, and what each of them may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.auth.scopes import SCOPES
from blog.changes.tokens import BadToken, create_token, forget_token, revoke_token
from blog.queries.tokens import tokens as tokens_of
from blog.web.admin.pages import admin_page
from blog.web.context import services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

tokens: Final = Blueprint("admin_tokens", __name__, url_prefix="/admin/tokens")


@tokens.get("/")
def show(status: int = 200, error: str = "", made: str = "") -> Response:
    """List the tokens; ``made`` is a new one, shown this once."""
    return admin_page(
        "tokens.html",
        status=status,
        error=error,
        made=made,
        tokens=tokens_of(services(), author().id),
        scopes=SCOPES,
        name="" if made else request.form.get("name", ""),
        chosen=set() if made else set(request.form.getlist("scope")),
    )


@tokens.post("/")
def create() -> Response:
    """Make a token. It is on the page that answers, and nowhere else: not in a cookie, not in a log."""
    wanted = [scope for scope in request.form.getlist("scope") if scope in SCOPES]
    try:
        made = create_token(services(), author().id, request.form.get("name", ""), wanted)
    except BadToken as error:
        return show(422, error.sentence)
    return show(201, made=made)


@tokens.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    """End a token."""
    revoke_token(services(), author().id, token_id)
    flash("The token is revoked: what it is shown by is refused from now on.")
    return redirect("/admin/tokens/", 303)


@tokens.post("/<int:token_id>/forget")
def forget(token_id: int) -> Response:
    """Take a token that has ended off the list."""
    forget_token(services(), author().id, token_id)
    flash("The token is off the list.")
    return redirect("/admin/tokens/", 303)
