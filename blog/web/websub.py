"""Where hubs call (WebSub): to ask whether we mean it, and to tell that there is something new.

The address ends in a word that only the hub was told. What a hub sends is read for its signature and for
nothing else: it makes the source due, and what there is new is then asked for and read like any other
poll. Nobody who calls here is signed in, so neither cookies nor sessions are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from blog.changes.hub_leases import confirm, note_bad_signature, note_denial, note_push
from blog.domain.networks import network_of
from blog.domain.websub import is_signed
from blog.poller.asking import MOST_BYTES
from blog.poller.hubs import CALLBACK
from blog.queries.subscriptions import secret_of_hub
from blog.web.context import services
from blog.web.rates import refuse_too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

websub: Final = Blueprint("websub", __name__, url_prefix=CALLBACK.rstrip("/"))
_A_MINUTE: Final = 60
_PIECE: Final = 65_536
_LONGEST: Final = 2_000


@websub.get("/<token>")
def verify(token: str) -> Response:
    """Answer a hub that asks whether it is meant (section 5.3), or says that it will not tell (section 5.2)."""
    _count(token)
    asked = request.args
    mode, topic, challenge = (asked.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
    if mode == "denied":
        known = note_denial(services(), token, topic, asked.get("hub.reason", ""))
        return _answer(200 if known else 404)
    if not 0 < len(challenge) <= _LONGEST:
        return _answer(404)
    is_meant = confirm(services(), token, mode, topic, asked.getlist("hub.lease_seconds"))
    return _answer(200, challenge) if is_meant else _answer(404)


@websub.post("/<token>")
def receive(token: str) -> Response:
    """Take in that there is something new (section 7); what is not signed is answered alike, and ignored."""
    _count(token)
    # As much as a feed may have: a hub sends all of it, or what is new.
    request.max_content_length = MOST_BYTES
    secret = secret_of_hub(services(), token)
    if secret is None:
        # So a hub stops that goes on though it was told to (section 7).
        return _answer(410)
    if is_signed(request.headers.get("X-Hub-Signature", ""), secret, _pieces()):
        note_push(services(), token)
    else:
        note_bad_signature(services(), token)
    return _answer(202)


def _pieces() -> Iterator[bytes]:
    while piece := request.stream.read(_PIECE):
        yield piece


def _count(token: str) -> None:
    """Count a call: of a hub that is known for each topic, of all others for each address.

    Raises:
        NotFound: there can be no such word.
        TooManyRequests: there were too many within the minute.
    """
    if not token.isprintable():
        raise NotFound
    is_known = secret_of_hub(services(), token) is not None
    refuse_too_many("websub", token if is_known else network_of(request.remote_addr or ""), _A_MINUTE)


def _answer(status: int, text: str = "") -> Response:
    response = Response(text, status, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
