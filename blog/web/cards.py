"""The pictures that other sites show beside a link: drawn when first asked for, and good for ever.

Their addresses hold a digest of what is on them (``card_url``), and what that is follows from the page that
they belong to: nobody can have words of their own drawn. Where an address was of what a page once was, it
leads to the card as it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, current_app, redirect, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from blog.cards.drawing import draw_card
from blog.cards.kept import keep_card, kept_card
from blog.domain.addresses import parse_day, parse_path, parse_search, parse_text
from blog.domain.errors import NotThere
from blog.domain.filters import EVERYTHING
from blog.domain.networks import network_of
from blog.queries.browse import settle
from blog.queries.cards import card_of_blog, card_of_entry, card_of_filter
from blog.queries.intersections import introduction_of
from blog.queries.permalinks import entry_at
from blog.web.context import REDIRECT_LASTS, YEAR, parameters, services

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as AnyResponse

    from blog.cards.drawing import Card

cards: Final = Blueprint("cards", __name__)
_KEY: Final = "crosstag.cards"
# In each worker, whoever asks: so drawing takes no more than some per cent of a processor.
_DRAWN: Final = parse("90 per minute")
# For one who asks, so that nobody uses up what is there for all.
_DRAWN_FOR_ONE: Final = parse("20 per minute")


def attach(app: Flask) -> None:
    """Give the app what counts how many cards are drawn."""
    app.extensions[_KEY] = FixedWindowRateLimiter(MemoryStorage())


def card_url(card: Card, twin: str) -> str:
    """Return the address of a card; ``twin`` is that of its page, ending in ``.png``."""
    return f"/cards/{card.digest}{twin}"


@cards.get("/cards/<digest>/<path:stem>.png")
def show(digest: str, stem: str) -> AnyResponse:
    """Send a card that was drawn, or draw it."""
    folder = services().settings.cards_dir.absolute()
    if kept := kept_card(folder, digest):
        return _sent(kept, digest)
    card, twin = _card(parse_text(stem))
    if card.digest != digest:
        response = redirect(card_url(card, twin), 302)
        response.headers["Cache-Control"] = REDIRECT_LASTS
        return response
    _refuse_too_many()
    data = draw_card(card)
    keep_card(folder, digest, data)
    return _sent(data, digest)


def _sent(data: bytes, digest: str) -> AnyResponse:
    response = Response(data, mimetype="image/png")
    response.set_etag(digest)
    response.cache_control.public, response.cache_control.max_age = True, YEAR
    return response.make_conditional(request)


def _card(stem: str) -> tuple[Card, str]:
    """The card of the page whose address this is without the slash at its end, and the page's twin.

    Raises:
        NotThere: there is no such page, or it has no card.
        BadFilter: the address makes no sense.
    """
    settings = services().settings
    match stem.split("/"):
        case [year, month, day, slug]:
            entry = entry_at(services(), parse_day(year, month, day), slug)
            return card_of_entry(settings, entry), f"{entry.permalink.rstrip('/')}.png"
        case ["feed"]:
            wanted = EVERYTHING
        case ["search"]:
            wanted = settle(services(), parse_search(parameters()))
        case _:
            wanted = settle(services(), parse_path(stem))
    if wanted.text:
        raise NotThere("A search for words has no card.")
    said = introduction_of(services(), wanted)
    title = wanted.title(services().facets.current().display_names)
    card = card_of_filter(settings, wanted, title, said.name if said else "")
    return (card, wanted.feed_url("png")) if card else (card_of_blog(settings), EVERYTHING.feed_url("png"))


def _refuse_too_many() -> None:
    """Count a card that is about to be drawn.

    Raises:
        TooManyRequests: there were too many within the minute.
    """
    counting: FixedWindowRateLimiter = current_app.extensions[_KEY]
    whose = network_of(request.remote_addr or "")
    # The narrow one first: what it refuses takes nothing from the others.
    if not (counting.hit(_DRAWN_FOR_ONE, whose) and counting.hit(_DRAWN)):
        raise TooManyRequests("Too many cards were asked for at once.", retry_after=60)
