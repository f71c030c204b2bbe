"""What the author says of pages of tags: a list of it, and a form for each page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus, unquote, urlsplit

from flask import Blueprint, flash, redirect, request

from blog.changes.intersections import (
    BadIntroduction,
    IntroductionChanged,
    IntroductionDraft,
    forget_introduction,
    introduce,
)
from blog.domain.addresses import parse_day, parse_tag_page, parse_text
from blog.domain.entry import Markup
from blog.domain.errors import BadFilter, NotThere
from blog.queries.browse import browse, settle
from blog.queries.intersections import introduced_pages, introduction_of, links_of_entries
from blog.queries.whole import whole_entry_at
from blog.rendering import to_html
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from blog.domain.filters import Filter

intersections: Final = Blueprint("admin_intersections", __name__, url_prefix="/admin/intersections")
_HOME: Final = "/admin/intersections/"


@intersections.get("/")
def index() -> Response:
    """List what is said, and ask for the address of another page."""
    return _list()


def _list(address: str = "", error: str = "", status: int = 200) -> Response:
    return admin_page(
        "intersections.html",
        status=status,
        pages=introduced_pages(services()),
        address=address,
        error=error,
    )


@intersections.get("/edit")
def edit() -> Response:
    """Show what is said of a page in the form."""
    try:
        wanted = _wanted()
    except (BadFilter, NotThere) as error:
        return _list(request.args.get("page", ""), error.sentence, 422)
    said = introduction_of(services(), wanted)
    if said is None:
        return _form(wanted, {"name": "", "body": "", "pins": ""}, seen="")
    pins = "\n".join(link.url for link in links_of_entries(services(), said.pins))
    values = {"name": said.name, "body": said.body, "pins": pins}
    return _form(wanted, values, seen=said.updated.isoformat())


@intersections.post("/edit")
def save() -> Response:
    """Save what is said of a page, or show what it would look like; nothing typed is lost on the way."""
    wanted, form = _wanted(), request.form
    values = {name: form.get(name, "").replace("\r\n", "\n") for name in ("name", "body", "pins")}
    seen = form.get("seen", "")
    if form.get("do") == "look":
        return _form(wanted, values, seen=seen, preview=to_html(values["body"], Markup.MARKDOWN))
    over = form.get("do") == "over"
    try:
        draft = IntroductionDraft(values["name"], values["body"], _pins(values["pins"]))
        introduce(services(), wanted, draft, seen=None if over else seen)
    except BadIntroduction as error:
        return _form(wanted, values, seen=seen, status=422, errors={error.field: error.sentence})
    except IntroductionChanged as error:
        return _form(wanted, values, seen=seen, status=409, conflict=error.sentence)
    flash(f"What you say of {wanted.url()} is saved.")
    return redirect(_HOME, 303)


@intersections.post("/<int:introduction_id>/delete")
def delete(introduction_id: int) -> Response:
    """Say no more of a page, even of one that is gone."""
    forget_introduction(services(), introduction_id)
    flash("Nothing more is said of that page.")
    return redirect(_HOME, 303)


def edit_address(page: str) -> str:
    """Return where what is said of the page at this address is written."""
    return f"{_HOME}edit?page={quote_plus(page)}"


def _wanted() -> Filter:
    return settle(services(), parse_tag_page(request.args.get("page", "")))


def _pins(text: str) -> tuple[int, ...]:
    """The entries at these addresses, one on a line."""
    return tuple(_entry_at(line.strip()) for line in text.split("\n") if line.strip())


def _entry_at(address: str) -> int:
    try:
        year, month, day, slug = unquote(urlsplit(address).path).strip("/").split("/")
        return whole_entry_at(services(), parse_day(year, month, day), parse_text(slug)).id
    except (ValueError, BadFilter, NotThere):
        sentence = f"“{address[:120]}” is not the address of an entry, such as /2009/May/25/uuid/."
        raise BadIntroduction("pins", sentence) from None


def _form(wanted: Filter, values: dict[str, str], *, seen: str, status: int = 200, **more: Any) -> Response:
    answer = browse(services(), wanted)
    return admin_page(
        "intersection.html",
        status=status,
        address=wanted.url(),
        action=edit_address(wanted.url()),
        title=answer.title,
        total=answer.total,
        newest=answer.entries[:10],
        values=values,
        seen=seen,
        **({"preview": None, "errors": {}, "conflict": ""} | more),
    )
