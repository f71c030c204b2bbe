"""What a pasted link is: the page that it leads to, asked there, and what of it goes into which field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Kind
from blog.domain.urls import web_url
from blog.fetch import fetch, user_agent_of
from blog.pagefacts import page_facts
from blog.queries.suggestions import linked_before

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blog.pagefacts import PageFacts
    from blog.queries.suggestions import LinkedBefore
    from blog.services import Services

# Somebody sits there and waits.
PATIENCE: Final = 12.0
MOST: Final = 8_000_000


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page that was asked for at ``asked``, and what it says of itself.

    ``better_url`` is the address it has by its own word, or has moved to for good; empty where that is
    the one asked for. ``moved_to`` is where permanent redirects led.
    """

    asked: str
    better_url: str
    facts: PageFacts
    moved_to: str = ""

    def fields(self, kind: str) -> dict[str, str]:
        """Return what the fields of the form for this kind of entry can be filled with."""
        facts = self.facts
        if kind == Kind.QUOTATION:
            return _said(citation=facts.author or facts.site, context=facts.title)
        return _said(title=facts.title)


def look_up(services: Services, url: str) -> FoundPage:
    """Ask the page at ``url`` what it is.

    Raises:
        FetchRefused: the address is not one to fetch from, or there is no good answer.
    """
    settings = services.settings
    answer = fetch(
        url,
        timeout=min(settings.fetch_timeout, PATIENCE),
        cap=MOST,
        allow_private=settings.fetch_private,
        user_agent=user_agent_of(settings.base_url),
    )
    facts = page_facts(answer.data, answer.url, answer.content_type)
    asked = web_url(url)
    better = facts.canonical or web_url(answer.permanent_url)
    return FoundPage(
        asked, better if better.rstrip("/") != asked.rstrip("/") else "", facts, web_url(answer.permanent_url)
    )


def all_before(services: Services, urls: Iterable[str], but: int | None = None) -> tuple[LinkedBefore, ...]:
    """Return the entries that link to any of these addresses, each once; ``but`` is being edited."""
    found = {one.id: one for url in urls if url for one in linked_before(services, url, but)}
    return tuple(found.values())


def _said(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}
