"""From an address that somebody typed to the feed that is meant.

It may be the feed's own; or a page that names its feeds; or a page that names none, though there is one
at an address that many sites use. The first that really is one wins. Where there is none, what is at the
address itself may still be something to read: a page with microformats, bookmarks, an answer of an API.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from blog.domain.errors import CrosstagError
from blog.pagefacts import page_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blog.fetch import Fetched
    from blog.poller.asking import Network
    from blog.poller.readers import Readers
    from blog.poller.reading import FeedRead

# Below the page itself, and at the top of its host, in the order in which they are tried.
COMMON_PATHS: Final = ("feed", "feed.xml", "atom.xml", "rss.xml", "index.xml", "rss", "feed.json", "feeds")
_MOST_TRIES: Final = 20
SECONDS: Final = 90.0


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


def find_feed(address: str, network: Network, readers: Readers, *, seconds: float = SECONDS) -> FoundFeed:
    """Find the feed that is at ``address``, or that belongs to the page there.

    When ``seconds`` are over no more addresses are tried.

    Raises:
        FetchRefused: there is nothing at the address that can be fetched.
        NoFeed: there is something, but no feed leads from it.
    """
    until = time.monotonic() + seconds
    fetched = network.ask(_with_scheme(address))
    itself = _read(fetched, readers)
    page = page_facts(fetched.data, fetched.url, fetched.content_type)
    if itself is None or not itself.is_feed:
        named = [one.url for one in page.feeds]
        found = _first_feed(chain(named, _guesses(fetched.url)), network, readers, until)
        if found is not None:
            answer, read = found
            others = tuple(one for one in named if one != answer.url)
            return _found(answer, read, fetched.url, read.title or page.site or page.title, others)
    if itself is not None and (itself.is_feed or itself.drafts):
        home = itself.home or urljoin(fetched.url, "/")
        return _found(fetched, itself, home, itself.title or page.title, ())
    raise NoFeed(
        f"There is no feed at {fetched.url}, and none was found from there. Give the feed's own address."
    )


def _with_scheme(address: str) -> str:
    address = address.strip().removeprefix("feed:").removeprefix("//")
    return address if "://" in address[:10] else f"https://{address}"


def _found(fetched: Fetched, read: FeedRead, url: str, title: str, others: tuple[str, ...]) -> FoundFeed:
    name = title or urlsplit(url).hostname or url
    return FoundFeed(feed_url=fetched.permanent_url, url=url, title=name, read=read, others=others)


def _first_feed(
    urls: Iterable[str], network: Network, readers: Readers, until: float
) -> tuple[Fetched, FeedRead] | None:
    """The first of these addresses that has a feed; why the others have none is no matter."""
    for url in islice(urls, _MOST_TRIES):
        if time.monotonic() > until:
            break
        with suppress(CrosstagError):
            fetched = network.ask(url)
            read = readers.read(fetched.data, fetched.url)
            if read.is_feed:
                return fetched, read
    return None


def _read(fetched: Fetched, readers: Readers) -> FeedRead | None:
    """What was read at the address itself, if anything can be."""
    try:
        return readers.read(fetched.data, fetched.url)
    except CrosstagError:
        return None


def _guesses(url: str) -> Iterator[str]:
    """Where the feed of a page often is: below it, then at the top of its host."""
    below = url if url.endswith("/") else urljoin(url, ".")
    for base in dict.fromkeys((below.partition("?")[0], urljoin(url, "/"))):
        yield from (urljoin(base, path) for path in COMMON_PATHS)
