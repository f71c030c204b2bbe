"""Writing static pages: list, write, look, delete."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, current_app, flash, redirect, request

from blog.changes.static_pages import BadPage, PageChanged, PageDraft, delete_page, save_page
from blog.domain.diffs import field_diffs
from blog.domain.entry import Markup
from blog.queries.static_pages import PageView, static_page, static_pages
from blog.rendering import to_html
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

static_pages_of_author: Final = Blueprint("admin_static_pages", __name__, url_prefix="/admin/pages")


@static_pages_of_author.get("/")
def index() -> Response:
    """List the pages."""
    found = static_pages(services())
    return admin_page("static_pages.html", pages=found, has_about=any(one.slug == "about" for one in found))


@static_pages_of_author.get("/new")
def new() -> Response:
    """Begin a page; its title and address may be suggested in the query."""
    draft = PageDraft(request.args.get("title", "")[:300], "", request.args.get("slug", "")[:80])
    return _form(draft, None)


@static_pages_of_author.post("/new")
def create() -> Response:
    """Save a new page, or show what it would look like."""
    return _saved(None)


@static_pages_of_author.get("/<int:page_id>/")
def edit(page_id: int) -> Response:
    """Show a page in the form."""
    page = static_page(services(), page_id)
    return _form(_draft(page), page, seen=page.updated.isoformat())


@static_pages_of_author.post("/<int:page_id>/")
def save(page_id: int) -> Response:
    """Save a page, unless it was changed since the form was opened, or show what it would look like."""
    return _saved(static_page(services(), page_id))


@static_pages_of_author.get("/<int:page_id>/delete")
def ask_delete(page_id: int) -> Response:
    """Ask before a page is deleted: it does not come back."""
    return admin_page("static_page_delete.html", page=static_page(services(), page_id))


@static_pages_of_author.post("/<int:page_id>/delete")
def delete(page_id: int) -> Response:
    """Delete a page."""
    title = delete_page(services(), page_id)
    flash(f"“{title}” is deleted.")
    return redirect("/admin/pages/", 303)


def _saved(page: PageView | None) -> Response:
    form = request.form
    body = form.get("body", "").replace("\r\n", "\n")
    draft = PageDraft(form.get("title", ""), body, form.get("slug", ""), bool(form.get("in_menu")))
    seen = form.get("seen", "")
    if form.get("do") == "look":
        return _form(draft, page, seen=seen, preview=to_html(body, Markup.MARKDOWN))
    try:
        page_id = save_page(services(), draft, page.id if page else None, reserved=_reserved(), seen=seen)
    except BadPage as error:
        return _form(draft, page, seen=seen, status=422, errors={error.field: error.sentence})
    except PageChanged as error:
        return _conflict(draft, error)
    saved = static_page(services(), page_id)
    flash(f"“{saved.title}” is saved. It lives at {saved.url}")
    return redirect(f"/admin/pages/{page_id}/", 303)


def _conflict(draft: PageDraft, error: PageChanged) -> Response:
    """The form again with what the page says now beside it, to be saved over that or not."""
    now = static_page(services(), error.page_id)
    conflict = {"sentence": error.sentence, "diffs": field_diffs(_texts(_draft(now)), _texts(draft))}
    return _form(draft, now, seen=now.updated.isoformat(), status=409, conflict=conflict)


def _draft(page: PageView) -> PageDraft:
    return PageDraft(page.title, page.body, page.slug, page.in_menu)


def _texts(draft: PageDraft) -> dict[str, str]:
    """The fields in words, to be compared."""
    menu = "yes" if draft.in_menu else "no"
    return {"title": draft.title, "slug": draft.slug, "body": draft.body, "in_menu": menu}


def _form(draft: PageDraft, page: PageView | None, *, status: int = 200, **values: Any) -> Response:
    values = {"preview": None, "errors": {}, "seen": "", "conflict": None} | values
    return admin_page("static_page_form.html", status=status, page=page, draft=asdict(draft), **values)


def _reserved() -> set[str]:
    """The first parts of all addresses of the application."""
    firsts = (rule.rule.split("/")[1] for rule in current_app.url_map.iter_rules())
    return {first for first in firsts if "<" not in first}
