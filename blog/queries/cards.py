"""What is on the card of a page: of an entry, of a filter, of the blog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blog.cards.drawing import Card
from blog.domain.dates import spoken_day
from blog.domain.entry import Kind
from blog.domain.filters import Filter
from blog.queries.entries import beginning

if TYPE_CHECKING:
    from blog.config import Settings
    from blog.queries.entries import EntryView

_QUOTED: Final = 180
_TAGS: Final = 2


def card_of_entry(settings: Settings, entry: EntryView) -> Card:
    """Return the card of an entry: its title, or what it quotes."""
    tags = tuple(tag.label for tag in entry.tags)
    if entry.kind is Kind.QUOTATION and entry.text:
        quoted = f"“{beginning(entry.text, _QUOTED)}”"
        return Card(site=settings.title, title=quoted, line=entry.citation, tags=tags)
    line = f"{entry.kind.value.capitalize()} · {spoken_day(entry.day)}"
    return Card(site=settings.title, title=entry.name, line=line, tags=tags)


def card_of_filter(settings: Settings, wanted: Filter, title: str, name: str = "") -> Card | None:
    """Return the card of a filter's page, whose sentence is ``title`` and ``name`` what the author calls it.

    None where it has none of its own, but the blog's: whoever makes up an address must not get a picture
    with words of theirs on it, nor have as many drawn as there are addresses.
    """
    if not (name or _is_drawn(wanted)):
        return None
    if not wanted:
        return card_of_blog(settings)
    return Card(site=settings.title, title=name or title, line=title if name else "")


def _is_drawn(wanted: Filter) -> bool:
    """Tell whether a filter is plain, or two tags, a year or a month: there are not too many of these."""
    two_tags = len(wanted.tags) == _TAGS and wanted == Filter(tags=wanted.tags)
    period = wanted.year is not None and wanted == Filter(year=wanted.year, month=wanted.month)
    return wanted.is_plain or two_tags or period


def card_of_blog(settings: Settings) -> Card:
    """Return the card of every page that has none of its own."""
    return Card(site=settings.title, title=settings.title, line=settings.tagline)
