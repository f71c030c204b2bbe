"""The rules of IndieAuth that need nothing but the addresses themselves (https://indieauth.spec.indieweb.org/).

Who a client is, is its address, and nothing else proves it: so what an address may look like, and where
an answer may be sent to, is decided here, strictly.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

from blog.domain.errors import CrosstagError

_LONGEST: Final = 2_000
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
# What a browser would run, or show as if it were of this blog.
_NOT_SCHEMES: Final = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "filesystem"})
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\<>\"'`{}|^]|[^\x00-\x7f]")


class BadClient(CrosstagError):
    """The request names no client, or no address that its answer could be sent to: so nothing is sent."""


def check_client(client: str) -> str:
    """Return a client's id, spelled as the standard does (section 3.3).

    Raises:
        BadClient: it is no address that can name a client.
    """
    parts = _split("client_id", client)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not (host in _LOOPBACK or _NAME.fullmatch(host)):
        raise BadClient("The client_id is to be an http or https address of a named host.")
    if parts.fragment or "#" in client or parts.username is not None or parts.password is not None:
        raise BadClient("The client_id has a fragment, a name or a password in it.")
    if {".", ".."} & set(parts.path.split("/")):
        raise BadClient("The client_id has dots for a part of its path.")
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


def check_redirect(redirect_uri: str) -> str:
    """Return the address that the answer is sent to, as it stands.

    Apps for phones have a scheme of their own, so any is good that no browser runs as a program.

    Raises:
        BadClient: it is none.
    """
    parts = _split("redirect_uri", redirect_uri)
    if not _SCHEME.fullmatch(parts.scheme) or parts.scheme in _NOT_SCHEMES or "#" in redirect_uri:
        raise BadClient("The redirect_uri is to be an address without a fragment.")
    if parts.scheme in ("http", "https") and (not parts.hostname or parts.username is not None):
        raise BadClient("The redirect_uri is to be an address without a fragment, a name or a password.")
    return redirect_uri


def _split(name: str, address: str) -> SplitResult:
    if not address or len(address) > _LONGEST or _UNSAFE.search(address):
        raise BadClient(f"The {name} is missing, or is no address.")
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise BadClient(f"The {name} is no address.") from None
    return parts


def is_same_place(client: str, redirect_uri: str) -> bool:
    """Tell whether both are at one scheme, host and port: then the answer goes to the client itself."""
    return _origin(client) == _origin(redirect_uri)


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def is_on_this_machine(client: str) -> bool:
    """Tell whether a client is on the author's own machine: its address is never fetched (section 4.2)."""
    return (urlsplit(client).hostname or "") in _LOOPBACK


def source_of(address: str) -> str:
    """Return an address's place as a Content-Security-Policy spells it: the origin, or the scheme alone."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def is_challenge(text: str) -> bool:
    """Tell whether this can be the S256 challenge of a verifier (RFC 7636, section 4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier; empty for what is none (RFC 7636, section 4.6)."""
    if not _VERIFIER.fullmatch(verifier):
        return ""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def with_answer(redirect_uri: str, answer: dict[str, str]) -> str:
    """Return the address with the answer added to its query."""
    parts = urlsplit(redirect_uri)
    query = "&".join(one for one in (parts.query, urlencode(answer)) if one)
    return parts._replace(query=query).geturl()
