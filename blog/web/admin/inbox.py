"""The inbox: each item is published, written about, made a draft or discarded, one by one or many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, redirect, request

from blog.changes.bulk import DeleteEntries, SetStatus
from blog.changes.plans import carry_out
from blog.domain.entry import Status
from blog.domain.errors import CrosstagError
from blog.queries.history import operation
from blog.queries.inbox import ADDRESS, inbox, waiting_ids
from blog.queries.paging import NoSuchPage
from blog.web.admin.pages import admin_page
from blog.web.context import row_number, services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from blog.changes.plans import Action

inbox_of_author: Final = Blueprint("admin_inbox", __name__, url_prefix="/admin/inbox")
_ACTIONS: Final = ("publish", "draft", "discard")


@inbox_of_author.get("/")
def show(status: int = 200, error: str = "") -> Response:
    """Show what waits, newest first."""
    number = max(1, request.args.get("page", 1, type=int))
    try:
        page = inbox(services(), number)
    except NoSuchPage:
        # The last item of the last page has just been dealt with.
        return redirect(ADDRESS, 303)
    said = request.args.get("done", 0, type=row_number)
    done = operation(services(), said) if said else None
    return admin_page("inbox.html", status=status, page=page, error=error, done=done)


@inbox_of_author.post("/")
def act() -> Response:
    """Do what a button says with its item, with those that are ticked, or with all that wait."""
    try:
        word, ids = _chosen()
        done = carry_out(services(), _action(word, ids), author().name)
    except CrosstagError as error:
        return show(422, error.sentence)
    page = max(1, request.form.get("page", 1, type=int))
    return redirect(f"{ADDRESS}?page={page}&done={done.operation}", 303)


class NothingChosen(CrosstagError):
    """No item was ticked, or no button that there is was pressed."""


def _chosen() -> tuple[str, frozenset[int]]:
    """What is to be done, and with which items of those that still wait."""
    form = request.form
    waiting = waiting_ids(services())
    for word in _ACTIONS:
        if word in form:
            return word, _numbers([form[word]]) & waiting
    ids = waiting if form.get("all") else _numbers(form.getlist("id")) & waiting
    if not ids:
        raise NothingChosen("Tick the items first that are meant.")
    return form.get("do", ""), ids


def _numbers(texts: list[str]) -> frozenset[int]:
    return frozenset(int(one) for one in texts if one.isdecimal() and len(one) < 10)


def _action(word: str, ids: frozenset[int]) -> Action:
    if word == "publish":
        return SetStatus(ids, Status.PUBLISHED)
    if word == "draft":
        return SetStatus(ids, Status.DRAFT)
    if word == "discard":
        return DeleteEntries(ids)
    raise NothingChosen("Say what is to be done with them.")
