"""Whether whoever asks for a feed would rather have a page that explains it.

A feed is for programs, and no reader must ever be given a page in its place; a person who clicks on one
would be shown markup, or asked where to save it. Browsers say that they like HTML best, and do not know
feeds. Readers say neither; those few that say what a browser says are known by what they call themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_FEEDS: Final = (".atom", ".json")
_HTML: Final = "text/html"
_XHTML: Final = "application/xhtml+xml"
_ANYTHING: Final = "*/*"
# Whoever names one of these knows what a feed is.
_OF_FEEDS: Final = re.compile(r"\b(atom|rss|rdf|feed)\b|json")
_READERS: Final = re.compile(r"feed|rss|reader|aggregat|subscriber|news|podcast|syndicat|planet", re.IGNORECASE)


def wants_page(environ: Mapping[str, str]) -> bool:
    """Tell whether this request is for a feed and of a person with a browser."""
    return environ["PATH_INFO"].endswith(_FEEDS) and is_browser(
        environ.get("HTTP_ACCEPT", ""), environ.get("HTTP_USER_AGENT", "")
    )


def is_browser(accept: str, user_agent: str) -> bool:
    """Tell whether somebody who sends these headers wants HTML, clearly (RFC 9110, section 12.5.1)."""
    if _HTML not in accept or _OF_FEEDS.search(accept) or _READERS.search(user_agent):
        return False
    liked = dict(map(_liking, accept.lower().split(",")))
    # KDE's libraries ask for HTML and anything else, whoever uses them; a browser knows XHTML, too.
    if _ANYTHING in liked and _XHTML not in liked:
        return False
    others = [q for kind, q in liked.items() if kind not in (_HTML, _XHTML) and not kind.startswith("image/")]
    return liked.get(_HTML, 0.0) > max(others, default=0.0)


def _liking(part: str) -> tuple[str, float]:
    kind, *parameters = (one.strip() for one in part.split(";"))
    values = [one.removeprefix("q=") for one in parameters if one.startswith("q=")]
    try:
        return kind, float(values[0]) if values else 1.0
    except ValueError:
        return kind, 0.0
