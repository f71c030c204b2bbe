"""Entries as whoever writes them sees them: whatever their status, and as they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import NotThere
from blog.models import Change, Entry, Revision, Series, Source, Tag, entry_tag
from blog.queries.entries import permalink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeEntry:
    """One entry with all that was written. ``version`` is its last change; ``tags`` are slugs, sorted."""

    id: int
    version: int
    atom_id: str
    permalink: str
    draft: Draft
    html: str
    words: int


# The reason of an entry's last revision.
_DELETED: Final = "deleted"
_VERSION: Final = (
    select(func.coalesce(func.max(Change.id), 0))
    .where(Change.entry_id == Entry.id)
    .correlate(Entry)
    .scalar_subquery()
    .label("version")
)
_SAME: Final = (
    *("external_id", "published", "title", "slug", "body", "url", "via_url", "via_title", "citation"),
    *("context", "image_url", "image_alt", "series_order", "updated"),
)
_COLUMNS: Final = (
    *(Entry.id, Entry.atom_id, Entry.kind, Entry.status, Entry.markup, Entry.day, Entry.html, Entry.words),
    *(getattr(Entry, name) for name in _SAME),
    Source.slug.label("source"),
    Series.slug.label("series"),
    _VERSION,
)
_STATEMENT: Final = (
    select(*_COLUMNS)
    .outerjoin(Source, Source.id == Entry.source_id)
    .outerjoin(Series, Series.id == Entry.series_id)
)


def whole_entry(services: Services, entry_id: int) -> WholeEntry:
    """Return one entry.

    Raises:
        NotThere: there is none with this id.
    """
    with services.sessions.read() as session:
        found = read_whole(session, [entry_id])
    if not found:
        raise NotThere(f"There is no entry number {entry_id}.")
    return found[0]


def whole_entry_at(services: Services, day: date, slug: str) -> WholeEntry:
    """Return the entry at a permalink, whatever its status.

    Raises:
        NotThere: there is none.
    """
    with services.sessions.read() as session:
        statement = select(Entry.id).where(Entry.day == day, Entry.slug == slug)
        found = read_whole(session, list(session.scalars(statement)))
    if not found:
        raise NotThere("There is no entry at this address.")
    return found[0]


def read_whole(session: Session, ids: Sequence[int]) -> list[WholeEntry]:
    """Read these entries, in this order, in two statements; one that is gone is left out."""
    rows = {row.id: row for row in session.execute(_STATEMENT.where(Entry.id.in_(ids)))}
    tags: dict[int, list[str]] = {}
    pairs = select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
    for entry_id, slug in session.execute(pairs.where(entry_tag.c.entry_id.in_(ids)).order_by(Tag.slug)):
        tags.setdefault(entry_id, []).append(slug)
    return [_whole(rows[one], tags.get(one, [])) for one in ids if one in rows]


def _whole(row: Row[Any], tags: list[str]) -> WholeEntry:
    draft = Draft(
        kind=Kind(row.kind),
        status=Status(row.status),
        markup=Markup(row.markup),
        tags=tuple(sorted(tags)),
        source=row.source or "",
        series=row.series or "",
        **{name: getattr(row, name) for name in _SAME},
    )
    return WholeEntry(
        id=row.id,
        version=row.version,
        atom_id=row.atom_id,
        permalink=permalink(row.day, row.slug),
        draft=draft,
        html=row.html,
        words=row.words,
    )


def own_entry(services: Services, external_id: str) -> int | None:
    """Return the id of the entry of the blog's own that a program gave this name, None where there is none."""
    statement = select(Entry.id).where(Entry.source_id.is_(None), Entry.external_id == external_id)
    with services.sessions.read() as session:
        return session.scalar(statement)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What is left of a deleted entry: its id, and the revision that holds its last words."""

    entry_id: int
    revision_id: int


def deleted_entry_at(services: Services, day: date, slug: str) -> Deleted | None:
    """Return the entry that was at a permalink when it was deleted, the last of several."""
    statement = (
        select(Revision.entry_id, Revision.id)
        .where(Revision.reason == _DELETED)
        .where(Revision.fields["day"].as_string() == day.isoformat())
        .where(Revision.fields["slug"].as_string() == slug)
    )
    with services.sessions.read() as session:
        row = session.execute(statement.order_by(Revision.id.desc()).limit(1)).first()
    return None if row is None else Deleted(*row)
