"""The author's own account: the password, and the browsers that are signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.auth.passwords import BadPassword
from blog.changes.users import end_login, end_other_logins, set_password
from blog.queries.passkeys import passkeys_of
from blog.queries.users import authenticate, open_logins
from blog.web.admin.pages import admin_page
from blog.web.context import services
from blog.web.limits import count_failure, own_password, refuse_too_many
from blog.web.sessions import author, sign_in

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

account: Final = Blueprint("admin_account", __name__, url_prefix="/admin/account")


@account.get("/")
def show(status: int = 200, error: str = "") -> Response:
    """Show the account."""
    who = author()
    logins, known = open_logins(services(), who.id), passkeys_of(services(), who.id)
    return admin_page("account.html", status=status, error=error, logins=logins, passkeys=known)


@account.post("/password")
def password() -> Response:
    """Change the password, for who knows the old one; every other session ends, and so do tokens."""
    who, old = author(), request.form.get("old", "")
    new = request.form.get("new", "")
    refuse_too_many(own_password(who.id))
    if authenticate(services(), who.name, old) is None:
        count_failure(own_password(who.id))
        return show(422, "The old password is not right.")
    if new != request.form.get("again", ""):
        return show(422, "The two new passwords are not the same.")
    try:
        revoked = set_password(services(), who.name, new)
    except BadPassword as error:
        return show(422, error.sentence)
    sign_in(who.id)
    flash(_changed(revoked, len(passkeys_of(services(), who.id))))
    return redirect("/admin/account/", 303)


def _changed(revoked: int, passkeys: int) -> str:
    """Say what a new password has ended, and what still signs in."""
    ended = "" if not revoked else " 1 token is revoked." if revoked == 1 else f" {revoked} tokens are revoked."
    stay = "1 passkey still signs" if passkeys == 1 else f"{passkeys} passkeys still sign"
    kept = f" {stay} you in; take away below what is not yours." if passkeys else ""
    return f"The password is changed, and every other browser is signed out.{ended}{kept}"


@account.post("/sessions/<int:login_id>/end")
def end(login_id: int) -> Response:
    """Sign one browser out."""
    end_login(services(), author().id, login_id)
    flash("That browser is signed out.")
    return redirect("/admin/account/", 303)


@account.post("/sessions/end-others")
def end_others() -> Response:
    """Sign every other browser out."""
    who = author()
    end_other_logins(services(), who.id, who.login_id)
    flash("Every other browser is signed out.")
    return redirect("/admin/account/", 303)
