"""Who asks for a feed, by what it says of itself: a service with so many subscribers, a reader, or neither.

Services that read feeds for many people say for how many in their ``User-Agent``, each in its own way; all
of them write a number before a word. Nothing of it is proven: whoever likes can say so, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_LOOKED_AT: Final = 300
# More than any feed has; a larger number is a joke, or an attempt.
_MOST: Final = 1_000_000
_COUNT: Final = re.compile(r"(?<![\w.])([0-9]{1,7}) ?(?:subscribers?|readers?)\b", re.IGNORECASE)
_FEED_ID: Final = re.compile(r"\bfeed[-_ ]?id ?[=:] ?([\w-]{1,40})", re.IGNORECASE)
_BEFORE_NAME: Final = re.compile(r"Mozilla/[0-9.]{1,9} \((?:compatible[;,] )?", re.IGNORECASE)
_NAME: Final = re.compile(r"[^/(;,+]{1,60}")
_AFTER_NAME: Final = re.compile(r" - | feed[-_ ]?id\b.*| [0-9].*", re.IGNORECASE)
# What fetches whatever there is. Some that are called so do read feeds, and say that, too.
_ROBOT: Final = re.compile(
    r"bot\b|bots\b|crawl|spider|slurp|scrap|scan|monitor|uptime|pingdom|validat|preview|headless|archiv|lighthouse|"
    r"facebookexternalhit|embedly|curl/|wget/|libwww|python-|aiohttp|httpx|go-http-client|okhttp|^java/|^node|axios",
    re.IGNORECASE,
)
_READS_FEEDS: Final = re.compile(r"feed|\brss|rss\b|reader|podcast", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Service:
    """A service and for how many people it asks; ``name`` holds its own number of the feed, if it has one."""

    name: str
    subscribers: int


@lru_cache(maxsize=1_024)
def service_of(agent: str) -> Service | None:
    """Return the service that a ``User-Agent`` names with a number of subscribers, None where it does not."""
    said = agent[:_LOOKED_AT]
    count = _COUNT.search(said)
    if count is None:
        return None
    feed = _FEED_ID.search(said)
    name = _name(said)
    return Service(f"{name} #{feed[1]}" if feed else name, min(int(count[1]), _MOST))


def _name(agent: str) -> str:
    """The name that an agent begins with, without its version: it is to be the same tomorrow."""
    begun = _BEFORE_NAME.match(agent)
    found = _NAME.match(agent, begun.end() if begun else 0)
    name = _AFTER_NAME.split(found[0])[0] if found else ""
    shown = "".join(character for character in name if character.isprintable())
    return " ".join(shown.split()) or "unnamed"


@lru_cache(maxsize=4_096)
def is_reader(agent: str, accept: str = "", destination: str = "") -> bool:
    """Tell whether what asks for a feed reads it for somebody.

    A browser that shows it does not (``accept`` and ``destination`` are its ``Accept`` and
    ``Sec-Fetch-Dest``), nor does a robot that takes whatever there is, nor what says no name.
    """
    said = agent[:_LOOKED_AT]
    if not said.strip() or destination == "document":
        return False
    if _ROBOT.search(said) and not _READS_FEEDS.search(said):
        return False
    is_browser = said.startswith("Mozilla/") and "compatible" not in said and not _READS_FEEDS.search(said)
    return not (is_browser and accept.strip().lower().startswith("text/html"))
