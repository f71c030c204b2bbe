"""The ledger of an import: which entries its drafts already are, and the writing of what was decided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from blog.changes.columns import BadDraft, as_stored
from blog.changes.entries import (
    DELETED,
    EntryChange,
    NewEntry,
    draft_of,
    insert_entries,
    note_upstream,
    prepare,
    prepare_change,
    update_entry,
)
from blog.changes.log import record_names
from blog.changes.names import write_names
from blog.domain.errors import NotThere
from blog.models import Alias, Entry, Revision, Series, Source, Tag, entry_tag
from importers.pipeline import Applied, Digests, Known, Outcome, digests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from blog.domain.entry import Draft, Item
    from blog.services import Services
    from importers.pipeline import Decision, Key


class ImportLedger:
    """Implements ``importers.pipeline.Ledger`` on the blog's database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._living: dict[str, str] | None = None

    def as_stored(self, draft: Draft) -> Draft:
        """Return the draft in the form in which an entry holds it."""
        return as_stored(draft)

    def known(self, drafts: Sequence[Draft]) -> Mapping[Key, Known]:
        """Return the entries these drafts were imported as, by source and external id."""
        with self._services.sessions.read() as session:
            return _known(session, drafts)

    def deleted(self, drafts: Sequence[Draft]) -> set[Key]:
        """Return which of these drafts were imported once and deleted by the author."""
        if not drafts:
            return set()
        external_id = Revision.fields["external_id"].as_string()
        source_id = Revision.fields["source_id"].as_integer()
        with self._services.sessions.read() as session:
            found = session.execute(
                select(Source.slug, external_id)
                .select_from(Revision)
                .outerjoin(Source, Source.id == source_id)
                .where(Revision.reason == DELETED, external_id.in_([draft.external_id for draft in drafts]))
            )
            return {(source or "", name) for source, name in found}

    def current(self, entry_ids: Sequence[int]) -> Mapping[int, Digests]:
        """Return the digests of what these entries hold now."""
        with self._services.sessions.read() as session:
            return _current(session, entry_ids)

    def living_tag(self, slug: str) -> str:
        """Return the tag that a slug leads to: itself, or its new name."""
        if self._living is None:
            with self._services.sessions.read() as session:
                pairs = session.execute(select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id))
                self._living = dict(pairs.all())
        return self._living.get(slug, slug)

    def apply_names(self, items: Sequence[Item]) -> list[tuple[str, str]]:
        """Write tags, old names, series, sources and redirects; return what could not be, and why."""
        with self._services.sessions.write() as session:
            changed, failures = write_names(session, items)
            if changed:
                record_names(session, self._services.clock())
        self._living = None
        return failures

    def apply(self, decisions: Sequence[Decision]) -> Applied:
        """Write what was decided, in one transaction, where it still holds."""
        # Rendering is the slow part, so it is done before the one write lock is taken.
        new, changes, failures = self._prepared(decisions)
        if not (new or changes or any(one.has_news for one in decisions)):
            # Most of an import run again is this: nobody has to wait for a lock.
            return Applied(failures, set())
        settings = self._services.settings
        with self._services.sessions.write() as session:
            now = self._services.clock()
            stale = _stale(session, decisions)
            insert_entries(session, settings, [one for key, one in new.items() if key not in stale], now)
            for decision in decisions:
                entry_id = decision.entry_id
                if entry_id is None or decision.key in stale:
                    continue
                if decision.key in changes:
                    change, columns = changes[decision.key]
                    update_entry(session, settings, entry_id, change, columns, now)
                elif decision.has_news and decision.outcome is not Outcome.UPDATED:
                    note_upstream(session, entry_id, decision.upstream)
        self._living = None
        return Applied(failures, stale)

    def _prepared(
        self, decisions: Sequence[Decision]
    ) -> tuple[dict[Key, NewEntry], dict[Key, tuple[EntryChange, dict[str, Any]]], list[tuple[Key, str]]]:
        """Render what is to be created and what is to be changed, and note what cannot be."""
        new: dict[Key, NewEntry] = {}
        changes: dict[Key, tuple[EntryChange, dict[str, Any]]] = {}
        failures: list[tuple[Key, str]] = []
        settings = self._services.settings
        with self._services.sessions.read() as session:
            for one in decisions:
                try:
                    if one.outcome is Outcome.CREATED:
                        new[one.key] = prepare(one.draft, settings, one.tag_names, one.upstream)
                    elif one.outcome is Outcome.UPDATED and one.entry_id is not None:
                        change = EntryChange(one.draft, one.fields, one.tag_names, one.upstream)
                        changes[one.key] = (change, prepare_change(session, settings, one.entry_id, change))
                except BadDraft as error:
                    failures.append((one.key, error.sentence))
                except NotThere:
                    # Deleted since it was decided on; the look under the lock will see that, too.
                    continue
        return new, changes, failures


def _stale(session: Session, decisions: Sequence[Decision]) -> set[Key]:
    """The decisions whose entry is not, or is no more, what they were made on."""
    known = _known(session, [one.draft for one in decisions])
    changed = [one for one in decisions if one.entry_id is not None and one.seen]
    current = _current(session, [one.entry_id for one in changed if one.entry_id is not None])
    stale = {one.key for one in decisions if (one.key in known) != (one.entry_id is not None)}
    return stale | {one.key for one in changed if current.get(one.entry_id or 0) != one.seen}


def _known(session: Session, drafts: Sequence[Draft]) -> dict[Key, Known]:
    statement = (
        select(Source.slug, Entry.external_id, Entry.id, Entry.upstream)
        .outerjoin(Source, Source.id == Entry.source_id)
        .where(Entry.external_id.in_([draft.external_id for draft in drafts]))
    )
    return {
        (source or "", external_id): Known(entry_id, upstream or {})
        for source, external_id, entry_id, upstream in session.execute(statement)
    }


def _current(session: Session, entry_ids: Sequence[int]) -> dict[int, Digests]:
    tags: dict[int, list[str]] = {}
    for entry_id, slug in session.execute(
        select(entry_tag.c.entry_id, Tag.slug)
        .join(Tag, Tag.id == entry_tag.c.tag_id)
        .where(entry_tag.c.entry_id.in_(entry_ids))
    ):
        tags.setdefault(entry_id, []).append(slug)
    statement = select(Entry, Series.slug).outerjoin(Series, Series.id == Entry.series_id)
    return {
        entry.id: digests(replace(draft_of(entry, tags.get(entry.id, ())), series=series or ""))
        for entry, series in session.execute(statement.where(Entry.id.in_(entry_ids)))
    }
