"""What entries say now, beside what their source said last: by this, undoing an import knows an edit.

Compared are digests, field by field, which every entry remembers of its source (``Entry.upstream``). So
an edit is noticed however it was made, and a tag that was renamed here since is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from blog.changes.columns import unrendered
from blog.changes.entries import EntryChange, draft_of, tags_of
from blog.changes.lookups import rows_in
from blog.changes.vocabulary import closure, read_implied_slugs
from blog.domain.entry import Draft, Kind, Markup, Status
from blog.models import Alias, Entry, Revision, Series, Source, Tag
from blog.rendering import Rendered, render
from importers.pipeline import BEGUN, FIELDS, digest, digests, undone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from blog.changes.columns import Columns
    from blog.config import Settings

# What a revision keeps in the very form that a draft has it in.
_SAME: Final = (
    *("title", "slug", "body", "url", "via_url", "via_title", "citation", "context"),
    *("image_url", "image_alt", "external_id", "series_order"),
)


@dataclass(frozen=True, slots=True)
class TagsOfToday:
    """The old names of tags with their new ones, and what implies what."""

    living: Mapping[str, str]
    implied: Mapping[str, Sequence[str]]

    def names(self, slugs: Iterable[str]) -> set[str]:
        """Return these tags under the names that they have today."""
        return {self.living.get(slug, slug) for slug in slugs}

    def spelled(self, slugs: Iterable[str]) -> str:
        """Return these tags and all that they imply, as digests spell them."""
        return " ".join(sorted(closure(self.names(slugs), self.implied)))


@dataclass(frozen=True, slots=True)
class State:
    """An entry as it is now, with the digests of what its source said last, in today's names of tags."""

    entry: Entry
    draft: Draft
    said: Mapping[str, str]
    slugs: frozenset[str]
    tags: TagsOfToday

    def changed(self, status: Status | None, source: str) -> list[str]:
        """The fields that are not as the import wrote them.

        ``status`` is what it gave new entries, and ``source`` the slug of where they came from.
        """
        said = dict(self.said)
        if BEGUN in said:
            said["status"] = said[BEGUN]
        elif status is not None and said.get("status") == digest(Status.PUBLISHED):
            said["status"] = digest(status)
        now = digests(self.draft)
        changed = [name for name in FIELDS if name != "slug" and now[name] != said.get(name, "")]
        # A slug may have been made here, or given a number, so the revisions tell.
        changed += ["slug"] if self.slugs - {self.entry.slug} else []
        return changed + (["source"] if self.draft.source != source else [])

    def back_to(
        self, before: Mapping[str, Any], series: Mapping[int, str], *, for_good: bool = False
    ) -> tuple[EntryChange, list[str]]:
        """The change that puts back what the import wrote, and the names of the fields that it leaves.

        With ``for_good`` the same is not to be written again, as long as the source says it.
        """
        was = _draft_of_revision(before, series, self.tags)
        old, now, then = digests(was), digests(self.draft), self._said_then(before)
        wrote = [name for name in FIELDS if old[name] != now[name] and then.get(name) != self.said.get(name)]
        ours = [name for name in wrote if now[name] == self.said.get(name)]
        tags = set(was.tags)
        if "tags" in wrote and "tags" not in ours:
            # Tags were merged one by one, so they go back one by one.
            tags = self._tags_back_to(then, tags)
            wrote.remove("tags")
            ours += ["tags"] if tags != set(self.draft.tags) else []
        names = {slug: slug for slug in tags}
        back = replace(was, tags=tuple(sorted(tags)))
        said = undone(self.entry.upstream or {}, then, ours) if for_good else then
        change = EntryChange(self.entry.id, back, frozenset(ours), names, said)
        return change, [name for name in wrote if name not in ours]

    def _tags_back_to(self, then: Mapping[str, str], before: set[str]) -> set[str]:
        """The tags without those that the import added, and with those that it took; the author's stay."""
        said, said_then = (set(one.get("tags", "").split()) for one in (self.said, then))
        added, dropped = said - said_then - before, (said_then - said) & before
        return (set(self.draft.tags) - added) | dropped

    def _said_then(self, before: Mapping[str, Any]) -> dict[str, str]:
        said = dict(before.get("upstream") or {})
        return said | {"tags": self.tags.spelled(said.get("tags", "").split())}

    def columns(self, change: EntryChange, settings: Settings) -> Columns:
        """The columns of what the change makes of the entry; its body is rendered only if it is another one."""
        merged = replace(self.draft, **{name: getattr(change.draft, name) for name in change.fields})
        columns, body = unrendered(merged, self.entry.atom_id, settings)
        if {"body", "markup"} & set(change.fields):
            return columns | render(*body)._asdict()
        return columns | {name: getattr(self.entry, name) for name in Rendered._fields}


def states_of(session: Session, entry_ids: Sequence[int]) -> dict[int, State]:
    """What these entries say now, and said, tags with all that they imply."""
    tags = tags_of(session, entry_ids)
    if not entry_ids:
        return {}
    today = _tags_of_today(session)
    slugs: dict[int, set[str]] = {}
    before = select(Revision.entry_id, Revision.fields["slug"].as_string())
    for entry_id, slug in rows_in(session, before, Revision.entry_id, entry_ids):
        slugs.setdefault(entry_id, set()).add(slug)
    statement = select(Entry, Series.slug, Source.slug).outerjoin(Series, Series.id == Entry.series_id)
    statement = statement.outerjoin(Source, Source.id == Entry.source_id)
    found = {}
    for entry, series, source in rows_in(session, statement, Entry.id, entry_ids):
        draft = replace(draft_of(entry, tags.get(entry.id, ())), series=series or "", source=source or "")
        said = dict(entry.upstream or {})
        said["tags"] = today.spelled(said.get("tags", "").split())
        found[entry.id] = State(entry, draft, said, frozenset(slugs.get(entry.id, ())), today)
    return found


def state_before(session: Session, kept: Mapping[str, Any], source: str) -> State:
    """What an entry said, and its source, before it was made one with another."""
    today, series = _tags_of_today(session), dict(session.execute(select(Series.id, Series.slug)).all())
    said = dict(kept.get("upstream") or {})
    said["tags"] = today.spelled(said.get("tags", "").split())
    draft = replace(_draft_of_revision(kept, series, today), source=source)
    return State(Entry(id=kept["id"], slug=kept["slug"]), draft, said, frozenset(), today)


def _tags_of_today(session: Session) -> TagsOfToday:
    old_names = select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id)
    return TagsOfToday(dict(session.execute(old_names).all()), read_implied_slugs(session))


def _draft_of_revision(kept: Mapping[str, Any], series: Mapping[int, str], tags: TagsOfToday) -> Draft:
    """What an entry said, as the draft that would make it."""
    return Draft(
        kind=Kind(kept["kind"]),
        markup=Markup(kept["markup"]),
        status=Status(kept["status"]),
        published=datetime.fromisoformat(kept["published"]),
        tags=tuple(sorted(tags.names(kept["tags"]))),
        series=series.get(kept["series_id"], ""),
        **{name: kept[name] for name in _SAME},
    )
