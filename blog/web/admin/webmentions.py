"""What other sites say of entries: the author approves it or does not, or settles it for a whole site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.mentions import APPROVED, REJECTED, block_site, decide, forget_rule, trust_site
from blog.changes.sent_mentions import try_again
from blog.domain.addresses import parse_page
from blog.domain.errors import NotThere
from blog.queries.mentions import STATES, mentions
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

webmentions: Final = Blueprint("admin_webmentions", __name__, url_prefix="/admin/webmentions")


@webmentions.get("/")
def show() -> Response:
    """Show what waits, or what was approved or rejected."""
    state = request.args.get("state", "")
    state = state if state in STATES else STATES[0]
    found = mentions(services(), state, parse_page(request.args.getlist("page")))
    return admin_page("webmentions.html", found=found, states=STATES)


@webmentions.post("/<int:number>")
def act(number: int) -> Response:
    """Approve or reject a mention, or trust or block its site."""
    match request.form.get("do"):
        case "approve":
            decide(services(), number, APPROVED)
            flash("It is shown below the entry now.")
        case "reject":
            decide(services(), number, REJECTED)
            flash("It is not shown.")
        case "trust":
            flash(f"What {trust_site(services(), number)} says is shown from now on.")
        case "block":
            flash(f"{block_site(services(), number)} is blocked. What it has said is forgotten.")
        case _:
            raise NotThere("There is nothing of that name to do to a mention.")
    return _back()


@webmentions.post("/rules/forget")
def forget() -> Response:
    """Neither trust nor block a site any more."""
    host = request.form.get("host", "")[:255]
    forget_rule(services(), host)
    flash(f"You will be asked again what becomes of mentions from {host}.")
    return _back()


@webmentions.post("/entries/<int:entry_id>/again")
def again(entry_id: int) -> Response:
    """Tell those sites again that could not be told of an entry's link."""
    count = try_again(services(), entry_id)
    flash(f"{count} {'site is' if count == 1 else 'sites are'} told again, within a minute.")
    return redirect(f"/admin/entries/{entry_id}/", 303)


def _back() -> Response:
    state = request.form.get("state", "")
    return redirect(f"/admin/webmentions/?state={state}" if state in STATES else "/admin/webmentions/", 303)
