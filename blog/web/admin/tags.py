"""The tags: all of them, those that may be one, and what can be done to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Blueprint, redirect, request

from blog.changes.plans import carry_out, preview
from blog.changes.tagging import (
    AddAlias,
    Delete,
    Describe,
    DisplayName,
    Imply,
    Merge,
    RemoveAlias,
    Rename,
    Split,
    StopImplying,
)
from blog.domain.addresses import parse_page, parse_search, parse_text
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter, CrosstagError, NotThere
from blog.domain.tags import slugify
from blog.queries.all_entries import Wanted, all_ids
from blog.queries.history import operation
from blog.queries.intersections import introduced_pages
from blog.queries.subscribers import tag_subscribers
from blog.queries.tags_table import TagOrder, TagsWanted, near_duplicates, one_tag, tags_table
from blog.web.admin.pages import admin_page
from blog.web.admin.ways import own_page
from blog.web.context import services
from blog.web.sessions import author

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.datastructures import MultiDict
    from werkzeug.wrappers import Response

    from blog.changes.plans import Action

tags: Final = Blueprint("admin_tags", __name__, url_prefix="/admin/tags")


@tags.get("/")
def show() -> Response:
    """Show the table of tags, or the pairs that may be one tag each."""
    given = request.args
    if given.get("show") == "near":
        total, pairs = near_duplicates(services())
        return admin_page("near_tags.html", total=total, pairs=pairs, done=_done())
    wanted = TagsWanted(
        text=" ".join(parse_text(given.get("q", "")).split())[:100],
        is_once=given.get("once") == "yes",
        order=_order(given.get("sort", "")),
    )
    table = tags_table(services(), wanted, parse_page(given.getlist("page")))
    return admin_page("tags.html", table=table, done=_done(), orders=_orders(wanted))


def _order(word: str) -> TagOrder:
    return TagOrder(word) if word in list(TagOrder) else TagOrder.COUNT


def _orders(wanted: TagsWanted) -> dict[str, tuple[str, bool]]:
    """The address of the table in each of its orders, and whether it is the one in force."""
    return {
        one.value: (TagsWanted(text=wanted.text, is_once=wanted.is_once, order=one).url(), one is wanted.order)
        for one in TagOrder
    }


def _done() -> object:
    """What was just done, to be told with a way to undo it."""
    said = request.args.get("done", "")
    return operation(services(), int(said)) if said.isdecimal() and len(said) < 10 else None


@tags.get("/<slug>/")
def one(slug: str) -> Response:
    """Show one tag and what can be done to it; an old name leads to its tag."""
    if living := services().facets.current().names.renames([slug]).get(slug):
        return redirect(_address(living), 302)
    return _one(slug)


def _one(slug: str, error: str = "", status: int = 200) -> Response:
    tag = one_tag(services(), parse_text(slug))
    introduced = introduced_pages(services(), tag.line.slug)
    return admin_page(
        "tag.html",
        status=status,
        tag=tag,
        introduced=introduced,
        subscribers=tag_subscribers(services(), tag.line.slug),
        error=error,
        done=_done(),
        kinds=list(Kind),
    )


@tags.post("/<slug>/<what>")
def act(slug: str, what: str) -> Response:
    """Show what an action would do to a tag; once that was confirmed, do it."""
    make = _ACTIONS.get(what)
    if make is None:
        raise NotThere("There is nothing of that name to do to a tag.")
    form = request.form
    try:
        action = make(slug, form)
        if form.get("confirm") != "yes":
            shown = preview(services(), action)
            fields = [pair for pair in form.items(multi=True) if pair[0] != "csrf_token"]
            return admin_page(
                "tag_preview.html",
                slug=slug,
                what=what,
                preview=shown,
                subscribers=tag_subscribers(services(), slug),
                fields=fields,
            )
        done = carry_out(services(), action, author().name)
    except (BadFilter, NotThere, CrosstagError) as problem:
        return _one(slug, problem.sentence, 422)
    address = own_page(form.get("back", ""), _after(slug, action))
    return redirect(f"{address}{'&' if '?' in address else '?'}done={done.operation}", 303)


def _after(slug: str, action: Action) -> str:
    """Where what was done can be seen."""
    match action:
        case Delete():
            return "/admin/tags/"
        case Rename(name=name):
            slug = slugify(name)
        case Merge(into=into):
            slug = into
        case _:
            pass
    return _address(slug)


def _address(slug: str) -> str:
    return f"/admin/tags/{quote(slug, safe='')}/"


def _split(slug: str, form: MultiDict[str, str]) -> Action:
    """Those of a tag's entries are moved that a filter means."""
    given = {name: form.getlist(name) for name in ("q", "tag", "type", "year", "month")}
    wanted = parse_search(given)
    if not wanted:
        raise BadFilter("Say which of its entries are to move.")
    said = wanted.title()
    ids = all_ids(services(), Wanted(wanted.with_tag(slug)))
    return Split(slug, form.get("into", ""), ids, f"({said[0].lower()}{said[1:]})")


_ACTIONS: Final[Mapping[str, Callable[[str, MultiDict[str, str]], Action]]] = {
    "rename": lambda slug, form: Rename(slug, form.get("name", "")),
    "display-name": lambda slug, form: DisplayName(slug, form.get("name", "")),
    "describe": lambda slug, form: Describe(slug, form.get("description", "")),
    "merge": lambda slug, form: Merge(slug, slugify(form.get("into", ""))),
    "split": _split,
    "delete": lambda slug, _form: Delete(slug),
    "add-alias": lambda slug, form: AddAlias(slug, form.get("alias", "")),
    "remove-alias": lambda slug, form: RemoveAlias(slug, form.get("alias", "")),
    "imply": lambda slug, form: Imply(slug, form.get("implied", ""), form.get("existing") == "yes"),
    "stop-implying": lambda slug, form: StopImplying(slug, form.get("implied", "")),
}
