"""The pages of filters: home, tags, kinds, sources, domains, periods and searches.

Each view reads an address as a ``Filter``; ``filter_page`` does the rest for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from blog.domain.addresses import (
    SEARCH_PARAMETERS,
    parse_domain,
    parse_page,
    parse_period,
    parse_search,
    parse_slug,
    parse_tags,
)
from blog.domain.digests import Digest, Rhythm
from blog.domain.entry import Kind
from blog.domain.filters import EVERYTHING, Filter
from blog.queries.archives import archive, on_this_day, years
from blog.queries.browse import Browse, browse, settle
from blog.queries.home import home_page
from blog.queries.indexes import series_index, series_page, top_tags_of_blog
from blog.queries.intersections import introduction_of, is_introducible, pinned_entries
from blog.queries.paging import NoSuchPage
from blog.queries.tag_pages import tag_page
from blog.web.context import depends_on, parameters, redirect_unless_at, services
from blog.web.metadata import description_of, filter_meta, home_meta
from blog.web.pages import page
from blog.web.states import TEXT, TODAY

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

public = Blueprint("public", __name__)


def filter_page(wanted: Filter) -> Response:
    """Show a filter's page, or send the reader to its one address."""
    number = parse_page(request.args.getlist("page"))
    if wanted.text:
        depends_on(TEXT)
    settled = settle(services(), wanted)
    if elsewhere := redirect_unless_at(settled.url(number)):
        return elsewhere
    if settled == Filter(series=settled.series) and settled.series:
        return _series(settled, number)
    if not settled and number == 1:
        return _home()
    return _filter(browse(services(), settled, number))


def _filter(answer: Browse) -> Response:
    wanted = answer.wanted
    (tag,) = wanted.tags if len(wanted.tags) == 1 else ("",)
    is_tag = wanted == Filter(tags=wanted.tags) and bool(tag)
    is_period = wanted.year is not None and wanted == EVERYTHING.in_period(
        wanted.year, wanted.month, wanted.day
    )
    said = introduction_of(services(), wanted)
    words = tag_page(services(), tag) if is_tag else None
    name, html = (said.name, said.html) if said else ("", "")
    return page(
        "filter.html",
        wanted=wanted,
        address=wanted.url(answer.page),
        name=name,
        meta=filter_meta(answer, name, description_of(html or (words.description_html if words else ""))),
        page=answer,
        words=words,
        introduction=said,
        pinned=pinned_entries(services(), wanted, said.pins) if said and answer.page == 1 else [],
        can_be_introduced=is_introducible(wanted),
        archive=archive(services(), wanted) if is_period else None,
        digest_url="" if is_period else Digest(wanted, Rhythm.WEEKLY).url(),
    )


def _home() -> Response:
    depends_on(TODAY)
    today = services().clock().astimezone(services().settings.zone).date()
    return page(
        "home.html",
        wanted=EVERYTHING,
        address="/",
        meta=home_meta(),
        home=home_page(services()),
        top_tags=top_tags_of_blog(services(), 24),
        series=series_index(services())[:8],
        years=years(services()),
        today=today,
        on_this_day=[one for one in on_this_day(services(), today, 8) if one[0] != today.year],
    )


def _series(wanted: Filter, number: int) -> Response:
    """A series is read in its own order, and whole, so it has one page."""
    if number > 1:
        raise NoSuchPage(f"There is no page {number}: a series has one page.")
    series = series_page(services(), wanted.series)
    return page("series.html", wanted=wanted, address=wanted.url(), series=series)


@public.get("/")
def home() -> Response:
    """Show the latest of everything."""
    return filter_page(EVERYTHING)


@public.get("/tags/<expression>/")
def tags(expression: str) -> Response:
    """Show any combination of tags."""
    return filter_page(parse_tags(expression))


@public.get("/search/")
def search() -> Response:
    """Search; without a question, explain how."""
    if not set(request.args).intersection((*SEARCH_PARAMETERS, "page")):
        tags = top_tags_of_blog(services())
        return redirect_unless_at("/search/") or page("search.html", address="/search/", top_tags=tags)
    wanted = parse_search(parameters())
    if not wanted and "page" not in request.args:
        return redirect_unless_at("/search/") or filter_page(wanted)
    return filter_page(wanted)


@public.get("/sources/<slug>/")
def source(slug: str) -> Response:
    """Show what comes from one source."""
    return filter_page(Filter(source=parse_slug("source", slug)))


@public.get("/domains/<host>/")
def domain(host: str) -> Response:
    """Show what points to one domain."""
    return filter_page(Filter(domain=parse_domain(host)))


@public.get("/series/<slug>/")
def series(slug: str) -> Response:
    """Show a series in its order."""
    return filter_page(Filter(series=parse_slug("series", slug)))


@public.get("/<int(fixed_digits=4):year>/")
def year(year: int) -> Response:
    """Show a year."""
    return filter_page(parse_period(str(year)))


@public.get("/<int(fixed_digits=4):year>/<month>/")
def month(year: int, month: str) -> Response:
    """Show a month."""
    return filter_page(parse_period(str(year), month))


@public.get("/<int(fixed_digits=4):year>/<month>/<day>/")
def day(year: int, month: str, day: str) -> Response:
    """Show a day."""
    return filter_page(parse_period(str(year), month, day))


def _kind_view(kind: Kind) -> Response:
    return filter_page(Filter(kinds=frozenset({kind})))


def register(app: Flask) -> None:
    """Add these pages to the app; each kind has its own address."""
    app.register_blueprint(public)
    for kind in Kind:
        app.add_url_rule(f"/{kind.plural}/", f"public.kind_{kind}", lambda kind=kind: _kind_view(kind))
