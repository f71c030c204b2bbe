"""Webmention (W3C Recommendation of 2017-01-12), as far as it is about texts: where a page wants to be told,
what an entry links to, and whether a page links to another.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from blog.domain.html_elements import elements
from blog.domain.link_header import header_links
from blog.domain.urls import bare_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blog.domain.html_elements import Element

REL: Final = "webmention"
# What an index of PostgreSQL takes as part of a key.
LONGEST_URL: Final = 1_500
_MOST_LINKS: Final = 50
# A page names one entry in fewer places than that; each that it may be costs some microseconds.
_MOST_COMPARED: Final = 5_000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Where HTML names another page or file (HTML, section "attributes").
_NAMING: Final = ("href", "src", "cite", "data", "poster")


def endpoint_of(url: str, link: str, page: str) -> str:
    """Return where a page takes mentions (section 3.1.2), empty where it takes none.

    ``url`` is where the page came from in the end, ``link`` its ``Link`` header. The header wins over the
    page, and what comes first over what comes later. An address that is empty means the page itself.
    """
    said = next((one.target for one in header_links(link) if REL in one.relations), None)
    if said is None:
        said = next(_said_in(page), None)
    return "" if said is None else web_address(said, url)


def _said_in(page: str) -> Iterator[str]:
    for element in elements(page):
        if element.name in ("link", "a") and "href" in element.attributes and REL in _relations(element):
            yield element.attributes["href"]


def _relations(element: Element) -> list[str]:
    return element.attributes.get("rel", "").lower().split()


def web_address(reference: str, base: str) -> str:
    """Return an address of the web, whole; empty where it is none, too long, or holds control characters."""
    try:
        address = urljoin(base, reference.strip())
        parts = urlsplit(address)
        is_of_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    # PostgreSQL stores no NUL, and nobody means the others.
    is_good = is_of_web and not _CONTROL.search(address)
    return address if is_good and len(address.encode()) <= LONGEST_URL else ""


def outgoing_links(html: str, named: Iterable[str], base: str) -> list[str]:
    """Return the addresses of other sites that an entry links to, each once, in their order.

    ``named`` are those that it names beside its text. Links within the blog at ``base`` are left out.
    """
    hrefs = (one.attributes.get("href", "") for one in elements(html) if one.name == "a")
    addresses = (web_address(one, base) for one in [*named, *hrefs] if one)
    own = bare_host(urlsplit(base).hostname or "")
    others = (one for one in addresses if one and bare_host(urlsplit(one).hostname or "") != own)
    return list(dict.fromkeys(others))[:_MOST_LINKS]


def links_to(page: str, url: str, target: str) -> bool:
    """Tell whether a page of HTML, from ``url``, really links to ``target`` (section 3.2.2).

    To name it in the text, or in a comment, is not to link to it.
    """
    wanted = _without_fragment(target)
    # However little of an address a reference gives, the end of the path is in it.
    end = urlsplit(wanted).path.rstrip("/").rpartition("/")[2]
    named = (one.attributes.get(name, "") for one in elements(page) for name in _NAMING)
    may_be = (one for one in named if end in one and 0 < len(one) <= LONGEST_URL)
    return any(_without_fragment(web_address(one, url)) == wanted for one in islice(may_be, _MOST_COMPARED))


def _without_fragment(address: str) -> str:
    return urldefrag(address).url
