"""Writing entries: created, changed, deleted, each with its revision and its line in the log."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from blog.changes.columns import atom_id_of, columns_of, free_slug, slug_of
from blog.changes.log import record, record_new_names
from blog.changes.names import tag_ids, write_redirect
from blog.domain.dates import day_path
from blog.domain.entry import Draft, Kind, Markup, RedirectDraft, Status
from blog.domain.errors import NotThere
from blog.domain.tags import slugify
from blog.models import Alias, Entry, Redirect, Revision, Series, Source, Tag, entry_tag

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from blog.config import Settings
    from blog.services import Services

DELETED: Final = "deleted"
_DERIVED: Final = {"html", "short_html", "text", "words"}
# Everything an author writes; where an entry came from stays what it was.
_EDITED: Final = frozenset(field.name for field in fields(Draft)) - {"external_id", "source", "updated"}
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


def save_entry(services: Services, draft: Draft, entry_id: int | None = None) -> int:
    """Create an entry from the draft, or make the existing one say what the draft says; return its id.

    Raises:
        NotThere: there is no entry with this id.
        BadDraft: the draft cannot be an entry.
    """
    names = {slugify(name): name.strip() for name in draft.tags}
    with services.sessions.write() as session:
        now = services.clock()
        names = _living(session, names)
        if entry_id is None:
            new = prepare(draft, services.settings, names, None)
            (entry_id,) = insert_entries(session, services.settings, [new], now)
        else:
            change = EntryChange(draft, _EDITED, names, None)
            columns = prepare_change(session, services.settings, entry_id, change)
            update_entry(session, services.settings, entry_id, change, columns, now)
        return entry_id


def delete_entry(services: Services, entry_id: int) -> None:
    """Delete an entry; its last revision stays, so it can be brought back.

    Raises:
        NotThere: there is no entry with this id.
    """
    with services.sessions.write() as session:
        now = services.clock()
        keep_revision(session, _entry(session, entry_id), DELETED, now)
        session.execute(delete(Entry).where(Entry.id == entry_id))
        record(session, DELETED, [entry_id], now)


def _living(session: Session, names: Mapping[str, str]) -> dict[str, str]:
    """Replace old tag names by the tags they lead to."""
    statement = select(Alias.slug, Tag.slug, Tag.name).join(Tag, Tag.id == Alias.tag_id)
    renamed = {
        old: (new, name) for old, new, name in session.execute(statement.where(Alias.slug.in_(list(names))))
    }
    return dict(renamed.get(slug, (slug, name)) for slug, name in names.items())


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

    draft: Draft
    fields: Collection[str]
    tags: Mapping[str, str]
    upstream: dict[str, str] | None


def prepare(
    draft: Draft, settings: Settings, tags: Mapping[str, str], upstream: dict[str, str] | None
) -> NewEntry:
    """Render a draft, which is the slow part of creating an entry, and check it.

    Raises:
        BadDraft: the draft cannot be an entry.
    """
    atom_id = atom_id_of(draft, settings.authority)
    return NewEntry(draft, atom_id, columns_of(draft, atom_id, settings), tags, upstream)


def insert_entries(session: Session, settings: Settings, new: Sequence[NewEntry], now: datetime) -> list[int]:
    """Insert entries with their tags; return their ids, in the order given."""
    if not new:
        return []
    # A tag may have been renamed since the import began.
    new = [replace(one, tags=_living(session, one.tags)) for one in new]
    places = _Places(session)
    taken = _taken_slugs(session, {_day(one.draft, settings) for one in new})
    rows = []
    for one in new:
        day = _day(one.draft, settings)
        slug = free_slug(slug_of(one.draft), taken.setdefault(day, set()))
        taken[day].add(slug)
        rows.append(
            {
                **one.columns,
                "day": day,
                "slug": slug,
                "atom_id": one.atom_id,
                "external_id": one.draft.external_id,
                "updated": min(one.draft.updated or one.draft.published, max(now, one.draft.published)),
                "upstream": one.upstream,
                "source_id": places.source(one.draft.source),
                "series_id": places.series(one.draft.series),
            }
        )
    ids = list(session.scalars(insert(Entry).returning(Entry.id, sort_by_parameter_order=True), rows))
    made_tags = _tag_entries(session, {entry: one.tags for entry, one in zip(ids, new, strict=True)})
    if made_tags or places.made:
        record_new_names(session, now)
    record(session, "created", ids, now)
    return ids


def _tag_entries(session: Session, tagged: Mapping[int, Mapping[str, str]]) -> bool:
    """Set the tags of entries that have none yet; tell whether a tag was made."""
    names = {slug: name for one in tagged.values() for slug, name in one.items()}
    if not names:
        return False
    before = set(session.scalars(select(Tag.slug).where(Tag.slug.in_(list(names)))))
    ids = tag_ids(session, names)
    rows = [{"entry_id": entry, "tag_id": ids[slug]} for entry, one in tagged.items() for slug in one]
    session.execute(insert(entry_tag), rows)
    return len(before) < len(names)


def prepare_change(session: Session, settings: Settings, entry_id: int, change: EntryChange) -> dict[str, Any]:
    """Return the columns of an entry after a change, rendered; nothing is written.

    Raises:
        NotThere: there is no entry with this id.
        BadDraft: the entry would be none any more.
    """
    entry = _entry(session, entry_id)
    return columns_of(_merged(entry, change), entry.atom_id, settings)


def update_entry(
    session: Session,
    settings: Settings,
    entry_id: int,
    change: EntryChange,
    columns: Mapping[str, Any],
    now: datetime,
) -> None:
    """Change an entry, keeping how it was; one that moves to another day or slug leaves a redirect.

    ``columns`` are those of ``prepare_change``, which is slow and needs no write lock.

    Raises:
        NotThere: there is no entry with this id.
    """
    entry = _entry(session, entry_id)
    merged = _merged(entry, change)
    values = dict(columns)
    keep_revision(session, entry, "edited" if change.upstream is None else "imported", now)
    places = _Places(session)
    if "series" in change.fields:
        values["series_id"] = places.series(change.draft.series)
    if change.upstream is not None:
        values["upstream"] = change.upstream
    if any(values[name] != getattr(entry, name) for name in _CONTENT):
        # An author's edit is of now; of an import, the source says when, if it knows.
        said = change.draft.updated if change.upstream is not None else None
        values["updated"] = max(min(said or now, now), entry.updated)
    values |= _moved(session, settings, entry, merged, change.fields)
    session.execute(update(Entry).where(Entry.id == entry_id).values(**values))
    made_tags = False
    if "tags" in change.fields:
        session.execute(delete(entry_tag).where(entry_tag.c.entry_id == entry_id))
        made_tags = _tag_entries(session, {entry_id: _living(session, change.tags)})
    if made_tags or places.made:
        record_new_names(session, now)
    record(session, "updated", [entry_id], now)


def note_upstream(session: Session, entry_id: int, upstream: dict[str, str]) -> None:
    """Remember what the source says now, where nothing of it is to be written."""
    session.execute(update(Entry).where(Entry.id == entry_id).values(upstream=upstream))


def draft_of(entry: Entry, tags: Collection[str]) -> Draft:
    """Return an entry as the draft that would make it; its source and series are left out."""
    return Draft(
        kind=Kind(entry.kind),
        external_id=entry.external_id,
        published=entry.published,
        title=entry.title,
        slug=entry.slug,
        body=entry.body,
        markup=Markup(entry.markup),
        url=entry.url,
        via_url=entry.via_url,
        via_title=entry.via_title,
        citation=entry.citation,
        context=entry.context,
        image_url=entry.image_url,
        image_alt=entry.image_alt,
        tags=tuple(sorted(tags)),
        series_order=entry.series_order,
        status=Status(entry.status),
        updated=entry.updated,
    )


def _entry(session: Session, entry_id: int) -> Entry:
    entry = session.get(Entry, entry_id)
    if entry is None:
        raise NotThere(f"There is no entry number {entry_id}.")
    return entry


def keep_revision(session: Session, entry: Entry, reason: str, now: datetime) -> None:
    """Keep what an entry says, before it is changed; what is derived from that is left out."""
    tags = (
        select(Tag.slug).join(entry_tag, entry_tag.c.tag_id == Tag.id).where(entry_tag.c.entry_id == entry.id)
    )
    kept: dict[str, Any] = {
        column.name: getattr(entry, column.name)
        for column in Entry.__table__.columns
        if column.name not in _DERIVED
    }
    kept |= {name: kept[name].isoformat() for name in ("published", "updated", "day")}
    kept["tags"] = sorted(session.scalars(tags))
    session.add(Revision(entry_id=entry.id, at=now, reason=reason, fields=kept))


def _merged(entry: Entry, change: EntryChange) -> Draft:
    """The entry as a draft, with what is to change taken from the new draft."""
    before = draft_of(entry, ())
    return replace(before, **{name: getattr(change.draft, name) for name in change.fields})


def _moved(
    session: Session, settings: Settings, entry: Entry, merged: Draft, fields: Collection[str]
) -> dict[str, Any]:
    """The new day and slug of an entry whose date or slug was changed, with a redirect from the old."""
    # Only a new time moves the day: a change of the blog's time zone moves no address.
    day = entry.day if merged.published == entry.published else _day(merged, settings)
    wanted = slug_of(merged) if "slug" in fields and merged.slug else entry.slug
    if (day, wanted) == (entry.day, entry.slug):
        return {}
    taken = _taken_slugs(session, {day}).get(day, set()) - ({entry.slug} if day == entry.day else set())
    slug = free_slug(wanted, taken)
    before, after = (f"/{day_path(one)}/{name}/" for one, name in ((entry.day, entry.slug), (day, slug)))
    # What led to the old address leads to the new one at once, and what lives there leads nowhere else.
    own = Redirect.host == ""
    session.execute(update(Redirect).where(own, Redirect.target == before).values(target=after))
    session.execute(delete(Redirect).where(own, Redirect.path == after))
    write_redirect(session, RedirectDraft(path=before, target=after))
    return {"day": day, "slug": slug}


def _day(draft: Draft, settings: Settings) -> date:
    return draft.published.astimezone(settings.zone).date()


def _taken_slugs(session: Session, days: Collection[date]) -> dict[date, set[str]]:
    taken: dict[date, set[str]] = {}
    for day, slug in session.execute(select(Entry.day, Entry.slug).where(Entry.day.in_(list(days)))):
        taken.setdefault(day, set()).add(slug)
    return taken


class _Places:
    """Looks up sources and series by slug, once each, and makes those that are not there yet."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: dict[tuple[str, str], int] = {}
        self.made = False

    def source(self, slug: str) -> int | None:
        """The id of a source; None for the blog's own writing."""
        return self._id("source", slug)

    def series(self, slug: str) -> int | None:
        """The id of a series; None for none."""
        return self._id("series", slug)

    def _id(self, what: str, slug: str) -> int | None:
        if not slug:
            return None
        key = (what, slugify(slug))
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, what: str, slug: str) -> int:
        model = Source if what == "source" else Series
        found = self._session.scalar(select(model.id).where(model.slug == slug))
        if found is not None:
            return found
        self.made = True
        words = slug.replace("-", " ").capitalize()
        place = Source(slug=slug, name=words) if what == "source" else Series(slug=slug, title=words)
        self._session.add(place)
        self._session.flush()
        return place.id
