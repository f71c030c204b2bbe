"""Reading conflicts: where a source says something else than the author, with both sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.domain.diffs import field_diffs
from blog.domain.drafts import field_to_json
from blog.domain.times import typed_local
from blog.models import Conflict, Entry, Series, Source, Tag, entry_tag
from blog.queries.entries import beginning
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from blog.domain.diffs import FieldDiff
    from blog.services import Services

ADDRESS: Final = "/admin/conflicts/"
_PAGE: Final = 50
_OPEN: Final = Conflict.settled.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictView:
    """A field of an entry with both sides; ``diffs`` lead from the author's word to the source's."""

    id: int
    entry_id: int
    name: str
    source: str
    field: str
    at: datetime
    mine: str
    theirs: str
    diffs: list[FieldDiff]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """One page of the open conflicts, the latest first."""

    conflicts: tuple[ConflictView, ...]
    total: int
    page: int
    pages: int
    links: PageLinks


def open_conflicts(services: Services, page: int = 1) -> Conflicts:
    """Return a page of the open conflicts.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    with services.sessions.read() as session:
        total = session.scalar(select(func.count(Conflict.id)).where(_OPEN)) or 0
        pages = count_pages(total, _PAGE, page)
        latest = select(Conflict).where(_OPEN).order_by(Conflict.at.desc(), Conflict.entry_id, Conflict.id)
        rows = session.scalars(latest.limit(_PAGE).offset((page - 1) * _PAGE)).all()
        views = _views(session, rows, services.settings.zone)
    links = page_links(lambda number: f"{ADDRESS}?page={number}" if number > 1 else ADDRESS, page, pages)
    return Conflicts(tuple(views), total, page, pages, links)


def all_open_ids(services: Services) -> list[int]:
    """Return the ids of all open conflicts."""
    with services.sessions.read() as session:
        return list(session.scalars(select(Conflict.id).where(_OPEN).order_by(Conflict.id)))


def _views(session: Session, rows: Sequence[Conflict], zone: ZoneInfo) -> list[ConflictView]:
    ids = {row.entry_id for row in rows}
    pairs = select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
    tags: dict[int, list[str]] = {}
    for entry_id, slug in session.execute(pairs.where(entry_tag.c.entry_id.in_(ids))):
        tags.setdefault(entry_id, []).append(slug)
    statement = select(Entry, Series.slug).outerjoin(Series, Series.id == Entry.series_id)
    found = session.execute(statement.where(Entry.id.in_(ids)))
    entries = {entry.id: (entry, series or "") for entry, series in found}
    sources: dict[int | None, str] = {None: ""} | dict(session.execute(select(Source.id, Source.name)).all())
    views = []
    for row in rows:
        entry, series = entries[row.entry_id]
        draft = entry.draft(tags.get(entry.id, ()), series=series)
        mine = spoken_value(row.field, field_to_json(draft, row.field), zone)
        theirs = spoken_value(row.field, row.theirs, zone)
        views.append(
            ConflictView(
                id=row.id,
                entry_id=row.entry_id,
                name=entry.title or beginning(entry.text) or entry.url or entry.slug,
                source=sources.get(row.source_id, ""),
                field=row.field,
                at=row.at,
                mine=mine,
                theirs=theirs,
                diffs=field_diffs({row.field: mine}, {row.field: theirs}),
            )
        )
    return views


def spoken_value(name: str, value: Any, zone: ZoneInfo) -> str:
    """Return what a field says, as a person reads it."""
    if value is None:
        return ""
    if name == "published":
        return typed_local(datetime.fromisoformat(value), zone).replace("T", " ")
    return ", ".join(value) if isinstance(value, list) else str(value)
