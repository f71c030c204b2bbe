"""Addresses of other people's pages: made safe for ``href``, and told apart from one another.

``web_url`` is what is stored and shown, exactly as it was written. ``canonical_url`` is a key kept
beside it, never shown and never fetched: two spellings of one page's address have the same key. It is
what "you linked this before" and imports compare. Its rules take two addresses for one only where the
web at large does; a rule that is right for a few sites names them.

What the key forgets: http or https; ``www.``, as in filters by domain, and the hosts of mobile and AMP
versions; the ports of the web; names and passwords; where in the page (``#…``); what only tells the
site where the reader came from; a slash or ``index.html`` at the end; how characters are escaped. What
it keeps: the order of the query, as some sites read it in order, and the case of paths.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

import idna

MAX_URL_LENGTH: Final = 4_000
MAX_KEY_LENGTH: Final = 1_000
"""PostgreSQL indexes no value longer than 2,700 bytes; what is longer than this becomes a digest."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


# All of them, or the address of "www.www.example.com" would redirect to a page that is not there.
_WWW: Final = re.compile(r"^(?:www\.)+")


def web_url(text: str) -> str:
    """Return ``text`` as an http or https URL that is safe in ``href``; empty where it is none.

    Spaces inside, which old posts have, are encoded; nothing else is touched.
    """
    url = _CONTROL.sub("", text).strip().replace(" ", "%20")
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


_MOST_STEPS: Final = 12


# An import asks for the one of each link three times: to find the same, to look again, and to store it.
@lru_cache(maxsize=5_000)
def canonical_url(url: str) -> str:
    """Return the key by which two spellings of one page's address are the same.

    It is empty for what is no http or https address. The key of a key is itself: the rules are applied
    until nothing changes any more, and what they never settled has no key.
    """
    key = web_url(url)
    for _ in range(_MOST_STEPS):
        before, key = key, _simpler(key)
        if key == before:
            return key
    return ""


class _Parts(NamedTuple):
    """An address, taken apart; ``host`` has its port, ``path`` begins with a slash or is empty."""

    host: str
    path: str
    query: str
    fragment: str


def _simpler(url: str) -> str:
    """Apply every rule once; what one leaves may be a case for another."""
    parts = _parted(url)
    if parts is None:
        return ""
    while inner := _out_of_viewer(parts):
        parts = inner
    parts = _on_known_site(parts._replace(path=_without_ending(parts.path)))
    query, fragment = _telling(parts), parts.fragment
    if fragment in ("!", "/", "!/") or not fragment.startswith(("!", "/")):
        fragment = ""  # a place in the page; the others are pages of their own, of sites that are one script
    key = f"https://{parts.host}{parts.path or '/'}" + (query and f"?{query}") + (fragment and f"#{fragment}")
    if len(key) <= MAX_KEY_LENGTH:
        return key
    return f"https://{parts.host}/#!{hashlib.blake2b(key.encode(), digest_size=20).hexdigest()}"


def _parted(url: str) -> _Parts | None:
    try:
        split = urlsplit(url)
        host, port = _plain_host(split.hostname or ""), split.port
    except ValueError:
        return None
    if not 0 < len(host) < 256:
        return None
    path = _without_dots(_escaped(split.path)) if split.path not in ("", "/") else ""
    where = host if port in (None, 80, 443) else f"{host}:{port}"
    return _Parts(where, path, _escaped(split.query), _escaped(split.fragment))


# --- Hosts

_VERSIONS: Final = {"www", "m", "mobile", "amp"}
# Theirs stands in the middle: en.m.wikipedia.org.
_WIKIMEDIA: Final = set(
    "wikipedia wiktionary wikiquote wikibooks wikisource wikinews wikivoyage wikiversity wikidata "
    "wikimedia".split()
)
_SAME_SITES: Final = {
    "x.com": "twitter.com",
    "old.reddit.com": "reddit.com",
    "np.reddit.com": "reddit.com",
    "new.reddit.com": "reddit.com",
}


def _plain_host(host: str) -> str:
    """A host in ASCII and lower case, without what stands before the name of the site itself."""
    host = _ascii_host(host).lower().strip(".")
    if ":" in host:
        return f"[{host}]"
    labels = host.split(".")
    # Two labels stay: "m.com" is a site, and so is "www.com".
    while len(labels) > 2 and labels[0] in _VERSIONS:
        del labels[0]
    if len(labels) > 3 and labels[1] == "m" and labels[-2] in _WIKIMEDIA:
        del labels[1]
    host = ".".join(labels)
    return _SAME_SITES.get(host, host)


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        return quote(host)  # no name that anybody could register, but it stays apart from others


# --- How characters are escaped (RFC 3986, 6.2.2)

# Besides RFC 3986's unreserved characters those that its predecessor, RFC 2396, called so, as browsers
# and wikis escape "(…)" or not as they please, and three that part nothing within a path or a query.
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!*'(),:@")
_TO_SETTLE: Final = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!*'(),:@$&+;=/?#]")


def _escaped(text: str) -> str:
    return _TO_SETTLE.sub(_settled, text)


def _settled(found: re.Match[str]) -> str:
    code = found.group(1)
    if code is None:
        return quote(found.group(), safe="")
    character = chr(int(code, 16))
    return character if character in _PLAIN else f"%{code.upper()}"


# --- Paths

_INDEXES: Final = {"", "index.html", "index.htm", "index.php"}
_AMP_ENDING: Final = re.compile(r"\.amp(?=(?:\.html)?$)")


def _without_dots(path: str) -> str:
    """Resolve "." and ".." (RFC 3986, 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)


def _without_ending(path: str) -> str:
    """A path without what names the front page of a folder, and without ``amp`` at its ends."""
    segments = path.split("/")
    while len(segments) > 1 and (segments[-1] in _INDEXES or (segments[-1] == "amp" and len(segments) > 2)):
        del segments[-1]
    if len(segments) > 2 and segments[1] == "amp":
        del segments[1]
    return _AMP_ENDING.sub("", "/".join(segments))


# --- Pages that show another one

_GOOGLE: Final = re.compile(r"google\.(?:[a-z]{2,3}|com?\.[a-z]{2})")
_VIEWED: Final = re.compile(r"/(?:s/)?([a-z0-9\-]+\.[a-z0-9.\-]+[^?#]*)", re.IGNORECASE)


def _out_of_viewer(parts: _Parts) -> _Parts | None:
    """The page that an AMP viewer shows: google.com/amp/s/example.com/page."""
    if _GOOGLE.fullmatch(parts.host) or parts.host == "bing.com":
        rest = parts.path.removeprefix("/amp") if parts.path.startswith("/amp/") else ""
    elif parts.host.endswith(".cdn.ampproject.org"):
        rest = parts.path[2:] if parts.path.startswith(("/c/", "/v/")) else ""
    else:
        return None
    viewed = _VIEWED.fullmatch(rest)
    inner = _parted(f"https://{viewed.group(1)}") if viewed else None
    return inner and inner._replace(query=parts.query, fragment=parts.fragment)


def _on_known_site(parts: _Parts) -> _Parts:
    """The one address of what a few sites have at two."""
    if parts.host == "youtu.be" and re.fullmatch(r"/[\w\-]{6,20}", parts.path):
        query = f"v={parts.path[1:]}" + (parts.query and f"&{parts.query}")
        return parts._replace(host="youtube.com", path="/watch", query=query)
    return parts


# --- Queries

# What mailers, advertisers and "share" buttons add, each under a name that nobody else uses.
_TRACKING: Final = set(
    "_branch_match_id _ga _gl _hsenc _hsmi _openstat __hsfp __hssc __hstc __s __twitter_impression amp "
    "amp_js_v at_campaign at_medium ck_subscriber_id dclid fb_action_ids fb_action_types fb_ref fb_source "
    "fbclid gad_source gbraid gclid gclsrc guce_referrer guce_referrer_sig guccounter hsctatracking igsh "
    "igshid li_fat_id mc_cid mc_eid mkt_tok ml_subscriber ml_subscriber_hash msclkid oly_anon_id "
    "oly_enc_id rb_clickid ref_src ref_url s_kwcid sr_share srsltid ttclid twclid vero_conv vero_id "
    "wbraid wickedid wt.mc_id xtor yclid ysclid".split()
)
_TRACKING_BEGINNINGS: Final = ("utm_", "hsa_", "mtm_", "pk_", "piwik_")
# Names that mean something elsewhere ("?ref=main" is a branch): only with these values.
_COMES_FROM: Final = {"ref", "source", "src", "from", "partner", "emc", "outputtype"}
_FROM_WHERE: Final = re.compile(
    r"rss.*|feed|amp|(?:hn|hackernews|producthunt|twitter|facebook|newsletter)"
    r"|[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.(?:com|org|net|io|co|dev|me|blog|news|email)",
    re.IGNORECASE,
)
_ON_SITES: Final[dict[str, set[str]]] = {
    "twitter.com": {"s", "t", "lang"},
    "youtube.com": {"si", "feature", "app", "ab_channel"},
    "medium.com": {"sk", "source"},
    "open.spotify.com": {"si"},
}


def _telling(parts: _Parts) -> str:
    """The query without what only says where the reader came from."""
    if not parts.query:
        return ""
    here = _ON_SITES.get(parts.host, set())
    return "&".join(one for one in parts.query.split("&") if one and not _is_tracking(one, here))


def _is_tracking(parameter: str, here: set[str]) -> bool:
    name, _, value = parameter.partition("=")
    name = name.lower()
    if name in _TRACKING or name in here or name.startswith(_TRACKING_BEGINNINGS):
        return True
    return name in _COMES_FROM and _FROM_WHERE.fullmatch(unquote(value)) is not None
