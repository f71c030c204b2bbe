"""What waits in the inbox: items of sources of which the author has not yet said what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.domain.entry import Status
from blog.models import Entry, Source, Tag, entry_tag
from blog.queries.entries import beginning
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

ADDRESS: Final = "/admin/inbox/"
_PAGE: Final = 30
_IS_WAITING: Final = Entry.status == Status.INBOX.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An item of the inbox; ``html`` is its text in the form for lists."""

    id: int
    kind: str
    name: str
    url: str
    domain: str
    html: str
    is_cut: bool
    words: int
    source: str
    published: datetime
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of the inbox, newest first."""

    items: tuple[Waiting, ...]
    total: int
    page: int
    links: PageLinks


def inbox(services: Services, page: int = 1) -> Inbox:
    """Return a page of what waits.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    columns: tuple[Any, ...] = (
        Entry.id,
        Entry.kind,
        Entry.title,
        Entry.citation,
        Entry.text,
        Entry.url,
        Entry.domain,
    )
    columns += (Entry.html, Entry.short_html, Entry.words, Entry.slug, Entry.published)
    statement = select(*columns, Source.name.label("source")).outerjoin(Source, Source.id == Entry.source_id)
    newest = statement.where(_IS_WAITING).order_by(Entry.published.desc(), Entry.id.desc())
    with services.sessions.read() as session:
        total = session.scalar(select(func.count(Entry.id)).where(_IS_WAITING)) or 0
        pages = count_pages(total, _PAGE, page)
        rows = session.execute(newest.limit(_PAGE).offset((page - 1) * _PAGE)).all()
        tags = _tags(session, [row.id for row in rows])
    links = page_links(lambda number: f"{ADDRESS}?page={number}" if number > 1 else ADDRESS, page, pages)
    return Inbox(tuple(_waiting(row, tags.get(row.id, [])) for row in rows), total, page, links)


def waiting_ids(services: Services) -> frozenset[int]:
    """Return the ids of all that waits."""
    with services.sessions.read() as session:
        return frozenset(session.scalars(select(Entry.id).where(_IS_WAITING)))


def _tags(session: Session, entry_ids: Sequence[int]) -> dict[int, list[str]]:
    statement = select(entry_tag.c.entry_id, Tag.name).join(Tag, Tag.id == entry_tag.c.tag_id)
    found: dict[int, list[str]] = {}
    for entry_id, name in session.execute(
        statement.where(entry_tag.c.entry_id.in_(entry_ids)).order_by(Tag.slug)
    ):
        found.setdefault(entry_id, []).append(name)
    return found


def _waiting(row: Any, tags: Sequence[str]) -> Waiting:
    quoted = f"Quoting {row.citation}" if row.citation else ""
    return Waiting(
        id=row.id,
        kind=row.kind,
        name=row.title or quoted or beginning(row.text) or row.slug,
        url=row.url,
        domain=row.domain,
        html=row.short_html or row.html,
        is_cut=bool(row.short_html),
        words=row.words,
        source=row.source or "",
        published=row.published,
        tags=tuple(tags),
    )
