"""The ledger of an import: which entries its drafts already are, and the writing of what was decided."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from blog.changes.appearances import joining_change, write_joins
from blog.changes.appearances_kept import APPEARANCES, LEFT
from blog.changes.columns import BadDraft, as_stored, atom_id_of, unrendered
from blog.changes.conflicts import note_conflicts
from blog.changes.entries import (
    DELETED,
    EntryChange,
    NewEntry,
    draft_of,
    drafts_after,
    insert_entries,
    note_upstream,
    tags_of,
    update_entries,
)
from blog.changes.filing import read_merged_sources
from blog.changes.joins_undo import UNDONE_IMPORT
from blog.changes.log import record_names
from blog.changes.lookups import rows_in
from blog.changes.names import write_names
from blog.changes.renderers import Renderers
from blog.changes.rulebook import note_given, read_rulebook
from blog.changes.same_links import joined_keys, read_moved_pages, same_links
from blog.changes.slugs import FreeSlugs
from blog.changes.vanished import marked_keys, unmark
from blog.changes.vocabulary import closure, read_implied_slugs
from blog.domain.entry import Kind, SourceDraft
from blog.domain.filters import source_url
from blog.domain.links import MovedPages
from blog.domain.rule_subject import TagNames
from blog.models import Alias, Entry, Revision, Rule, Series, Source, Tag
from importers.joining import new_tags
from importers.pipeline import (
    GIVEN,
    Applied,
    Digests,
    Known,
    Outcome,
    digests,
    key_of,
    without_rules_gone,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from blog.changes.columns import Columns
    from blog.changes.entries import Rewritten
    from blog.changes.import_runs import RunRecorder
    from blog.changes.slugs import Place
    from blog.domain.entry import Draft, Item
    from blog.domain.links import LinkKey
    from blog.services import Services
    from importers.joining import SameLink, Standing
    from importers.pipeline import Decision, Key, RuleSaid, Ruling


class ImportLedger:
    """Implements ``importers.pipeline.Ledger`` on the blog's database.

    ``renderers`` are closed by who made them; without any, all is rendered in this process.
    ``recorder`` is told of everything, in the transaction that writes it.
    """

    def __init__(
        self,
        services: Services,
        renderers: Renderers | None = None,
        recorder: RunRecorder | None = None,
    ) -> None:
        self._services = services
        self._recorder = recorder
        self._renderers = renderers or Renderers()
        self._living: dict[str, str] | None = None
        self._implied: dict[str, list[str]] | None = None
        self._merged: dict[str, str] | None = None
        self._slug_numbers: dict[Place, int] = {}
        self._deleted: set[Key] = set()
        self._last_revision = 0
        self._moved: MovedPages | None = None
        self._vanished: dict[Key, list[int]] | None = None

    def record_with(self, recorder: RunRecorder) -> None:
        """Tell this recorder of what is written from now on."""
        self._recorder = recorder

    def as_stored(self, draft: Draft) -> Draft:
        """Return the draft in the form in which an entry holds it."""
        return as_stored(draft)

    def known(self, drafts: Sequence[Draft]) -> Mapping[Key, Known]:
        """Return the entries these drafts were imported as, by source and external id."""
        with self._services.sessions.read() as session:
            found = _known(session, drafts)
            if not any(GIVEN in one.upstream for one in found.values()):
                return found
            rules = set(session.scalars(select(Rule.id).where(Rule.enabled)))
            return {
                key: replace(one, upstream=without_rules_gone(one.upstream, rules))
                for key, one in found.items()
            }

    def held(self, drafts: Sequence[Draft]) -> set[Key]:
        """Return which of these drafts were imported once: are known, have joined an entry, or were deleted."""
        with self._services.sessions.read() as session:
            found = set(_known(session, drafts))
            found |= joined_keys(session, {key_of(draft) for draft in drafts} - found)
        return found | self.deleted([draft for draft in drafts if key_of(draft) not in found])

    def deleted(self, drafts: Sequence[Draft]) -> set[Key]:
        """Return which of these drafts were imported once and deleted by the author."""
        if not drafts:
            return set()
        # Revisions have no index to find a deleted item by, so those that are new since the last
        # batch are read, once for the whole import.
        external_id = Revision.fields["external_id"].as_string()
        source_id = Revision.fields["source_id"].as_integer()
        with self._services.sessions.read() as session:
            keys = {key_of(draft) for draft in drafts}
            # What has joined an entry is not known by one of its own, and there all the same.
            keys -= joined_keys(session, keys)
            if not keys:
                return set()
            last = session.scalar(select(func.max(Revision.id))) or 0
            found = session.execute(
                select(Source.slug, external_id)
                .select_from(Revision)
                .outerjoin(Source, Source.id == source_id)
                .where(Revision.reason == DELETED, Revision.id > self._last_revision)
                # What was of a source that is gone is not of the blog's own.
                .where(or_(source_id.is_(None), Source.id.is_not(None)))
            )
            self._deleted |= {(source or "", name) for source, name in found}
            self._deleted |= _deleted_with_others(session, self._last_revision)
        self._last_revision = last
        return self._deleted & keys

    def same_links(self, drafts: Sequence[Draft], standings: Mapping[Key, Standing]) -> Mapping[Key, SameLink]:
        """Return the entries of other sources that these drafts may join, or have joined."""
        with self._services.sessions.read() as session:
            return self._same_links(session, drafts, standings)

    def _same_links(
        self, session: Session, drafts: Sequence[Draft], standings: Mapping[Key, Standing]
    ) -> dict[Key, SameLink]:
        if self._moved is None:
            self._moved = read_moved_pages(session)
        found = same_links(session, drafts, standings, self._moved, self.with_implied)
        return {key: self._in_todays_names(same) for key, same in found.items()}

    def _in_todays_names(self, same: SameLink) -> SameLink:
        """What an item said before, under the names that its tags have today."""
        if not same.said or not same.said.get("tags"):
            return same
        tags = sorted({self.living_tag(tag) for tag in same.said["tags"].split()})
        return replace(same, said={**same.said, "tags": " ".join(tags)})

    def current(self, entry_ids: Sequence[int]) -> Mapping[int, Digests]:
        """Return the digests of what these entries hold now, tags with all that they imply."""
        with self._services.sessions.read() as session:
            return self._current(session, entry_ids)

    def living_tag(self, slug: str) -> str:
        """Return the tag that a slug leads to: itself, or its new name."""
        if self._living is None:
            with self._services.sessions.read() as session:
                pairs = session.execute(select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id))
                self._living = dict(pairs.all())
        return self._living.get(slug, slug)

    def living_source(self, slug: str) -> str:
        """Return the source that a slug leads to: itself, or the one that it was put together with."""
        if self._merged is None:
            with self._services.sessions.read() as session:
                self._merged = read_merged_sources(session)
        return self._merged.get(source_url(slug), slug) if slug and self._merged else slug

    def with_implied(self, tags: Collection[str]) -> Collection[str]:
        """Return these tags and all that they imply.

        What implies what is read once for an import: it is for comparing only, and an entry that
        is written gets what is implied then.
        """
        if self._implied is None:
            with self._services.sessions.read() as session:
                self._implied = read_implied_slugs(session)
        return closure(tags, self._implied) if self._implied else tags

    def ruled(self, drafts: Sequence[Draft]) -> Sequence[Ruling | None]:
        """Return what the author's rules, as they are now, make of drafts; None where none applies."""
        with self._services.sessions.read() as session:
            book = read_rulebook(session)
        return book.rulings(drafts, TagNames(self.living_tag, self.with_implied))

    def _current(self, session: Session, entry_ids: Sequence[int]) -> dict[int, Digests]:
        tags = {entry: self.with_implied(slugs) for entry, slugs in tags_of(session, entry_ids).items()}
        statement = select(Entry, Series.slug).outerjoin(Series, Series.id == Entry.series_id)
        return {
            entry.id: digests(replace(draft_of(entry, tags.get(entry.id, ())), series=series or ""))
            for entry, series in rows_in(session, statement, Entry.id, entry_ids)
        }

    def apply_names(self, items: Sequence[Item]) -> list[tuple[str, str]]:
        """Write tags, old names, series, sources and redirects; return what could not be, and why."""
        # What is said of a source that is part of another by now is not said of that.
        items = [
            one for one in items if not isinstance(one, SourceDraft) or self.living_source(one.slug) == one.slug
        ]
        with self._services.sessions.write() as session:
            with self._recorder.naming(session, items) if self._recorder else nullcontext():
                changed, failures = write_names(session, items)
            if changed:
                record_names(session, self._services.clock())
        self._living = None
        return failures

    def prepare(self, decisions: Sequence[Decision]) -> Preparation:
        """Begin to render what is to be written, which is slow and needs no write lock."""
        return Preparation(self._services, self._renderers, decisions)

    def apply(self, prepared: Preparation) -> Applied:
        """Write what was decided, in one transaction, where it still holds."""
        ready, decisions = prepared.finish(), prepared.decisions
        back = self._come_back(decisions)
        if not (back or ready.new or ready.changes or any(one.has_news for one in decisions)):
            # Most of an import run again is this: nobody has to wait for a lock.
            return Applied(ready.failures, set())
        settings = self._services.settings
        with self._services.sessions.write() as session:
            now = self._services.clock()
            before = self._recorder.begin(session) if self._recorder else None
            slugs = FreeSlugs(session, self._slug_numbers)
            stale = self._stale(session, decisions)
            new = {key: one for key, one in ready.new.items() if key not in stale}
            written = [one for one in decisions if one.key not in stale]
            failed = {key for key, _ in ready.failures}
            joining = [one for one in written if one.joins and one.has_news and one.key not in failed]
            joins = {one.key for one in joining}
            changes = [one for key, one in ready.changes.items() if key not in stale and key not in joins]
            ids = insert_entries(session, settings, list(new.values()), slugs, now)
            update_entries(session, settings, changes, slugs, now)
            added = [one for key, one in ready.changes.items() if key in joins]
            write_joins(session, settings, joining, added, slugs, now)
            note_given(session, _given(decisions, stale, dict(zip(new, ids, strict=True))), now)
            note_upstream(session, _only_said(written))
            note_conflicts(session, written, now)
            unmark(session, back)
            if self._recorder and before:
                self._recorder.wrote(session, before, written, dict(zip(new, ids, strict=True)))
        self._living = None
        return Applied(ready.failures, stale)

    def _come_back(self, decisions: Sequence[Decision]) -> list[int]:
        """The marks of what had vanished at its source, and is there again."""
        if self._vanished is None:
            with self._services.sessions.read() as session:
                self._vanished = marked_keys(session)
        return [mark for one in decisions for mark in self._vanished.pop(one.key, ())] if self._vanished else []

    def _stale(self, session: Session, decisions: Sequence[Decision]) -> set[Key]:
        """The decisions whose entry is not, or is no more, what they were made on."""
        known = _known(session, [one.draft for one in decisions])
        changed = [one for one in decisions if one.entry_id is not None and one.seen and not one.joins]
        current = self._current(session, [one.entry_id for one in changed if one.entry_id is not None])
        others = [one for one in decisions if not one.joins]
        stale = {one.key for one in others if (one.key in known) != (one.entry_id is not None)}
        stale |= {one.key for one in changed if current.get(one.entry_id or 0) != one.seen}
        changed_too = {one.entry_id for one in others if one.outcome is Outcome.UPDATED}
        unknown = [one for one in decisions if one.key not in known]
        return stale | self._stale_links(session, unknown, changed_too)

    def _stale_links(
        self, session: Session, decisions: Sequence[Decision], changed: set[int | None]
    ) -> set[Key]:
        """The decisions on links that meet others now, or in the same batch, than when they were made.

        Of several that change one entry, or that are the same new link, the first is written; the
        others are decided again when it is there. ``changed`` are the entries that others change.
        """
        # What the author deleted stays deleted, and joins nothing.
        asked = [one for one in decisions if one.joins or one.outcome is Outcome.CREATED]
        standings = {one.key: one.standing for one in asked}
        found = self._same_links(session, [one.draft for one in asked], standings)
        stale = {one.key for one in asked if found.get(one.key) != one.joins}
        moved = self._moved or MovedPages()
        made: dict[LinkKey | Key, str] = {}
        for one in asked:
            if one.joins and one.has_news:
                if one.joins.entry_id in changed:
                    stale.add(one.key)
                changed.add(one.joins.entry_id)
            elif (
                one.key not in stale and made.setdefault(_key(moved, one), one.draft.source) != one.draft.source
            ):
                stale.add(one.key)
        return stale


@dataclass(frozen=True, slots=True)
class Ready:
    """What is to be created, what is to be changed, and what cannot be, with the reason."""

    new: dict[Key, NewEntry]
    changes: dict[Key, Rewritten]
    failures: list[tuple[Key, str]]


class Preparation:
    """Implements ``importers.pipeline.Prepared``: decisions, and what they will write being rendered."""

    def __init__(self, services: Services, renderers: Renderers, decisions: Sequence[Decision]) -> None:
        self.decisions = decisions
        self._changes = {one.key: change for one in decisions if (change := _change(one))}
        self._atom_ids: dict[Key, str] = {}
        self._columns: dict[Key, Columns] = {}
        self._failures: list[tuple[Key, str]] = []
        bodies = []
        new = {one.key: one.stored for one in decisions if one.outcome is Outcome.CREATED}
        for key, (draft, atom_id) in self._drafts(services).items():
            try:
                columns, body = unrendered(draft, atom_id, services.settings, new.get(key))
            except BadDraft as error:
                self._failures.append((key, error.sentence))
                continue
            self._columns[key], self._atom_ids[key] = columns, atom_id
            bodies.append(body)
        self._rendering = renderers.render(bodies)

    @property
    def is_elsewhere(self) -> bool:
        """Whether this goes on while this process does something else."""
        return self._rendering.is_elsewhere

    def finish(self) -> Ready:
        """Wait for what is being rendered, and return it."""
        new: dict[Key, NewEntry] = {}
        changes: dict[Key, Rewritten] = {}
        decided = {one.key: one for one in self.decisions}
        for (key, columns), rendered in zip(self._columns.items(), self._rendering.results(), strict=True):
            columns |= rendered._asdict()
            if key in self._changes:
                changes[key] = (self._changes[key], columns)
            else:
                one = decided[key]
                new[key] = NewEntry(one.draft, self._atom_ids[key], columns, one.tag_names, one.upstream)
        return Ready(new, changes, self._failures)

    def _drafts(self, services: Services) -> dict[Key, tuple[Draft, str]]:
        """What the entries to be written will say, with their URIs.

        An entry that was deleted since is not among them; the look under the lock will see that, too.
        """
        authority = services.settings.authority
        new = (one for one in self.decisions if one.outcome is Outcome.CREATED)
        drafts = {one.key: (one.draft, atom_id_of(one.draft, authority)) for one in new}
        with services.sessions.read() as session:
            for changes in self._of_different_entries():
                found = drafts_after(session, list(changes.values()))
                drafts |= {key: found[one.entry_id] for key, one in changes.items() if one.entry_id in found}
        return drafts

    def _of_different_entries(self) -> Iterable[dict[Key, EntryChange]]:
        """The changes, in parts in which no two are of one entry; as a rule in one."""
        parts: list[dict[Key, EntryChange]] = []
        seen: Counter[int] = Counter()
        for key, change in self._changes.items():
            at = seen[change.entry_id]
            seen[change.entry_id] += 1
            parts += [{}] if at == len(parts) else []
            parts[at][key] = change
        return parts


def _key(moved: MovedPages, decision: Decision) -> LinkKey | Key:
    """What no other new entry may be, of another source."""
    key = moved.key(decision.draft.url) if decision.draft.kind is Kind.LINK else None
    return key or decision.key


def _change(decision: Decision) -> EntryChange | None:
    if decision.joins:
        return joining_change(decision)
    if decision.outcome is not Outcome.UPDATED or decision.entry_id is None:
        return None
    return EntryChange(
        decision.entry_id, decision.draft, decision.fields, decision.tag_names, decision.upstream
    )


def _given(
    decisions: Sequence[Decision], stale: Collection[Key], created: Mapping[Key, int]
) -> dict[int, dict[str, RuleSaid]]:
    """The tags that entries which were written got from rules now, and from which."""
    found: dict[int, dict[str, RuleSaid]] = {}
    for one in decisions:
        entry_id = created.get(one.key, one.entry_id)
        if one.given and one.key not in stale and entry_id is not None:
            new = _new_tags(one)
            found[entry_id] = found.get(entry_id, {}) | {
                tag: said for tag, said in one.given.items() if tag in new
            }
    return found


def _new_tags(decision: Decision) -> Collection[str]:
    """The tags that an entry gets, as far as it has not had them before, from whomever."""
    if decision.outcome is Outcome.CREATED:
        return decision.given
    if "tags" not in decision.fields:
        return ()
    if decision.joins:
        return new_tags(decision.upstream, decision.joins)
    return set(decision.tag_names) - set(decision.seen.get("tags", "").split())


def _only_said(decisions: Iterable[Decision]) -> dict[int, Digests]:
    """What sources say of entries now, where nothing of it is to be written."""
    return {
        one.entry_id: one.upstream
        for one in decisions
        if one.entry_id is not None and one.has_news and one.outcome is not Outcome.UPDATED and not one.joins
    }


def _known(session: Session, drafts: Sequence[Draft]) -> dict[Key, Known]:
    statement = select(Source.slug, Entry.external_id, Entry.id, Entry.upstream)
    statement = statement.outerjoin(Source, Source.id == Entry.source_id)
    rows = rows_in(session, statement, Entry.external_id, [draft.external_id for draft in drafts])
    return {
        (source or "", external_id): Known(entry_id, upstream or {})
        for source, external_id, entry_id, upstream in rows
    }


def _deleted_with_others(session: Session, last: int) -> set[Key]:
    """The items that had joined entries which were deleted, and those that left for good, since a revision."""
    kept = Revision.fields[APPEARANCES], Revision.fields[LEFT]
    statement = select(*kept).where(Revision.reason.in_([DELETED, UNDONE_IMPORT]), Revision.id > last)
    rows = session.execute(statement.where(or_(*(one.as_string().is_not(None) for one in kept))))
    slugs: dict[int | None, str] = {None: ""}
    found = [one for both in rows for some in both for one in some or ()]
    if found:
        slugs |= dict(session.execute(select(Source.id, Source.slug)).all())
    return {(slugs[one["source_id"]], one["external_id"]) for one in found if one["source_id"] in slugs}
