"""From what a parser read to what becomes of it, counted.

``run`` takes the items of any parser and a ledger, which knows the entries there are and
writes (``blog/changes/imports.py``). What becomes of a draft is decided purely, by a
three-way merge of fields: what the source says now, what it said last time, and what the
entry holds. So a second run changes nothing, an update never overwrites what the author
changed, and an import that was cut off goes on when it is run again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from blog.domain.entry import Draft, Rejected, SourceDraft
from blog.domain.errors import BadTag
from blog.domain.tags import slugify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from blog.domain.entry import Item, Kind

BATCH: Final = 500
# Everything of a draft that can change upstream; its source and id say which entry it is.
FIELDS: Final = (
    *("kind", "title", "slug", "body", "markup", "url", "via_url", "via_title", "citation", "context"),
    *("image_url", "image_alt", "tags", "series", "series_order", "status", "published"),
)
Digests = dict[str, str]
Key = tuple[str, str]
_ROUNDS: Final = 5


def key_of(draft: Draft) -> Key:
    """Return what names a draft for ever: its source and its id there."""
    return draft.source, draft.external_id


class Outcome(StrEnum):
    """What became of an item. Kept: upstream changed what the author had changed too."""

    CREATED = "created"
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
class Decision:
    """What to do with a draft: ``fields`` are to be written, ``kept`` are the author's.

    ``tag_names`` gives the tags' slugs the names they were written with. ``seen`` are the
    digests of the entry that this was decided on, and ``has_news`` says that the source said
    something else than last time.
    """

    draft: Draft
    outcome: Outcome
    entry_id: int | None
    fields: frozenset[str]
    kept: frozenset[str]
    upstream: Digests
    tag_names: Mapping[str, str]
    seen: Mapping[str, str]
    has_news: bool

    @property
    def key(self) -> Key:
        """What names the draft: its source and its id there."""
        return key_of(self.draft)


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


class Ledger(Protocol):
    """The entries there are, as the pipeline needs them. Every ``apply`` is one transaction."""

    def as_stored(self, draft: Draft) -> Draft:
        """Return the draft in the form in which an entry holds it."""
        ...

    def known(self, drafts: Sequence[Draft]) -> Mapping[Key, Known]:
        """Return the entries these drafts were imported as, by source and external id."""
        ...

    def deleted(self, drafts: Sequence[Draft]) -> set[Key]:
        """Return which of these drafts were imported once and deleted by the author."""
        ...

    def current(self, entry_ids: Sequence[int]) -> Mapping[int, Digests]:
        """Return the digests of what these entries hold now."""
        ...

    def living_tag(self, slug: str) -> str:
        """Return the tag that a slug leads to: itself, or its new name."""
        ...

    def apply_names(self, items: Sequence[Item]) -> list[tuple[str, str]]:
        """Write tags, old names, series, sources and redirects; return what could not be, and why."""
        ...

    def apply(self, decisions: Sequence[Decision]) -> Applied:
        """Write what was decided, where it still holds."""
        ...


def run(
    items: Iterable[Item],
    ledger: Ledger,
    *,
    source: str = "",
    kind: Kind | None = None,
    dry_run: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Import the items in batches of 500, each batch whole or not at all.

    Args:
        items: what a parser yields.
        ledger: what to compare with and to write to.
        source: name of the source for drafts that name none; empty for the blog's own.
        kind: make every entry of this kind.
        dry_run: decide and count, write nothing.
        on_progress: told the number of drafts after each batch.
    """
    job = _Job(ledger, dry_run, on_progress)
    given = slugify(source) if source else ""
    if given:
        job.take_name(SourceDraft(slug=given, name=source))
    for item in items:
        if isinstance(item, Rejected):
            job.report.fail(item.external_id, item.reason)
        elif isinstance(item, Draft):
            job.take_draft(replace(item, source=item.source or given, kind=kind or item.kind))
        else:
            job.take_name(item)
    job.flush()
    return job.report


class _Job:
    """One run: what has been taken in and not been written yet."""

    def __init__(self, ledger: Ledger, dry_run: bool, on_progress: Callable[[int], None] | None) -> None:
        self.report = Report()
        self._ledger = ledger
        self._dry_run = dry_run
        self._on_progress = on_progress
        self._names: list[Item] = []
        self._drafts: dict[tuple[str, str], Draft] = {}

    def take_name(self, item: Item) -> None:
        self._flush_drafts()
        self._names.append(item)

    def take_draft(self, draft: Draft) -> None:
        self._flush_names()
        try:
            draft = replace(
                draft,
                source=slugify(draft.source) if draft.source else "",
                series=slugify(draft.series) if draft.series else "",
            )
        except BadTag as error:
            self.report.fail(draft.external_id, error.sentence)
            return
        key = key_of(draft)
        if len(self._drafts) == BATCH or key in self._drafts:
            # The same id twice in one file: the second is an update of the first.
            self._flush_drafts()
        self._drafts[key] = draft

    def flush(self) -> None:
        self._flush_names()
        self._flush_drafts()

    def _flush_names(self) -> None:
        names, self._names = self._names, []
        if names and not self._dry_run:
            for name, reason in self._ledger.apply_names(names):
                self.report.fail(name, reason)

    def _flush_drafts(self) -> None:
        drafts, self._drafts = list(self._drafts.values()), {}
        if not drafts:
            return
        waiting = drafts
        # Decisions are made, and bodies rendered, before the write lock is taken. What somebody
        # else has written until then is decided again, on what is there now.
        for _ in range(_ROUNDS):
            decisions = self._decide(waiting)
            applied = Applied([], set()) if self._dry_run else self._ledger.apply(decisions)
            self._count(decisions, applied)
            waiting = [draft for draft in waiting if key_of(draft) in applied.stale]
            if not waiting:
                break
        for draft in waiting:
            self.report.fail(draft.external_id, "Somebody else kept changing it; run the import again.")
        if self._on_progress:
            self._on_progress(len(drafts))

    def _count(self, decisions: list[Decision], applied: Applied) -> None:
        failed = dict(applied.failures)
        for decision in decisions:
            name = decision.draft.external_id
            if decision.key in failed:
                self.report.fail(name, failed[decision.key])
            elif decision.key not in applied.stale:
                self.report.counts[decision.outcome] += 1
                kept = (f"kept your {field}; the source changed it too" for field in sorted(decision.kept))
                self.report.notes += ((name, note) for note in kept)
                if decision.outcome is Outcome.KEPT and decision.entry_id is None:
                    self.report.notes.append((name, "you deleted it here, so it stays deleted"))

    def _decide(self, drafts: list[Draft]) -> list[Decision]:
        settled = [self._with_living_tags(self._ledger.as_stored(draft)) for draft in drafts]
        known = self._ledger.known(drafts)
        deleted = self._ledger.deleted([draft for draft in drafts if key_of(draft) not in known])
        digested = [digests(draft) for draft, _ in settled]
        seen = [self._with_living_names(known.get(key_of(draft))) for draft in drafts]
        changed = [old.entry_id for old, new in zip(seen, digested, strict=True) if old and old.upstream != new]
        current = self._ledger.current(changed) if changed else {}
        decisions = []
        for raw, (draft, names), new, old in zip(drafts, settled, digested, seen, strict=True):
            now = current.get(old.entry_id, {}) if old else {}
            # What is written is the draft as it came: a refusal can then say what it was.
            asked = replace(raw, tags=draft.tags)
            decision = decide(asked, new, old, now, names)
            is_deleted = decision.key in deleted
            decisions.append(replace(decision, outcome=Outcome.KEPT) if is_deleted else decision)
        return decisions

    def _with_living_tags(self, draft: Draft) -> tuple[Draft, dict[str, str]]:
        """Replace tag names by the slugs of living tags; a name that cannot be a tag is noted and left out."""
        names: dict[str, str] = {}
        for name in draft.tags:
            try:
                written = slugify(name)
            except BadTag as error:
                self.report.notes.append((draft.external_id, error.sentence))
                continue
            living = self._ledger.living_tag(written)
            names.setdefault(living, name.strip() if living == written else living)
        return replace(draft, tags=tuple(sorted(names))), names

    def _with_living_names(self, known: Known | None) -> Known | None:
        """What was read last time, in today's names: a tag renamed here is no change of the source."""
        if known is None or not known.upstream.get("tags"):
            return known
        tags = {self._ledger.living_tag(slug) for slug in known.upstream["tags"].split()}
        return Known(known.entry_id, {**known.upstream, "tags": " ".join(sorted(tags))})


def decide(
    draft: Draft,
    upstream: Digests,
    known: Known | None,
    current: Mapping[str, str],
    tag_names: Mapping[str, str],
) -> Decision:
    """Decide what becomes of a draft, from values alone.

    ``upstream`` are the draft's digests, ``known.upstream`` those of last time and
    ``current`` those of the entry as it is. A field is written where upstream changed it and
    the author did not; where both did, the author's stays.
    """

    def made(outcome: Outcome, fields: frozenset[str], kept: frozenset[str]) -> Decision:
        entry_id = known.entry_id if known else None
        has_news = known is not None and upstream != known.upstream
        return Decision(draft, outcome, entry_id, fields, kept, upstream, tag_names, current, has_news)

    if known is None:
        return made(Outcome.CREATED, frozenset(FIELDS), frozenset())
    moved = {name for name in FIELDS if upstream[name] != known.upstream.get(name)}
    differs = {name for name in moved if current.get(name) != upstream[name]}
    ours = frozenset(name for name in differs if current.get(name) != known.upstream.get(name))
    fields = frozenset(differs) - ours
    if fields:
        return made(Outcome.UPDATED, fields, ours)
    return made(Outcome.KEPT if ours else Outcome.UNCHANGED, frozenset(), ours)


def digests(draft: Draft) -> Digests:
    """Return a short digest of each field: enough to tell, for ever, that nothing changed.

    Tags are spelled out, as slugs, because a tag may be renamed here.
    """
    return {name: digest(getattr(draft, name)) for name in FIELDS} | {"tags": " ".join(sorted(draft.tags))}


def digest(value: object) -> str:
    """Return 16 hexadecimal digits that stand for a field's value; empty values share the empty string."""
    if not value and value != 0:
        return ""
    if isinstance(value, datetime):
        value = value.isoformat(timespec="seconds")
    spelled = json.dumps(value, ensure_ascii=False, default=str)
    return hashlib.blake2b(spelled.encode(errors="surrogatepass"), digest_size=8).hexdigest()
