"""One entry's page, a random one, and those of this day in other years."""

from __future__ import annotations

from datetime import date
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from flask import Blueprint, redirect

from blog.domain.addresses import parse_day, parse_tags, parse_text
from blog.domain.dates import MONTHS, days_in_month, month_number
from blog.domain.errors import NotThere
from blog.domain.filters import EVERYTHING
from blog.queries.archives import on_this_day
from blog.queries.browse import settle
from blog.queries.mentions import EntryMentions, entry_mentions
from blog.queries.permalinks import address_at, address_of_imported, entry_page
from blog.web.context import base_url, depends_on, moved, redirect_unless_at, services
from blog.web.metadata import entry_meta
from blog.web.pages import page
from blog.web.states import TEXT, TODAY
from blog.web.webmention import ADDRESS as WEBMENTION

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from blog.domain.filters import Filter

entries = Blueprint("entries", __name__)
_CHANCE: Final = SystemRandom()
_LEAP_YEAR: Final = 2000
# The letters of the short addresses, and the tables whose numbers they go by.
_TABLES: Final = {"e": "entry", "b": "blogmark", "q": "quotation", "n": "note"}


@entries.get("/<int(fixed_digits=4):year>/<month>/<day>/<slug>/")
def entry(year: int, month: str, day: str, slug: str) -> Response:
    """Show an entry at its permalink."""
    found = entry_page(services(), parse_day(str(year), month, day), parse_text(slug))
    address = found.entry.permalink
    depends_on(TEXT)  # similar entries, where few share its tags
    if elsewhere := redirect_unless_at(address):
        return elsewhere
    meta = entry_meta(found.entry)
    if not services().settings.webmention:
        return page("entry.html", address=address, meta=meta, page=found, mentions=EntryMentions())
    said = entry_mentions(services(), found.entry.id)
    shown = page("entry.html", address=address, meta=meta, page=found, mentions=said)
    shown.headers.add("Link", f'<{base_url()}{WEBMENTION}>; rel="webmention"')
    return shown


@entries.get("/random/")
def random() -> Response:
    """Go to any entry."""
    return _random(EVERYTHING)


@entries.get("/random/<expression>/")
def random_tagged(expression: str) -> Response:
    """Go to any entry with these tags; old names are understood."""
    return _random(settle(services(), parse_tags(expression)))


def _random(wanted: Filter) -> Response:
    response = redirect(address_at(services(), wanted, _CHANCE.random()), 302)
    response.headers["Cache-Control"] = "no-store"
    return response


@entries.get("/on-this-day/")
def today() -> Response:
    """Show what was published on this day in other years."""
    depends_on(TODAY)
    return _on(services().clock().astimezone(services().settings.zone).date(), address="/on-this-day/")


@entries.get("/on-this-day/<month>/<int:day>/")
def this_day(month: str, day: int) -> Response:
    """Show what was published on any day of the year."""
    number = month_number(parse_text(month))
    if number is None or not 1 <= day <= days_in_month(_LEAP_YEAR, number):
        raise NotThere(f"There is no day “{month[:20]} {day}”.")
    address = f"/on-this-day/{MONTHS[number - 1]}/{day}/"
    return redirect_unless_at(address) or _on(date(_LEAP_YEAR, number, day), address=address)


def _on(day: date, address: str) -> Response:
    return page("on_this_day.html", address=address, day=day, years=on_this_day(services(), day))


@entries.get("/<any(e,b,q,n):letter>/<int:number>")
@entries.get("/<any(e,b,q,n):letter>/<int:number>/")
def short(letter: str, number: int) -> Response:
    """Lead the short addresses of an imported blog to its entries."""
    return moved(address_of_imported(services(), f"{_TABLES[letter]}:{number}"))
