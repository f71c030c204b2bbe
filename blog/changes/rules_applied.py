"""Rules on the entries that there are: what each would gain and lose, and applying them as one operation.

Both come from one plan, made from what is there (``changes/plans.py``): so what is shown is what is done.
Texts are read only where a rule asks for them, and no more than some thousand entries are in memory.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from blog.changes.bulk import write_field
from blog.changes.differences import difference
from blog.changes.entries import keep_revisions
from blog.changes.fields import KIND, STATUS, values_of
from blog.changes.filing import series_ids
from blog.changes.log import record_new_names
from blog.changes.operations import RULES_APPLIED
from blog.changes.plans import NothingToDo, Plan, name_entries, preview_of
from blog.changes.retagging import Retagging, write_retagging
from blog.changes.rulebook import StoredRule, note_given, read_rulebook
from blog.changes.vocabulary import closure, read_vocabulary
from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import NotThere
from blog.domain.rule_subject import TagNames
from blog.domain.rules import Field, apply_rules
from blog.models import Entry, Series, Source, entry_tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.changes.plans import Named, Preview
    from blog.changes.vocabulary import Vocabulary
    from blog.domain.rules import Ruled, Step
    from blog.services import Services
    from importers.pipeline import RuleSaid

_AT_ONCE: Final = 5_000
_SHOWN: Final = 20
SERIES: Final = "series_id"
_DONE_TO: Final = {
    Status.PUBLISHED: "This publishes {}: readers see them, and feeds have those that are new enough.",
    Status.INBOX: "This takes {} off the blog, into the inbox.",
    Status.DRAFT: "This makes drafts of {}; what was public is so no more.",
    Status.HIDDEN: "This hides {}; what was public is so no more.",
}


@dataclass(slots=True)
class Effect:
    """What one rule does to the entries there are, after those before it have done theirs.

    ``matched`` counts the entries that it applies to, and ``changed`` those of them that change by it;
    ``gained`` and ``lost`` count tags by slug. ``first`` are the newest that change.
    """

    rule: StoredRule
    matched: int = 0
    changed: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    statuses: Counter[Status] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    series: Counter[str] = field(default_factory=Counter)
    first: list[tuple[datetime, int]] = field(default_factory=list)

    def take(self, entry_id: int, published: datetime, step: Step, kept: Collection[str]) -> None:
        """Count what it does to an entry; ``kept`` are the tags that it has in the end, being implied."""
        self.matched += 1
        if not step.changes:
            return
        lost = step.lost - set(kept)
        self.gained.update(step.gained)
        self.lost.update(lost)
        self.statuses.update([step.status] if step.status else ())
        self.kinds.update([step.kind] if step.kind else ())
        self.series.update([step.series] if step.series is not None else ())
        if step.gained or lost or step.status or step.kind or step.series is not None:
            self.changed += 1
            heapq.heappush(self.first, (published, entry_id))
            if len(self.first) > _SHOWN:
                heapq.heappop(self.first)


@dataclass(slots=True)
class _Outcome:
    """What all of them do to all entries in the end."""

    effects: dict[int, Effect]
    vocabulary: Vocabulary
    added: dict[str, set[int]] = field(default_factory=dict)
    removed: dict[str, set[int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    statuses: dict[Status, list[int]] = field(default_factory=dict)
    kinds: dict[Kind, list[int]] = field(default_factory=dict)
    series: dict[str, list[int]] = field(default_factory=dict)
    given: dict[int, dict[str, RuleSaid]] = field(default_factory=dict)

    @property
    def entries(self) -> set[int]:
        """The entries that change."""
        groups = (self.added, self.removed, self.statuses, self.kinds, self.series)
        return {entry for group in groups for ids in group.values() for entry in ids}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one rule would do: its tags by name, the most frequent first, and the rest in words (``done``)."""

    rule_id: int
    line: str
    source: str | None
    matched: int
    changed: int
    gained: tuple[tuple[str, int], ...]
    lost: tuple[tuple[str, int], ...]
    done: tuple[str, ...]
    first: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class RulesPreview:
    """What rules would do to the entries there are.

    ``whole`` is what all do together, None where nothing would change. ``seen`` stands for this very plan.
    """

    rules: tuple[Shown, ...]
    whole: Preview | None
    seen: str


@dataclass(frozen=True, slots=True)
class ApplyRules:
    """Apply rules, by their numbers, to the entries there are; without any, all that are in force."""

    rules: tuple[int, ...] = ()

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        return _plan(_outcome(session, _rules(session, self.rules)))


def preview_rules(services: Services, ids: Sequence[int] = ()) -> RulesPreview:
    """Tell what rules would do to the entries there are: these, or all that are in force.

    Raises:
        NotThere: there is no such rule.
    """
    with services.sessions.read() as session:
        return _preview(session, _rules(session, ids))


def preview_line(services: Services, rule: StoredRule) -> RulesPreview:
    """Tell what a rule that is not stored would do."""
    with services.sessions.read() as session:
        return _preview(session, [rule])


def _preview(session: Session, rules: Sequence[StoredRule]) -> RulesPreview:
    outcome = _outcome(session, rules)
    first = {entry for effect in outcome.effects.values() for _, entry in effect.first}
    named = name_entries(session, first)
    whole = preview_of(session, _plan(outcome)) if outcome.entries else None
    shown = tuple(_shown(effect, outcome, named) for effect in outcome.effects.values())
    return RulesPreview(shown, whole, _digest(outcome))


def _rules(session: Session, ids: Sequence[int]) -> list[StoredRule]:
    found = read_rulebook(session, ids or None).rules
    for wanted in ids:
        if wanted not in {one.id for one in found}:
            raise NotThere(f"There is no rule number {wanted}.")
    return list(found)


# What comes of them


def _outcome(session: Session, rules: Sequence[StoredRule]) -> _Outcome:
    vocabulary = read_vocabulary(session)
    outcome = _Outcome({one.id: Effect(one) for one in rules}, vocabulary)
    names = _names(vocabulary)
    by_source: dict[str, list[StoredRule]] = {}
    for entry_id, draft in _drafts(session, rules, vocabulary):
        here = by_source.get(draft.source)
        if here is None:
            here = by_source[draft.source] = [one for one in rules if one.source in (draft.source, None)]
        made = apply_rules([one.rule for one in here], draft, names)
        if made.steps:
            _take(outcome, entry_id, draft, made, here, names)
    return outcome


def _names(vocabulary: Vocabulary) -> TagNames:
    """What the blog knows of its tags, by slugs."""
    slugs = {tag.id: tag.slug for tag in vocabulary.tags.values()}
    living = {old: slugs[tag] for old, tag in vocabulary.aliases.items() if old not in vocabulary.by_slug}
    implied: dict[str, list[str]] = {}
    for tag, other in vocabulary.implications:
        implied.setdefault(slugs[tag], []).append(slugs[other])
    return TagNames(
        lambda slug: living.get(slug, slug), lambda tags: closure(tags, implied) if implied else tags
    )


def _take(
    outcome: _Outcome,
    entry_id: int,
    draft: Draft,
    made: Ruled,
    rules: Sequence[StoredRule],
    names: TagNames,
) -> None:
    """Note what becomes of an entry. Its tags have all that they imply with them already."""
    if not any(step.changes for step in made.steps):
        for step in made.steps:
            outcome.effects[rules[step.number].id].matched += 1
        return
    had, has = set(draft.tags), made.names.keys()
    new = set(names.implied(has - had)) - had
    kept = names.implied(has)
    gone = had - has - set(kept)
    for step in made.steps:
        outcome.effects[rules[step.number].id].take(entry_id, draft.published, step, kept)
    for slug in new:
        outcome.added.setdefault(slug, set()).add(entry_id)
        outcome.names.setdefault(slug, made.names.get(slug, slug))
    for slug in gone:
        outcome.removed.setdefault(slug, set()).add(entry_id)
    if made.draft.status is not draft.status:
        outcome.statuses.setdefault(made.draft.status, []).append(entry_id)
    if made.draft.kind is not draft.kind:
        outcome.kinds.setdefault(made.draft.kind, []).append(entry_id)
    if made.draft.series != draft.series:
        outcome.series.setdefault(made.draft.series, []).append(entry_id)
    if given := {slug: rules[number].said for slug, number in made.given.items() if slug in new}:
        outcome.given[entry_id] = given


_COLUMNS: Final = (
    *(Entry.id, Entry.kind, Entry.status, Entry.published, Entry.title, Entry.url),
    *(Source.slug.label("source"), Series.slug.label("series")),
)


def _drafts(
    session: Session, rules: Sequence[StoredRule], vocabulary: Vocabulary
) -> Iterator[tuple[int, Draft]]:
    """Every entry that the rules may apply to, as the draft that they look at."""
    with_text = any({Field.TEXT, Field.WORDS} & one.rule.fields for one in rules)
    statement = select(*_COLUMNS, Entry.body) if with_text else select(*_COLUMNS)
    statement = statement.outerjoin(Source, Source.id == Entry.source_id)
    statement = statement.outerjoin(Series, Series.id == Entry.series_id).order_by(Entry.id).limit(_AT_ONCE)
    if rules and all(one.source is not None for one in rules):
        statement = statement.where(Source.slug.in_({one.source for one in rules}))
    last = 0
    while rows := session.execute(statement.where(Entry.id > last)).all():
        tags = _tags(session, last, rows[-1].id, vocabulary)
        last = rows[-1].id
        for row in rows:
            yield (
                row.id,
                Draft(
                    kind=Kind(row.kind),
                    external_id="",
                    published=row.published,
                    title=row.title,
                    body=row.body if with_text else "",
                    markup=Markup.TEXT,
                    url=row.url,
                    tags=tuple(tags.get(row.id, ())),
                    series=row.series or "",
                    source=row.source or "",
                    status=Status(row.status),
                ),
            )


def _tags(session: Session, after: int, upto: int, vocabulary: Vocabulary) -> dict[int, list[str]]:
    statement = select(entry_tag.c.entry_id, entry_tag.c.tag_id)
    within = statement.where(entry_tag.c.entry_id > after, entry_tag.c.entry_id <= upto)
    found: dict[int, list[str]] = {}
    for entry_id, tag_id in session.execute(within):
        found.setdefault(entry_id, []).append(vocabulary.tags[tag_id].slug)
    return found


# What is planned


def _plan(outcome: _Outcome) -> Plan:
    entries = outcome.entries
    if not entries:
        raise NothingToDo("No entry would change: they all are already as the rules say.")
    tags = _retagging(outcome)

    def write(session: Session, now: datetime, by: str) -> Mapping[str, Any]:
        return _write(session, outcome, tags, now, by)

    count = len(outcome.effects)
    lines = [str(effect.rule.rule) for effect in outcome.effects.values()]
    what = f"the rule “{lines[0]}”" if count == 1 else f"{count:,} rules"
    return Plan(
        what=RULES_APPLIED,
        summary=f"Apply {what} to {_entries(len(entries))}",
        entries=entries,
        write=write,
        notes=tuple(_notes(outcome)),
    )


def _notes(outcome: _Outcome) -> Iterator[str]:
    for status, ids in outcome.statuses.items():
        yield _DONE_TO[status].format(_entries(len(ids)))
    new = sorted(outcome.names[slug] for slug in outcome.added if outcome.vocabulary.living(slug) is None)
    if new:
        many = "a new tag" if len(new) == 1 else "new tags"
        yield f"{', '.join(f'“{name}”' for name in new[:10])}: {many}."
    if any(effect.rule.rule.skips and effect.matched for effect in outcome.effects.values()):
        yield "“skip” keeps new items out. Entries that are here already stay."
    if any(Field.FOLDER in effect.rule.rule.fields for effect in outcome.effects.values()):
        yield "An entry does not remember its folder, so rules on folders are for new items only."


def _retagging(outcome: _Outcome) -> Retagging:
    """The new tags made, and by their ids who gets and loses which."""
    after, ids = outcome.vocabulary, {}
    for slug in sorted({*outcome.added, *outcome.removed}):
        after, tag = after.living_or_new(slug, outcome.names.get(slug, slug))
        ids[slug] = tag.id
    return Retagging(
        outcome.vocabulary,
        after,
        {ids[slug]: entries for slug, entries in outcome.added.items()},
        {ids[slug]: entries for slug, entries in outcome.removed.items()},
    )


def _write(session: Session, outcome: _Outcome, tags: Retagging, now: datetime, by: str) -> dict[str, Any]:
    """Do it; return what it takes to undo it (``undo_rules``)."""
    undo: dict[str, Any] = {"tags": None, "fields": [], "made_series": [], "given": []}
    if tags:
        written = write_retagging(session, tags, now)
        undo["tags"] = difference(written).as_json()
        undo["given"] = [[tag, sorted(entries)] for tag, entries in written.added.items()]
        note_given(session, outcome.given, now)
    for kind, ids in outcome.kinds.items():
        undo["fields"].append(write_field(session, ids, KIND, kind.value, now))
    for status, ids in outcome.statuses.items():
        # That they were public is what their addresses are remembered for, should they move.
        before = values_of(session, STATUS, ids)
        keep_revisions(session, [one for one in ids if before[one] == Status.PUBLISHED], now, by)
        undo["fields"].append(write_field(session, ids, STATUS, status.value, now))
    there = set(session.scalars(select(Series.id))) if outcome.series else set()
    series, made = series_ids(session, list(outcome.series))
    for name, ids in outcome.series.items():
        undo["fields"].append(write_field(session, ids, SERIES, series[name], now))
    if made:
        record_new_names(session, now)
        undo["made_series"] = sorted({one for one in series.values() if one is not None} - there)
    return undo


# What is shown


def _shown(effect: Effect, outcome: _Outcome, named: Mapping[int, Named]) -> Shown:
    rule = effect.rule
    return Shown(
        rule_id=rule.id,
        line=str(rule.rule),
        source=rule.source,
        matched=effect.matched,
        changed=effect.changed,
        gained=_counted(effect.gained, outcome),
        lost=_counted(effect.lost, outcome),
        done=tuple(_said(effect)),
        first=tuple(named[entry] for _, entry in sorted(effect.first, reverse=True)),
    )


def _counted(tags: Counter[str], outcome: _Outcome) -> tuple[tuple[str, int], ...]:
    def name(slug: str) -> str:
        living = outcome.vocabulary.living(slug)
        return living.name if living else outcome.names.get(slug, slug)

    ordered = sorted(tags.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple((name(slug), count) for slug, count in ordered)


def _said(effect: Effect) -> Iterable[str]:
    words = {Status.PUBLISHED: "published", Status.INBOX: "into the inbox", Status.DRAFT: "made drafts"}
    words[Status.HIDDEN] = "hidden"
    yield from (f"{_entries(count)} {words[status]}" for status, count in effect.statuses.items())
    yield from (f"{_entries(count)} made {kind.plural}" for kind, count in effect.kinds.items())
    yield from (f"{_entries(count)} put into the series {name}" for name, count in effect.series.items())


def _digest(outcome: _Outcome) -> str:
    """What stands for this plan: what was shown is what is done, or it is shown again."""
    groups = (outcome.added, outcome.removed, outcome.statuses, outcome.kinds, outcome.series)
    said = [sorted((str(key), sorted(ids)) for key, ids in group.items()) for group in groups]
    lines = [(one.rule.id, str(one.rule.rule)) for one in outcome.effects.values()]
    return hashlib.blake2b(repr([lines, said]).encode(errors="replace"), digest_size=8).hexdigest()


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count:,} entries"
