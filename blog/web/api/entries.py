"""Entries in the API: listed by any filter, made, read, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from flask import Response, request

from blog.changes.entries import delete_entry, save_entry
from blog.domain.addresses import parse_search
from blog.domain.errors import BadFilter
from blog.queries.listings import STATUSES, list_by_status, list_public
from blog.queries.whole import WholeEntry, own_entry, whole_entry
from blog.web.api.answers import as_json, body_json, entry_answer, entry_json, refuse_unseen
from blog.web.api.fields import EXTERNAL_ID, changed, draft_from, read_fields
from blog.web.api.operation import PAGE, PER_PAGE, PREFIX, whole
from blog.web.bearer import as_allowed, bearer
from blog.web.context import base_url, parameters, services
from blog.web.problems import Taken

if TYPE_CHECKING:
    from blog.queries.listings import Listing

MERGE_PATCH = "application/merge-patch+json"


def listing() -> Response:
    """List entries, one page of them."""
    wanted, status = parse_search(parameters()), _status()
    page, size = whole(PAGE), whole(PER_PAGE)
    if status:
        return _listed(list_by_status(services(), wanted, status, page, size))
    return _listed(list_public(services(), wanted, page, size))


def _status() -> str:
    given = request.args.getlist("status")
    if len(given) > 1 or (given and given[0] not in STATUSES):
        raise BadFilter(f"“status” takes one of {', '.join(STATUSES)}.")
    return given[0] if given else ""


def _listed(found: Listing) -> Response:
    return as_json(
        {
            "entries": [entry_json(one) for one in found.entries],
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "next": _page_url(found.page + 1) if found.page < found.pages else None,
            "web": base_url() + found.wanted.url(),
        }
    )


def _page_url(number: int) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != PAGE.name]
    return f"{base_url()}{PREFIX}/entries?{urlencode([*kept, (PAGE.name, str(number))])}"


def create() -> Response:
    """Make an entry."""
    data = body_json("application/json")
    sent = read_fields(data, is_new=True)
    name = sent.get(EXTERNAL_ID.name)
    known = own_entry(services(), name) if name else None
    if name and known is not None:
        raise Taken(f"There is an entry called “{name[:80]}” already: number {known}.")
    draft = draft_from(sent, services().clock(), name or f"api:{uuid4()}")
    saved = save_entry(services(), as_allowed(draft, is_said="status" in data), by=bearer().name)
    return entry_answer(whole_entry(services(), saved), 201)


def show(entry_id: int) -> Response:
    """Return one entry."""
    return entry_answer(_entry(entry_id))


def put(entry_id: int) -> Response:
    """Make an entry what was sent; what is left out is emptied."""
    return _changed(entry_id, is_patch=False)


def patch(entry_id: int) -> Response:
    """Change the fields of an entry that were sent."""
    return _changed(entry_id, is_patch=True)


def _changed(entry_id: int, *, is_patch: bool) -> Response:
    before = _entry(entry_id)
    refuse_unseen(before)
    accepted = ("application/json", MERGE_PATCH) if is_patch else ("application/json",)
    sent = read_fields(body_json(*accepted), is_patch=is_patch)
    draft = changed(before.draft, sent, services().clock())
    if draft.status is not before.draft.status:
        draft = as_allowed(draft)
    save_entry(services(), draft, entry_id, by=bearer().name, seen=before.version)
    return entry_answer(whole_entry(services(), entry_id))


def remove(entry_id: int) -> Response:
    """Delete an entry."""
    before = _entry(entry_id)
    refuse_unseen(before)
    delete_entry(services(), entry_id, by=bearer().name, seen=before.version)
    return Response(status=204)


def _entry(entry_id: int) -> WholeEntry:
    return whole_entry(services(), entry_id)
