"""Reading an entry in order to write it: whatever its status, with what the form has to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from blog.domain.entry import Status
from blog.domain.entryform import Standing, joined_tags, spelled
from blog.domain.errors import NotThere
from blog.models import Change, Entry, Revision, Series, Source, Tag, Vanished, entry_tag
from blog.queries.entries import permalink
from blog.queries.versions import entry_version

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from blog.domain.entry import Draft
    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEntry:
    """An entry that is open for writing. ``source`` names where it came from, and is empty for one's own.

    ``vanished`` says since when it is not there any more.
    """

    id: int
    version: int
    standing: Standing
    is_public: bool
    permalink: str
    source: str
    vanished: datetime | None = None

    @property
    def draft(self) -> Draft:
        """What it says."""
        return self.standing.draft

    @property
    def is_scheduled(self) -> bool:
        """Whether it waits for its time."""
        return self.draft.status is Status.PUBLISHED and not self.is_public


@dataclass(frozen=True, slots=True)
class Edit:
    """When an entry was changed last, and by whom: empty for an import or the command line."""

    at: datetime
    by: str
    reason: str


def open_entry(services: Services, entry_id: int) -> OpenEntry:
    """Return an entry for writing.

    Raises:
        NotThere: there is no such entry.
    """
    now = services.clock()
    with services.sessions.read() as session:
        entry = session.get(Entry, entry_id)
        if entry is None:
            raise NotThere(f"There is no entry number {entry_id}.")
        source = session.scalar(select(Source.name).where(Source.id == entry.source_id)) or ""
        draft = _draft(session, entry)
        is_public = draft.status is Status.PUBLISHED and draft.published <= now
        return OpenEntry(
            id=entry_id,
            version=entry_version(session, entry_id),
            standing=Standing(
                draft=draft,
                created=_created(session, entry_id) or draft.published,
                # What is hidden mostly was public, and a bulk edit keeps no revision of that.
                was_public=is_public or draft.status is Status.HIDDEN or _once_public(session, entry_id),
            ),
            is_public=is_public,
            permalink=permalink(entry.day, entry.slug),
            source=source,
            vanished=_vanished(session, entry_id),
        )


def _vanished(session: Session, entry_id: int) -> datetime | None:
    """Since when it is not at its source any more; None where it is, or came from nowhere."""
    statement = select(func.min(Vanished.at)).where(Vanished.entry_id == entry_id)
    found: datetime | None = session.scalar(statement.where(Vanished.appearance_id.is_(None)))
    return found


def last_edit(services: Services, entry_id: int) -> Edit | None:
    """Return what changed an entry last; None where nothing has since it was created."""
    statement = select(Revision.at, Revision.by, Revision.reason).where(Revision.entry_id == entry_id)
    with services.sessions.read() as session:
        row = session.execute(statement.order_by(Revision.id.desc()).limit(1)).one_or_none()
        return Edit(*row) if row else None


def series_titles(services: Services) -> list[str]:
    """Return the titles of all series, to choose from."""
    return sorted(one.name for one in services.facets.current().names.series.values())


def _draft(session: Session, entry: Entry) -> Draft:
    """The entry with the names of its tags and its series, as the form spells them, and its source's slug."""
    source = session.scalar(select(Source.slug).where(Source.id == entry.source_id)) or ""
    series = session.execute(select(Series.slug, Series.title).where(Series.id == entry.series_id)).first()
    tags = select(Tag.slug, Tag.name).join(entry_tag, entry_tag.c.tag_id == Tag.id)
    names = [(slug, name) for slug, name in session.execute(tags.where(entry_tag.c.entry_id == entry.id))]
    return entry.draft(joined_tags(names), source=source, series=spelled(*series) if series else "")


def _created(session: Session, entry_id: int) -> datetime | None:
    statement = select(func.min(Change.at)).where(Change.entry_id == entry_id, Change.what == "created")
    found: datetime | None = session.scalar(statement)
    return found


def _once_public(session: Session, entry_id: int) -> bool:
    """Whether it was public before one of its changes, and at its time."""
    published, status = (Revision.fields[name].as_string() for name in ("published", "status"))
    statement = select(Revision.at, published).where(Revision.entry_id == entry_id, status == Status.PUBLISHED)
    return any(datetime.fromisoformat(when) <= at for at, when in session.execute(statement))
