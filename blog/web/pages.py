"""Rendering: what every page is given besides its own values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from flask import make_response, render_template

from blog.domain.filters import EVERYTHING, Filter
from blog.web.context import base_url, services
from blog.web.metadata import plain_meta

if TYPE_CHECKING:
    from flask import Response

    from blog.web.metadata import PageMeta


@dataclass(frozen=True, slots=True)
class PageFeeds:
    """The feeds that a page names: its own twins, or the whole blog's."""

    title: str
    atom: str
    json: str


def feeds_of(wanted: Filter, title: str) -> PageFeeds:
    """Return the addresses of a filter's feeds."""
    return PageFeeds(title, wanted.feed_url("atom"), wanted.feed_url("json"))


def page(
    template: str,
    *,
    wanted: Filter | None = None,
    address: str = "",
    name: str = "",
    meta: PageMeta | None = None,
    feeds: PageFeeds | None = None,
    **values: Any,
) -> Response:
    """Render a page.

    ``wanted`` is the filter that the page is about, whose feeds it names and which its
    search box keeps; ``address`` is its one address, for ``rel="canonical"``; ``name`` is what the author
    calls it, and ``meta`` what it says of itself to machines. ``feeds`` are its own, if they are not the
    filter's.
    """
    common = _common(wanted, address, name, meta) | ({"feeds": feeds} if feeds else {})
    return make_response(render_template(template, **common, **values))


def _common(wanted: Filter | None, address: str, name: str, meta: PageMeta | None) -> dict[str, Any]:
    settings = services().settings
    names = services().facets.current().display_names
    title = wanted.title(names) if wanted else settings.title
    return {
        "feeds": feeds_of(wanted or EVERYTHING, name or title),
        "canonical": f"{base_url()}{address}" if address else "",
        "metadata": meta or plain_meta(settings.title, settings.tagline),
        "search_text": wanted.text if wanted else "",
        "search_filter": wanted,
        "search_keeps": _kept(wanted) if wanted else [],
    }


def _kept(wanted: Filter) -> list[tuple[str, str]]:
    """What a new search from this page keeps: the same filter with another text."""
    # Any text makes the address the general one, /search/?…, whose parameters the form repeats.
    query = urlsplit(wanted.with_text("x").url()).query
    return [(name, value) for name, value in parse_qsl(query) if name not in ("q", "sort")]
