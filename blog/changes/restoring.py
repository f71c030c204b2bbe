"""Bringing back what an entry said before a change, or an entry that was deleted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from blog.changes.columns import columns_of
from blog.changes.entries import EntryChange, NewEntry, drafts_after, insert_entries, update_entries
from blog.changes.slugs import FreeSlugs
from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import CrosstagError, NotThere
from blog.models import Entry, Revision, Series, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from blog.services import Services

RESTORED: Final = "restored"
# Where an entry is and who sees it stay as they are: only what it says is brought back.
_SAID: Final = (
    *("kind", "title", "body", "markup", "url", "via_url", "via_title", "citation", "context"),
    *("image_url", "image_alt", "tags", "series", "series_order"),
)


class CannotRestore(CrosstagError):
    """Another entry has taken the place of the deleted one."""


def restore_revision(services: Services, entry_id: int, revision_id: int, *, by: str = "") -> None:
    """Let an entry say what it said before a change; one that was deleted comes back as it was.

    It is a change like any other, with a revision of its own.

    Raises:
        NotThere: the entry has no such revision.
        CannotRestore: it was deleted, and imported anew since.
    """
    with services.sessions.write() as session:
        revision = session.get(Revision, revision_id)
        if revision is None or revision.entry_id != entry_id:
            raise NotThere("This entry has no such revision.")
        draft = draft_of_revision(session, revision.fields)
        if session.scalar(select(Entry.id).where(Entry.id == entry_id)) is None:
            _bring_back(session, services, revision, draft, by)
        else:
            _say_again(session, services, entry_id, draft, by)


def draft_of_revision(session: Session, fields: Mapping[str, Any]) -> Draft:
    """Return what a revision holds as a draft; a source or series that is gone is left out."""
    source = session.scalar(select(Source.slug).where(Source.id == fields["source_id"]))
    series = session.scalar(select(Series.slug).where(Series.id == fields["series_id"]))
    same = ("external_id", "title", "slug", "body", "url", "via_url", "via_title", "citation", "context")
    return Draft(
        kind=Kind(fields["kind"]),
        published=datetime.fromisoformat(fields["published"]),
        updated=datetime.fromisoformat(fields["updated"]),
        markup=Markup(fields["markup"]),
        status=Status(fields["status"]),
        image_url=fields["image_url"],
        image_alt=fields["image_alt"],
        tags=tuple(fields["tags"]),
        source=source or "",
        series=series or "",
        series_order=fields["series_order"],
        **{name: fields[name] for name in same},
    )


def _say_again(session: Session, services: Services, entry_id: int, draft: Draft, by: str) -> None:
    change = EntryChange(entry_id, draft, _SAID, {slug: slug for slug in draft.tags}, None)
    merged, atom_id = drafts_after(session, [change])[entry_id]
    columns = columns_of(merged, atom_id, services.settings)
    slugs, now = FreeSlugs(session, {}), services.clock()
    update_entries(session, services.settings, [(change, columns)], slugs, now, by=by, reason=RESTORED)


def _bring_back(session: Session, services: Services, revision: Revision, draft: Draft, by: str) -> None:
    """Insert the entry again, with the id and the URI that it had."""
    is_its_place = Source.slug == draft.source if draft.source else Entry.source_id.is_(None)
    others = select(Entry.id).join(Source, isouter=True).where(Entry.external_id == draft.external_id)
    if session.scalar(others.where(is_its_place)):
        raise CannotRestore("Another entry has taken its place since: it was imported again.")
    entry_id, atom_id, now = revision.entry_id, revision.fields["atom_id"], services.clock()
    columns = columns_of(draft, atom_id, services.settings) | {"id": entry_id}
    tags = {slug: slug for slug in draft.tags}
    new = NewEntry(draft, atom_id, columns, tags, revision.fields["upstream"])
    insert_entries(session, services.settings, [new], FreeSlugs(session, {}), now)
    about = {"entry_id": entry_id, "at": now, "reason": RESTORED, "by": by, "fields": revision.fields}
    session.execute(insert(Revision), [about])
