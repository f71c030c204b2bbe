"""What is on the card of a page: of an entry, of a filter, of the blog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blog.cards.drawing import Card
from blog.domain.dates import spoken_day
from blog.domain.entry import Kind
from blog.queries.entries import beginning

if TYPE_CHECKING:
    from blog.config import Settings
    from blog.domain.filters import Filter
    from blog.queries.entries import EntryView

_QUOTED: Final = 180


def card_of_entry(settings: Settings, entry: EntryView) -> Card:
    """Return the card of an entry: its title, or what it quotes."""
    tags = tuple(tag.label for tag in entry.tags)
    if entry.kind is Kind.QUOTATION and entry.text:
        quoted = f"“{beginning(entry.text, _QUOTED)}”"
        return Card(site=settings.title, title=quoted, line=entry.citation, tags=tags)
    line = f"{entry.kind.value.capitalize()} · {spoken_day(entry.day)}"
    return Card(site=settings.title, title=entry.name, line=line, tags=tags)


def card_of_filter(settings: Settings, wanted: Filter, title: str, name: str = "") -> Card | None:
    """Return the card of a filter's page, whose sentence is ``title``; None where it would show typed text.

    Whoever makes up an address must not get a picture with words of theirs on it: all others are the blog's.
    """
    if wanted.text:
        return None
    if not wanted:
        return card_of_blog(settings)
    return Card(site=settings.title, title=name or title, line=title if name else "")


def card_of_blog(settings: Settings) -> Card:
    """Return the card of every page that has none of its own."""
    return Card(site=settings.title, title=settings.title, line=settings.tagline)
