"""What the form asks while somebody types: keep this, show me the page, what time would that be?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, jsonify, redirect, request

from blog.changes.autosaves import SavedAlready, Typed, TypedElsewhere, forget_own, forget_typed, keep_typed
from blog.domain.entryform import Action, EntryForm, settled
from blog.domain.times import BadTime, read_local, spoken_clock, spoken_when
from blog.queries.previews import preview_of
from blog.queries.writing import open_entry
from blog.web.admin.sheets import (
    AGAIN,
    found_entry,
    says_the_same,
    sent_sheet,
    typed_from,
)
from blog.web.context import iso, services
from blog.web.pages import page
from blog.web.sessions import author

if TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.wrappers import Response

    from blog.domain.entry import Draft
    from blog.queries.writing import OpenEntry

typed: Final = Blueprint("admin_typed", __name__, url_prefix="/admin")
# Far more than anybody types; it is the database that holds it, every two seconds.
_MOST: Final = 5_000_000


@typed.post("/autosave")
def autosave() -> tuple[Response, int]:
    """Keep what is being typed; what another tab has kept since is not overwritten."""
    sent: Any = request.get_json() if request.is_json else request.form
    given: Mapping[str, Any] = sent if isinstance(sent, Mapping) else {}
    if (request.content_length or 0) > _MOST:
        return jsonify(error="This is too long to be kept while it is typed. Save it."), 413
    form = EntryForm.read(given["fields"] if isinstance(given.get("fields"), dict) else given)
    entry = _entry(given)
    mine = typed_from(given, form, entry)
    is_saved = form.is_blank if entry is None else says_the_same(form, entry)
    try:
        return jsonify(form=mine.form_id, **(_forgotten(mine) if is_saved else _kept(mine))), 200
    except TypedElsewhere as error:
        when = {"version": error.version, "at": iso(error.at), "time": _clock(error.at)}
        return jsonify(error=error.sentence, **when), 409
    except SavedAlready as error:
        return jsonify(error=error.sentence, entry=error.entry_id), 409


def _kept(typed: Typed) -> dict[str, Any]:
    version, at = keep_typed(services(), typed)
    return {"version": version, "at": iso(at), "time": _clock(at)}


def _forgotten(typed: Typed) -> dict[str, Any]:
    """There is nothing to be missed: it is empty, or it is what is saved. No save is numbered 0."""
    forget_own(services(), typed)
    return {"version": 0}


@typed.post("/autosave/forget")
def forget() -> Response:
    """Throw away what was typed into a form, and go on with what is saved."""
    entry = _entry(request.form)
    forget_typed(services(), author().id, request.form.get("form", ""))
    return redirect(f"/admin/entries/{entry.id}/" if entry else "/admin/", 303)


@typed.get("/when")
def when() -> tuple[Response, int]:
    """Say in words what a typed date and time would be."""
    now, zone = services().clock(), services().settings.zone
    try:
        read = read_local(request.args.get("at", ""), zone)
    except BadTime as error:
        return jsonify(error=error.sentence), 422
    words = {"words": spoken_when(read.moment, now, zone), "remark": read.remark}
    return jsonify(**words, future=read.moment > now), 200


@typed.post("/preview")
def preview() -> Response:
    """Show what is typed as the very page it would be: in the form's frame, or with a way back to the form."""
    entry = _entry(request.form)
    sheet = sent_sheet(entry)
    draft = _as_if_published(sheet.form, entry)
    if "frame" in request.args:
        return page("entry.html", page=preview_of(services(), draft))
    kept = sheet.form.fields() | {"form": sheet.typed.form_id}
    kept |= {"version": str(sheet.typed.version), "seen": str(sheet.typed.seen), "action": AGAIN}
    return page("admin/preview.html", page=preview_of(services(), draft), back=sheet.address, kept=kept)


@typed.get("/entries/<int:entry_id>/preview")
def preview_of_saved(entry_id: int) -> Response:
    """Show an entry as its page, whatever its status."""
    draft = open_entry(services(), entry_id).draft
    back = f"/admin/entries/{entry_id}/"
    return page("admin/preview.html", page=preview_of(services(), draft), back=back, kept={})


def _as_if_published(form: EntryForm, entry: OpenEntry | None) -> Draft:
    """The best draft that the form makes; one without a date is dated now."""
    standing = entry.standing if entry else None
    now, zone = services().clock(), services().settings.zone
    return settled(form, Action.PUBLISH, standing, now=now, zone=zone).draft


def _entry(given: Mapping[str, Any]) -> OpenEntry | None:
    number = str(given.get("entry", ""))
    return found_entry(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None


def _clock(moment: datetime) -> str:
    return spoken_clock(moment.astimezone(services().settings.zone))
