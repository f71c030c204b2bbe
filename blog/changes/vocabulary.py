"""The tags with their old names and implications, as one immutable value.

What an operation makes of them is decided on this value, purely, and written by
``changes/retagging.py``: so a preview is the very plan that is carried out, and undoing is
one more value to be written. A tag that is not in the database yet has a negative id.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import aliased

from blog.domain.errors import BadTag, NotThere
from blog.models import Alias, Implication, Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy.orm import Session

Pair = tuple[int, int]
_Tag = TypeVar("_Tag", int, str)


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag, as its row says."""

    id: int
    slug: str
    name: str
    description: str = ""
    description_html: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """All tags by their ids, all old names with the tags they lead to, and what implies what."""

    tags: Mapping[int, TagRow] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    implications: frozenset[Pair] = frozenset()

    @cached_property
    def by_slug(self) -> Mapping[str, TagRow]:
        """The tags by their slugs."""
        return {tag.slug: tag for tag in self.tags.values()}

    @cached_property
    def _implied(self) -> Mapping[int, Collection[int]]:
        return directly_implied(self.implications)

    def tag(self, slug: str) -> TagRow:
        """Return the tag that lives under this slug.

        Raises:
            NotThere: none does.
        """
        try:
            return self.by_slug[slug]
        except KeyError:
            raise NotThere(f"There is no tag “{slug}”.") from None

    def living(self, slug: str) -> TagRow | None:
        """Return the tag that a slug leads to: the one that lives there, or the one of this old name."""
        found = self.by_slug.get(slug)
        return found or self.tags.get(self.aliases.get(slug, 0))

    def implied_by(self, tags: Iterable[int]) -> set[int]:
        """Return these tags and all that they imply, however indirectly."""
        return closure(tags, self._implied)

    def chain(self, first: int, last: int) -> list[TagRow]:
        """Return how the first implies the last, step by step; empty where it does not."""
        came_from: dict[int, int] = {first: first}
        waiting = [first]
        while waiting and last not in came_from:
            tag = waiting.pop(0)
            new = [one for one in sorted(self._implied.get(tag, ())) if one not in came_from]
            came_from |= dict.fromkeys(new, tag)
            waiting += new
        if last not in came_from:
            return []
        steps = [last]
        while steps[-1] != first:
            steps.append(came_from[steps[-1]])
        return [self.tags[one] for one in reversed(steps)]

    # Copies: each is what one operation makes of the tags.

    def with_tag(self, slug: str, name: str) -> tuple[Vocabulary, TagRow]:
        """Add a tag; it takes its slug over from an old name."""
        made = TagRow(self.new_id, slug, name)
        return self.with_row(made), made

    @property
    def new_id(self) -> int:
        """The id of a tag that is not in the database yet."""
        return min(0, min(self.tags, default=0)) - 1

    def living_or_new(self, slug: str, name: str) -> tuple[Vocabulary, TagRow]:
        """Return the tag that the slug leads to, which is made where there is none."""
        found = self.living(slug)
        return (self, found) if found else self.with_tag(slug, name)

    def with_row(self, tag: TagRow) -> Vocabulary:
        """Put a tag in, new or changed: a living tag wins over an old name."""
        aliases = {old: target for old, target in self.aliases.items() if old != tag.slug}
        return replace(self, tags={**self.tags, tag.id: tag}, aliases=aliases)

    def renamed(self, tag: TagRow, slug: str, name: str) -> Vocabulary:
        """Give a tag another slug and name; its old slug leads to it."""
        after = self.with_row(replace(tag, slug=slug, name=name))
        return after if slug == tag.slug else after.with_alias(tag.slug, tag)

    def described(self, tag: TagRow, description: str, html: str) -> Vocabulary:
        """Say something about a tag."""
        return self.with_row(replace(tag, description=description, description_html=html))

    def with_alias(self, slug: str, tag: TagRow) -> Vocabulary:
        """Let a slug, under which no tag lives, lead to the tag."""
        return replace(self, aliases={**self.aliases, slug: tag.id})

    def without_alias(self, slug: str) -> Vocabulary:
        """Forget an old name."""
        return replace(self, aliases={old: target for old, target in self.aliases.items() if old != slug})

    def without(self, tag: TagRow) -> Vocabulary:
        """Forget a tag, with its old names and what it implies or is implied by."""
        return replace(
            self,
            tags={one: row for one, row in self.tags.items() if one != tag.id},
            aliases={old: target for old, target in self.aliases.items() if target != tag.id},
            implications=frozenset(pair for pair in self.implications if tag.id not in pair),
        )

    def merged(self, tag: TagRow, into: TagRow) -> Vocabulary:
        """Put one tag into another, which gets its old names, its implications and, having none, its words."""
        old = [slug for slug, target in self.aliases.items() if target == tag.id]
        after = self.without(tag)
        for slug in [*old, tag.slug]:
            after = after.with_alias(slug, into)
        if tag.description and not into.description:
            after = after.described(into, tag.description, tag.description_html)
        for pair in sorted(self.implications):
            first, second = (into.id if one == tag.id else one for one in pair)
            if tag.id in pair and first != second and not after.chain(second, first):
                after = replace(after, implications=after.implications | {(first, second)})
        return after

    def implying(self, tag: TagRow, implied: TagRow) -> Vocabulary:
        """Let tagging with the one add the other.

        Raises:
            BadTag: that would close a circle.
        """
        circle = self.chain(implied.id, tag.id)
        if circle:
            steps = " ⇒ ".join(one.name for one in [tag, *circle])
            raise BadTag(f"“{tag.name}” cannot imply “{implied.name}”, for that closes a circle: {steps}.")
        return replace(self, implications=self.implications | {(tag.id, implied.id)})

    def not_implying(self, tag: TagRow, implied: TagRow) -> Vocabulary:
        """Forget an implication."""
        return replace(self, implications=self.implications - {(tag.id, implied.id)})


def directly_implied(pairs: Iterable[tuple[_Tag, _Tag]]) -> dict[_Tag, list[_Tag]]:
    """Return, by tag, the tags that it implies itself; tags are named by ids or by slugs."""
    implied: dict[_Tag, list[_Tag]] = {}
    for tag, other in pairs:
        implied.setdefault(tag, []).append(other)
    return implied


def closure(tags: Iterable[_Tag], implied: Mapping[_Tag, Collection[_Tag]]) -> set[_Tag]:
    """Return these tags and all that they imply, however indirectly."""
    found = set(tags)
    waiting = [tag for tag in found if tag in implied]
    while waiting:
        new = set(implied.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found


def read_implications(session: Session) -> dict[int, list[int]]:
    """Read, by tag, the tags that it implies itself; there are few, so they are read together."""
    rows = session.execute(select(Implication.tag_id, Implication.implied_id))
    return directly_implied((tag, implied) for tag, implied in rows)


def read_vocabulary(session: Session) -> Vocabulary:
    """Read all of it, in three statements."""
    columns = (Tag.id, Tag.slug, Tag.name, Tag.description, Tag.description_html)
    tags = [TagRow(*row) for row in session.execute(select(*columns).order_by(Tag.id))]
    aliases = session.execute(select(Alias.slug, Alias.tag_id)).all()
    pairs = session.execute(select(Implication.tag_id, Implication.implied_id))
    return Vocabulary(
        tags={tag.id: tag for tag in tags},
        aliases=dict(aliases),
        implications=frozenset((tag, implied) for tag, implied in pairs),
    )


def read_implied_slugs(session: Session) -> dict[str, list[str]]:
    """Read, by the slug of a tag, the slugs of those that it implies itself."""
    tag, other = aliased(Tag), aliased(Tag)
    statement = select(tag.slug, other.slug).select_from(Implication)
    statement = statement.join(tag, tag.id == Implication.tag_id).join(
        other, other.id == Implication.implied_id
    )
    return directly_implied((one, implied) for one, implied in session.execute(statement))
