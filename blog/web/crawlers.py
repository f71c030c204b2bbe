"""For machines that read the whole blog: robots.txt and the sitemap (https://www.sitemaps.org/protocol.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from flask import Blueprint, Response

from blog.domain.errors import NotThere
from blog.queries.archives import years
from blog.queries.indexes import count_tags_in_use, series_index, tag_urls
from blog.queries.sitemap import addresses_of_year
from blog.queries.static_pages import static_pages
from blog.web.context import base_url, services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Response as AnyResponse

crawlers = Blueprint("crawlers", __name__)
# The protocol's limit for one file is 50,000; the first has the series, too.
_TAGS: Final = 40_000
# Far beyond any that there can be, and numbers that a database knows.
_MOST_PARTS: Final = 1_000_000
_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"


@crawlers.get("/robots.txt")
def robots() -> AnyResponse:
    """Keep crawlers out of searches, of which there is no end, and show them the sitemap."""
    lines = ["User-agent: *", "Disallow: /search", "Disallow: /random/", f"Sitemap: {base_url()}/sitemap.xml"]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@crawlers.get("/sitemap.xml")
def sitemap() -> AnyResponse:
    """List the parts of the sitemap: the tags, and a part for each year."""
    more = range(1, -(-count_tags_in_use(services()) // _TAGS))
    parts = ["tags", *(f"tags-{part + 1}" for part in more), *(year.label for year in years(services()))]
    found = "".join(f"<sitemap><loc>{base_url()}/sitemap-{part}.xml</loc></sitemap>\n" for part in parts)
    return _xml(f'<sitemapindex xmlns="{_SCHEMA}">\n{found}</sitemapindex>')


@crawlers.get("/sitemap-tags.xml")
def sitemap_of_tags() -> AnyResponse:
    """List the pages that gather entries, and the static ones."""
    series = [choice.url for choice in series_index(services())]
    static = [(one.url, one.updated.isoformat(timespec="seconds")) for one in static_pages(services())]
    return _urls([*static, *((url, "") for url in ("/", *series, *tag_urls(services(), 0, _TAGS)))])


@crawlers.get("/sitemap-tags-<int:part>.xml")
def sitemap_of_more_tags(part: int) -> AnyResponse:
    """List the pages of tags beyond the first part; parts are counted from one."""
    can_be = 1 < part <= _MOST_PARTS
    found = tag_urls(services(), (part - 1) * _TAGS, part * _TAGS) if can_be else []
    if not found:
        raise NotThere(f"The sitemap of tags has no part {part}.")
    return _urls((url, "") for url in found)


@crawlers.get("/sitemap-<int(fixed_digits=4):year>.xml")
def sitemap_of_year(year: int) -> AnyResponse:
    """List a year's entries with when they were last changed."""
    found = addresses_of_year(services(), year)
    if not found:
        raise NotThere(f"There is nothing of {year} here.")
    return _urls((address, updated.isoformat(timespec="seconds")) for address, updated in found)


def _urls(found: Iterable[tuple[str, str]]) -> AnyResponse:
    base = base_url()
    lines = (
        f"<url><loc>{escape(base + address)}</loc>{f'<lastmod>{when}</lastmod>' if when else ''}</url>\n"
        for address, when in found
    )
    return _xml(f'<urlset xmlns="{_SCHEMA}">\n{"".join(lines)}</urlset>')


def _xml(body: str) -> AnyResponse:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'
    return Response(text, content_type="application/xml; charset=utf-8")
