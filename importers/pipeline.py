"""From what a parser read to what becomes of it, counted.

``run`` takes the items of any parser and a ledger, which knows the entries there are and
writes (``blog/changes/imports.py``). What becomes of a draft is decided purely, by a
three-way merge of fields: what the source says now, what it said last time, and what the
entry holds. So a second run changes nothing, an update never overwrites what the author
changed, and an import that was cut off goes on when it is run again.

The author's rules are applied to what is new, or has really changed: an item that says what it
said last time is left alone, whatever has become of the rules meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from blog.domain.entry import Draft, LeftOut, Rejected, SourceDraft, Status
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from importers.joining import Standing, added_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from blog.domain.entry import Item, Kind
    from importers.joining import SameLink

BATCH: Final = 500
# Everything of a draft that can change upstream; its source and id say which entry it is.
FIELDS: Final = (
    *("kind", "title", "slug", "body", "markup", "url", "via_url", "via_title", "citation", "context"),
    *("image_url", "image_alt", "tags", "series", "series_order", "status", "published"),
)
# Beside the digests of the fields: one of all that the item said, before any rule; of the status that a rule
# let the entry begin with, which its source does not say; and the tags that are from rules, each after the
# number of its rule.
ITEM: Final = "item"
BEGUN: Final = "begun"
GIVEN: Final = "given"
Digests = dict[str, str]
Key = tuple[str, str]
_ROUNDS: Final = 5
# How many batches may wait for their rendering: one that is rendered, and one to go on with.
_AHEAD: Final = 2


def key_of(draft: Draft) -> Key:
    """Return what names a draft for ever: its source and its id there."""
    return draft.source, draft.external_id


class Outcome(StrEnum):
    """What became of an item. Kept: upstream changed what the author had changed too.

    Joined: it is the same link as an entry of another source, and from now on one with it.
    """

    CREATED = "created"
    JOINED = "joined"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that an item was imported as: its id and the digests of what was read then."""

    entry_id: int
    upstream: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """The rule that something is from: its number, and its line."""

    rule_id: int
    line: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the author's rules make of a draft.

    ``names`` gives the slugs of its tags their names, and ``given`` those that a rule gave that rule.
    ``status`` is what a rule lets a new entry begin as, and ``skipped`` the line of one that leaves it out.
    """

    draft: Draft
    names: Mapping[str, str]
    given: Mapping[str, RuleSaid] = field(default_factory=dict)
    status: Status | None = None
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a draft: ``fields`` are to be written, ``kept`` are the author's.

    ``draft`` is as it came, so that a refusal can say what it was, and ``stored`` is the form of
    it that an entry holds.
    ``tag_names`` gives the tags' slugs the names they were written with. ``seen`` are the
    digests of the entry that this was decided on, and ``has_news`` says that the source said
    something else than last time. ``joins`` is the entry of another source that it is the same link as,
    ``given`` are the tags that are from rules, and ``standing`` tells who may see it.
    """

    draft: Draft
    stored: Draft
    outcome: Outcome
    entry_id: int | None
    fields: frozenset[str]
    kept: frozenset[str]
    upstream: Digests
    tag_names: Mapping[str, str]
    seen: Mapping[str, str]
    has_news: bool
    joins: SameLink | None = None
    given: Mapping[str, RuleSaid] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)

    @property
    def key(self) -> Key:
        """What names the draft: its source and its id there."""
        return key_of(self.draft)

    @property
    def notes(self) -> list[str]:
        """What the author should know of it: what was kept, and why."""
        notes = [f"kept your {name}; the source changed it too" for name in sorted(self.kept)]
        if self.outcome is Outcome.KEPT and self.entry_id is None:
            notes.append("you deleted it here, so it stays deleted")
        if self.outcome is Outcome.JOINED and self.joins:
            notes.append(f"the same link as “{self.joins.name}”")
        return notes


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an item, and why; ``outcome`` is None for what is only to be known of it.

    ``draft`` is None where none could be read, and ``entry_id`` where it is not an entry yet.
    """

    external_id: str
    outcome: Outcome | None
    reason: str = ""
    draft: Draft | None = None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a ledger made of some decisions.

    ``failures`` could not be written, with the reason. ``stale`` were not written because the
    entry is no more what the decision was made on: somebody else wrote meanwhile.
    """

    failures: list[tuple[Key, str]]
    stale: set[Key]


@dataclass(slots=True)
class Report:
    """The counts of a run, and a reason for everything that did not go in as it was."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def fail(self, external_id: str, reason: str) -> None:
        """Count an item that could not be imported."""
        self.counts[Outcome.FAILED] += 1
        self.failures.append((external_id, reason))


class Prepared(Protocol):
    """Decisions, and what they will write being made ready."""

    decisions: Sequence[Decision]

    @property
    def is_elsewhere(self) -> bool:
        """Whether that goes on, in other processes, while this one does something else."""
        ...


_Prepared = TypeVar("_Prepared", bound=Prepared)


class Ledger(Protocol[_Prepared]):
    """The entries there are, as the pipeline needs them. Every ``apply`` is one transaction."""

    def as_stored(self, draft: Draft) -> Draft:
        """Return the draft in the form in which an entry holds it."""
        ...

    def known(self, drafts: Sequence[Draft]) -> Mapping[Key, Known]:
        """Return the entries these drafts were imported as, by source and external id."""
        ...

    def held(self, drafts: Sequence[Draft]) -> set[Key]:
        """Return which of these drafts were imported once, whatever became of them."""
        ...

    def deleted(self, drafts: Sequence[Draft]) -> set[Key]:
        """Return which of these drafts were imported once and deleted by the author."""
        ...

    def same_links(self, drafts: Sequence[Draft], standings: Mapping[Key, Standing]) -> Mapping[Key, SameLink]:
        """Return the entries of other sources that these drafts are the same link as, and may join.

        They are none that are known. Two of one source are never the same entry.
        """
        ...

    def current(self, entry_ids: Sequence[int]) -> Mapping[int, Digests]:
        """Return the digests of what these entries hold now, tags with all that they imply."""
        ...

    def living_tag(self, slug: str) -> str:
        """Return the tag that a slug leads to: itself, or its new name."""
        ...

    def living_source(self, slug: str) -> str:
        """Return the source that a slug leads to: itself, or the one that it was put together with."""
        ...

    def with_implied(self, tags: Collection[str]) -> Collection[str]:
        """Return these tags and all that an entry gets beside them, because they imply it."""
        ...

    def ruled(self, drafts: Sequence[Draft]) -> Sequence[Ruling | None]:
        """Return what the author's rules make of drafts as entries hold them; None where none applies."""
        ...

    def apply_names(self, items: Sequence[Item]) -> list[tuple[str, str]]:
        """Write tags, old names, series, sources and redirects; return what could not be, and why."""
        ...

    def prepare(self, decisions: Sequence[Decision]) -> _Prepared:
        """Begin to make ready what will be written; nothing is written yet."""
        ...

    def apply(self, prepared: _Prepared) -> Applied:
        """Write what was decided, where it still holds."""
        ...


def run(
    items: Iterable[Item],
    ledger: Ledger[_Prepared],
    *,
    source: str = "",
    kind: Kind | None = None,
    status: Status | None = None,
    dry_run: bool = False,
    on_progress: Callable[[int], None] | None = None,
    on_told: Callable[[Told], None] | None = None,
) -> Report:
    """Import the items in batches of 500, each batch whole or not at all.

    Args:
        items: what a parser yields.
        ledger: what to compare with and to write to.
        source: name of the source for drafts that name none; empty for the blog's own.
        kind: make every entry of this kind.
        status: what entries are created as that are published there; those that are there keep theirs.
        dry_run: decide and count, write nothing.
        on_progress: told the number of drafts after each batch.
        on_told: told what became of each item, once that is written.
    """
    job = _Job(ledger, dry_run, status, on_progress, on_told)
    given = slugify(source) if source else ""
    if given:
        job.take_name(SourceDraft(slug=given, name=source))
    for item in items:
        if isinstance(item, Rejected):
            job.fail(item.external_id, item.reason)
        elif isinstance(item, LeftOut):
            job.note(item.external_id, item.reason)
        elif isinstance(item, Draft):
            job.take_draft(_with(item, source=item.source or given, kind=kind or item.kind))
        else:
            job.take_name(item)
    job.flush()
    return job.report


# An import meets the same few thousand names over and over.
_slug = lru_cache(maxsize=20_000)(slugify)


def _slug_or_none(name: str) -> str:
    return _slug(name) if name else ""


def _with(draft: Draft, **values: Any) -> Draft:
    """The draft with these values; as a rule it has them, and copying costs more than looking."""
    changes = any(getattr(draft, name) != value for name, value in values.items())
    return replace(draft, **values) if changes else draft


@dataclass(frozen=True, slots=True)
class _Read:
    """An item on its way to a decision: as it came, as an entry holds it, and what it says by that.

    ``status`` is what a rule lets a new entry begin as, and ``given`` the tags that are from rules.
    """

    raw: Draft
    stored: Draft
    names: Mapping[str, str]
    known: Known | None
    said: Digests
    has_news: bool
    given: Mapping[str, RuleSaid] = field(default_factory=dict)
    status: Status | None = None


def under_known_ids(drafts: Sequence[Draft], ledger: Ledger[Any]) -> list[Draft]:
    """Return the drafts, those that are known here by their former id under that one. It is settled then."""
    renamed = [one for one in drafts if one.former_id]
    held = ledger.held(renamed) if renamed else set()
    former = {
        key_of(one): replace(one, external_id=one.former_id, former_id="")
        for one in renamed
        if key_of(one) not in held
    }
    held = ledger.held(list(former.values())) if former else set()
    known = {key: draft for key, draft in former.items() if key_of(draft) in held}
    return [replace(known.get(key_of(one), one), former_id="") if one.former_id else one for one in drafts]


class _Job(Generic[_Prepared]):
    """One run: what has been taken in, what is being made ready, and the report of what was written."""

    def __init__(
        self,
        ledger: Ledger[_Prepared],
        dry_run: bool,
        status: Status | None,
        on_progress: Callable[[int], None] | None,
        on_told: Callable[[Told], None] | None,
    ) -> None:
        self.report = Report()
        self._ledger = ledger
        self._dry_run = dry_run
        self._status = status
        self._on_progress = on_progress
        self._on_told = on_told
        self._names: list[Item] = []
        self._drafts: dict[Key, Draft] = {}
        self._begun: deque[tuple[list[Draft], _Prepared]] = deque()

    def fail(self, external_id: str, reason: str, draft: Draft | None = None) -> None:
        self.report.fail(external_id, reason)
        self._tell_of(Told(external_id, Outcome.FAILED, reason, draft))

    def note(self, external_id: str, reason: str, draft: Draft | None = None) -> None:
        self.report.notes.append((external_id, reason))
        self._tell_of(Told(external_id, None, reason, draft))

    def take_name(self, item: Item) -> None:
        if not self._names:
            self._flush_drafts()
        self._names.append(item)

    def take_draft(self, draft: Draft) -> None:
        self._flush_names()
        try:
            source = self._ledger.living_source(_slug_or_none(draft.source))
            draft = _with(draft, source=source, series=_slug_or_none(draft.series))
        except BadTag as error:
            self.fail(draft.external_id, error.sentence, draft)
            return
        key = key_of(draft)
        if len(self._drafts) == BATCH or key in self._drafts:
            # The same id twice in one file: the second is an update of the first.
            self._begin_drafts()
        self._drafts[key] = draft

    def flush(self) -> None:
        self._flush_names()
        self._flush_drafts()

    def _flush_names(self) -> None:
        names, self._names = self._names, []
        if names and not self._dry_run:
            for name, reason in self._ledger.apply_names(names):
                self.fail(name, reason)

    def _flush_drafts(self) -> None:
        self._begin_drafts()
        while self._begun:
            self._finish_batch()

    def _begin_drafts(self) -> None:
        """Decide what becomes of the drafts taken in, and write what is ready.

        Decisions are made, and bodies rendered, before the write lock is taken. While bodies are
        rendered elsewhere, the next batch is read and decided. What somebody else, or the batch
        before, has written until then is decided again, on what is there now.
        """
        drafts, self._drafts = under_known_ids(list(self._drafts.values()), self._ledger), {}
        if not drafts:
            return
        decisions = self._decide(drafts)
        if self._dry_run:
            self._count(decisions, Applied([], set()))
            self._tell(len(drafts))
            return
        prepared = self._ledger.prepare(decisions)
        self._begun.append((drafts, prepared))
        while len(self._begun) > (_AHEAD if prepared.is_elsewhere else 0):
            self._finish_batch()

    def _finish_batch(self) -> None:
        """Write the batch that was begun first."""
        drafts, prepared = self._begun.popleft()
        waiting, tries = self._write(drafts, prepared), _ROUNDS - 1
        while waiting and tries:
            before = len(waiting)
            waiting = self._write(waiting, self._ledger.prepare(self._decide(waiting)))
            # Items of one batch that are the same link wait for one another, each for a round.
            tries -= len(waiting) == before
        for draft in waiting:
            self.fail(draft.external_id, "Somebody else kept changing it; run the import again.", draft)
        self._tell(len(drafts))

    def _write(self, drafts: list[Draft], prepared: _Prepared) -> list[Draft]:
        """Write what was decided on some drafts; return those that have to be decided on again."""
        applied = self._ledger.apply(prepared)
        self._count(prepared.decisions, applied)
        return [draft for draft in drafts if key_of(draft) in applied.stale]

    def _tell(self, count: int) -> None:
        if self._on_progress:
            self._on_progress(count)

    def _tell_of(self, told: Told) -> None:
        if self._on_told:
            self._on_told(told)

    def _count(self, decisions: Sequence[Decision], applied: Applied) -> None:
        failed = dict(applied.failures)
        for decision in decisions:
            draft, outcome, notes = decision.draft, decision.outcome, decision.notes
            if decision.key in failed:
                self.fail(draft.external_id, failed[decision.key], draft)
            elif decision.key not in applied.stale:
                self.report.counts[outcome] += 1
                self.report.notes += ((draft.external_id, note) for note in notes)
                reason = "; ".join(notes)
                self._tell_of(Told(draft.external_id, outcome, reason, draft, decision.entry_id))

    def _decide(self, drafts: list[Draft]) -> list[Decision]:
        settled = [self._with_living_tags(self._ledger.as_stored(draft)) for draft in drafts]
        known = self._ledger.known(drafts)
        deleted = self._ledger.deleted([draft for draft in drafts if key_of(draft) not in known])
        seen = [self._with_living_names(known.get(key_of(draft))) for draft in drafts]
        read = [
            self._read(raw, stored, names, old)
            for raw, (stored, names), old in zip(drafts, settled, seen, strict=True)
        ]
        read = self._ruled(read, deleted)
        standings = {key_of(one.raw): self._standing(one) for one in read}
        # The rules may have made something else of an item than a link, or of who may see it.
        unknown = [one.raw for one in read if one.known is None and key_of(one.raw) not in deleted]
        same = self._ledger.same_links(unknown, standings)
        # Compared with what they imply, and kept without: what comes of an implication here is no
        # edit of the author's, and what goes with one is no news of the source's.
        meant = [self._with_implied(one.said) if one.has_news else one.said for one in read]
        pairs = list(zip(read, meant, strict=True))
        changed = [one.known.entry_id for one, new in pairs if one.known and one.known.upstream != new]
        current = self._ledger.current(changed) if changed else {}
        decisions = []
        for one, new in pairs:
            now = current.get(one.known.entry_id, {}) if one.known else {}
            decision = decide(one.raw, new, one.known, now, one.names, one.stored)
            decision = replace(
                decision, upstream=one.said, given=one.given, standing=standings[key_of(one.raw)]
            )
            is_deleted = key_of(one.raw) in deleted
            decision = replace(decision, outcome=Outcome.KEPT) if is_deleted else decision
            if decision.key in same:
                decision = joining(decision, same[decision.key])
            decisions.append(_begun(decision))
        return decisions

    def _standing(self, one: _Read) -> Standing:
        """Let a new entry begin as a rule says, or else as the author wants it for all."""
        said = one.raw.status
        wanted = self._status if said is Status.PUBLISHED else None
        return Standing(said, one.status or wanted or said)

    def _read(self, raw: Draft, stored: Draft, names: dict[str, str], old: Known | None) -> _Read:
        """What an item says, and whether that is something else than last time."""
        said, item = without_undone(digests(stored), old), item_digest(raw)
        has_news = old is None or not _says_the_same(old.upstream, item, self._with_implied(said))
        before = old.upstream if old else {}
        said = {**said, ITEM: item} if has_news else dict(before)
        if BEGUN in before and before.get("status") == said["status"]:
            said[BEGUN] = before[BEGUN]
        return _Read(raw, stored, names, old, said, has_news)

    def _ruled(self, read: list[_Read], deleted: set[Key]) -> list[_Read]:
        """Apply the author's rules to what is new or has changed; what one leaves out is told, and left out."""
        news = [one for one in read if one.has_news and key_of(one.raw) not in deleted]
        rulings = self._ledger.ruled([one.stored for one in news]) if news else ()
        ruled = {key_of(one.raw): ruling for one, ruling in zip(news, rulings, strict=True)}
        found = []
        for one in read:
            ruling = ruled.get(key_of(one.raw))
            if ruling and ruling.skipped:
                self.note(one.raw.external_id, f"left out by the rule “{ruling.skipped}”", one.raw)
            else:
                found.append(_after_rules(one, ruling) if ruling else one)
        return found

    def _with_living_tags(self, draft: Draft) -> tuple[Draft, dict[str, str]]:
        """Replace tag names by the slugs of living tags; a name that cannot be a tag is noted and left out."""
        names: dict[str, str] = {}
        for name in draft.tags:
            try:
                written = _slug(name)
            except BadTag as error:
                self.note(draft.external_id, error.sentence, draft)
                continue
            living = self._ledger.living_tag(written)
            names.setdefault(living, name.strip() if living == written else living)
        return _with(draft, tags=tuple(sorted(names))), names

    def _with_living_names(self, known: Known | None) -> Known | None:
        """What was read last time, in today's names: a tag renamed here is no change of the source."""
        if known is None:
            return None
        said = known.upstream
        named = {name: said[name] for name in ("tags", _ADDED, _DROPPED) if said.get(name)}
        today = {name: spelled(map(self._ledger.living_tag, slugs.split())) for name, slugs in named.items()}
        return Known(known.entry_id, self._with_implied({**said, **today})) if today else known

    def _with_implied(self, said: Digests) -> Digests:
        """The digests of an entry, with what its tags imply among them."""
        tags = " ".join(sorted(self._ledger.with_implied(said["tags"].split())))
        return said if tags == said["tags"] else {**said, "tags": tags}


def _says_the_same(before: Mapping[str, str], item: str, said: Mapping[str, str]) -> bool:
    """Tell whether an item says what it said last time.

    Of entries that were imported before there were rules, only the digests of the fields are known.
    """
    if ITEM in before:
        return before[ITEM] == item
    return bool(before) and all(before.get(name) == value for name, value in said.items())


def _after_rules(one: _Read, ruling: Ruling) -> _Read:
    """What the rules have made of it; the status that one says is only for an entry to begin with."""
    made = ruling.draft
    names = {slug: one.names.get(slug, name) for slug, name in ruling.names.items()}
    raw = _with(one.raw, kind=made.kind, series=made.series)
    series = _slug_or_none(made.series)
    stored = _with(one.stored, kind=made.kind, series=series, tags=tuple(sorted(names)))
    said = one.said | without_undone(digests(stored), one.known)
    if given := {slug: rule for slug, rule in ruling.given.items() if slug not in one.names}:
        said[GIVEN] = " ".join(f"{rule.rule_id}:{slug}" for slug, rule in sorted(given.items()))
    if one.known is None and ruling.status is not None:
        said[BEGUN] = digest(ruling.status)
    return replace(
        one, raw=raw, stored=stored, names=names, said=said, given=ruling.given, status=ruling.status
    )


def decide(
    draft: Draft,
    upstream: Digests,
    known: Known | None,
    current: Mapping[str, str],
    tag_names: Mapping[str, str],
    stored: Draft | None = None,
) -> Decision:
    """Decide what becomes of a draft, from values alone.

    ``upstream`` are the draft's digests, ``known.upstream`` those of last time and
    ``current`` those of the entry as it is. A field is written where upstream changed it and
    the author did not; where both did, the author's stays. Tags are merged one by one, so there
    is nothing to contest.
    """

    def made(outcome: Outcome, fields: frozenset[str], kept: frozenset[str]) -> Decision:
        entry_id = known.entry_id if known else None
        has_news = known is not None and upstream != known.upstream
        return Decision(
            draft, stored or draft, outcome, entry_id, fields, kept, upstream, tag_names, current, has_news
        )

    if known is None:
        return made(Outcome.CREATED, frozenset(FIELDS), frozenset())
    moved = {name for name in FIELDS if upstream[name] != known.upstream.get(name)}
    differs = {name for name in moved if current.get(name) != upstream[name]}
    ours = frozenset(name for name in differs if current.get(name) != known.upstream.get(name))
    if "tags" in differs and "tags" in known.upstream:
        tags, now = merged_tags(known.upstream, upstream, current), current.get("tags", "").split()
        tag_names = {slug: tag_names.get(slug, slug) for slug in tags}
        ours -= {"tags"}
        differs -= {"tags"} if tags == set(now) else set()
    fields = frozenset(differs) - ours
    if fields:
        return made(Outcome.UPDATED, fields, ours)
    return made(Outcome.KEPT if ours else Outcome.UNCHANGED, frozenset(), ours)


def _begun(decision: Decision) -> Decision:
    """Give a new entry the status to begin with; what the source says is remembered all the same."""
    status = decision.standing.begins
    if decision.outcome is not Outcome.CREATED or decision.draft.status is status:
        return decision
    draft, stored = (_with(one, status=status) for one in (decision.draft, decision.stored))
    return replace(decision, draft=draft, stored=stored)


def joining(decision: Decision, same: SameLink) -> Decision:
    """Decide what becomes of an item that is the same link as an entry of another source, or has joined one."""
    said = same.said
    if said is not None and said.get(ITEM, "") == decision.upstream[ITEM]:
        # Whatever the rules have become meanwhile: they are for what is new.
        fields, has_news = frozenset[str](), False
    else:
        fields = added_fields(decision.upstream, same, decision.standing)
        has_news = said is None or dict(said) != decision.upstream
    outcome = Outcome.JOINED if said is None else Outcome.UPDATED if fields else Outcome.UNCHANGED
    return replace(
        decision, outcome=outcome, entry_id=same.entry_id, fields=fields, has_news=has_news, joins=same
    )


def merged_tags(before: Mapping[str, str], after: Mapping[str, str], current: Mapping[str, str]) -> set[str]:
    """Merge the tags of an entry: what its source has added since is added, what it dropped is dropped.

    Whatever the author added or removed stays so. Each is given as digests, which spell tags out.
    """
    old, new, now = (set(one.get("tags", "").split()) for one in (before, after, current))
    return (now | (new - old)) - (old - new)


def without_rules_gone(said: Mapping[str, str], in_force: Collection[int]) -> Mapping[str, str]:
    """Return what a source said without what rules gave that are gone: nobody has dropped that since.

    ``in_force`` are the numbers of the rules that there are. One that says something else by now is there.
    """
    given = (one.split(":", 1) for one in said.get(GIVEN, "").split())
    gone = {slug for rule, slug in given if int(rule) not in in_force}
    return {**said, "tags": spelled(_slugs(said, "tags") - gone)} if gone else said


def spelled(slugs: Iterable[str]) -> str:
    """Return tags as digests spell them."""
    return " ".join(sorted(set(slugs)))


def _slugs(said: Mapping[str, str], name: str) -> set[str]:
    return set(said.get(name, "").split())


def digests(draft: Draft) -> Digests:
    """Return a short digest of each field: enough to tell, for ever, that nothing changed.

    Tags are spelled out, as slugs, because a tag may be renamed here.
    """
    return {name: digest(getattr(draft, name)) for name in FIELDS} | {"tags": " ".join(sorted(draft.tags))}


# Before the name of a field: the digest of what a source said that was undone here. Tags were merged one by
# one, so of them it is which had been added, and which dropped.
_UNDONE: Final = "undone "
_ADDED: Final = "undone added"
_DROPPED: Final = "undone dropped"


def undone(said: Mapping[str, str], before: Mapping[str, str], fields: Iterable[str]) -> Digests:
    """Return what is to be remembered of a source after these fields were put back to what it said before.

    What it ``said`` last is remembered beside that, so that it is not written again (``without_undone``).
    """
    fields = list(fields)
    back = {name: before.get(name, "") for name in fields}
    marks = {_UNDONE + name: said.get(name, "") for name in fields if name != "tags"}
    if "tags" in fields:
        now, then = _slugs(said, "tags"), _slugs(before, "tags")
        marks[_ADDED] = spelled((now - then) | _slugs(said, _ADDED))
        marks[_DROPPED] = spelled((then - now) | _slugs(said, _DROPPED))
    return {**said, **back, **marks}


def without_undone(said: Digests, known: Known | None) -> Digests:
    """Return what a source says; where it still says what was undone here, what it said before that."""
    upstream = known.upstream if known else {}
    still = [name for name in FIELDS if name != "tags" and upstream.get(_UNDONE + name) == said[name]]
    found = undone(said, upstream, still) if still else said
    tags = _slugs(said, "tags")
    added, dropped = _slugs(upstream, _ADDED) & tags, _slugs(upstream, _DROPPED) - tags
    if not (added or dropped):
        return found
    marks = {_ADDED: spelled(added), _DROPPED: spelled(dropped)}
    return {**found, "tags": spelled((tags - added) | dropped), **marks}


def item_digest(draft: Draft) -> str:
    """Return a short digest of all that an item says, as it came: before it is tidied, and before any rule."""
    said = [getattr(draft, name) for name in FIELDS if name != "tags"]
    return digest([*said, sorted(draft.tags), draft.folder])


_SPELLING: Final = json.JSONEncoder(ensure_ascii=False, default=str)


def digest(value: object) -> str:
    """Return 16 hexadecimal digits that stand for a field's value; empty values share the empty string."""
    if not value and value != 0:
        return ""
    if isinstance(value, datetime):
        value = value.isoformat(timespec="seconds")
    return hashlib.blake2b(_SPELLING.encode(value).encode(errors="surrogatepass"), digest_size=8).hexdigest()
