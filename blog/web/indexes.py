"""The pages that list where one can go: tags, sources, domains, series, years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from blog.domain.addresses import parse_page
from blog.domain.errors import BadFilter
from blog.queries.archives import heat_map
from blog.queries.indexes import (
    domain_index,
    series_index,
    source_index,
    tag_index,
    tag_index_url,
    telling_intersections,
)
from blog.web.context import redirect_unless_at, services
from blog.web.metadata import plain_meta
from blog.web.pages import page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from blog.queries.choices import Choice

indexes = Blueprint("indexes", __name__)


@indexes.get("/tags/")
def tags() -> Response:
    """List every tag, by count or by name."""
    sort = request.args.get("sort") or "count"
    if sort not in ("count", "name"):
        raise BadFilter(f"“{sort[:80]}” is not an order of tags; there are count and name.")
    by_name = sort == "name"
    number = parse_page(request.args.getlist("page"))
    address = tag_index_url(by_name=by_name, page=number)
    index = tag_index(services(), by_name=by_name, page=number)
    pairs = telling_intersections(services()) if number == 1 and not by_name else None
    return redirect_unless_at(address) or page(
        "tags.html", address=address, meta=plain_meta("Tags"), index=index, pairs=pairs
    )


@indexes.get("/sources/")
def sources() -> Response:
    """List where entries come from."""
    return _places(
        "/sources/", "Sources", "Where entries come from besides this blog.", source_index(services())
    )


@indexes.get("/domains/")
def domains() -> Response:
    """List the sites that most entries point to."""
    return _places("/domains/", "Domains", "The sites that most entries point to.", domain_index(services()))


@indexes.get("/series/")
def series() -> Response:
    """List the series."""
    return _places(
        "/series/", "Series", "Entries that belong together, in their order.", series_index(services())
    )


@indexes.get("/archive/")
def archive() -> Response:
    """Show every year, day by day."""
    return redirect_unless_at("/archive/") or page(
        "archive.html", address="/archive/", meta=plain_meta("Archive"), heat=heat_map(services())
    )


def _places(address: str, title: str, intro: str, choices: tuple[Choice, ...]) -> Response:
    return redirect_unless_at(address) or page(
        "places.html", address=address, meta=plain_meta(title, intro), title=title, intro=intro, choices=choices
    )
