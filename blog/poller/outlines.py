"""Taking up the feeds of an OPML file: each is looked at, and becomes a source unless it is one already."""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from enum import StrEnum
from threading import Semaphore
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from blog.changes.subscriptions import PER_HOST, BadSubscription, Subscribed, subscribe
from blog.domain.entry import Rejected, Status
from blog.domain.errors import BadImport, CrosstagError
from blog.poller.discovery import find_feed
from blog.queries.subscriptions import polled_feeds, polled_sources
from blog.syndication.opml import PolledFeed, write_opml
from importers import opml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from blog.domain.entry import Kind
    from blog.poller.asking import Network
    from blog.poller.discovery import FoundFeed
    from blog.poller.readers import Readers
    from blog.services import Services
    from importers.material import Material
    from importers.opml import Outline

AT_ONCE: Final = 16
MOST: Final = 2_000
_SECONDS_EACH: Final = 30.0


class Line(StrEnum):
    """What became of a feed. Unseen: it is polled, but there was no time to look at it before."""

    ADDED = "added"
    THERE = "already there"
    NO_FEED = "no feed found"
    FAILED = "not added"
    UNSEEN = "added, not looked at yet"


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What became of a feed, and why; ``slug`` is that of its source, where it is one now."""

    name: str
    url: str
    line: Line
    slug: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outlines:
    """What is in a file: the feeds to take up, those that are polled already, and what is no feed."""

    new: list[Outline]
    there: list[TakenUp]
    rejected: list[Rejected]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What becomes of the items of all that are taken up; ``tags`` are beside those of each."""

    kind: Kind | None = None
    tags: tuple[str, ...] = ()
    status: Status = Status.INBOX


def opml_of(services: Services) -> bytes:
    """Return all that is polled as OPML, which ``read_outlines`` reads again."""
    feeds = [
        PolledFeed(
            name=one.name, url=one.feed_url, home="" if one.url == one.feed_url else one.url, tags=one.tags
        )
        for one in polled_sources(services)
    ]
    return write_opml(f"What {services.settings.title} reads", feeds, services.clock())


def read_outlines(services: Services, material: Material) -> Outlines:
    """Return what is in an OPML file.

    Raises:
        BadImport: it is none, cannot be read, or has too many feeds.
    """
    if not opml.detect(material):
        raise BadImport(f"{material.label} is no OPML file. To import it: crosstag import.")
    known, found = polled_feeds(services), Outlines([], [], [])
    for one in opml.outlines(material):
        if isinstance(one, Rejected):
            found.rejected.append(one)
        elif one.url in known:
            found.there.append(TakenUp(one.name, one.url, Line.THERE, known[one.url]))
        else:
            found.new.append(one)
    if len(found.new) > MOST:
        raise BadImport(
            f"The file has {len(found.new):,} feeds, and no more than {MOST:,} are taken up at once."
        )
    return found


def take_up(
    services: Services,
    network: Network,
    readers: Readers,
    wanted: Sequence[Outline],
    choices: Choices,
    seconds: float | None = None,
) -> Iterator[TakenUp]:
    """Look at each feed, take it up, and yield what became of it, in their order.

    When ``seconds`` are over, the others are taken up without a look: polling them will tell.
    """
    until = time.monotonic() + seconds if seconds is not None else None
    hosts: Mapping[str, Semaphore] = defaultdict(lambda: Semaphore(PER_HOST))
    executor = ThreadPoolExecutor(AT_ONCE, "crosstag-outline")

    def look(outline: Outline) -> FoundFeed:
        with hosts[urlsplit(outline.url).hostname or ""]:
            return find_feed(outline.url, network, readers, seconds=_SECONDS_EACH)

    try:
        looks = [executor.submit(look, outline) for outline in wanted]
        for outline, future in zip(wanted, looks, strict=True):
            yield _taken_up(services, outline, future, until, choices)
    finally:
        executor.shutdown(wait=until is None, cancel_futures=True)


def _taken_up(
    services: Services, outline: Outline, look: Future[FoundFeed], until: float | None, choices: Choices
) -> TakenUp:
    try:
        found = look.result(None if until is None else max(0.0, until - time.monotonic()))
    except NotInTime:
        return _subscribed(services, outline, None, choices)
    except CrosstagError as error:
        return TakenUp(outline.name, outline.url, Line.NO_FEED, reason=error.sentence)
    return _subscribed(services, outline, found, choices)


def _subscribed(services: Services, outline: Outline, found: FoundFeed | None, choices: Choices) -> TakenUp:
    url = found.feed_url if found else outline.url
    known = polled_feeds(services)
    if url in known:
        return TakenUp(outline.name, url, Line.THERE, known[url])
    line = Line.ADDED if found else Line.UNSEEN
    host = urlsplit(url).hostname or ""
    # Two that are called alike are told apart by where they are.
    for name in (outline.name, f"{outline.name} ({host})", url):
        try:
            wanted = Subscribed(
                name=name,
                feed_url=url,
                url=outline.home or (found.url if found else ""),
                kind=choices.kind,
                tags=tuple(dict.fromkeys((*outline.tags, *choices.tags))),
                status=choices.status,
            )
            return TakenUp(name, url, line, subscribe(services, wanted))
        except BadSubscription as error:
            reason = error.sentence
        except CrosstagError as error:
            return TakenUp(outline.name, url, Line.FAILED, reason=error.sentence)
    return TakenUp(outline.name, url, Line.FAILED, reason=reason)
