"""Changing many entries at once: one transaction and one operation, however many they are.

What a reader sees of an entry is not rendered anew, and of a change of tags, kind, source or
status no revision is kept: the operation holds what it takes to undo it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from blog.changes.entries import delete_entries, keep_revisions
from blog.changes.fields import KIND, SOURCE, STATUS, obstacles, set_field, values_of
from blog.changes.log import record_new_names
from blog.changes.operations import ENTRIES_DELETED, FIELD_SET
from blog.changes.plans import NothingToDo, Plan
from blog.changes.retagging import Filed, Retagging
from blog.changes.tagging import retagging_plan
from blog.changes.vocabulary import read_vocabulary
from blog.domain.entry import Kind, Status
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from blog.models import Source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.changes.vocabulary import TagRow, Vocabulary

Ids = frozenset[int]
# What no source has as its id.
_NOT_THERE_YET: Final = 0


@dataclass(frozen=True, slots=True)
class AddTags:
    """Tag entries, with all that the tags imply; tags are made where they are not there yet."""

    entries: Ids
    names: tuple[str, ...]

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before, filed = read_vocabulary(session), Filed(session)
        after, tags = before, []
        for name in _names(self.names):
            after, tag = after.living_or_new(slugify(name), name)
            tags.append(tag)
        added = filed.lacking(after.implied_by(tag.id for tag in tags), filed.existing(self.entries))
        done = Retagging(before, after, added)
        touched = done.entries
        if not touched:
            raise NothingToDo(f"All of them are tagged {_quoted(tags)} already.")
        implied = [after.tags[tag] for tag in added if tag not in {one.id for one in tags}]
        notes = [f"“{tag.name}” is a new tag." for tag in tags if tag.id < 0]
        notes += [f"{_quoted(implied)} comes with it, being implied."] if implied else []
        return retagging_plan(f"Tag {_entries(len(touched))} {_quoted(tags)}", done, touched, notes)


@dataclass(frozen=True, slots=True)
class RemoveTags:
    """Take tags off entries; the tags themselves stay."""

    entries: Ids
    names: tuple[str, ...]

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before, filed = read_vocabulary(session), Filed(session)
        tags = [_living(before, name) for name in _names(self.names)]
        removed = {tag.id: filed.under(tag.id) & self.entries for tag in tags}
        done = Retagging(before, before, removed={tag: here for tag, here in removed.items() if here})
        if not done.entries:
            raise NothingToDo(f"None of them is tagged {_quoted(tags)}.")
        summary = f"Take {_quoted(tags)} off {_entries(len(done.entries))}"
        return retagging_plan(summary, done, done.entries, _that_come_back(before, filed, done))


def _that_come_back(before: Vocabulary, filed: Filed, done: Retagging) -> list[str]:
    """Say which tags entries will have again when they are saved, because another tag implies them."""
    notes = []
    for tag_id, entries in done.removed.items():
        implying = {tag for tag, other in before.implications if other == tag_id and filed.under(tag) & entries}
        if implying:
            by = _quoted([before.tags[tag] for tag in sorted(implying)])
            notes.append(
                f"{by} implies “{before.tags[tag_id].name}”: what has it gets that again when it is saved."
            )
    return notes


@dataclass(frozen=True, slots=True)
class SetKind:
    """Make entries of another kind; what has no URL cannot become a link."""

    entries: Ids
    kind: Kind

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        return _field_plan(session, self.entries, KIND, self.kind.value, f"Make {self.kind.plural} of {{}}")


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Publish, hide or put back entries; their dates stay."""

    entries: Ids
    status: Status

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        words = {
            Status.PUBLISHED: "Publish {}",
            Status.DRAFT: "Make {} drafts",
            Status.HIDDEN: "Hide {}",
            Status.INBOX: "Put {} into the inbox",
        }
        notes = ["They keep their dates; those whose time has not come wait for it."]
        publishes = self.status is Status.PUBLISHED
        planned = _field_plan(
            session, self.entries, STATUS, self.status.value, words[self.status], notes if publishes else []
        )

        def write(session: Session, now: datetime, by: str) -> Mapping[str, Any]:
            # That they were public is what their addresses are remembered for, should they move.
            before = values_of(session, STATUS, planned.entries)
            leave = [entry for entry, status in before.items() if status == Status.PUBLISHED]
            keep_revisions(session, sorted(leave), now, by)
            return planned.write(session, now, by)

        return replace(planned, write=write)


@dataclass(frozen=True, slots=True)
class SetSource:
    """Say that entries come from another source; an empty name is the blog's own writing."""

    entries: Ids
    name: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        name = " ".join(self.name.split())[:100]
        slug = slugify(name) if name else ""
        found = session.execute(select(Source.id, Source.name).where(Source.slug == slug)).first()
        notes = ["An import from where they came before would bring them in again."]
        if not slug:
            return _field_plan(session, self.entries, SOURCE, None, "Make {} the blog's own", notes)
        if found:
            words = f"Make “{found.name}” the source of {{}}"
            return _field_plan(session, self.entries, SOURCE, found.id, words, notes)
        return self._into_new(session, slug, name, [f"“{name}” is a new source.", *notes])

    def _into_new(self, session: Session, slug: str, name: str, notes: list[str]) -> Plan:
        """The plan for a source that is made when it is carried out."""
        words = f"Make “{name}” the source of {{}}"
        planned = _field_plan(session, self.entries, SOURCE, _NOT_THERE_YET, words, notes)

        def write(session: Session, now: datetime, _by: str) -> Mapping[str, Any]:
            made = session.execute(
                insert(Source).values(slug=slug, name=name).returning(Source.id)
            ).scalar_one()
            record_new_names(session, now)
            return write_field(session, planned.entries, SOURCE, made, now) | {"made_source": made}

        return replace(planned, write=write)


@dataclass(frozen=True, slots=True)
class DeleteEntries:
    """Delete entries; they can be brought back for as long as operations can be undone."""

    entries: Ids

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        here = sorted(Filed(session).existing(self.entries))
        if not here:
            raise NothingToDo("They are not there any more.")

        def write(session: Session, now: datetime, by: str) -> Mapping[str, Any]:
            delete_entries(session, here, now, by=by)
            return {"entries": here}

        notes = (
            "Their pages will be gone, and feed readers keep what they have. An import leaves them deleted.",
        )
        return Plan(
            what=ENTRIES_DELETED,
            summary=f"Delete {_entries(len(here))}",
            entries=here,
            write=write,
            notes=notes,
        )


def _field_plan(
    session: Session,
    entry_ids: Collection[int],
    field: str,
    value: Any,
    words: str,
    notes: Collection[str] = (),
) -> Plan:
    """The plan that gives a field of entries a value, where they have another and can have this one."""
    here = values_of(session, field, entry_ids)
    others = [entry for entry, current in here.items() if current != value]
    cannot = obstacles(session, field, value, others)
    touched = sorted(entry for entry in others if entry not in cannot)
    if not touched:
        raise NothingToDo(_why_nothing(cannot) if cannot else "That is how they all are already.")

    def write(session: Session, now: datetime, _by: str) -> Mapping[str, Any]:
        return write_field(session, touched, field, value, now)

    summary = words.format(_entries(len(touched)))
    return Plan(what=FIELD_SET, summary=summary, entries=touched, write=write, notes=tuple(notes), left=cannot)


def _why_nothing(cannot: Mapping[int, str]) -> str:
    reasons = ", or ".join(sorted(set(cannot.values())))
    return f"None of them can be changed: {reasons}."


def write_field(
    session: Session, entry_ids: Collection[int], field: str, value: Any, now: datetime
) -> dict[str, Any]:
    """Set a field of entries; return what it takes to put it back (``undo_field``)."""
    before: dict[Any, list[int]] = {}
    for entry, current in values_of(session, field, entry_ids).items():
        before.setdefault(current, []).append(entry)
    kept: dict[str, Any] = {"field": field, "to": value, "from": [[one, ids] for one, ids in before.items()]}
    values = {field: value}
    if field == KIND:
        # The kind is of what a reader reads, so it moves the time of the last change, as editing does.
        updated = values_of(session, "updated", entry_ids)
        kept["updated_from"] = [[entry, at.isoformat()] for entry, at in updated.items()]
        kept["updated_to"] = now.isoformat()
        values["updated"] = now
    set_field(session, entry_ids, values, now)
    return kept


def _names(names: Collection[str]) -> list[str]:
    """The tags' names as typed, without what is nothing; at least one is left."""
    found = [" ".join(name.split()) for name in names if name.strip()]
    if not found:
        raise BadTag("Name at least one tag.")
    return found


def _living(vocabulary: Vocabulary, name: str) -> TagRow:
    slug = slugify(name)
    return vocabulary.living(slug) or vocabulary.tag(slug)


def _quoted(tags: Collection[TagRow]) -> str:
    return ", ".join(f"“{tag.name}”" for tag in tags)


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count:,} entries"
