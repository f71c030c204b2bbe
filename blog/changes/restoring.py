"""Bringing back what an entry said before a change, or an entry that was deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import insert, select

from blog.changes.appearances_kept import APPEARANCES, bring_appearances_back
from blog.changes.beside import BESIDE, bring_beside_back
from blog.changes.columns import columns_of, derived_again
from blog.changes.entries import DELETED, EntryChange, drafts_after, update_entries
from blog.changes.fields import names_of
from blog.changes.filing import file_under
from blog.changes.log import record, record_names
from blog.changes.lookups import rows_in
from blog.changes.slugs import FreeSlugs
from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import CrosstagError, NotThere
from blog.models import Entry, Revision, Series, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from blog.config import Settings
    from blog.services import Services

_ENTRY: Final = cast("Table", Entry.__table__)
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
        if session.scalar(select(Entry.id).where(Entry.id == entry_id)) is None:
            _revive(session, services, revision, by)
        else:
            draft = draft_of_revision(session, revision.fields)
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


def _revive(session: Session, services: Services, revision: Revision, by: str) -> None:
    """Bring a deleted entry back, with a line in its history."""
    now = services.clock()
    gone = gone_entries({revision.entry_id: revision.fields}, services.settings)
    back, notes = bring_back(session, gone, now)
    if not back:
        raise CannotRestore(" ".join(notes))
    about = {"entry_id": revision.entry_id, "at": now, "reason": RESTORED, "by": by}
    session.execute(insert(Revision), [about | {"fields": revision.fields}])


def last_words(session: Session, entry_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return what each of these entries said when it was deleted."""
    statement = select(Revision.entry_id, Revision.id, Revision.fields).where(Revision.reason == DELETED)
    rows = sorted(rows_in(session, statement, Revision.entry_id, entry_ids), key=lambda row: row.id)
    return {row.entry_id: row.fields for row in rows}


@dataclass(frozen=True, slots=True)
class Gone:
    """A deleted entry that is ready to come back.

    That is its columns, its tags, when it got the late ones, where else it appeared, and what is
    known beside that.
    """

    row: dict[str, Any]
    tags: list[str]
    late: dict[str, datetime]
    appearances: list[dict[str, Any]]
    beside: dict[str, list[dict[str, Any]]]


def gone_entries(said: Mapping[int, Mapping[str, Any]], settings: Settings) -> dict[int, Gone]:
    """Make deleted entries ready to come back, from what their revisions hold; this renders them anew."""
    return {
        entry: Gone(
            row=_row(fields, settings),
            tags=list(fields["tags"]),
            late=_late(fields),
            appearances=fields.get(APPEARANCES, []),
            beside=fields.get(BESIDE, {}),
        )
        for entry, fields in said.items()
    }


def _late(fields: Mapping[str, Any]) -> dict[str, datetime]:
    return {slug: datetime.fromisoformat(at) for slug, at in fields.get("late", {}).items()}


def _row(fields: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The columns of an entry, from its revision."""
    markup = Markup(fields["markup"])
    derived = derived_again(fields["url"], fields["body"], markup, fields["atom_id"], settings)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("published", "updated")}
    kept = {column.name: fields[column.name] for column in _ENTRY.columns if column.name in fields}
    return kept | derived | times | {"day": date.fromisoformat(fields["day"])}


def bring_back(session: Session, gone: Mapping[int, Gone], now: datetime) -> tuple[list[int], list[str]]:
    """Insert deleted entries again, with their ids, their URIs and their tags.

    Return the ids of those that came back, and in words what did not come back as it was.
    """
    back, notes = _that_can_come_back(session, {entry: one.row for entry, one in gone.items()})
    notes += _insert_again(session, back)
    late = {entry: gone[entry].late for entry in back if gone[entry].late}
    if file_under(session, {entry: gone[entry].tags for entry in back}, late):
        record_names(session, now)
    bring_appearances_back(session, {entry: gone[entry].appearances for entry in back})
    bring_beside_back(session, {entry: gone[entry].beside for entry in back})
    record(session, "created", sorted(back), now)
    return sorted(back), notes


def _that_can_come_back(
    session: Session, rows: Mapping[int, dict[str, Any]]
) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """The rows of those that are not there, and whose place nothing else has taken."""
    here = {entry for (entry,) in rows_in(session, select(Entry.id), Entry.id, list(rows))}
    notes = [f"There already: {names_of(session, sorted(here))}."] if here else []
    back = {entry: row for entry, row in rows.items() if entry not in here}
    for column, there in (("source_id", Source.id), ("series_id", Series.id)):
        wanted = {row[column] for row in back.values()}
        living = {None, *(one for (one,) in rows_in(session, select(there), there, wanted - {None}))}
        lost = [entry for entry, row in back.items() if row[column] not in living]
        back |= {entry: back[entry] | {column: None} for entry in lost}
        called = column.removesuffix("_id")
        notes += [f"Without its {called}, which is gone: {_called(back[entry])}." for entry in lost]
    again = _written_again(session, back)
    notes += [f"Imported or written again since, so not brought back: {_called(back[one])}." for one in again]
    return {entry: row for entry, row in back.items() if entry not in again}, notes


def _written_again(session: Session, back: Mapping[int, dict[str, Any]]) -> list[int]:
    """Those whose URI, or whose id at their source, is that of an entry which is there."""
    uris = [row["atom_id"] for row in back.values()]
    known = {uri for (uri,) in rows_in(session, select(Entry.atom_id), Entry.atom_id, uris)}
    names = {row["external_id"] for row in back.values()}
    statement = select(Entry.source_id, Entry.external_id)
    taken = {(source, name) for source, name in rows_in(session, statement, Entry.external_id, names)}
    again = []
    for entry, row in back.items():
        key = (row["source_id"], row["external_id"])
        if row["atom_id"] in known or key in taken:
            again.append(entry)
        taken.add(key)
    return again


def _called(row: Mapping[str, Any]) -> str:
    return str(row["title"] or row["text"][:70] or row["slug"])


def _insert_again(session: Session, back: Mapping[int, dict[str, Any]]) -> list[str]:
    """Insert the rows, each at its address, or at a free one; tell which had to move."""
    slugs = FreeSlugs(session, {})
    slugs.expect([(row["day"], row["slug"]) for row in back.values()])
    notes, rows = [], []
    for row in back.values():
        slug = slugs.take((row["day"], row["slug"]))
        if slug != row["slug"]:
            notes.append(f"“{_called(row)}” is at “{slug}” now, for its address was taken.")
        rows.append(row | {"slug": slug})
    if rows:
        session.execute(insert(_ENTRY), rows)
    return notes
