"""Why an entry has its tags: who or what gave it each, as far as anything remembers.

Looked at are the rules that gave tags, what was done to many entries and is not too long ago to be undone,
the revisions, what the source said last, and what implies what. The latest of these that brought a tag is
the reason for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.domain.errors import NotThere
from blog.models import (
    Alias,
    Change,
    Entry,
    Implication,
    Operation,
    Revision,
    Rule,
    RuledTag,
    Source,
    Tag,
    entry_tag,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

# No more operations are looked at: each may hold the ids of thousands of entries.
_OPERATIONS: Final = 100
_BY_IMPORT: Final = "imported"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a tag, in words; ``rule_id`` is the rule's that it is from, if that is still there.

    ``at`` is when the tag came, where that is known.
    """

    words: str
    at: datetime | None = None
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class TagReasons:
    """A tag of an entry, with why it has it."""

    slug: str
    name: str
    reasons: tuple[Reason, ...]


def tag_reasons(services: Services, entry_id: int) -> list[TagReasons]:
    """Return why an entry has each of its tags, by name.

    Raises:
        NotThere: there is no such entry.
    """
    with services.sessions.read() as session:
        entry = session.get(Entry, entry_id)
        if entry is None:
            raise NotThere(f"There is no entry number {entry_id}.")
        return _Witnesses(session, entry).tags()


class _Witnesses:
    """All that is known of how an entry came by its tags."""

    def __init__(self, session: Session, entry: Entry) -> None:
        self._session = session
        self._entry = entry
        filed = select(Tag.id, Tag.slug, Tag.name).join(entry_tag, entry_tag.c.tag_id == Tag.id)
        self._tags = session.execute(filed.where(entry_tag.c.entry_id == entry.id)).all()
        aliases = select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id)
        self._living: dict[str, str] = dict(session.execute(aliases).all())
        self._said = self._today((entry.upstream or {}).get("tags", "").split())
        self._source = session.scalar(select(Source.name).where(Source.id == entry.source_id)) or ""

    def tags(self) -> list[TagReasons]:
        if not self._tags:
            return []
        # The latest wins, and of two at one moment the one that knows more: a rule's tag was imported, too.
        witnesses = (*self._by_revisions(), *self._by_operations(), *self._by_rules())
        found = dict(sorted(witnesses, key=lambda one: one[1].at or self._entry.published))
        implying = self._implying()
        named = {tag.id: tag.name for tag in self._tags}
        slugs = {tag.id: tag.slug for tag in self._tags}
        made = []
        for tag in sorted(self._tags, key=lambda one: one.name.casefold()):
            own = found.get(tag.slug)
            others = [one for one in implying.get(tag.id, ()) if one in named]
            reasons = [Reason(f"implied by {named[one]}") for one in others]
            # What came along at the moment at which the other came is there for no reason but that.
            came_along = any(own and (other := found.get(slugs[one])) and other.at == own.at for one in others)
            if own and not (came_along and own.rule_id is None and tag.slug not in self._said):
                reasons.insert(0, own)
            made.append(TagReasons(tag.slug, tag.name, tuple(reasons or [Reason("nothing remembers why")])))
        return made

    def _today(self, slugs: Collection[str]) -> set[str]:
        """These tags under the names that they have today."""
        return {self._living.get(slug, slug) for slug in slugs}

    def _by_revisions(self) -> Iterator[tuple[str, Reason]]:
        """The tags that each change of the entry brought; what it began with, its first one did."""
        columns = (Revision.at, Revision.reason, Revision.by, Revision.fields)
        rows = self._session.execute(
            select(*columns).where(Revision.entry_id == self._entry.id).order_by(Revision.id)
        ).all()
        states = [self._today(row.fields["tags"]) for row in rows] + [{tag.slug for tag in self._tags}]
        created = select(func.min(Change.at)).where(Change.entry_id == self._entry.id)
        began = self._session.scalar(created.where(Change.what == "created"))
        for slug in states[0]:
            yield slug, self._said_or_written(slug, "", self._entry.upstream is not None, began)
        for before, after, row in zip(states, states[1:], rows, strict=False):
            for slug in after - before:
                yield slug, self._said_or_written(slug, row.by, row.reason == _BY_IMPORT, row.at)

    def _said_or_written(self, slug: str, by: str, is_imported: bool, at: datetime | None) -> Reason:
        if not is_imported:
            return Reason(f"written by {by}" if by else "written here", at)
        where = self._source or "what was imported"
        return Reason(f"{where} says so" if slug in self._said else f"{where} said so once", at)

    def _by_operations(self) -> Iterator[tuple[str, Reason]]:
        """The tags that came with what was done to many entries, or to a tag."""
        columns = (Operation.at, Operation.by, Operation.summary, Operation.undo)
        recent = select(*columns).where(Operation.undone.is_(None)).order_by(Operation.id.desc())
        slugs = {tag.id: tag.slug for tag in self._tags}
        for at, by, summary, undo in self._session.execute(recent.limit(_OPERATIONS)):
            for tag_id in _added(undo, self._entry.id):
                if tag_id in slugs:
                    yield slugs[tag_id], Reason(f"{summary}{f', by {by}' if by else ''}", at)

    def _by_rules(self) -> Iterator[tuple[str, Reason]]:
        """The tags that are from rules."""
        columns = (Tag.slug, RuledTag.line, RuledTag.at, Rule.id)
        statement = select(*columns).join(Tag, Tag.id == RuledTag.tag_id)
        statement = statement.outerjoin(Rule, Rule.id == RuledTag.rule_id)
        for slug, line, at, rule_id in self._session.execute(
            statement.where(RuledTag.entry_id == self._entry.id)
        ):
            gone = "" if rule_id else ", which is gone"
            yield slug, Reason(f"by the rule “{line}”{gone}", at, rule_id)

    def _implying(self) -> Mapping[int, list[int]]:
        """By tag, the tags that imply it themselves."""
        found: dict[int, list[int]] = {}
        for tag, implied in self._session.execute(select(Implication.tag_id, Implication.implied_id)):
            found.setdefault(implied, []).append(tag)
        return found


def _added(undo: Mapping[str, Any], entry_id: int) -> Iterator[int]:
    """The tags that an operation gave an entry: as one on tags keeps it, or one that applied rules."""
    kept = undo.get("tags") if "given" in undo else undo
    for tag, entries in (kept or {}).get("added", ()):
        if entry_id in entries:
            yield tag[0]
