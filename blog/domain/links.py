"""When two links are the same: what they have to agree in, and pages that moved.

Two links are the same if their canonical URLs are (``canonical_url``), or if one page was seen to have
moved to the other for good; and if what stands behind the ``#`` is the same, for the canonical URL leaves
it out, and ``#v1`` and ``#v2`` of a changelog are two things.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from blog.domain.urls import canonical_url, web_url

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class LinkKey(NamedTuple):
    """What two links have to agree in: the canonical URL of the page, and what stands behind the ``#``."""

    page: str
    fragment: str


@lru_cache(maxsize=5_000)
def link_key(url: str) -> LinkKey | None:
    """Return the key of a link; None where it is no address of the web."""
    page = canonical_url(url)
    return LinkKey(page, unquote(urlsplit(web_url(url)).fragment)) if page else None


@dataclass(frozen=True, slots=True)
class MovedPages:
    """Pages that moved for good. ``end_of`` leads from each to one that stands for all of its addresses."""

    end_of: Mapping[str, str] = field(default_factory=dict)
    all_of: Mapping[str, Collection[str]] = field(default_factory=dict)

    def key(self, url: str) -> LinkKey | None:
        """Return the key of a link, by the last address of its page."""
        key = link_key(url)
        return key and key._replace(page=self.end_of.get(key.page, key.page))

    def addresses(self, page: str) -> Collection[str]:
        """Return all canonical URLs that a page was seen at."""
        return self.all_of.get(page, (page,))


def follow_moves(steps: Mapping[str, str]) -> MovedPages:
    """Follow pages to where they are, step by step."""
    end_of: dict[str, str] = {}
    for page in {*steps, *steps.values()}:
        end, seen = page, {page}
        while (after := steps.get(end)) is not None and after not in seen:
            seen.add(after)
            end = after
        # Pages that lead in a circle are one, too; the first in the alphabet stands for them.
        end_of[page] = min(seen) if after is not None else end
    all_of: dict[str, set[str]] = defaultdict(set)
    for page, end in end_of.items():
        all_of[end].add(page)
    return MovedPages(end_of, all_of)


def has_moved(url: str, permanent_url: str) -> tuple[str, str] | None:
    """Return the keys of a page's old and new address; None where it is the same, or gone.

    A page that moved to the front page of its site has not moved, but is gone.
    """
    before, after = canonical_url(url), canonical_url(permanent_url)
    if not before or not after or before == after:
        return None
    is_gone = urlsplit(after).path in ("", "/") and urlsplit(before).path not in ("", "/")
    return None if is_gone else (before, after)
