"""The sources: how many entries are of each, their names, and putting two together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.sources import BadSource, change_source, delete_source, merge_sources
from blog.queries.sources import source, sources
from blog.queries.subscriptions import polled_sources
from blog.web.admin.pages import admin_page
from blog.web.context import row_number, services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

sources_of_author: Final = Blueprint("admin_sources", __name__, url_prefix="/admin/sources")


@sources_of_author.get("/")
def index() -> Response:
    """List the sources."""
    return show_sources()


def show_sources(*, address: str = "", error: str = "", status: int = 200) -> Response:
    """List the sources, and those that are polled, with a field for the address of another one."""
    found, polled = sources(services()), polled_sources(services())
    return admin_page("sources.html", status=status, sources=found, polled=polled, address=address, error=error)


@sources_of_author.get("/<int:source_id>/")
def edit(source_id: int) -> Response:
    """Show a source in a form."""
    found = source(services(), source_id)
    return _form(source_id, {"name": found.name, "url": found.url})


def _form(source_id: int, values: Mapping[str, str], error: BadSource | None = None) -> Response:
    found = source(services(), source_id)
    others = [one for one in sources(services()) if one.id != source_id]
    errors = {error.field: error.sentence} if error else {}
    status = 422 if error else 200
    polled = any(one.source_id == source_id for one in polled_sources(services()))
    shown = {"source": found, "others": others, "polled": polled}
    return admin_page("source.html", status=status, values=values, errors=errors, **shown)


@sources_of_author.post("/<int:source_id>/")
def save(source_id: int) -> Response:
    """Change a source's name and address."""
    values = {name: request.form.get(name, "") for name in ("name", "url")}
    source(services(), source_id)
    try:
        change_source(services(), source_id, values["name"], values["url"])
    except BadSource as error:
        return _form(source_id, values, error)
    flash("The source is saved.")
    return redirect("/admin/sources/", 303)


@sources_of_author.post("/<int:source_id>/merge")
def merge(source_id: int) -> Response:
    """Put a source together with another, once that was said twice: it cannot be taken apart again."""
    found = source(services(), source_id)
    into = source(services(), request.form.get("into", 0, type=row_number))
    if request.form.get("sure") != "yes":
        return admin_page("source_merge.html", source=found, into=into)
    try:
        count = merge_sources(services(), source_id, into.id)
    except BadSource as error:
        return _form(source_id, {"name": found.name, "url": found.url}, error)
    flash(f"{count:,} entries of {found.name} are of {into.name} now.")
    return redirect("/admin/sources/", 303)


@sources_of_author.post("/<int:source_id>/delete")
def delete(source_id: int) -> Response:
    """Delete a source that no entry is of."""
    found = source(services(), source_id)
    try:
        delete_source(services(), source_id)
    except BadSource as error:
        return _form(source_id, {"name": found.name, "url": found.url}, error)
    flash(f"{found.name} is deleted.")
    return redirect("/admin/sources/", 303)
