"""What a feed is made of, whichever form it is written in. All addresses are absolute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One entry in a feed; ``related`` is what a link points to, ``via`` where it was found.

    ``tags`` are (slug, display name) pairs, ``html`` is the whole content.
    """

    id: str
    title: str
    url: str
    html: str
    published: datetime
    updated: datetime
    tags: tuple[tuple[str, str], ...] = ()
    related: str = ""
    related_title: str = ""
    via: str = ""
    via_title: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class DeletedItem:
    """One entry that is not in the feed any more, and since when."""

    id: str
    when: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed and its items, those that entered it last first.

    ``id`` is its name for ever, a URI. ``atom_url`` and ``json_url`` are its own addresses, ``page_url``
    that of the page it is the twin of, ``tag_scheme`` the address that tags are terms of. ``previous`` is
    where the items before these are. What is behind the feed in that way is an archive: it has an address
    of its own, ``archive_url``, and ``following`` is where the items after its own are. ``hub`` tells of
    what is new (WebSub), if there is one.
    """

    id: str
    title: str
    subtitle: str
    language: str
    author: str
    base_url: str
    page_url: str
    atom_url: str
    json_url: str
    tag_scheme: str
    items: tuple[FeedItem, ...]
    deleted: tuple[DeletedItem, ...] = ()
    previous: str = ""
    following: str = ""
    archive_url: str = ""
    hub: str = ""
