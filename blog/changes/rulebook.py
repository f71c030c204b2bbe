"""The author's rules as they are stored, made ready to be applied, and which of them gave what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, tuple_

from blog.changes.lookups import in_pieces, rows_in
from blog.domain.errors import BadRule
from blog.domain.rule_grammar import parse_rule
from blog.domain.rules import Rule as Line
from blog.domain.rules import apply_rules
from blog.models import Rule, RuledTag, Source, Tag
from importers.pipeline import RuleSaid, Ruling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.domain.entry import Draft
    from blog.domain.rule_subject import TagNames


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule with its number; ``source`` is the slug of the one it is for, None where it is for all."""

    id: int
    source: str | None
    rule: Line

    @property
    def said(self) -> RuleSaid:
        """What is remembered of it."""
        return RuleSaid(self.id, str(self.rule))


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules that are in force, in their order: those of a source, then those for all."""

    rules: tuple[StoredRule, ...]

    def of(self, source: str) -> list[StoredRule]:
        """Return the rules for the items of a source, by its slug; "" is the blog's own."""
        return [one for one in self.rules if one.source in (source, None)]

    def rulings(self, drafts: Sequence[Draft], tags: TagNames) -> list[Ruling | None]:
        """Return what becomes of drafts that come in; None of those that no rule applies to."""
        rules = {source: self.of(source) for source in {draft.source for draft in drafts}}
        return [_ruling(rules[draft.source], draft, tags) for draft in drafts]


def _ruling(rules: Sequence[StoredRule], draft: Draft, tags: TagNames) -> Ruling | None:
    made = apply_rules([one.rule for one in rules], draft, tags)
    if not made.steps:
        return None
    given = {slug: rules[number].said for slug, number in made.given.items()}
    skipped = "" if made.skipped is None else str(rules[made.skipped].rule)
    return Ruling(made.draft, made.names, given, made.status, skipped)


def read_rulebook(session: Session, ids: Sequence[int] | None = None) -> Rulebook:
    """Read the rules that are in force; with ``ids``, these, whether they are in force or not."""
    statement = select(Rule.id, Rule.source_id, Source.slug, Rule.line)
    statement = statement.outerjoin(Source, Source.id == Rule.source_id)
    statement = statement.where(Rule.enabled if ids is None else Rule.id.in_(ids))
    ordered = statement.order_by(Rule.source_id.is_(None), Rule.source_id, Rule.position, Rule.id)
    found = []
    for rule_id, _, source, line in session.execute(ordered):
        try:
            found.append(StoredRule(rule_id, source, parse_rule(line)))
        except BadRule:
            # Written by a later version, which knows more words: nothing else is stored that is none.
            continue
    return Rulebook(tuple(found))


def note_given(session: Session, given: Mapping[int, Mapping[str, RuleSaid]], now: datetime) -> None:
    """Remember which tags of entries are from which rule; what was remembered of these before is replaced."""
    slugs = {slug for tags in given.values() for slug in tags}
    tag_ids = dict(rows_in(session, select(Tag.slug, Tag.id), Tag.slug, slugs))
    used = {said.rule_id for tags in given.values() for said in tags.values()}
    # One may have been deleted since the rules were read.
    here = {one for (one,) in rows_in(session, select(Rule.id), Rule.id, used)}
    rows = {
        (entry_id, tag_ids[slug]): (said.rule_id if said.rule_id in here else None, said.line)
        for entry_id, tags in given.items()
        for slug, said in tags.items()
        if slug in tag_ids
    }
    forget_given(session, list(rows))
    if rows:
        values = [
            {"entry_id": entry, "tag_id": tag, "rule_id": rule_id, "line": line, "at": now}
            for (entry, tag), (rule_id, line) in rows.items()
        ]
        session.execute(insert(RuledTag), values)


def forget_given(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    """Forget which rule these entries have these tags from."""
    key = tuple_(RuledTag.entry_id, RuledTag.tag_id)
    for piece in in_pieces(pairs):
        session.execute(delete(RuledTag).where(key.in_(piece)))
