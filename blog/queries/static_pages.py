"""Reading static pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import select

from blog.domain.errors import NotThere
from blog.models import StaticPage

if TYPE_CHECKING:
    from datetime import datetime

    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A static page; ``body`` is as written, ``html`` as shown."""

    id: int
    slug: str
    title: str
    body: str
    html: str
    in_menu: bool
    updated: datetime

    @property
    def url(self) -> str:
        """Where it lives."""
        return f"/{quote(self.slug)}/"


def static_pages(services: Services) -> list[PageView]:
    """Return all of them, by title."""
    with services.sessions.read() as session:
        return [_view(one) for one in session.scalars(select(StaticPage).order_by(StaticPage.title))]


def static_page(services: Services, page_id: int) -> PageView:
    """Return one.

    Raises:
        NotThere: there is no such page.
    """
    with services.sessions.read() as session:
        found = session.get(StaticPage, page_id)
    if found is None:
        raise NotThere(f"There is no page number {page_id}.")
    return _view(found)


def static_page_at(services: Services, path: str) -> PageView | None:
    """Return the page that lives at a path, with or without its last slash; None where none does."""
    slug = path.strip("/")
    if not slug or "/" in slug:
        return None
    with services.sessions.read() as session:
        found = session.scalar(select(StaticPage).where(StaticPage.slug == slug))
    return _view(found) if found else None


def _view(page: StaticPage) -> PageView:
    return PageView(
        id=page.id,
        slug=page.slug,
        title=page.title,
        body=page.body,
        html=page.html,
        in_menu=page.in_menu,
        updated=page.updated,
    )
