"""IndieAuth for the author: which app asks for what, and whether it gets it.

What was asked for, once it is checked, travels through the page signed: so what the author agrees to is
what was shown, and the app's own page is fetched once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, redirect, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from blog.auth.indieauth import (
    BadClient,
    check_client,
    check_redirect,
    is_challenge,
    is_on_this_machine,
    is_same_place,
    source_of,
    with_answer,
)
from blog.auth.scopes import SCOPES, parse_scopes, spelled
from blog.changes.tokens import Grant, grant_code
from blog.queries.clients import client_facts
from blog.web.admin.pages import admin_page
from blog.web.context import services
from blog.web.indieauth import AUTHORIZATION, BadGrant, me, profile_of, redeemed, refused
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

consent: Final = Blueprint("admin_indieauth", __name__)
_LASTS: Final = 3_600
_LONGEST_STATE: Final = 2_000
_POLICY: Final = (
    "default-src 'self'; script-src 'none'; object-src 'none'; img-src 'self'; style-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks for, checked; ``scopes`` are words with spaces between them."""

    client: str
    redirect_uri: str
    state: str
    challenge: str
    scopes: str


class BadRequest(BadClient):
    """The request is not good, and its client may be told so; ``code`` is RFC 6749's word (section 4.1.2.1)."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@consent.get(AUTHORIZATION)
def ask() -> AnyResponse:
    """Ask the author whether an app gets what it asks for (section 5.2)."""
    given = request.args
    try:
        client = check_client(given.get("client_id", ""))
        redirect_uri = check_redirect(given.get("redirect_uri", ""))
        facts = client_facts(services(), client)
        if not is_same_place(client, redirect_uri) and redirect_uri not in facts.redirect_uris:
            said = f"{client} does not say that {redirect_uri} is its own, so nothing is sent there."
            raise BadClient(f"{said} {facts.problem}".strip())
    except BadClient as error:
        return _refusal(error.sentence)
    state = given.get("state", "")
    try:
        asked = _checked(client, redirect_uri, state)
    except BadRequest as error:
        answer = {"error": error.code, "error_description": error.sentence}
        # Anybody can make up a client, and a link to here: nobody is led on to it without a click.
        return _refusal(error.sentence, _answer_at(redirect_uri, state, answer))
    return _page(asked, facts.name, facts.problem)


def _checked(client: str, redirect_uri: str, state: str) -> Asked:
    given = request.args
    if given.get("response_type") != "code":
        raise BadRequest("unsupported_response_type", "The response_type is to be code.")
    if not state or len(state) > _LONGEST_STATE:
        raise BadRequest("invalid_request", "The state is missing, or is far too long.")
    challenge = given.get("code_challenge", "")
    if given.get("code_challenge_method") != "S256" or not is_challenge(challenge):
        raise BadRequest("invalid_request", "A code_challenge by the method S256 is needed.")
    scopes = given.get("scope", "")
    if scopes.split() and not parse_scopes(scopes):
        raise BadRequest("invalid_scope", f"There are the scopes {' '.join(SCOPES)}.")
    return Asked(client, redirect_uri, state, challenge, spelled(parse_scopes(scopes)))


def _page(asked: Asked, name: str, problem: str) -> Response:
    response = admin_page(
        "consent.html",
        asked=asked,
        name=name,
        problem=problem,
        scopes={scope: SCOPES[scope] for scope in asked.scopes.split()},
        is_elsewhere=not is_same_place(asked.client, asked.redirect_uri),
        is_here=is_on_this_machine(asked.client),
        host=urlsplit(asked.client).netloc,
        me=me(),
        signed=_signer().dumps(asdict(asked)),
    )
    # The form's answer is a redirect to the app, and browsers hold that to the policy of this page, too.
    response.headers["Content-Security-Policy"] = _POLICY.format(source_of(asked.redirect_uri))
    return response


def _refusal(sentence: str, back: str = "") -> Response:
    """Say what is wrong; ``back`` is the address that tells the app so, where it is known to be its own."""
    return admin_page("consent_refused.html", status=400, sentence=sentence, back=back)


def _signer() -> URLSafeTimedSerializer:
    # The signature names who is asked: what one author was shown, no other agrees to.
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"indieauth {author().id}")


@consent.post(f"{AUTHORIZATION}/decide")
def decide() -> AnyResponse:
    """Send the app its code, or that the author does not want it."""
    try:
        asked = Asked(**_signer().loads(request.form.get("asked", ""), max_age=_LASTS))
    except BadSignature:
        return _refusal("This page was open for too long. Begin again, in the app.")
    if request.form.get("decision") != "allow":
        said = {"error": "access_denied", "error_description": "The author does not want it."}
        return _sent(asked.redirect_uri, asked.state, said)
    scopes = parse_scopes(asked.scopes) & set(request.form.getlist("scope"))
    grant = Grant(author().id, asked.client, asked.redirect_uri, scopes, asked.challenge)
    return _sent(asked.redirect_uri, asked.state, {"code": grant_code(services(), grant)})


def _sent(redirect_uri: str, state: str, answer: dict[str, str]) -> AnyResponse:
    return redirect(_answer_at(redirect_uri, state, answer), 302)


def _answer_at(redirect_uri: str, state: str, answer: dict[str, str]) -> str:
    kept = {"state": state} if state else {}
    return with_answer(redirect_uri, answer | kept | {"iss": me()})


@consent.post(AUTHORIZATION)
def profile() -> Response:
    """Tell an app who the author is, for its code (section 5.3.2); the app asks, and not a browser."""
    try:
        said = profile_of(redeemed())
    except BadGrant as error:
        return refused(error)
    return Response(json.dumps(said, ensure_ascii=False), content_type="application/json")
