"""The follower of the log that tells a WebSub hub which feeds have changed.

It compares two snapshots of the facets, that of now and that of where the log was followed to: a feed is
touched by an entry that is in its filter now, or was before. Of all the filters there could be it looks
at those of which somebody has asked for the feed, and at the plain ones that the entry itself is in.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from pyroaring import BitMap

from blog.changes.hub import NAME, claim_pings, happened, note_not_pinged, note_pinged, queue_pings, reached
from blog.changes.sent_mentions import stop_following
from blog.domain.errors import FetchRefused
from blog.domain.feed_addresses import FORMS
from blog.domain.filters import EVERYTHING, Filter
from blog.facets.follower import microseconds
from blog.facets.select import matching, newest
from blog.queries.subscribers import feeds_asked_for
from blog.telling.outside import Outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from blog.changes.hub import Happened, Reached
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

# More than that is a bulk edit, and whoever follows one of the others asks for it within the hour.
_MOST: Final = 300
# Of the plain ones these come before those that are asked for: whoever likes can ask for what they made up.
_FIRST_PLAIN: Final = 100
_AT_ONCE: Final = 20
_SCHEDULED: Final = 100
# Another process may know what was before; if none does by then, none will.
_UNTIL_NOBODY_KNOWS: Final = timedelta(seconds=15)


class HubTeller:
    """Follows the log for one process, and tells the hub."""

    def __init__(self, services: Services, outside: Outside | None = None) -> None:
        self._services = services
        self._outside = outside
        self._before: Snapshot | None = None
        self._unknown_since: datetime | None = None

    def look(self) -> None:
        """See what was written, and tell the hub of what is due."""
        settings = self._services.site.follow()
        if not (settings.hub and settings.base_url):
            stop_following(self._services, NAME)
            self._before = None
            return
        self._follow()
        self._tell(self._outside or Outside(settings=settings), settings.hub, settings.base_url)

    def _follow(self) -> None:
        # The time first: what comes to be public after it is looked at the next time.
        now = self._services.clock()
        after = self._services.facets.current()
        there = reached(self._services, after.position, now)
        if there is None:
            self._before = after
            return
        since = happened(self._services, there.position, after.position)
        entries = BitMap(since.entries) | _come_due(after, there)
        if not entries and after.position <= there.position:
            self._before, self._unknown_since = after, None
            return
        before = self._before if self._before and self._before.position == there.position else None
        if entries and before is None and not self._is_left_to_us(now):
            return
        addresses = touched_feeds(self._services, before, after, entries, since) if entries else []
        if queue_pings(self._services, there, after.position, now, addresses):
            self._before, self._unknown_since = after, None

    def _is_left_to_us(self, now: datetime) -> bool:
        self._unknown_since = self._unknown_since or now
        return now - self._unknown_since >= _UNTIL_NOBODY_KNOWS

    def _tell(self, outside: Outside, hub: str, base_url: str) -> None:
        while pings := claim_pings(self._services, _AT_ONCE):
            for at, ping in enumerate(pings):
                topic = f"{base_url}{ping.address}"
                # What hubs take differs: one the name of 2010, others that of the Recommendation.
                fields = [("hub.mode", "publish"), ("hub.url", topic), ("hub.topic", topic)]
                try:
                    outside.send(hub, fields)
                except FetchRefused as error:
                    # Why ask nineteen times more what does not answer.
                    note_not_pinged(self._services, pings[at:], error.sentence)
                    return
                note_pinged(self._services, ping)


def _come_due(after: Snapshot, there: Reached) -> BitMap:
    """The scheduled entries whose time has come since: nobody writes that down."""
    told = microseconds(there.told)
    latest = newest(after, after.everything, 0, _SCHEDULED)
    return BitMap(one for one in latest if after.rows.stamp(one) > told)


def touched_feeds(
    services: Services, before: Snapshot | None, after: Snapshot, entries: BitMap, since: Happened
) -> list[str]:
    """Return the addresses of the feeds that these entries touch, plain ones first, then those asked for.

    Without ``before`` it is not known which feeds an entry has left: then, unless all of them are new,
    every feed that is asked for may be touched.
    """
    plain = _plain_filters(before, after, entries)
    found = dict.fromkeys(_both_forms(islice(plain, _FIRST_PLAIN)))
    for wanted, form in feeds_asked_for(services):
        may_have_left = before is None and not since.is_only_new
        if may_have_left or _is_touched(before, after, wanted, entries):
            # Whoever subscribed under an old name of a tag did so to that address, which leads to the other.
            found |= dict.fromkeys((_settled(after, wanted).feed_url(form), wanted.feed_url(form)))
    found |= dict.fromkeys(_both_forms(islice(plain, _MOST)))
    return list(found)[:_MOST]


def _both_forms(filters: Iterable[Filter]) -> Iterator[str]:
    return (wanted.feed_url(form) for wanted in filters for form in FORMS)


def _is_touched(before: Snapshot | None, after: Snapshot, wanted: Filter, entries: BitMap) -> bool:
    was = before is not None and not entries.isdisjoint(matching(before, wanted))
    return was or not entries.isdisjoint(matching(after, _settled(after, wanted)))


def _plain_filters(before: Snapshot | None, after: Snapshot, entries: BitMap) -> Iterator[Filter]:
    """Everything, and each kind, tag, source, domain and series of these entries, the most frequent first."""
    public = entries & (after.everything | before.everything if before else after.everything)
    if not public:
        return
    yield EVERYTHING
    counted: Counter[Filter] = Counter()
    for snapshot in (after, before):
        if snapshot is not None:
            for entry in public & snapshot.everything:
                counted.update(_filters_of(snapshot, entry))
    # A tag that has got another name since leads there.
    yield from dict.fromkeys(_settled(after, one) for one, _ in counted.most_common())


def _settled(after: Snapshot, wanted: Filter) -> Filter:
    return wanted.renamed(after.names.renames(wanted.all_tags)) if wanted.all_tags else wanted


def _filters_of(snapshot: Snapshot, entry: int) -> Iterator[Filter]:
    row, names = snapshot.rows.get(entry), snapshot.names
    if row is None:
        return
    place = row.place
    yield Filter(kinds=frozenset({place.kind}))
    yield from (Filter(tags=frozenset({names.tags_by_id[tag].slug})) for tag in row.tags)
    yield from (Filter(source=names.sources_by_id[source].slug) for source in row.sources)
    if place.series is not None:
        yield Filter(series=names.series_by_id[place.series].slug)
    if place.domain:
        yield Filter(domain=place.domain)
