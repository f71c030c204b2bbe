"""The list of all entries, and what can be done to many of them at once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from flask import Blueprint, flash, redirect, request

from blog.changes.bulk import AddTags, DeleteEntries, RemoveTags, SetKind, SetSource, SetStatus
from blog.changes.plans import carry_out, preview
from blog.domain.addresses import parse_page, parse_search
from blog.domain.entry import Kind, Status
from blog.domain.errors import BadFilter, CrosstagError, NotThere
from blog.queries.all_entries import Shown, Wanted, all_ids, list_entries, source_choices
from blog.queries.history import operation
from blog.web.admin.pages import admin_page
from blog.web.context import parameters, services
from blog.web.sessions import author

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from werkzeug.datastructures import MultiDict
    from werkzeug.wrappers import Response

    from blog.changes.plans import Action, Done

entries_list: Final = Blueprint("admin_entries_list", __name__, url_prefix="/admin/entries")
Ids = frozenset[int]


def wanted_in(given: Mapping[str, Iterable[str]]) -> Wanted:
    """Read the parameters of the list: those of a search, a status, and whether it has vanished.

    Raises:
        BadFilter: a value that cannot be understood.
    """
    said = [value for value in given.get("status", ()) if value.strip()]
    try:
        shown = Shown(said[0]) if said else None
    except ValueError:
        known = ", ".join(Shown)
        raise BadFilter(f"There is no status “{said[0][:40]}”; there are {known}.") from None
    return Wanted(parse_search(given), shown, any(value.strip() for value in given.get("vanished", ())))


@entries_list.get("/")
def show() -> Response:
    """List entries of every status."""
    given = parameters()
    if "year" in given and not given["year"][0].strip():
        # Whoever empties the field for the year means its month as well.
        given = {name: values for name, values in given.items() if name not in ("month", "day")}
    return _list(given)


def _list(
    given: Mapping[str, list[str]], error: str = "", status: int = 200, form: Mapping[str, str] | None = None
) -> Response:
    """The list; after a mistake, with what was ticked and typed in ``form``."""
    found, wanted, typed = None, Wanted(), form or {}
    try:
        wanted = wanted_in(given)
        found = list_entries(services(), wanted, parse_page(given.get("page", ())))
    except (BadFilter, NotThere) as problem:
        error, status = problem.sentence, 404 if isinstance(problem, NotThere) else 400
    return admin_page(
        "entries.html",
        status=status,
        found=found,
        wanted=found.wanted if found else wanted,
        error=error,
        done=_done(given),
        kinds=list(Kind),
        statuses=list(Status),
        shown=list(Shown),
        sources=source_choices(services()),
        ticked=_ticked(request.form) if form else frozenset(),
        typed={name: typed.get(name, "") for name in ("tags", "to", "kind", "to_source", "all")},
    )


def _done(given: Mapping[str, list[str]]) -> object:
    """What was just done, to be told with a way to undo it."""
    (said,) = given.get("done", [""])[:1]
    return operation(services(), int(said)) if said.isdecimal() and len(said) < 10 else None


@entries_list.post("/bulk")
def bulk() -> Response:
    """Show what would be done to the chosen entries; once that was confirmed, do it."""
    form = request.form
    listed = parse_qs(form.get("of", ""))
    try:
        ids = _chosen(form, listed)
        action = _action(form)(ids, form)
        if form.get("seen") == _digest(ids):
            return _told(carry_out(services(), action, author().name), wanted_in(listed))
        shown = preview(services(), action)
    except CrosstagError as problem:
        return _list(listed, problem.sentence, 422, form)
    changed = "seen" in form
    return admin_page(
        "bulk.html", preview=shown, form=form, seen=_digest(ids), changed=changed, back=wanted_in(listed).url()
    )


def _told(done: Done, wanted: Wanted) -> Response:
    """Go back to the list, which tells what was done."""
    if done.left:
        named = "; ".join(f"“{one.name}”: {why}" for one, why in done.left)
        more = done.left_count - len(done.left)
        flash(f"Left as they were: {named}{f'; and {more:,} more' if more else ''}.", "warning")
    address = wanted.url()
    return redirect(f"{address}{'&' if '?' in address else '?'}done={done.operation}", 303)


class NothingChosen(CrosstagError):
    """No entry was ticked, or no action was named."""


def _chosen(form: MultiDict[str, str], listed: Mapping[str, list[str]]) -> Ids:
    """The entries that were ticked, or all that the list is of."""
    if form.get("all"):
        return all_ids(services(), wanted_in(listed))
    ids = _ticked(form)
    if not ids:
        raise NothingChosen("Tick the entries first that are meant.")
    return ids


def _ticked(form: MultiDict[str, str]) -> Ids:
    return frozenset(int(one) for one in form.getlist("id") if one.isdecimal() and len(one) < 10)


def _digest(ids: Ids) -> str:
    """What stands for these very entries: the ones that were shown are the ones that are changed."""
    return hashlib.blake2b(",".join(map(str, sorted(ids))).encode(), digest_size=8).hexdigest()


def _action(form: MultiDict[str, str]) -> Callable[[Ids, MultiDict[str, str]], Action]:
    action = _ACTIONS.get(form.get("do", ""))
    if action is None:
        raise NothingChosen("Say what is to be done with them.")
    return action


def tags_in(text: str) -> tuple[str, ...]:
    """Read tags as they are typed, with commas between."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _set_kind(ids: Ids, form: MultiDict[str, str]) -> Action:
    if form.get("kind") not in list(Kind):
        raise NothingChosen("Choose a kind.")
    return SetKind(ids, Kind(form["kind"]))


def _set_status(ids: Ids, form: MultiDict[str, str]) -> Action:
    if form.get("to") not in list(Status):
        raise NothingChosen("Choose a status.")
    return SetStatus(ids, Status(form["to"]))


_ACTIONS: Final[Mapping[str, Callable[[Ids, MultiDict[str, str]], Action]]] = {
    "add-tags": lambda ids, form: AddTags(ids, tags_in(form.get("tags", ""))),
    "remove-tags": lambda ids, form: RemoveTags(ids, tags_in(form.get("tags", ""))),
    "set-kind": _set_kind,
    "set-status": _set_status,
    "set-source": lambda ids, form: SetSource(ids, form.get("to_source", "")),
    "delete": lambda ids, form: DeleteEntries(ids),
}
