"""Writing static pages: those that are no entries, such as the one about the author."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from blog.changes.log import record_settings
from blog.changes.redirects import lead_on
from blog.domain.entry import Markup
from blog.domain.errors import BadTag, CrosstagError, NotThere
from blog.domain.tags import slugify
from blog.models import StaticPage
from blog.rendering import clean_text, to_html

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from blog.services import Services

_LONGEST_SLUG: Final = 80
_LONGEST_TITLE: Final = 300
_YEAR: Final = re.compile(r"\d{4}")


class BadPage(CrosstagError):
    """The page cannot be as it is wanted; ``field`` names what is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class PageChanged(CrosstagError):
    """The page says something else than when the form was opened; ``page_id`` says which it is."""

    def __init__(self, page_id: int) -> None:
        super().__init__("This page was changed meanwhile. Nothing has been overwritten.")
        self.page_id = page_id


@dataclass(frozen=True, slots=True)
class PageDraft:
    """A page as it was typed; without a slug it gets one made of its title."""

    title: str
    body: str
    slug: str = ""
    in_menu: bool = True


def save_page(
    services: Services,
    draft: PageDraft,
    page_id: int | None = None,
    *,
    reserved: Collection[str] = (),
    seen: str | None = None,
) -> int:
    """Write a page, a new one without ``page_id``; return its id. A page that moves leaves a redirect.

    ``reserved`` are the first parts of addresses where something else lives. ``seen`` is when the
    page that the author saw was last saved, in ISO's form; None is any.

    Raises:
        NotThere: there is no such page.
        PageChanged: it was saved meanwhile, and not with the same words.
        BadPage: it has no title, or its address cannot be one or is taken.
    """
    slug = _checked(draft, reserved)
    title, body = " ".join(clean_text(draft.title).split()), clean_text(draft.body)
    html = to_html(body, Markup.MARKDOWN)
    with services.sessions.write() as session:
        found = StaticPage(slug=slug) if page_id is None else _page(session, page_id)
        if page_id is not None and seen not in (None, found.updated.isoformat()):
            _check_same(found, PageDraft(title, body, slug, draft.in_menu))
        taken = session.scalar(select(StaticPage.id).where(StaticPage.slug == slug))
        if taken is not None and taken != page_id:
            raise BadPage("slug", f"Another page lives at /{slug}/.")
        if page_id is not None and found.slug != slug:
            lead_on(session, [(f"/{found.slug}/", f"/{slug}/")])
        found.slug, found.title = slug, title
        found.body, found.html, found.in_menu = body, html, draft.in_menu
        found.updated = services.clock()
        session.add(found)
        session.flush()
        record_settings(session, services.clock())
        return found.id


def _check_same(page: StaticPage, wanted: PageDraft) -> None:
    """Who sends twice what is saved by now takes nothing away."""
    if PageDraft(page.title, page.body, page.slug, page.in_menu) != wanted:
        raise PageChanged(page.id)


def _checked(draft: PageDraft, reserved: Collection[str]) -> str:
    """The slug of the page that is wanted."""
    title = clean_text(draft.title).strip()
    if not title or len(title) > _LONGEST_TITLE:
        raise BadPage("title", f"A page needs a title, of {_LONGEST_TITLE} letters at most.")
    try:
        slug = slugify(draft.slug.strip().strip("/") or title)
    except BadTag as error:
        raise BadPage("slug", "An address needs a letter or a digit.") from error
    if len(slug) > _LONGEST_SLUG:
        raise BadPage("slug", f"That is too long for an address: {_LONGEST_SLUG} letters at most.")
    if slug in reserved or _YEAR.fullmatch(slug):
        raise BadPage("slug", f"Something else lives at /{slug}/.")
    return slug


def delete_page(services: Services, page_id: int) -> str:
    """Delete a page; return the title that it had.

    Raises:
        NotThere: there is no such page.
    """
    with services.sessions.write() as session:
        title = _page(session, page_id).title
        session.execute(delete(StaticPage).where(StaticPage.id == page_id))
        record_settings(session, services.clock())
    return title


def _page(session: Session, page_id: int) -> StaticPage:
    found = session.get(StaticPage, page_id)
    if found is None:
        raise NotThere(f"There is no page number {page_id}.")
    return found
