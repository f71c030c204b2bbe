"""How many subscribe to each feed, from what was counted of those who asked for it.

Subscribers *now* are, of every service, the number that it said last within a week, and of all others
as many as asked on the busiest day of that week. Both forms of a filter's feed count together, and what
was counted under an old name of a tag counts for the tag. The feed of a filter's digests is one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from sqlalchemy import func, select

from blog.domain.digests import Digest, Rhythm
from blog.domain.errors import BadFilter
from blog.domain.feed_addresses import FeedName, parse_feed
from blog.outreach import FeedCount, HubPing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from blog.domain.filters import Filter
    from blog.services import Services

DAYS: Final = 30
_NOW: Final = 7
_SHOWN: Final = 300
_MOST_ASKED_FOR: Final = 2_000
_Feed: TypeAlias = "tuple[Filter, Rhythm | None]"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSubscribers:
    """Who subscribes to the feeds of a filter, or of its digests in a rhythm.

    ``services`` are those that say for how many they ask, with that number, the largest first;
    ``direct`` are the others. ``days`` is how many asked on each of the last 30 days, today last.
    """

    wanted: Filter
    rhythm: Rhythm | None
    title: str
    url: str
    services: tuple[tuple[str, int], ...]
    direct: int
    days: tuple[int, ...]

    @property
    def by_services(self) -> int:
        """How many read by a service."""
        return sum(count for _, count in self.services)

    @property
    def total(self) -> int:
        """How many subscribe now."""
        return self.by_services + self.direct


@dataclass(frozen=True, slots=True)
class TagSubscribers:
    """Who subscribes to feeds that name a tag, and how many of these feeds there are."""

    total: int
    feeds: int


class _Day(NamedTuple):
    """What was counted of one feed on one day."""

    form: str
    ago: int
    services: Mapping[str, int]
    readers: int


def feed_subscribers(services: Services) -> list[FeedSubscribers]:
    """Return the feeds that were asked for within 30 days, those with the most subscribers first."""
    names = services.facets.current().display_names
    found = [_feed(one, days, names) for one, days in _counted(services).items()]
    return sorted(found, key=lambda one: (-one.total, -sum(one.days), one.title))[:_SHOWN]


def tag_subscribers(services: Services, slug: str) -> TagSubscribers:
    """Return who subscribes now to feeds that have this tag in them, asked for or excluded."""
    counted = _counted(services)
    totals = [_feed(one, counted[one], {}).total for one in counted if slug in one[0].all_tags]
    feeds = [total for total in totals if total]
    return TagSubscribers(sum(feeds), len(feeds))


def feeds_asked_for(services: Services) -> list[tuple[Filter, str]]:
    """Return the feeds that were asked for within 30 days, by filter and form, the most wanted first.

    Those are wanted most that were asked for on most days, and of these by most readers: for how many a
    service asks it says itself, and whoever makes up an address can make up that.
    They are as they were asked for, with old names of tags. A feed with a text in it is left out: what it
    holds follows the blog a moment later; and so is one of digests, to which time adds.
    """
    since = services.clock().date() - timedelta(days=DAYS)
    most = (func.count().desc(), func.sum(FeedCount.readers).desc(), FeedCount.address)
    addresses = select(FeedCount.address).where(FeedCount.day > since).group_by(FeedCount.address)
    with services.sessions.read() as session:
        parsed = map(_parsed, session.scalars(addresses.order_by(*most)))
        found = ((one[0], one[1]) for one in parsed if one and not (one[0].text or one[2]))
        return list(islice(found, _MOST_ASKED_FOR))


def hub_state(services: Services) -> tuple[int, str]:
    """Return of how many feeds the hub is still to be told, and why it could not be, if it was tried."""
    with services.sessions.read() as session:
        waiting = session.scalar(select(func.count()).select_from(HubPing)) or 0
        note = session.scalar(select(HubPing.note).where(HubPing.note != "").limit(1)) or ""
    return waiting, note


def _counted(services: Services) -> dict[_Feed, list[_Day]]:
    """What was counted within 30 days, by filter and rhythm; old names of tags become those of today."""
    today, names = services.clock().date(), services.facets.current().names
    columns = select(FeedCount.day, FeedCount.address, FeedCount.services, FeedCount.readers)
    found: dict[_Feed, list[_Day]] = {}
    parsed: dict[str, FeedName | None] = {}
    with services.sessions.read() as session:
        for row in session.execute(columns.where(FeedCount.day > today - timedelta(days=DAYS))):
            if row.address not in parsed:
                parsed[row.address] = _parsed(row.address)
            if feed := parsed[row.address]:
                wanted, form, rhythm = feed
                if wanted.all_tags:
                    wanted = wanted.renamed(names.renames(wanted.all_tags))
                day = _Day(form, (today - row.day).days, row.services, row.readers)
                found.setdefault((wanted, rhythm), []).append(day)
    return found


def _parsed(address: str) -> FeedName | None:
    try:
        return parse_feed(address)
    except BadFilter:
        return None


def _feed(feed: _Feed, days: Sequence[_Day], names: Mapping[str, str]) -> FeedSubscribers:
    wanted, rhythm = feed
    digest = Digest(wanted, rhythm) if rhythm else None
    recent = [one for one in days if 0 <= one.ago < _NOW]
    said = sorted(_last_said(recent).items(), key=lambda pair: (-pair[1], pair[0]))
    direct = _by_day(_Day(one.form, one.ago, {}, one.readers) for one in recent)
    return FeedSubscribers(
        wanted=wanted,
        rhythm=rhythm,
        title=digest.title(names) if digest else wanted.title(names) if wanted else "Everything",
        url=digest.url() if digest else wanted.url(),
        services=tuple(said),
        direct=max(direct),
        days=_by_day(iter(days)),
    )


def _last_said(days: Sequence[_Day]) -> dict[str, int]:
    """The number that each service said last, of both forms of the feed together."""
    last: dict[tuple[str, str], int] = {}
    for one in sorted(days, key=lambda day: -day.ago):
        last |= {(one.form, name): count for name, count in one.services.items()}
    sums: dict[str, int] = {}
    for (_, name), count in last.items():
        sums[name] = sums.get(name, 0) + count
    return sums


def _by_day(days: Iterator[_Day]) -> tuple[int, ...]:
    counts = [0] * DAYS
    for one in days:
        if 0 <= one.ago < DAYS:
            counts[DAYS - 1 - one.ago] += one.readers + sum(one.services.values())
    return tuple(counts)
