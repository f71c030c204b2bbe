"""Writing entries: created, changed, deleted, each with its revision and its line in the log.

What is written takes any number of entries and a fixed number of statements, so an import's
batch of five hundred costs as many as an author's one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import bindparam, delete, insert, select, update

from blog.changes.agreement import close_agreed
from blog.changes.appearances_kept import APPEARANCES, kept_appearances
from blog.changes.beside import kept_beside
from blog.changes.columns import another_atom_id, atom_id_of, columns_of
from blog.changes.departures import departures
from blog.changes.filing import held_by, series_ids, source_ids, tag_entries
from blog.changes.log import record, record_new_names, version_of
from blog.changes.lookups import in_pieces, rows_in
from blog.changes.redirects import lead_on
from blog.changes.slugs import FreeSlugs
from blog.domain.dates import day_path
from blog.domain.entry import Draft, Status
from blog.domain.errors import CrosstagError, NotThere
from blog.domain.slugs import slug_of
from blog.domain.tags import slugify
from blog.models import Entry, Revision, Tag, entry_tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from blog.changes.columns import Columns
    from blog.changes.slugs import Place
    from blog.config import Settings
    from blog.services import Services

DELETED: Final = "deleted"
# Rows written by the hundred go to the table itself: the mapper would look at each value of each.
_ENTRY: Final = cast("Table", Entry.__table__)
# Past the session it may have been written since it was read.
_AS_IT_IS: Final = select(Entry).execution_options(populate_existing=True)
_DELETED_AT_ONCE: Final = 500
_DERIVED: Final = {"canonical", "html", "short_html", "text", "words"}
# Everything an author writes; where an entry came from stays what it was.
_EDITED: Final = frozenset(field.name for field in fields(Draft)) - {
    "external_id",
    "source",
    "updated",
    "folder",
}
# What a change of makes ``updated`` move: what a reader reads. A tag or a series does not.
_CONTENT: Final = {
    "kind",
    "title",
    "body",
    "markup",
    "url",
    "via_url",
    "via_title",
    "citation",
    "context",
    "image_url",
}
_SEEN: Final = ("status", "published")


class EditedMeanwhile(CrosstagError):
    """The entry is not any more what the author saw when the edit began; ``entry_id`` says which."""

    def __init__(self, entry_id: int) -> None:
        super().__init__("This entry was changed meanwhile. Nothing has been overwritten.")
        self.entry_id = entry_id


def save_entry(
    services: Services, draft: Draft, entry_id: int | None = None, *, by: str = "", seen: int | None = None
) -> int:
    """Create an entry from the draft, or make the existing one say what the draft says; return its id.

    ``by`` is the author's name, for the entry's history. ``seen`` is the version that the author's edit
    began from, where that is to be checked.

    Raises:
        NotThere: there is no entry with this id.
        BadDraft: the draft cannot be an entry.
        EditedMeanwhile: its version is another one than the author saw.
    """
    with services.sessions.write() as session:
        return write_entry(session, services, draft, entry_id, by=by, seen=seen)


def write_entry(
    session: Session,
    services: Services,
    draft: Draft,
    entry_id: int | None = None,
    *,
    by: str = "",
    seen: int | None = None,
) -> int:
    """Do what ``save_entry`` does, within a transaction that does more than that."""
    names = {slugify(name): name.strip() for name in draft.tags}
    now = services.clock()
    slugs = FreeSlugs(session, {})
    if entry_id is None:
        atom_id = atom_id_of(draft, services.settings.authority)
        columns = columns_of(draft, atom_id, services.settings)
        new = NewEntry(draft, atom_id, columns, names, None)
        return insert_entries(session, services.settings, [new], slugs, now)[0]
    change = EntryChange(entry_id, draft, _EDITED, names, None)
    (entry,) = _entries(session, [entry_id])
    check_version(session, entry_id, seen)
    columns = columns_of(_merged(entry, change), entry.atom_id, services.settings)
    update_entries(session, services.settings, [(change, columns)], slugs, now, by=by)
    return entry_id


def check_version(session: Session, entry_id: int, seen: int | None) -> None:
    """Refuse an edit of another version than this; None is any.

    Raises:
        EditedMeanwhile: the entry has changed since.
    """
    if seen is not None and seen != version_of(session, entry_id):
        raise EditedMeanwhile(entry_id)


def delete_entry(services: Services, entry_id: int, *, by: str = "", seen: int | None = None) -> None:
    """Delete an entry; its last revision stays, so it can be brought back.

    Raises:
        NotThere: there is no entry with this id.
        EditedMeanwhile: its version is another one than the author saw.
    """
    with services.sessions.write() as session:
        check_version(session, entry_id, seen)
        delete_entries(session, [entry_id], services.clock(), by=by)


def delete_entries(session: Session, entry_ids: Sequence[int], now: datetime, *, by: str = "") -> None:
    """Delete entries, some hundreds at a time, so that not all their texts are in memory at once.

    Raises:
        NotThere: there is no entry with one of these ids.
    """
    with departures(session, entry_ids, now):
        for piece in in_pieces(entry_ids, _DELETED_AT_ONCE):
            _keep_revisions(session, _entries(session, piece), DELETED, now, by)
            session.execute(delete(_ENTRY).where(_ENTRY.c.id.in_(piece)))
            session.expunge_all()
    record(session, DELETED, entry_ids, now)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A draft made ready to be inserted; ``tags`` gives slugs their names."""

    draft: Draft
    atom_id: str
    columns: Mapping[str, Any]
    tags: Mapping[str, str]
    upstream: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class EntryChange:
    """Which fields of an entry are to say what the draft says.

    ``upstream`` are the digests of what a source said, None where the author edits.
    """

    entry_id: int
    draft: Draft
    fields: Collection[str]
    tags: Mapping[str, str]
    upstream: dict[str, str] | None


# A change with the columns of what it makes of its entry.
Rewritten = tuple[EntryChange, "Columns"]


def insert_entries(
    session: Session, settings: Settings, new: Sequence[NewEntry], slugs: FreeSlugs, now: datetime
) -> list[int]:
    """Insert entries with their tags; return their ids, in the order given."""
    if not new:
        return []
    sources, made_sources = source_ids(session, [one.draft.source for one in new])
    series, made_series = series_ids(session, [one.draft.series for one in new])
    places = [(_day(one.draft, settings), slug_of(one.draft)) for one in new]
    slugs.expect(places)
    atom_ids = _free_atom_ids(session, [one.atom_id for one in new])
    rows = [
        {
            **one.columns,
            "day": place[0],
            "slug": slugs.take(place),
            "atom_id": atom_id,
            "external_id": one.draft.external_id,
            "updated": min(one.draft.updated or one.draft.published, max(now, one.draft.published)),
            "upstream": one.upstream,
            "source_id": sources[one.draft.source],
            "series_id": series[one.draft.series],
        }
        for one, place, atom_id in zip(new, places, atom_ids, strict=True)
    ]
    # Without RETURNING: SQLite gives the ids back in no order, so a statement for each row would
    # be needed to tell whose they are. The URIs are looked up by their index.
    session.execute(insert(_ENTRY), rows)
    found = dict(rows_in(session, select(Entry.atom_id, Entry.id), Entry.atom_id, atom_ids))
    ids = [found[atom_id] for atom_id in atom_ids]
    made_tags = tag_entries(session, {entry: one.tags for entry, one in zip(ids, new, strict=True)})
    if made_tags or made_sources or made_series:
        record_new_names(session, now)
    record(session, "created", ids, now)
    return ids


def _free_atom_ids(session: Session, wanted: Sequence[str]) -> list[str]:
    """The URIs that are wanted, or others where an entry that came from the same place has it.

    That one was filed under another source since, and what is imported again is another entry.
    """
    free = list(wanted)
    while taken := {one for (one,) in rows_in(session, select(Entry.atom_id), Entry.atom_id, free)}:
        free = [another_atom_id(one) if one in taken else one for one in free]
    return free


def drafts_after(session: Session, changes: Sequence[EntryChange]) -> dict[int, tuple[Draft, str]]:
    """Return what entries say after these changes, each with its URI; one that is gone is left out."""
    ids = [change.entry_id for change in changes]
    found = {entry.id: entry for (entry,) in rows_in(session, _AS_IT_IS, Entry.id, ids)}
    return {
        change.entry_id: (_merged(entry, change), entry.atom_id)
        for change in changes
        if (entry := found.get(change.entry_id))
    }


def update_entries(
    session: Session,
    settings: Settings,
    changes: Sequence[Rewritten],
    slugs: FreeSlugs,
    now: datetime,
    *,
    by: str = "",
    reason: str = "",
) -> None:
    """Change entries, keeping how they were; one that moves to another day or slug leaves a redirect.

    Each change comes with the columns of what it makes of the entry (``drafts_after``): making
    those is slow and needs no write lock.

    Raises:
        NotThere: there is no such entry.
    """
    if not changes:
        return
    entries = _entries(session, [change.entry_id for change, _ in changes])
    both = list(zip(entries, changes, strict=True))
    by_import = any(change.upstream is not None for change, _ in changes)
    _keep_revisions(session, entries, reason or ("imported" if by_import else "edited"), now, by)
    to_file = [change.draft.series for change, _ in changes if "series" in change.fields]
    series, made_series = series_ids(session, to_file)
    places = _moved(entries, [_wanted_place(entry, change, settings) for entry, (change, _) in both], slugs)
    rows = [
        {
            **columns,
            "entry_id": entry.id,
            "day": place[0],
            "slug": place[1],
            "updated": _updated(entry, change, columns, now),
            "upstream": entry.upstream if change.upstream is None else change.upstream,
            "series_id": series[change.draft.series] if "series" in change.fields else entry.series_id,
        }
        for (entry, (change, columns)), place in zip(both, places, strict=True)
    ]
    moves = {entry.id: (_path(_place(entry)), _path(new)) for entry, new in zip(entries, places, strict=True)}
    known = _were_public(session, [entry for entry in entries if len(set(moves[entry.id])) > 1], now)
    retagged = {change.entry_id: change.tags for change, _ in changes if "tags" in change.fields}
    held = held_by(session, retagged, {entry.id for entry in entries if _is_public(entry, now)}, now)
    with departures(session, [entry.id for entry in entries], now):
        _update(session, rows)
        session.execute(delete(entry_tag).where(entry_tag.c.entry_id.in_(retagged)))
        made_tags = tag_entries(session, retagged, held)
    lead_on(session, [move for entry_id, move in moves.items() if entry_id in known])
    if made_tags or made_series:
        record_new_names(session, now)
    close_agreed(session, [entry.id for entry in entries], now)
    record(session, "updated", [entry.id for entry in entries], now)


def _update(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set the same columns of each of these entries, in their order."""
    if rows:
        session.execute(update(_ENTRY).where(_ENTRY.c.id == bindparam("entry_id")), rows)


def _updated(entry: Entry, change: EntryChange, columns: Mapping[str, Any], now: datetime) -> datetime:
    # Of what waits for its time, that is the time of its last change; it may have come sooner.
    updated = min(entry.updated, now)
    if any(columns[name] != getattr(entry, name) for name in _CONTENT):
        # An author's edit is of now; of an import, the source says when, if it knows.
        said = change.draft.updated if change.upstream is not None else None
        updated = max(min(said or now, now), updated)
    if columns["status"] == Status.PUBLISHED and any(columns[name] != getattr(entry, name) for name in _SEEN):
        # What is published was not there before: readers of feeds go by this.
        updated = max(updated, columns["published"])
    return updated


def note_upstream(session: Session, said: Mapping[int, dict[str, str]]) -> None:
    """Remember what sources say of entries now, where nothing of it is to be written."""
    _update(session, [{"entry_id": entry, "upstream": upstream} for entry, upstream in said.items()])


def draft_of(entry: Entry, tags: Collection[str]) -> Draft:
    """Return an entry as the draft that would make it; its source and series are left out."""
    return entry.draft(sorted(tags))


def _entries(session: Session, ids: Sequence[int]) -> list[Entry]:
    """The entries with these ids, in their order."""
    found = {entry.id: entry for (entry,) in rows_in(session, _AS_IT_IS, Entry.id, ids)}
    for entry_id in ids:
        if entry_id not in found:
            raise NotThere(f"There is no entry number {entry_id}.")
    return [found[entry_id] for entry_id in ids]


def tags_of(session: Session, entry_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the slugs of the tags of these entries, sorted; an entry without tags is left out."""
    statement = select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
    tags: dict[int, list[str]] = {}
    for entry_id, slug in rows_in(session, statement, entry_tag.c.entry_id, entry_ids):
        tags.setdefault(entry_id, []).append(slug)
    return {entry_id: sorted(slugs) for entry_id, slugs in tags.items()}


def _late_tags_of(session: Session, entry_ids: Collection[int]) -> dict[int, dict[str, dict[str, str]]]:
    """When these entries got those of their tags that came late, as revisions keep it."""
    statement = select(entry_tag.c.entry_id, Tag.slug, entry_tag.c.at).join(Tag, Tag.id == entry_tag.c.tag_id)
    late: dict[int, dict[str, dict[str, str]]] = {}
    statement = statement.where(entry_tag.c.at.is_not(None))
    for entry_id, slug, at in rows_in(session, statement, entry_tag.c.entry_id, entry_ids):
        late.setdefault(entry_id, {"late": {}})["late"][slug] = at.isoformat()
    return late


def keep_revisions(session: Session, entry_ids: Sequence[int], now: datetime, by: str) -> None:
    """Keep what entries say, some hundreds at a time, before what is not about their text is changed."""
    for piece in in_pieces(entry_ids, _DELETED_AT_ONCE):
        _keep_revisions(session, _entries(session, piece), "edited", now, by)
        session.expunge_all()


def _keep_revisions(
    session: Session, entries: Iterable[Entry], reason: str, now: datetime, by: str = ""
) -> None:
    """Keep what entries say, before they are changed; what is derived from that is left out."""
    entries = list(entries)
    tags = tags_of(session, [entry.id for entry in entries])
    late = _late_tags_of(session, [entry.id for entry in entries])
    about = {"at": now, "reason": reason, "by": by}
    rows: list[dict[str, Any]] = [
        about
        | {
            "entry_id": entry.id,
            "fields": kept_fields(entry, tags.get(entry.id, [])) | late.get(entry.id, {}),
        }
        for entry in entries
    ]
    if reason == DELETED:
        ids = [entry.id for entry in entries]
        joined, beside = kept_appearances(session, ids), kept_beside(session, ids)
        for row in rows:
            row["fields"] |= {APPEARANCES: joined[row["entry_id"]]} if row["entry_id"] in joined else {}
            row["fields"] |= beside.get(row["entry_id"], {})
    session.execute(insert(Revision), rows)


def kept_fields(entry: Entry, tags: Sequence[str]) -> dict[str, Any]:
    """Return all that an entry says, as a revision keeps it; what is derived from that is left out."""
    kept: dict[str, Any] = {
        column.name: getattr(entry, column.name)
        for column in Entry.__table__.columns
        if column.name not in _DERIVED
    }
    return (
        kept | {name: kept[name].isoformat() for name in ("published", "updated", "day")} | {"tags": list(tags)}
    )


def _merged(entry: Entry, change: EntryChange) -> Draft:
    """The entry as a draft, with what is to change taken from the new draft."""
    before = draft_of(entry, ())
    return replace(before, **{name: getattr(change.draft, name) for name in change.fields})


def _were_public(session: Session, entries: Sequence[Entry], now: datetime) -> set[int]:
    """Which of these entries readers may know the address of: those that are public, or have been."""
    public = {entry.id for entry in entries if _may_be_known(entry, now)}
    others = [entry.id for entry in entries if entry.id not in public]
    return public | _once_public(session, others)


def _may_be_known(entry: Entry, now: datetime) -> bool:
    """Whether an entry is public, or hidden: mostly that was public, and a bulk edit keeps no revision."""
    return _is_public(entry, now) or entry.status == Status.HIDDEN


def _is_public(entry: Entry, now: datetime) -> bool:
    return entry.status == Status.PUBLISHED and entry.published <= now


def _once_public(session: Session, entry_ids: Collection[int]) -> set[int]:
    """Return which of these entries were public before one of their changes, and at their time."""
    published = Revision.fields["published"].as_string()
    statement = select(Revision.entry_id, Revision.at, published).where(
        Revision.fields["status"].as_string() == Status.PUBLISHED
    )
    rows = rows_in(session, statement, Revision.entry_id, entry_ids)
    return {entry for entry, at, when in rows if datetime.fromisoformat(when) <= at}


def _place(entry: Entry) -> Place:
    return entry.day, entry.slug


def _wanted_place(entry: Entry, change: EntryChange, settings: Settings) -> Place:
    """The day and the slug that an entry asks for after a change of its date or its slug."""
    merged = _merged(entry, change)
    # Only a new time moves the day: a change of the blog's time zone moves no address.
    day = entry.day if merged.published == entry.published else _day(merged, settings)
    return day, slug_of(merged) if "slug" in change.fields and merged.slug else entry.slug


def _moved(entries: Sequence[Entry], wanted: Sequence[Place], slugs: FreeSlugs) -> list[Place]:
    """The places that entries get: where they are, or one that is free once they have left it."""
    moves = [(_place(entry), place) for entry, place in zip(entries, wanted, strict=True)]
    slugs.expect([place for move in moves if move[0] != move[1] for place in move])
    return [after if before == after else slugs.move(before, after) for before, after in moves]


def _path(place: Place) -> str:
    return f"/{day_path(place[0])}/{place[1]}/"


def _day(draft: Draft, settings: Settings) -> date:
    return draft.published.astimezone(settings.zone).date()
