"""An entry's page before anybody can see it: of what is being typed, or of one that is not public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.accounts import PreviewLink
from blog.auth.tokens import digest
from blog.domain.errors import NotThere
from blog.domain.filters import domain_url, series_url, source_url, tag_url
from blog.domain.slugs import slug_of
from blog.domain.tags import slugify
from blog.domain.urls import domain_of
from blog.queries.entries import EntryView, Link, permalink
from blog.queries.permalinks import EntryPage
from blog.queries.writing import open_entry
from blog.rendering import render

if TYPE_CHECKING:
    from datetime import datetime

    from blog.domain.entry import Draft
    from blog.services import Services

# Before every id in the text, as with a stored entry; a preview is alone on its page.
_ANCHOR = "preview-"


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that shows an entry until it expires."""

    id: int
    created: datetime
    expires: datetime


def preview_of(services: Services, draft: Draft) -> EntryPage:
    """Return the page that a draft would have, with nothing around it; tags and series are by name."""
    return EntryPage(entry=_view(services, draft), newer=None, older=None, similar=(), related=(), series=None)


def preview_links(services: Services, entry_id: int) -> list[OpenLink]:
    """Return the links to an entry that work now, the one that expires last first."""
    statement = select(PreviewLink.id, PreviewLink.created, PreviewLink.expires).where(
        PreviewLink.entry_id == entry_id, PreviewLink.expires > services.clock()
    )
    with services.sessions.read() as session:
        return [OpenLink(*row) for row in session.execute(statement.order_by(PreviewLink.expires.desc()))]


def previewed(services: Services, token: str) -> EntryPage:
    """Return the page of the entry that a link shows.

    Raises:
        NotThere: the link has expired, was revoked, or never was.
    """
    statement = select(PreviewLink.entry_id).where(
        PreviewLink.token_hash == digest(token), PreviewLink.expires > services.clock()
    )
    with services.sessions.read() as session:
        entry_id = session.scalar(statement)
    if entry_id is None:
        raise NotThere("This link showed something that was not published yet, and it is over.")
    return preview_of(services, open_entry(services, entry_id).draft)


def _view(services: Services, draft: Draft) -> EntryView:
    rendered = render(draft.body, draft.markup, _ANCHOR, services.settings.list_words)
    day, slug = draft.published.astimezone(services.settings.zone).date(), slug_of(draft)
    domain = domain_of(draft.url)
    tags = _tags(services, draft.tags)
    return EntryView(
        # It is nobody's number: a preview offers nothing that goes by it.
        id=0,
        kind=draft.kind,
        title=draft.title,
        permalink=permalink(day, slug),
        published=draft.published,
        updated=draft.published,
        day=day,
        slug=slug,
        atom_id="",
        html=rendered.html,
        short_html=rendered.short_html,
        words=rendered.words,
        text=rendered.text,
        url=draft.url,
        domain=domain,
        domain_url=domain_url(domain) if domain else "",
        via_url=draft.via_url,
        via_title=draft.via_title,
        citation=draft.citation,
        context=draft.context,
        image_url=draft.image_url,
        image_alt=draft.image_alt,
        tags=tuple(tags.values()),
        tag_slugs=tuple(tags),
        source=_source(services, draft.source),
        series=_series(services, draft.series),
        series_order=draft.series_order,
    )


def _tags(services: Services, names: tuple[str, ...]) -> dict[str, Link]:
    """The tags by slug, each called as it is where it is known; old names are read as the new ones."""
    known = services.facets.current().names
    slugs = (known.aliases.get(slug, slug) if slug not in known.tags else slug for slug in map(slugify, names))
    typed = {slugify(name): name for name in names}
    called = {slug: known.tags[slug].name if slug in known.tags else typed.get(slug, slug) for slug in slugs}
    return {slug: Link(called[slug], tag_url(slug)) for slug in sorted(called)}


def _source(services: Services, slug: str) -> Link | None:
    source = services.facets.current().names.sources.get(slug)
    return Link(source.name, source_url(slug)) if source else None


def _series(services: Services, title: str) -> Link | None:
    """A series by its title; one whose slug was chosen by somebody is found by its title, too."""
    if not title:
        return None
    known = services.facets.current().names.series
    slug = next((one.slug for one in known.values() if one.name == title), slugify(title))
    return Link(known[slug].name if slug in known else title, series_url(slug))
