"""The ledger of an import: which entries its drafts already are, and the writing of what was decided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.changes.columns import BadDraft
from blog.changes.entries import (
    EntryChange,
    NewEntry,
    draft_of,
    insert_entries,
    note_upstream,
    prepare,
    update_entry,
)
from blog.changes.log import record_names
from blog.changes.names import write_names
from blog.models import Alias, Entry, Series, Source, Tag, entry_tag
from importers.pipeline import Digests, Known, Outcome, digests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.config import Settings
    from blog.domain.entry import Draft, Item
    from blog.services import Services
    from importers.pipeline import Decision


class ImportLedger:
    """Implements ``importers.pipeline.Ledger`` on the blog's database."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._living: dict[str, str] | None = None

    def known(self, drafts: Sequence[Draft]) -> Mapping[tuple[str, str], Known]:
        """Return the entries these drafts were imported as, by source and external id."""
        ids = [draft.external_id for draft in drafts]
        statement = (
            select(Source.slug, Entry.external_id, Entry.id, Entry.upstream)
            .outerjoin(Source, Source.id == Entry.source_id)
            .where(Entry.external_id.in_(ids))
        )
        with self._services.sessions.read() as session:
            return {
                (source or "", external_id): Known(entry_id, upstream or {})
                for source, external_id, entry_id, upstream in session.execute(statement)
            }

    def current(self, entry_ids: Sequence[int]) -> Mapping[int, Digests]:
        """Return the digests of what these entries hold now."""
        found: dict[int, Digests] = {}
        with self._services.sessions.read() as session:
            tags: dict[int, list[str]] = {}
            for entry_id, slug in session.execute(
                select(entry_tag.c.entry_id, Tag.slug)
                .join(Tag, Tag.id == entry_tag.c.tag_id)
                .where(entry_tag.c.entry_id.in_(entry_ids))
            ):
                tags.setdefault(entry_id, []).append(slug)
            statement = select(Entry, Series.slug).outerjoin(Series, Series.id == Entry.series_id)
            for entry, series in session.execute(statement.where(Entry.id.in_(entry_ids))):
                draft = draft_of(entry, tags.get(entry.id, ()))
                found[entry.id] = digests(replace(draft, series=series or ""))
        return found

    def living_tag(self, slug: str) -> str:
        """Return the tag that a slug leads to: itself, or its new name."""
        if self._living is None:
            with self._services.sessions.read() as session:
                pairs = session.execute(select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id))
                self._living = dict(pairs.all())
        return self._living.get(slug, slug)

    def apply_names(self, items: Sequence[Item]) -> int:
        """Write tags, old names, series, sources and redirects; return how many were new or changed."""
        with self._services.sessions.write() as session:
            changed = write_names(session, items)
            if changed:
                record_names(session, self._services.clock())
        self._living = None
        return changed

    def apply(self, decisions: Sequence[Decision]) -> list[tuple[str, str]]:
        """Write what was decided, in one transaction; return id and reason for each that could not be."""
        failures: list[tuple[str, str]] = []
        # Rendering is the slow part, so it is done before the one write lock is taken.
        new = self._prepared(decisions, failures)
        settings = self._services.settings
        with self._services.sessions.write() as session:
            now = self._services.clock()
            insert_entries(session, settings, new, now)
            for one in decisions:
                if one.entry_id is None:
                    continue
                try:
                    _apply_to_known(session, settings, one.entry_id, one, now)
                except BadDraft as error:
                    failures.append((one.draft.external_id, error.sentence))
        return failures

    def _prepared(self, decisions: Sequence[Decision], failures: list[tuple[str, str]]) -> list[NewEntry]:
        new: list[NewEntry] = []
        for one in decisions:
            if one.outcome is not Outcome.CREATED:
                continue
            try:
                new.append(prepare(one.draft, self._services.settings, one.tag_names, one.upstream))
            except BadDraft as error:
                failures.append((one.draft.external_id, error.sentence))
        return new


def _apply_to_known(
    session: Session, settings: Settings, entry_id: int, decision: Decision, now: datetime
) -> None:
    if decision.outcome is Outcome.UPDATED:
        change = EntryChange(decision.draft, decision.fields, decision.tag_names, decision.upstream)
        update_entry(session, settings, entry_id, change, now)
    elif decision.outcome is Outcome.KEPT:
        note_upstream(session, entry_id, decision.upstream)
