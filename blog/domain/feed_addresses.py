"""From the address of a feed back to its filter: the counterpart of ``feed_url``, of ``Filter`` and ``Digest``.

The archives behind a feed are the feed: who reads them reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from blog.domain.addresses import parse_domain, parse_period, parse_search, parse_slug, parse_tags
from blog.domain.digests import Digest, Rhythm
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.filters import EVERYTHING, Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMS: Final = ("atom", "json")
_KINDS: Final = {kind.plural: kind for kind in Kind}
_LONGEST: Final = 3_000
_MOST_FIELDS: Final = 60
_RHYTHMS: Final = frozenset(rhythm.value for rhythm in Rhythm)
# A year, a month and a day.
_PERIOD: Final = 3


class FeedName(NamedTuple):
    """Which feed it is: a filter's entries or, with a rhythm, its digests; and in which form."""

    wanted: Filter
    form: str
    rhythm: Rhythm | None = None

    @property
    def address(self) -> str:
        """Its one address."""
        if self.rhythm:
            return Digest(self.wanted, self.rhythm).feed_url(self.form)
        return self.wanted.feed_url(self.form)


def parse_feed(address: str) -> FeedName:
    """Read the address of a feed: path and query, percent-encoded.

    Raises:
        BadFilter: it is not the address of a filter's feed.
    """
    if len(address) > _LONGEST:
        raise BadFilter("This address is too long.")
    parts = urlsplit(address)
    stem, _, form = parts.path.rpartition(".")
    if form not in FORMS or not stem.startswith("/"):
        raise BadFilter("This is not the address of a feed.")
    path, rhythm = _without_rhythm([unquote(part) for part in stem[1:].split("/")])
    wanted = parse_search(_fields(parts.query)) if path == ["search"] else _of_path(path)
    return FeedName(wanted, form, rhythm)


def _without_rhythm(parts: list[str]) -> tuple[list[str], Rhythm | None]:
    """Take the rhythm off a digest's address; a tag, a source and a series may be called like one."""
    *path, last = parts
    if last not in _RHYTHMS:
        return parts, None
    match path:
        case []:
            return ["feed"], Rhythm(last)
        case [folder, _] if folder in _FOLDERS:
            return path, Rhythm(last)
        case [page] if page == "search" or page in _KINDS:
            return path, Rhythm(last)
    return parts, None


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
