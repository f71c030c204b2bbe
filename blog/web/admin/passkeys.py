"""Making passkeys, signing in by one, and taking them away. A browser without scripts has none of it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, redirect, request, session

from blog.auth import passkeys
from blog.auth.passkeys import BadPasskey, Party
from blog.changes.passkeys import add_passkey, begin_challenge, delete_passkey, note_used, spend_challenge
from blog.queries.passkeys import passkey_by, passkeys_of
from blog.web.context import services
from blog.web.limits import by_passkey, count_failure, refuse_too_many
from blog.web.sessions import author, sign_in

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

keys: Final = Blueprint("admin_passkeys", __name__, url_prefix="/admin")
_CHALLENGE: Final = "challenge"
_LARGEST: Final = 20_000


@keys.post("/account/passkeys/options")
def creation_options() -> Response:
    """Begin to make a passkey."""
    who = author()
    known = [one.credential_id for one in passkeys_of(services(), who.id)]
    return _json(passkeys.creation_options(_party(), who.id, who.name, known, _begin()))


@keys.post("/account/passkeys")
def create() -> tuple[dict[str, str], int]:
    """Keep the passkey that the browser has made."""
    try:
        made = passkeys.created(_party(), _field("credential"), _end())
        add_passkey(services(), author().id, _field("name"), made)
    except BadPasskey as error:
        return {"error": error.sentence}, 422
    flash("The passkey is kept: it signs you in from now on.")
    return {"next": "/admin/account/"}, 200


@keys.post("/account/passkeys/<int:passkey_id>/delete")
def delete(passkey_id: int) -> AnyResponse:
    """Take a passkey away."""
    delete_passkey(services(), author().id, passkey_id)
    flash("The passkey is gone: it signs nobody in any more.")
    return redirect("/admin/account/", 303)


@keys.post("/passkey/options")
def request_options() -> Response:
    """Begin to sign in by a passkey."""
    return _json(passkeys.request_options(_party(), _begin()))


@keys.post("/passkey")
def enter() -> tuple[dict[str, str], int]:
    """Sign in by a passkey."""
    refuse_too_many(by_passkey())
    try:
        user = _signed_by(_field("credential"), _end())
    except BadPasskey as error:
        count_failure(by_passkey())
        return {"error": error.sentence}, 403
    sign_in(user)
    return {"next": "/admin/"}, 200


def _signed_by(credential: str, challenge: bytes) -> int:
    known = passkey_by(services(), passkeys.credential_id(credential))
    if known is None:
        raise BadPasskey("This passkey is not known here any more.")
    count = passkeys.signed(_party(), credential, challenge, known.public_key, known.sign_count)
    note_used(services(), known.id, count)
    return known.user_id


def _party() -> Party:
    """The host that the browser shows, which behind a proxy is the one that is set."""
    settings = services().settings
    base = urlsplit(settings.base_url)
    here = base if base.netloc == request.host else urlsplit(request.host_url)
    return Party(here.hostname or "", f"{here.scheme}://{here.netloc}", settings.title)


def _begin() -> bytes:
    challenge = begin_challenge(services())
    session[_CHALLENGE] = urlsafe_b64encode(challenge).decode()
    return challenge


def _end() -> bytes:
    """The challenge that was begun with; it is good for one answer."""
    challenge = urlsafe_b64decode(session.pop(_CHALLENGE, ""))
    # The cookie may be an old one, which somebody has kept: what is left in the database counts.
    spend_challenge(services(), challenge)
    return challenge


def _field(name: str) -> str:
    sent: Any = request.get_json(silent=True)
    value = sent.get(name) if isinstance(sent, dict) else None
    return value if isinstance(value, str) and len(value) <= _LARGEST else ""


def _json(text: str) -> Response:
    return Response(text, mimetype="application/json")
