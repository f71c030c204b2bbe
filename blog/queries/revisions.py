"""What became of an entry: who changed what, and when; and which entries were deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.domain.diffs import field_diffs
from blog.domain.errors import NotThere
from blog.domain.times import typed_local
from blog.models import Change, Conflict, Entry, ImportItem, Revision, Series, Source, Tag, entry_tag
from blog.queries.conflicts import spoken_value
from blog.queries.entries import beginning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from blog.domain.diffs import FieldDiff
    from blog.services import Services

_DELETED: Final = "deleted"
KEPT: Final = "kept"
_BY_IMPORTS: Final = ("imported", "joined")
_SHOWN: Final = 50
_DELETED_SHOWN: Final = 200
_PLAIN: Final = (
    *("kind", "status", "title", "url", "body", "citation", "context", "via_url", "via_title"),
    *("tags", "series", "series_order", "slug", "published", "markup", "image_url", "image_alt"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One change of an entry: ``diffs`` are from what it said before to what it said then.

    ``id`` is that of the revision, which holds what it said before. ``by`` is empty for an import or
    the command line; ``source`` names where an import came from, and ``run_id`` is its number.
    """

    id: int
    at: datetime
    reason: str
    by: str
    diffs: list[FieldDiff]
    source: str = ""
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class KeptWord:
    """A field that stayed as the author has it, while its source says something else.

    ``how`` says how that was settled, and is empty where it was not; ``diffs`` are from the author's word,
    as it is now, to the source's, which ``theirs`` says too.
    """

    id: int
    at: datetime
    field: str
    source: str
    theirs: str
    how: str
    diffs: list[FieldDiff]
    reason: str = KEPT
    by: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """The changes of an entry, the latest first; ``earlier`` counts those that are left out."""

    name: str
    is_deleted: bool
    created: datetime | None
    steps: list[Step | KeptWord]
    earlier: int


@dataclass(frozen=True, slots=True)
class DeletedEntry:
    """An entry that was deleted, and by whom; the revision holds all of it."""

    entry_id: int
    revision_id: int
    name: str
    kind: str
    at: datetime
    by: str


def history(services: Services, entry_id: int) -> History:
    """Return what became of an entry.

    Raises:
        NotThere: there is no such entry, and never was one.
    """
    zone = services.settings.zone
    with services.sessions.read() as session:
        entry = session.get(Entry, entry_id)
        mine = Revision.entry_id == entry_id
        newest = select(Revision).where(mine).order_by(Revision.id.desc()).limit(_SHOWN)
        revisions = list(session.scalars(newest))
        if entry is None and not revisions:
            raise NotThere(f"There is no entry number {entry_id}.")
        series: dict[int, str] = dict(session.execute(select(Series.id, Series.title)).all())
        now = _said_now(session, entry) if entry else revisions[0].fields
        said = [_described(fields, series, zone) for fields in (now, *(one.fields for one in revisions))]
        imports = _imports(session, entry, [one for one in revisions if one.reason in _BY_IMPORTS])
        steps: list[Step | KeptWord] = [
            Step(
                one.id,
                one.at,
                one.reason,
                one.by,
                field_diffs(said[at + 1], said[at]),
                *imports.get(one.id, ("", None)),
            )
            for at, one in enumerate(revisions)
        ]
        steps += _kept_words(session, entry_id, said[0], zone)
        return History(
            name=_name(now),
            is_deleted=entry is None,
            created=_created(session, entry_id),
            # Of one time, the change before what it left as it was.
            steps=sorted(steps, key=lambda step: step.at, reverse=True),
            earlier=(session.scalar(select(func.count(Revision.id)).where(mine)) or 0) - len(revisions),
        )


def _imports(
    session: Session, entry: Entry | None, revisions: Sequence[Revision]
) -> dict[int, tuple[str, int | None]]:
    """Where the imports came from that made these changes, and their numbers where they were recorded."""
    if not revisions:
        return {}
    names: dict[str, str] = dict(session.execute(select(Source.slug, Source.name)).all())
    own = session.scalar(select(Source.name).where(Source.id == entry.source_id)) if entry else ""
    items = select(ImportItem.revision_id, ImportItem.source, ImportItem.run_id)
    found = session.execute(items.where(ImportItem.revision_id.in_([one.id for one in revisions])))
    known = {revision: (names.get(source, source), run) for revision, source, run in found}
    # What a poll changes may be in no run; what is not joined is of the entry's own source.
    return {
        one.id: known.get(one.id, ((own or "") if one.reason == "imported" else "", None)) for one in revisions
    }


def _kept_words(session: Session, entry_id: int, now: Mapping[str, str], zone: ZoneInfo) -> list[KeptWord]:
    """What sources say of fields that stayed as the author has them."""
    statement = select(Conflict, Source.name).outerjoin(Source, Source.id == Conflict.source_id)
    found = []
    for one, source in session.execute(statement.where(Conflict.entry_id == entry_id)):
        theirs = spoken_value(one.field, one.theirs, zone)
        diffs = field_diffs({one.field: now.get(one.field, "")}, {one.field: theirs})
        found.append(KeptWord(one.id, one.at, one.field, source or "", theirs, one.how, diffs))
    return found


def deleted_entries(services: Services) -> list[DeletedEntry]:
    """Return the entries that were deleted and are not back, the last one first."""
    last = select(func.max(Revision.id)).where(Revision.reason == _DELETED).group_by(Revision.entry_id)
    gone = select(Revision).where(Revision.id.in_(last), Revision.entry_id.not_in(select(Entry.id)))
    with services.sessions.read() as session:
        rows = session.scalars(gone.order_by(Revision.id.desc()).limit(_DELETED_SHOWN))
        return [
            DeletedEntry(one.entry_id, one.id, _name(one.fields), one.fields["kind"], one.at, one.by)
            for one in rows
        ]


def _said_now(session: Session, entry: Entry) -> Mapping[str, Any]:
    """What an entry says, as a revision would hold it."""
    names = ("kind", "status", "title", "url", "body", "citation", "context", "via_url", "via_title", "slug")
    said: dict[str, Any] = {name: getattr(entry, name) for name in names}
    said |= {name: getattr(entry, name) for name in ("markup", "image_url", "image_alt", "series_order")}
    tags = (
        select(Tag.slug).join(entry_tag, entry_tag.c.tag_id == Tag.id).where(entry_tag.c.entry_id == entry.id)
    )
    return said | {
        "published": entry.published.isoformat(),
        "series_id": entry.series_id,
        "tags": list(session.scalars(tags)),
    }


def _described(fields: Mapping[str, Any], series: Mapping[int, str], zone: ZoneInfo) -> dict[str, str]:
    """Return what a revision holds as texts, for comparing."""
    said = {name: fields.get(name) for name in _PLAIN}
    said["tags"] = ", ".join(sorted(fields["tags"]))
    said["series"] = series.get(fields["series_id"] or 0, "")
    said["published"] = typed_local(datetime.fromisoformat(fields["published"]), zone).replace("T", " ")
    return {name: "" if value is None else str(value) for name, value in said.items()}


def _name(fields: Mapping[str, Any]) -> str:
    words: Sequence[str] = (fields["title"], beginning(fields["body"]), fields["url"], fields["slug"])
    return next((text for text in words if text), "")


def _created(session: Session, entry_id: int) -> datetime | None:
    statement = select(func.min(Change.at)).where(Change.entry_id == entry_id, Change.what == "created")
    found: datetime | None = session.scalar(statement)
    return found
