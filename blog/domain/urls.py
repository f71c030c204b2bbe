"""Addresses of other people's pages, before they are stored and put into ``href``."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

MAX_URL_LENGTH: Final = 4_000
_CONTROL_OR_SPACE: Final = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")


# All of them, or the address of "www.www.example.com" would redirect to a page that is not there.
_WWW: Final = re.compile(r"^(?:www\.)+")


def web_url(text: str) -> str:
    """Return ``text`` as an http or https URL that is safe in ``href``; empty where it is none.

    Spaces inside, which old posts have, are encoded; nothing else is touched.
    """
    url = _CONTROL_OR_SPACE.sub(lambda found: "%20" if found.group() == " " else "", text.strip())
    if not url or len(url) > MAX_URL_LENGTH:
        return ""
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname)
    except ValueError:
        return ""
    return url if parts.scheme.lower() in ("http", "https") and has_host else ""


def bare_host(host: str) -> str:
    """Return a host as filters spell it: lower case, without ``www.`` before or a dot behind it."""
    return _WWW.sub("", host.lower()).rstrip(".")


def domain_of(url: str) -> str:
    """Return the host of a URL as filters spell it: lower case, without ``www.``; empty where none."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return bare_host(host)[:253]
