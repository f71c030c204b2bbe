"""Importing in the browser: send a file or name an address, look what would happen, import, undo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, request

from blog.changes.import_runs import Wanted
from blog.changes.import_undo import undo_run
from blog.changes.importing import import_material, preview_import
from blog.domain.entry import Kind, Status
from blog.domain.errors import BadImport, CrosstagError
from blog.fetch import fetch
from blog.queries.import_runs import import_run, import_runs, item_page, undo_outlook
from blog.web.admin.pages import admin_page
from blog.web.background import begin
from blog.web.context import services
from blog.web.sessions import author
from blog.web.uploads import discard, keep, keep_bytes, uploaded, uploaded_as
from importers import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

    from blog.queries.import_runs import RunView
    from blog.services import Services
    from blog.web.uploads import Upload

imports: Final = Blueprint("admin_imports", __name__, url_prefix="/admin/imports")
STATUSES: Final = (
    ("", "published, as they are there"),
    (Status.DRAFT.value, "drafts"),
    (Status.INBOX.value, "in the inbox, to be looked through"),
)


@imports.get("/")
def index(status: int = 200, error: str = "") -> Response:
    """Show what was imported, and the form for the next one; or what polls have changed."""
    number, source = max(1, request.args.get("page", 1, type=int)), request.args.get("source", "")
    if request.args.get("of") == "polls":
        polls = import_runs(services(), number, polls=True, source=source)
        return admin_page("polls.html", page=polls, source=source)
    page = import_runs(services(), number)
    formats = [one.title for one in registry.importers()]
    values = {"error": error, "formats": formats, "address": request.form.get("address", "")}
    return admin_page("imports.html", status=status, page=page, **values)


@imports.post("/")
def receive() -> Response:
    """Take in a file, or fetch from an address."""
    try:
        upload = _received()
        try:
            importer = registry.detect(upload.material(services()))
        except BadImport:
            discard(services(), upload)
            raise
    except CrosstagError as error:
        return index(422, error.sentence)
    # What is a list of feeds is there to be polled.
    folder = "sources/polled/outlines" if importer.name == "opml" else "imports/uploads"
    return redirect(f"/admin/{folder}/{upload.token}/", 303)


def _received() -> Upload:
    file, address = request.files.get("file"), request.form.get("address", "").strip()
    if file is not None and file.filename:
        return keep(services(), file)
    if not address:
        raise BadImport("Choose a file, or name the address of a feed.")
    settings = services().settings
    cap = settings.upload_megabytes * 1_000_000
    private = settings.fetch_private
    fetched = fetch(address, timeout=settings.fetch_timeout, cap=min(cap, 50_000_000), allow_private=private)
    return keep_bytes(services(), fetched.data, address)


@imports.get("/uploads/<token>/")
def preview(token: str, status: int = 200, error: str = "") -> Response:
    """Show what would become of each item, before anything is written."""
    upload, values = uploaded(services(), token), request.args if request.method == "GET" else request.form
    wanted = _wanted(values)
    found = preview_import(services(), upload.material(services()), wanted)
    choices = {"kinds": [("", "as it is there"), *((kind.value, kind.value) for kind in Kind)]}
    return admin_page(
        "import_preview.html",
        status=status,
        error=error,
        upload=upload,
        preview=found,
        wanted=wanted,
        statuses=STATUSES,
        **choices,
    )


@imports.post("/uploads/<token>/")
def start(token: str) -> Response:
    """Begin the import, or look once more with other options."""
    upload, wanted = uploaded(services(), token), _wanted(request.form)
    if request.form.get("do") == "look":
        chosen = {name: request.form.get(name, "") for name in ("source", "kind", "status", "everything")}
        return redirect(f"/admin/imports/uploads/{token}/?{_query(chosen)}", 303)
    try:
        run_id = begin(partial(_import, services(), upload, wanted, author().name))
    except CrosstagError as error:
        return preview(token, 409, error.sentence)
    return redirect(f"/admin/imports/{run_id}/", 303)


def _import(opened: Services, upload: Upload, wanted: Wanted, by: str, on_begun: Callable[[int], None]) -> None:
    """Import what was uploaded, in whatever thread; what went in whole is kept no longer."""
    import_material(opened, upload.material(opened), wanted, by=by, on_begun=on_begun)
    discard(opened, upload)


def _wanted(values: Any) -> Wanted:
    kinds, statuses = {kind.value for kind in Kind}, {status for status, _ in STATUSES if status}
    kind, status = values.get("kind", ""), values.get("status", "")
    return Wanted(
        values.get("source", "").strip()[:100],
        Kind(kind) if kind in kinds else None,
        Status(status) if status in statuses else None,
        bool(values.get("everything")),
    )


@imports.post("/uploads/<token>/discard")
def throw_away(token: str) -> Response:
    """Delete what was uploaded."""
    discard(services(), uploaded(services(), token))
    flash("The file is deleted; nothing was imported.")
    return redirect("/admin/imports/", 303)


@imports.get("/<int:run_id>/")
def show(run_id: int) -> Response:
    """Show how an import goes, and what became of its items."""
    run = import_run(services(), run_id)
    outcome, number = request.args.get("outcome", ""), max(1, request.args.get("page", 1, type=int))
    page = item_page(services(), run_id, outcome, number)
    again = _is_unfinished(run) and uploaded_as(services(), run.label)
    return admin_page("import_run.html", run=run, page=page, outcome=outcome, can_go_on=bool(again))


def _is_unfinished(run: RunView) -> bool:
    return not run.goes_on and run.state in ("running", "failed")


@imports.get("/<int:run_id>/progress")
def progress(run_id: int) -> dict[str, Any]:
    """Tell how far an import is, for the script that shows it."""
    run = import_run(services(), run_id)
    return {
        "state": run.state_in_words,
        "goes_on": run.goes_on,
        "done": run.done,
        "expected": run.expected,
        "counts": run.counts,
    }


@imports.post("/<int:run_id>/again")
def go_on(run_id: int) -> Response:
    """Go on with an import that was broken off, if its file is still here."""
    run = import_run(services(), run_id)
    upload = uploaded_as(services(), run.label) if _is_unfinished(run) else None
    if upload is None:
        flash("The file is not here any more. Send it again: the import then goes on where it was.", "error")
        return redirect(f"/admin/imports/{run_id}/", 303)
    try:
        begin(partial(_import, services(), upload, Wanted.of(run.options), author().name))
    except CrosstagError as error:
        flash(error.sentence, "error")
    return redirect(f"/admin/imports/{run_id}/", 303)


@imports.get("/<int:run_id>/undo")
def ask_undo(run_id: int) -> Response:
    """Say what undoing an import would delete, and what would stay."""
    run = import_run(services(), run_id)
    return admin_page("import_undo.html", run=run, outlook=undo_outlook(services(), run_id))


@imports.post("/<int:run_id>/undo")
def undo(run_id: int) -> Response:
    """Undo an import."""
    import_run(services(), run_id)
    opened, by = services(), author().name

    def work(on_begun: Callable[[int], None]) -> None:
        undo_run(opened, run_id, by=by, on_begun=on_begun)

    try:
        begin(work)
    except CrosstagError as error:
        flash(error.sentence, "error")
    return redirect(f"/admin/imports/{run_id}/", 303)


def _query(values: dict[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
