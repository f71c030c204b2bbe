"""IndieAuth for programs: what the blog can do, and codes traded for tokens.

The other half, where the author agrees, is ``admin/indieauth.py``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from blog.auth.indieauth import BadClient, challenge_of, check_client
from blog.auth.scopes import SCOPES, Right, spelled
from blog.changes.tokens import BadCode, create_token, redeem_code, revoke_this
from blog.domain.errors import CrosstagError
from blog.queries.tokens import bearer_of
from blog.web.bearer import BearerError, bearer, require
from blog.web.context import base_url, services

if TYPE_CHECKING:
    from blog.changes.tokens import Grant

indieauth: Final = Blueprint("indieauth", __name__)
METADATA: Final = "/.well-known/oauth-authorization-server"
AUTHORIZATION: Final = "/admin/indieauth"
TOKEN: Final = "/indieauth/token"  # noqa: S105  # an address
INTROSPECTION: Final = "/indieauth/introspect"
REVOCATION: Final = "/indieauth/revoke"
USERINFO: Final = "/indieauth/userinfo"
_MOST_BYTES: Final = 20_000


class BadGrant(CrosstagError):
    """A code is not traded; ``code`` is the word of RFC 6749, section 5.2."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def me() -> str:
    """Return the address that stands for the author: the blog's own."""
    return f"{base_url()}/"


@indieauth.before_request
def _limit() -> None:
    request.max_content_length = _MOST_BYTES


@indieauth.get(METADATA)
def metadata() -> Response:
    """Say what there is (IndieAuth, section 4.1.1; RFC 8414)."""
    base = base_url()
    said = {
        "issuer": f"{base}/",
        "authorization_endpoint": base + AUTHORIZATION,
        "token_endpoint": base + TOKEN,
        "introspection_endpoint": base + INTROSPECTION,
        "introspection_endpoint_auth_methods_supported": ["Bearer"],
        "revocation_endpoint": base + REVOCATION,
        "revocation_endpoint_auth_methods_supported": ["none"],
        "userinfo_endpoint": base + USERINFO,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    response = _json(said)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def redeemed() -> Grant:
    """Take up the code that a client shows in a form.

    Raises:
        BadGrant: it is not good.
    """
    request.max_content_length = _MOST_BYTES
    form = request.form
    if form.get("grant_type", "authorization_code") != "authorization_code":
        raise BadGrant("unsupported_grant_type", "Codes are traded here: grant_type=authorization_code.")
    missing = [name for name in ("code", "client_id", "redirect_uri", "code_verifier") if not form.get(name)]
    if missing:
        raise BadGrant("invalid_request", f"What is missing: {', '.join(missing)}.")
    try:
        client, challenge = check_client(form["client_id"]), challenge_of(form["code_verifier"])
        return redeem_code(services(), form["code"], client, form["redirect_uri"], challenge)
    except (BadClient, BadCode) as error:
        raise BadGrant("invalid_grant", error.sentence) from None


def profile_of(grant: Grant) -> dict[str, Any]:
    """Return what a client learns about the author: the address, and the name if that was agreed to."""
    return {"me": me()} | ({"profile": _profile()} if "profile" in grant.scopes else {})


def _profile() -> dict[str, str]:
    settings = services().settings
    return {"name": settings.author or settings.title, "url": me()}


@indieauth.post(TOKEN)
def token() -> Response:
    """Trade a code for a token (section 5.3.1)."""
    if request.form.get("action") == "revoke":  # as it was before RFC 7009 was taken over
        return revoke()
    grant = redeemed()
    if not grant.scopes:
        raise BadGrant("invalid_grant", "This code was given without any scope, so there is no token for it.")
    name = urlsplit(grant.client).netloc[:100]
    made = create_token(services(), grant.user_id, name, grant.scopes, grant.client)
    said = {"access_token": made, "token_type": "Bearer", "scope": spelled(grant.scopes)}
    return _json(said | profile_of(grant))


@indieauth.post(INTROSPECTION)
def introspect() -> Response:
    """Tell whom a token acts for, to who has one (section 6; RFC 7662)."""
    bearer()
    found = bearer_of(services(), request.form.get("token", ""))
    if found is None:
        return _json({"active": False})
    issued = int(found.created.timestamp())
    scope = spelled(found.scopes)
    return _json({"active": True, "me": me(), "client_id": found.client, "scope": scope, "iat": issued})


@indieauth.post(REVOCATION)
def revoke() -> Response:
    """End the token that is shown (section 7; RFC 7009): 200, whether or not it was one."""
    revoke_this(services(), request.form.get("token", ""))
    return _json({})


@indieauth.get(USERINFO)
def userinfo() -> Response:
    """Return the name and the address of the author (section 9)."""
    require(Right.PROFILE)
    return _json(_profile())


def _json(value: Any, status: int = 200) -> Response:
    response = Response(json.dumps(value, ensure_ascii=False), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def refused(error: CrosstagError) -> Response:
    """Answer as RFC 6749, section 5.2, and RFC 6750 want it."""
    if isinstance(error, BearerError):
        said = {"error": error.code or "invalid_client", "error_description": error.sentence}
        response = _json(said, error.status)
        response.headers["WWW-Authenticate"] = error.challenge
        return response
    code = error.code if isinstance(error, BadGrant) else "invalid_request"
    return _json({"error": code, "error_description": error.sentence}, 400)


def _http_error(error: HTTPException) -> Response:
    said = {"error": "invalid_request", "error_description": error.description or error.name}
    response = _json(said, error.code or 500)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


indieauth.register_error_handler(CrosstagError, refused)
indieauth.register_error_handler(HTTPException, _http_error)
