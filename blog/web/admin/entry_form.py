"""Writing an entry: one form for every kind, for new ones and for those that are there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flask import Blueprint, abort, flash, redirect, request, session

from blog.changes.autosaves import Typed, own_id
from blog.changes.columns import BadDraft
from blog.changes.entries import EditedMeanwhile
from blog.changes.previews import DAYS, create_preview_link, revoke_preview_link
from blog.changes.writing import save_typed
from blog.domain.entry import Status
from blog.domain.entryform import settled, shared, shown
from blog.domain.errors import NotThere
from blog.domain.times import spoken_when
from blog.queries.autosaves import typed_into
from blog.queries.writing import open_entry
from blog.web.admin.sheets import (
    AGAIN,
    Sheet,
    asked_action,
    conflicting,
    form_id_of,
    found_entry,
    known_form_id,
    new_form_id,
    orphaned,
    says_the_same,
    sent_sheet,
    sheet_page,
)
from blog.web.context import base_url, services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from blog.domain.entryform import Settled

entry_form: Final = Blueprint("admin_entry_form", __name__, url_prefix="/admin")
# In the cookie until the next page: the browser is told which form it need not hold any more.
_SAVED: Final = "saved form"


@entry_form.get("/new")
def new() -> Response:
    """Open a form for a new entry: with what was typed into it, or what came with the address."""
    form_id = known_form_id(request.args.get("form", "")) or new_form_id()
    kept = typed_into(services(), author().id, form_id)
    asked = request.args.get
    form = (
        kept.form
        if kept
        else shared(asked("url", ""), asked("title", ""), asked("text", ""), asked("kind", ""))
    )
    version = kept.version if kept else 0
    return sheet_page(Sheet(typed=Typed(form_id=form_id, user_id=author().id, form=form, version=version)))


@entry_form.post("/new")
def create() -> Response:
    """Save a new entry."""
    return _answered(sent_sheet(None))


@entry_form.get("/entries/<int:entry_id>/")
def edit(entry_id: int) -> Response:
    """Open the form of an entry; what was typed and not saved is offered, or taken up again."""
    entry = open_entry(services(), entry_id)
    form_id = form_id_of(entry_id)
    typed = Typed(
        form_id=form_id,
        user_id=author().id,
        form=shown(entry.standing, services().settings.zone),
        entry_id=entry_id,
        seen=entry.version,
    )
    kept = typed_into(services(), author().id, form_id)
    if kept is None or says_the_same(kept.form, entry):
        version, saved = kept.version if kept else 0, str(session.pop(_SAVED, ""))
        return sheet_page(Sheet(typed=replace(typed, version=version), entry=entry, saved=saved))
    if request.args.get("typed") == AGAIN:
        typed = replace(typed, form=kept.form, version=kept.version, seen=kept.seen)
        return sheet_page(Sheet(typed=typed, entry=entry))
    return sheet_page(Sheet(typed=typed, entry=entry, offered=kept))


@entry_form.post("/entries/<int:entry_id>/")
def save(entry_id: int) -> Response:
    """Save an entry, unless it was changed since the form was opened."""
    entry = found_entry(entry_id)
    sheet = sent_sheet(entry)
    return _answered(sheet) if entry else sheet_page(orphaned(sheet), 409)


@entry_form.post("/entries/<int:entry_id>/links")
def make_link(entry_id: int) -> Response:
    """Make a private link to the entry as it is saved, and show it, once, with all that was typed."""
    sheet = sent_sheet(open_entry(services(), entry_id))
    days = request.form.get("days", type=int)
    if days not in DAYS:
        abort(400, f"A link is good for {', '.join(map(str, DAYS))} days.")
    token = create_preview_link(services(), entry_id, days)
    return sheet_page(replace(sheet, is_again=True, new_link=f"{base_url()}/preview/{token}/"))


@entry_form.post("/entries/<int:entry_id>/links/<int:link_id>/end")
def end_link(entry_id: int, link_id: int) -> Response:
    """End a private link; all that was typed is shown again."""
    sheet = sent_sheet(open_entry(services(), entry_id))
    revoke_preview_link(services(), entry_id, link_id)
    return sheet_page(replace(sheet, is_again=True))


def _answered(sheet: Sheet) -> Response:
    """Save what was sent, or show it again with what is wrong, or with what another save made of it."""
    if request.form.get("action") == AGAIN:
        return sheet_page(replace(sheet, is_again=True))
    action, entry, settings = asked_action(), sheet.entry, services().settings
    made = settled(
        sheet.form,
        action,
        entry.standing if entry else None,
        now=services().clock(),
        zone=settings.zone,
        external_id=own_id(sheet.typed.form_id),
    )
    if made.errors:
        return sheet_page(replace(sheet, errors=made.errors), 422)
    try:
        entry_id = save_typed(services(), sheet.typed, made.draft, by=author().name)
    except BadDraft as error:
        return sheet_page(replace(sheet, wrong=error.sentence), 422)
    except NotThere:
        return sheet_page(orphaned(sheet), 409)
    except EditedMeanwhile as error:
        return sheet_page(conflicting(sheet, error.entry_id, action), 409)
    flash(_said(made))
    session[_SAVED] = sheet.typed.form_id
    return redirect(f"/admin/entries/{entry_id}/", 303)


def _said(made: Settled) -> str:
    """What became of it, for the author."""
    draft, now = made.draft, services().clock()
    words = {Status.DRAFT: "Saved as a draft.", Status.INBOX: "Saved; it waits in the inbox."}
    words[Status.HIDDEN] = "Saved; it is hidden, and nobody but you sees it."
    words[Status.PUBLISHED] = "Saved, for everybody to read."
    if draft.status is Status.PUBLISHED and draft.published > now:
        said = f"It will be published {spoken_when(draft.published, now, services().settings.zone)}."
    else:
        said = words[draft.status]
    return f"{said} {made.remark}".strip()
