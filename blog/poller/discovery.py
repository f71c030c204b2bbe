"""From an address that somebody typed to the feed that is meant.

It may be the feed's own; or a page that names its feeds; or a page that names none, though there is one
at an address that many sites use. The first that really is one wins.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from blog.domain.errors import CrosstagError
from blog.pagefacts import page_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blog.fetch import Fetched
    from blog.poller.asking import Network
    from blog.poller.readers import Readers
    from blog.poller.reading import FeedRead

# Below the page itself, and at the top of its host, in the order in which they are tried.
COMMON_PATHS: Final = ("feed", "feed.xml", "atom.xml", "rss.xml", "index.xml", "rss", "feed.json", "feeds")
_MOST_TRIES: Final = 20
_SECONDS: Final = 90.0


class NoFeed(CrosstagError):
    """No feed was found at an address, nor from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed, with what it says; ``url`` is its page, and ``others`` are more feeds that the page names."""

    feed_url: str
    url: str
    title: str
    read: FeedRead
    others: tuple[str, ...]


def find_feed(address: str, network: Network, readers: Readers) -> FoundFeed:
    """Find the feed that is at ``address``, or that belongs to the page there.

    Raises:
        FetchRefused: there is nothing at the address that can be fetched.
        NoFeed: there is something, but no feed leads from it.
    """
    fetched = network.ask(_with_scheme(address))
    read = _feed_in(fetched, readers)
    if read is not None:
        home = read.home or urljoin(fetched.url, "/")
        return _found(fetched, read, home, read.title, ())
    page = page_facts(fetched.data, fetched.url, fetched.content_type)
    named = [one.url for one in page.feeds]
    until = time.monotonic() + _SECONDS
    for tried, url in enumerate(chain(named, _guesses(fetched.url))):
        if tried == _MOST_TRIES or time.monotonic() > until:
            break
        found = _try(url, network, readers)
        if found is not None:
            answer, read = found
            others = tuple(one for one in named if one != url)
            return _found(answer, read, fetched.url, read.title or page.site or page.title, others)
    raise NoFeed(
        f"There is no feed at {fetched.url}, and none was found from there. Give the feed's own address."
    )


def _with_scheme(address: str) -> str:
    address = address.strip().removeprefix("feed:").removeprefix("//")
    return address if "://" in address[:10] else f"https://{address}"


def _found(fetched: Fetched, read: FeedRead, url: str, title: str, others: tuple[str, ...]) -> FoundFeed:
    name = title or urlsplit(url).hostname or url
    return FoundFeed(feed_url=fetched.permanent_url, url=url, title=name, read=read, others=others)


def _try(url: str, network: Network, readers: Readers) -> tuple[Fetched, FeedRead] | None:
    """What is at an address that may be a feed's; None where there is none, for whatever reason."""
    try:
        fetched = network.ask(url)
    except CrosstagError:
        return None
    read = _feed_in(fetched, readers)
    return None if read is None else (fetched, read)


def _feed_in(fetched: Fetched, readers: Readers) -> FeedRead | None:
    """What was read, if it is of a feed; or of some other format, but with items in it."""
    try:
        read = readers.read(fetched.data, fetched.url)
    except CrosstagError:
        return None
    return read if read.is_feed or read.drafts else None


def _guesses(url: str) -> Iterator[str]:
    """Where the feed of a page often is: below it, then at the top of its host."""
    below = url if url.endswith("/") else urljoin(url, ".")
    for base in dict.fromkeys((below.partition("?")[0], urljoin(url, "/"))):
        yield from (urljoin(base, path) for path in COMMON_PATHS)
