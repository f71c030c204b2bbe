"""From the address of a feed back to its filter: the counterpart of ``Filter.feed_url``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

from blog.domain.addresses import parse_domain, parse_period, parse_search, parse_slug, parse_tags
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.filters import EVERYTHING, Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMS: Final = ("atom", "json")
_KINDS: Final = {kind.plural: kind for kind in Kind}
_LONGEST: Final = 3_000
_MOST_FIELDS: Final = 60
# A year, a month and a day.
_PERIOD: Final = 3


def parse_feed(address: str) -> tuple[Filter, str]:
    """Return the filter of a feed's address (path and query, percent-encoded), and the feed's form.

    Raises:
        BadFilter: it is not the address of a filter's feed.
    """
    if len(address) > _LONGEST:
        raise BadFilter("This address is too long.")
    parts = urlsplit(address)
    stem, _, form = parts.path.rpartition(".")
    if form not in FORMS or not stem.startswith("/"):
        raise BadFilter("This is not the address of a feed.")
    if stem == "/search":
        return parse_search(_fields(parts.query)), form
    return _of_path([unquote(part) for part in stem[1:].split("/")]), form


def _fields(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise BadFilter("This address has too many fields.") from error


def _of_path(parts: list[str]) -> Filter:
    match parts:
        case ["feed"]:
            return EVERYTHING
        case [plural] if plural in _KINDS:
            return Filter(kinds=frozenset({_KINDS[plural]}))
        case [folder, name] if folder in _FOLDERS:
            return _FOLDERS[folder](name)
        case [year, *rest] if len(parts) <= _PERIOD and year.isascii() and year.isdecimal():
            return parse_period(year, *rest)
    raise BadFilter("This is not the address of a feed.")


_FOLDERS: Final[Mapping[str, Callable[[str], Filter]]] = {
    "tags": parse_tags,
    "sources": lambda slug: Filter(source=parse_slug("source", slug)),
    "domains": lambda host: Filter(domain=parse_domain(host)),
    "series": lambda slug: Filter(series=parse_slug("series", slug)),
}
