"""Signing in and out, and creating the first author."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.auth.passwords import BadPassword
from blog.changes.users import BadName, SetupOver, create_first_user, end_login
from blog.queries.passkeys import has_passkeys
from blog.queries.users import authenticate, has_users
from blog.web.admin.guard import if_not_too_many
from blog.web.admin.pages import admin_page
from blog.web.admin.ways import own_page
from blog.web.context import services
from blog.web.limits import by_password, count_failure, refuse_too_many
from blog.web.sessions import author, forget, sign_in

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

login: Final = Blueprint("admin_login", __name__, url_prefix="/admin")
_WRONG: Final = "This name and this password do not belong together."
# Fields of a form that was open when the session ended come back with this before their names.
_KEPT: Final = "kept."


@login.get("/login")
def form() -> Response:
    """Ask for a name and a password."""
    known = {"is_new": not has_users(services()), "has_passkeys": has_passkeys(services())}
    return admin_page("login.html", next=_wanted(request.args.get("next", "")), kept=[], **known)


@login.post("/login")
def enter() -> Response:
    """Sign in; what a form held that was open when the session ended is offered to be sent again."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    wanted, kept = _wanted(request.form.get("next", "")), _kept_again()
    refuse_too_many(by_password(name))
    user = authenticate(services(), name, password)
    if user is None:
        count_failure(by_password(name))
        values = {"next": wanted, "kept": kept, "name": name, "error": _WRONG}
        return admin_page("login.html", status=403, **values)
    sign_in(user, password)
    if kept:
        return admin_page("resume.html", next=wanted, kept=kept)
    return redirect(wanted, 303)


@login.post("/logout")
def leave() -> Response:
    """Sign out: the session ends, here and on the server."""
    who = author()
    end_login(services(), who.id, who.login_id)
    forget()
    return redirect("/", 303)


@login.get("/setup/<token>")
def setup(token: str) -> Response:
    """Ask for the first author's name and password."""
    if has_users(services()):
        return redirect("/admin/login", 303)
    return admin_page("setup.html", token_of_link=token)


@login.post("/setup/<token>")
def create(token: str) -> Response:
    """Create the first author, and sign in."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        if password != request.form.get("again", ""):
            raise BadPassword("The two passwords are not the same.")
        user = create_first_user(services(), token, name, password)
    except (BadName, BadPassword, SetupOver) as error:
        return admin_page("setup.html", status=422, token_of_link=token, name=name, error=error.sentence)
    sign_in(user)
    flash("Welcome. This is where you write.")
    return redirect("/admin/", 303)


def _wanted(address: str) -> str:
    """Where to go after signing in: one of the author's own pages, and no address that leads elsewhere."""
    return own_page(address, "/admin/")


def _kept_again() -> list[tuple[str, str]]:
    fields = request.form.items(multi=True)
    return if_not_too_many(
        (name.removeprefix(_KEPT), value) for name, value in fields if name.startswith(_KEPT)
    )
