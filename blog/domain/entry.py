"""What an entry is, and the drafts that importers and forms hand over.

A draft is what was read somewhere, before it is an entry: ``importers/`` yield these, the
pipeline decides what becomes of each, and ``blog/changes.py`` writes. All times are aware
and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Kind(StrEnum):
    """The kinds of entry; the value is the word in addresses (``?type=link``)."""

    ARTICLE = "article"
    LINK = "link"
    QUOTATION = "quotation"
    NOTE = "note"
    ACTIVITY = "activity"

    @property
    def plural(self) -> str:
        """The word for several, as in ``/articles/``; "activity" has none."""
        return "activity" if self is Kind.ACTIVITY else f"{self.value}s"


class Status(StrEnum):
    """Who may see an entry. A published entry whose time has not come is scheduled.

    What waits in the inbox came from a source, and the author has not yet said what becomes of it.
    """

    PUBLISHED = "published"
    DRAFT = "draft"
    HIDDEN = "hidden"
    INBOX = "inbox"


class Markup(StrEnum):
    """What an entry's body is written in."""

    MARKDOWN = "markdown"
    HTML = "html"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One entry as it was read.

    ``external_id`` names it within its source, for ever: the same id read again is the same
    entry. ``former_id`` is what it was named if its site has moved, from http to https say: an
    entry of that name is the same one, where there is none of the other. ``tags`` are names as
    written ("C++"), not slugs. ``source`` and ``series`` are slugs; an empty source is the
    blog's own writing. ``folder`` is where it lay at its source, with slashes between: rules go
    by it, and no entry keeps it.
    """

    kind: Kind
    external_id: str
    published: datetime
    title: str = ""
    slug: str = ""
    body: str = ""
    markup: Markup = Markup.MARKDOWN
    url: str = ""
    via_url: str = ""
    via_title: str = ""
    citation: str = ""
    context: str = ""
    image_url: str = ""
    image_alt: str = ""
    tags: tuple[str, ...] = ()
    series: str = ""
    series_order: int | None = None
    source: str = ""
    status: Status = Status.PUBLISHED
    updated: datetime | None = None
    folder: str = ""
    former_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDraft:
    """A tag by its name, with what is said about it (Markdown)."""

    name: str
    slug: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasDraft:
    """An old name that must keep leading to a tag; a living tag of that name wins over it."""

    old: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDraft:
    """A series, or a guide, that entries name by ``slug``."""

    slug: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """A place that entries come from and name by ``slug``."""

    slug: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectDraft:
    """An old address: ``path`` from the root with its slash, ``target`` a path or a URL.

    ``host`` is empty for the blog's own addresses, else the host name the address had.
    """

    path: str
    target: str
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An item that could not be read, and why; it is counted and reported, never dropped."""

    external_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An item that is no entry and is not meant to be one, and why; it is reported, and no failure."""

    external_id: str
    reason: str


Item = Draft | TagDraft | AliasDraft | SeriesDraft | SourceDraft | RedirectDraft | Rejected | LeftOut
