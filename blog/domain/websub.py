"""WebSub, the subscriber's side (W3C Recommendation, 23 January 2018): what is decided of it, purely.

A hub tells at once when there is something new at a source, so the source need not be asked for that.
Nothing that a hub says is believed but this one thing, and that only with a signature.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from blog.domain.link_header import header_links
from blog.domain.urls import web_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

# What is asked for, and the longest that is believed: a hub that gives ten years is asked again all the same.
WANTED_LEASE: Final = timedelta(days=10)
LONGEST_LEASE: Final = timedelta(days=30)
# One that ends sooner would have to be renewed more often than a source is polled.
SHORTEST_LEASE: Final = timedelta(minutes=30)
# How long a hub may take to ask back, before it is taken for one that does not; what it asks back later
# than that is still answered, for a day.
PATIENCE: Final = timedelta(hours=1)
LATE: Final = timedelta(days=1)
_LONGEST_PAUSE: Final = timedelta(days=7)
_RENEWED_AT: Final = 0.75
_MOST_GOODBYES: Final = 3
_LONGEST_URL: Final = 2_000


class LeaseState(StrEnum):
    """How it stands with a hub. Refused: by the hub, or because it does not do what it should."""

    KNOWN = "known"
    ASKED = "asked"
    VERIFIED = "verified"
    REFUSED = "refused"
    LEAVING = "leaving"


class Mode(StrEnum):
    """What a hub is asked for."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


class Step(StrEnum):
    """What is to be done about a lease that is due. Give up: the hub never asked back."""

    ASK = "ask"
    LEAVE = "leave"
    GIVE_UP = "give up"
    REST = "rest"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Hub:
    """Where to be told of what; both are empty where a source has no hub."""

    hub: str = ""
    topic: str = ""

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.hub and self.topic)


def find_hub(link_header: str, in_feed: Hub, url: str) -> Hub:
    """Return the hub and the topic that an answer from ``url`` names: its headers count first (section 4)."""
    said = _links(link_header)
    hub, topic = said.get("hub") or in_feed.hub, said.get("self") or in_feed.topic
    found = Hub(_address(hub, url), _address(topic, url))
    return found if found else Hub()


def _links(header: str) -> dict[str, str]:
    """The relations of a ``Link`` header with their addresses: of several, the first counts."""
    found: dict[str, str] = {}
    for link in header_links(header):
        for relation in link.relations:
            found.setdefault(relation, link.target)
    return found


def _address(said: str, url: str) -> str:
    try:
        found = web_url(urljoin(url, said.strip())) if said else ""
    except ValueError:
        return ""
    return found if len(found) <= _LONGEST_URL else ""


def is_signed(header: str, secret: str, pieces: Iterable[bytes]) -> bool:
    """Tell whether ``X-Hub-Signature`` is that of the body, which comes in pieces (section 8)."""
    method, _, signature = header.strip().partition("=")
    if method.lower() not in _METHODS:
        return False
    expected = hmac.new(secret.encode(), digestmod=method.lower())
    for piece in pieces:
        expected.update(piece)
    return hmac.compare_digest(expected.hexdigest().encode(), signature.strip().lower().encode())


_METHODS: Final = frozenset({"sha1", "sha256", "sha384", "sha512"})


def granted(lease_seconds: Sequence[str]) -> timedelta:
    """How long a hub says that it will tell us: 30 days at most, and what was asked for if it does not say."""
    if not lease_seconds:
        return WANTED_LEASE
    said = lease_seconds[0].strip()
    if not re.fullmatch(r"[0-9]{1,40}", said):
        return timedelta(0)
    return min(timedelta(seconds=min(int(said), 10**9)), LONGEST_LEASE)


def renewal(now: datetime, until: datetime) -> datetime:
    """When a lease is to be renewed: with a quarter of it left."""
    return now + (until - now) * _RENEWED_AT


def pause_after(failures: int) -> timedelta:
    """How long to leave a hub alone that has failed so often in a row."""
    pause: timedelta = PATIENCE * 2 ** min(max(failures - 1, 0), 20)
    return min(pause, _LONGEST_PAUSE)


def next_step(state: LeaseState, *, is_wanted: bool, is_kept: bool, failures: int) -> Step:
    """Decide what to do about a lease that is due.

    ``is_wanted`` says that its source is polled, and ``is_kept`` that it has one, which may be paused.
    """
    if is_wanted:
        return Step.GIVE_UP if state is LeaseState.ASKED else Step.ASK
    has_left = state is LeaseState.LEAVING and failures >= _MOST_GOODBYES
    if state in (LeaseState.KNOWN, LeaseState.REFUSED) or has_left:
        return Step.REST if is_kept else Step.FORGET
    return Step.LEAVE
