"""A round of polling: every source that is due is asked, and what it says is taken in.

Sources are asked in threads, up to 16 at a time and two of a host, and read in processes (``readers.py``);
one thread, whoever calls ``poll_due``, takes in what they say, source by source. Whatever goes wrong with a
source becomes a sentence in its row and a later next time, and the round goes on.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import random
import threading
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from blog.changes.import_runs import WRITTEN, Wanted
from blog.changes.imports import ImportLedger
from blog.changes.poll_runs import PollRecorder, forget_old_polls
from blog.changes.subscriptions import Answered, Learnt, claim, release, settle, source_of
from blog.changes.vanished import note_reading
from blog.domain.entry import Draft, Rejected
from blog.domain.errors import BadStatus, CrosstagError, FetchRefused
from blog.domain.schedule import Result, Wishes, max_age, plan
from blog.domain.websub import find_hub
from blog.poller.asking import Network
from blog.poller.hubs import ask_hubs
from blog.poller.readers import Readers
from blog.queries.subscriptions import next_poll
from importers.pipeline import Outcome, run, under_known_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from blog.changes.subscriptions import Claimed
    from blog.fetch import Fetched
    from blog.poller.reading import FeedRead
    from blog.services import Services
    from importers.pipeline import Report

AT_ONCE: Final = 16
_SHORTEST_PAUSE: Final = 1.0
_GONE: Final = 410
_TOO_MANY: Final = 429
_LONGEST_SENTENCE: Final = 1_000
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a source sent: the fetched answer and what was read in it, which is nothing if it is the same
    as before; or why there is none.
    """

    claimed: Claimed
    fetched: Fetched | None = None
    digest: str = ""
    read: FeedRead | None = None
    error: CrosstagError | None = None


@dataclass(slots=True)
class Tally:
    """What a round came to."""

    polled: int = 0
    changed: int = 0
    failed: int = 0
    created: int = 0
    updated: int = 0


@dataclass(slots=True)
class Poller:
    """Polls the sources of one blog.

    ``jitter`` gives numbers from 0 to 1. Without ``readers``, each round has some of its own.
    """

    services: Services
    network: Network | None = None
    jitter: Callable[[], float] = random.random
    readers: Readers | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Begin with no more sources; the round ends when those that were begun with are done."""
        self._stopping.set()

    def pause(self, at_most: float) -> float:
        """How many seconds to wait until a source is due, or ``at_most``: others may be taken up meanwhile.

        A second at least: what is due but not to be had, because others ask its host, will be soon.
        """
        return min(max(self._until_due(), _SHORTEST_PAUSE), at_most)

    def _until_due(self) -> float:
        has_address = bool(self.services.settings.base_url)
        due = next_poll(self.services, with_hubs=has_address)
        return (due - self.services.clock()).total_seconds() if due else float("inf")

    def rest(self, seconds: float) -> bool:
        """Wait for so long; tell whether to go on."""
        return not self._stopping.wait(seconds)

    def poll_due(self, on_polled: Callable[[Claimed, Learnt], None] | None = None) -> Tally:
        """Ask every source that is due; tell what was learnt of each, and return the sum."""
        if self._until_due() > 0:
            return Tally()
        network = self.network or Network(settings=self.services.site.follow())
        if self.readers is not None:
            tally = _Round(self, network, self.readers, on_polled).finish()
        else:
            with closing(Readers()) as readers:
                tally = _Round(self, network, readers, on_polled).finish()
        if not self.is_stopping:
            ask_hubs(self.services, network)
            forget_old_polls(self.services)
        return tally

    @property
    def is_stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stopping.is_set()


class _Round:
    """The sources that are out, the answers that have come, and the tally."""

    def __init__(
        self,
        poller: Poller,
        network: Network,
        readers: Readers,
        on_polled: Callable[[Claimed, Learnt], None] | None,
    ) -> None:
        self._poller = poller
        self._services = poller.services
        self._network = network
        self._readers = readers
        self._on_polled = on_polled
        # One for the round: it looks up once what has been deleted here.
        self._ledger = ImportLedger(poller.services)
        self._out: dict[int, Claimed] = {}
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._tally = Tally()

    def finish(self) -> Tally:
        """Ask and take in until nothing is due and nobody is out."""
        try:
            self._begin()
            while self._out:
                self._take_in(self._answers.get())
                while not self._answers.empty():
                    self._take_in(self._answers.get())
                self._begin()
        finally:
            # Empty, unless this was broken off.
            release(self._services, self._out.values())
        return self._tally

    def _begin(self) -> None:
        free = AT_ONCE - len(self._out)
        if self._poller.is_stopping or not free:
            return
        for claimed in claim(self._services, free):
            self._out[claimed.id] = claimed
            # A daemon, because a process that ends must not wait for what a source takes its time with.
            threading.Thread(target=self._ask, args=(claimed,), daemon=True).start()

    def _ask(self, claimed: Claimed) -> None:
        try:
            answer = self._answer(claimed)
        except CrosstagError as error:
            answer = _Answer(claimed, error=error)
        except Exception as error:  # whatever it is, the others go on
            log.exception("%s could not be polled", claimed.feed_url)
            answer = _Answer(claimed, error=_unforeseen(error))
        self._answers.put(answer)

    def _answer(self, claimed: Claimed) -> _Answer:
        fetched = self._network.ask(claimed.feed_url, etag=claimed.etag, last_modified=claimed.last_modified)
        if fetched.status == 304:
            if not (claimed.etag or claimed.last_modified):
                raise FetchRefused(f"{fetched.url} answered that nothing has changed, and never what there is.")
            return _Answer(claimed, fetched, claimed.digest)
        digest = hashlib.blake2b(fetched.data, digest_size=16).hexdigest()
        if digest == claimed.digest:
            return _Answer(claimed, fetched, digest)
        # By its own address and not by where it came from in the end, which may be another one each time:
        # ids that say nothing by themselves go by that of the feed.
        return _Answer(claimed, fetched, digest, self._readers.read(fetched.data, claimed.feed_url))

    def _take_in(self, answer: _Answer) -> None:
        claimed = self._out.pop(answer.claimed.id)
        try:
            learnt = self._learnt(answer)
        except Exception as error:  # a source may have found a mistake of ours; the others go on
            log.exception("What %s says could not be taken in", claimed.feed_url)
            learnt = self._failed(replace(answer, error=_unforeseen(error)))
        self._tally.polled += 1
        try:
            settle(self._services, claimed, learnt)
        except Exception:  # it is asked again when its lease is over, and not at once, which may go on for ever
            log.exception("What was learnt of %s could not be noted", claimed.feed_url)
            self._tally.failed += 1
            return
        self._tally.changed += learnt.changed
        self._tally.failed += learnt.plan.rhythm.failures > 0
        if self._on_polled:
            self._on_polled(claimed, learnt)

    def _learnt(self, answer: _Answer) -> Learnt:
        claimed, fetched, read = answer.claimed, answer.fetched, answer.read
        if fetched is None or answer.error is not None:
            return self._failed(answer)
        report = self._import(claimed, read) if read else None
        changed = bool(report and any(report.counts[one] for one in WRITTEN))
        # The first time all is new, which says nothing about how often there is something.
        result = Result.CHANGED if changed and not claimed.is_new else Result.UNCHANGED
        in_feed = read.wish if read else claimed.in_feed
        wishes = Wishes(
            max_age=max_age(fetched.cache_control),
            in_feed=in_feed,
            retry_after=timedelta(seconds=fetched.retry_after or 0),
            least=claimed.least,
            word=claimed.word,
        )
        return Learnt(
            plan=plan(claimed.rhythm, result, wishes, self._poller.jitter()),
            error=_told(report) if report else "",
            changed=changed,
            moved_to=_moved(claimed, fetched),
            answer=Answered(
                etag=fetched.etag or (claimed.etag if read is None else ""),
                last_modified=fetched.last_modified or (claimed.last_modified if read is None else ""),
                digest=answer.digest,
                in_feed=in_feed,
            ),
            hub=find_hub(fetched.link, read.hub, fetched.url) if read else None,
        )

    def _failed(self, answer: _Answer) -> Learnt:
        error = answer.error or FetchRefused("Nothing came.")
        status, after = 0, timedelta(0)
        if isinstance(error, BadStatus):
            status, after = error.status, timedelta(seconds=error.retry_after or 0)
        result = {_GONE: Result.GONE, _TOO_MANY: Result.THROTTLED}.get(status, Result.FAILED)
        wishes = Wishes(retry_after=after, least=answer.claimed.least)
        learnt = plan(answer.claimed.rhythm, result, wishes, self._poller.jitter())
        return Learnt(
            plan=learnt,
            error=error.sentence[:_LONGEST_SENTENCE],
            disabled="It is gone for good, its server says." if result is Result.GONE else "",
            holds_back_host=learnt.wait if result is Result.THROTTLED else timedelta(0),
        )

    def _import(self, claimed: Claimed, read: FeedRead) -> Report | None:
        """Take in what was read; None where it was let go, or is somebody else's to ask, meanwhile."""
        source = source_of(self._services, claimed)
        if source is None:
            return None
        if source != claimed.source:
            # It was put together with another one: what was deleted of it goes by that name now.
            self._ledger = ImportLedger(self._services)
        drafts = under_known_ids(_with_options(read.drafts, source, claimed.tags), self._ledger)
        failed = [one for one in read.items if isinstance(one, Rejected)]
        recorder = PollRecorder(self._services, Wanted(source, claimed.kind, claimed.status))
        self._ledger.record_with(recorder)
        items: list[Draft | Rejected] = [*drafts, *failed]
        report = run(items, self._ledger, kind=claimed.kind, status=claimed.status, on_told=recorder.tell)
        recorder.end()
        self._tally.created += report.counts[Outcome.CREATED]
        self._tally.updated += report.counts[Outcome.UPDATED] + report.counts[Outcome.JOINED]
        note_reading(
            self._services,
            source,
            _listed(drafts),
            {one.external_id for one in items},
            read.deleted,
        )
        return report


def _with_options(drafts: Iterable[Draft], source: str, all_get: tuple[str, ...]) -> list[Draft]:
    """The items as entries of this source, with the tags that all of its entries get."""
    return [replace(one, source=source, tags=tuple(dict.fromkeys((*one.tags, *all_get)))) for one in drafts]


def _listed(drafts: Iterable[Draft]) -> list[tuple[str, str]]:
    """The items in the order of the feed, each with its time."""
    return [(one.external_id, one.published.astimezone(UTC).isoformat()) for one in drafts]


def _told(report: Report) -> str:
    """A sentence on the items that could not be taken in."""
    if not report.failures:
        return ""
    name, reason = report.failures[0]
    number = len(report.failures)
    many = "One item" if number == 1 else f"{number:,} items"
    return f"{many} could not be taken in. “{name[:200]}”: {reason}"[:_LONGEST_SENTENCE]


def _moved(claimed: Claimed, fetched: Fetched) -> str:
    """Where it is asked for from now on, if it moved for good; never to where anybody could change it."""
    there = fetched.permanent_url
    was_safe, is_safe = (urlsplit(url).scheme == "https" for url in (claimed.feed_url, there))
    return "" if there == claimed.feed_url or (was_safe and not is_safe) else there


def _unforeseen(error: Exception) -> CrosstagError:
    return CrosstagError(
        f"It could not be polled, for a reason that nobody foresaw: {error!r}. The log says more."
    )
