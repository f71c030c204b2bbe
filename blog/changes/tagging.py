"""What an author can do to a tag, each with a preview and undone with one click.

Everything covers entries of all kinds and statuses. Old names lead on: a tag's page, its feeds
and its intersections go by ``Alias`` rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from blog.changes.differences import difference
from blog.changes.intersections import carry_along
from blog.changes.operations import RETAGGED
from blog.changes.plans import Plan, carry_out
from blog.changes.retagging import Filed, Retagging, write_retagging
from blog.changes.vocabulary import Vocabulary, read_vocabulary
from blog.domain.entry import Markup
from blog.domain.errors import BadTag
from blog.domain.filters import Filter
from blog.domain.tags import slugify
from blog.rendering import clean_text, to_html

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

_MAX_NAME = 200


class Unchanged(BadTag):
    """The tag is so already."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a tag a new name and the address that goes with it; where such a tag lives, become one with it."""

    slug: str
    name: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        new, name = slugify(self.name), _clean_name(self.name)
        before, filed = read_vocabulary(session), Filed(session)
        tag = before.tag(self.slug)
        if new != tag.slug and new in before.by_slug:
            return Merge(tag.slug, new).plan(session)
        after = before.renamed(tag, new, name)
        summary = f"Rename the tag “{tag.name}” to “{name}”"
        return _planned(summary, Retagging(before, after), filed.under(tag.id))


@dataclass(frozen=True, slots=True)
class DisplayName:
    """Show a tag by another name, and leave its address; typing that name finds the tag."""

    slug: str
    name: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        name, before = _clean_name(self.name), read_vocabulary(session)
        tag = before.tag(self.slug)
        typed = slugify(name)
        living = before.living(typed)
        if living and living.id != tag.id:
            raise BadTag(f"“{name}” leads to the tag “{living.name}”; merge the two, or choose another name.")
        after = before.with_row(replace(tag, name=name))
        after = after if living else after.with_alias(typed, tag)
        summary = f"Show the tag “{tag.name}” as “{name}”"
        return _planned(summary, Retagging(before, after), Filed(session).under(tag.id))


@dataclass(frozen=True, slots=True)
class Merge:
    """Put everything of one tag under another; its name and its old names lead there."""

    slug: str
    into: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        if self.slug == self.into:
            raise BadTag(f"“{self.slug}” cannot be merged into itself.")
        before, filed = read_vocabulary(session), Filed(session)
        tag, into = before.tag(self.slug), before.tag(self.into)
        entries = filed.under(tag.id)
        after = before.merged(tag, into)
        added = filed.lacking(after.implied_by([into.id]) if entries else [], entries)
        done = Retagging(before, after, added, {tag.id: entries}, merged={tag.id: into.id})
        both = len(entries & filed.under(into.id))
        notes = [f"On both tags by now: {_entries(both)}."] if both else []
        return _planned(f"Merge the tag “{tag.name}” into “{into.name}”", done, entries, notes)


@dataclass(frozen=True, slots=True)
class Split:
    """Move some of a tag's entries to another tag, which is made where there is none."""

    slug: str
    into: str
    entries: frozenset[int]
    said: str = ""

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before, filed = read_vocabulary(session), Filed(session)
        tag, new = before.tag(self.slug), slugify(self.into)
        if new == tag.slug:
            raise BadTag(f"“{tag.name}” cannot be split into itself.")
        moved = filed.under(tag.id) & self.entries
        if not moved:
            raise BadTag(f"None of these entries is tagged “{tag.name}”.")
        found = before.living(new)
        # Under an old name of the very tag that is split, a tag of its own is wanted.
        with_new = (
            (before, found) if found and found.id != tag.id else before.with_tag(new, _clean_name(self.into))
        )
        after, target = with_new
        added = filed.lacking(after.implied_by([target.id]), moved)
        # What it implies may be the very tag: then the entries keep it.
        removed = {} if tag.id in after.implied_by([target.id]) else {tag.id: moved}
        notes = [f"“{target.name}” is a new tag."] if target.id < 0 else []
        if not removed:
            notes.append(f"They keep “{tag.name}”, for “{target.name}” implies it.")
        which = f" {self.said}" if self.said else ""
        summary = f"Move {_entries(len(moved))}{which} from the tag “{tag.name}” to “{target.name}”"
        return _planned(summary, Retagging(before, after, added, removed), moved, notes)


@dataclass(frozen=True, slots=True)
class Delete:
    """Take a tag off every entry and forget it, with its old names and what it implies."""

    slug: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before, filed = read_vocabulary(session), Filed(session)
        tag = before.tag(self.slug)
        entries = filed.under(tag.id)
        old = sorted(slug for slug, target in before.aliases.items() if target == tag.id)
        notes = ["Its page and its feeds will be gone; merge it into another tag to have them lead there."]
        notes += [f"Its old names lead nowhere any more: {', '.join(old)}."] if old else []
        done = Retagging(before, before.without(tag), removed={tag.id: entries})
        return _planned(f"Delete the tag “{tag.name}”", done, entries, notes)


@dataclass(frozen=True, slots=True)
class Describe:
    """Say something about a tag, in Markdown, above its entries."""

    slug: str
    description: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before = read_vocabulary(session)
        tag = before.tag(self.slug)
        words = clean_text(self.description).strip()
        after = before.described(tag, words, to_html(words, Markup.MARKDOWN) if words else "")
        return _planned(
            f"Describe the tag “{tag.name}”", Retagging(before, after), Filed(session).under(tag.id)
        )


@dataclass(frozen=True, slots=True)
class AddAlias:
    """Let another name lead to a tag."""

    slug: str
    alias: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before, old = read_vocabulary(session), slugify(self.alias)
        tag, living = before.tag(self.slug), before.living(old)
        if living and living.id == tag.id:
            raise Unchanged(f"“{old}” leads to “{tag.name}” already.")
        if living and living.slug == old:
            raise BadTag(f"There is a tag “{living.name}”: merge it into “{tag.name}” to have it lead there.")
        if living:
            raise BadTag(f"“{old}” is an old name of “{living.name}”; take it from there first.")
        done = Retagging(before, before.with_alias(old, tag))
        return _planned(f"Let “{old}” lead to the tag “{tag.name}”", done, Filed(session).under(tag.id))


@dataclass(frozen=True, slots=True)
class RemoveAlias:
    """Let an old name of a tag lead nowhere any more."""

    slug: str
    alias: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before = read_vocabulary(session)
        tag = before.tag(self.slug)
        if before.aliases.get(self.alias) != tag.id:
            raise BadTag(f"“{self.alias}” is no old name of “{tag.name}”.")
        done = Retagging(before, before.without_alias(self.alias))
        notes = [f"{_address(self.alias)} and its feeds will be gone."]
        return _planned(f"Forget “{self.alias}” as a name of the tag “{tag.name}”", done, (), notes)


@dataclass(frozen=True, slots=True)
class Imply:
    """Let tagging with the one tag add another; if asked, to the entries that are there, too."""

    slug: str
    implied: str
    existing: bool = False

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before, filed = read_vocabulary(session), Filed(session)
        tag = before.tag(self.slug)
        with_new, implied = before.living_or_new(slugify(self.implied), _clean_name(self.implied))
        if (tag.id, implied.id) in before.implications:
            raise Unchanged(f"“{tag.name}” implies “{implied.name}” already.")
        after = with_new.implying(tag, implied)
        entries = filed.under(tag.id) if self.existing else set()
        done = Retagging(
            before, after, filed.lacking(after.implied_by([implied.id]), entries) if entries else {}
        )
        notes = [f"“{implied.name}” is a new tag."] if implied.id < 0 else []
        notes.append(f"From now on, an entry tagged “{tag.name}” gets “{implied.name}” when it is saved.")
        summary = f"Let the tag “{tag.name}” imply “{implied.name}”"
        return _planned(summary, done, done.entries, notes)


@dataclass(frozen=True, slots=True)
class StopImplying:
    """Let a tag imply another no more; what is tagged stays tagged."""

    slug: str
    implied: str

    def plan(self, session: Session) -> Plan:
        """See ``Action``."""
        before = read_vocabulary(session)
        tag, implied = before.tag(self.slug), before.tag(self.implied)
        if (tag.id, implied.id) not in before.implications:
            raise Unchanged(f"“{tag.name}” does not imply “{implied.name}”.")
        done = Retagging(before, before.not_implying(tag, implied))
        notes = [f"Entries that are tagged “{implied.name}” stay so."]
        return _planned(f"Let the tag “{tag.name}” imply “{implied.name}” no more", done, (), notes)


def rename_tag(services: Services, slug: str, name: str, *, by: str = "") -> str:
    """Give a tag a new name, and keep its old slug leading to it; return the new slug.

    Raises:
        NotThere: there is no such tag.
        BadTag: the new name has no letter or digit.
    """
    carry_out(services, Rename(slug, name), by)
    return slugify(name)


def merge_tags(services: Services, slug: str, into: str, *, by: str = "") -> str:
    """Put everything of one tag under another; its name and its old names lead there from now on.

    Raises:
        NotThere: one of them is not a tag.
        BadTag: they are one and the same.
    """
    carry_out(services, Merge(slug, into), by)
    return into


def retagging_plan(
    summary: str,
    done: Retagging,
    entries: Collection[int],
    notes: Collection[str] = (),
    left: Mapping[int, str] | None = None,
) -> Plan:
    """Return the plan that writes what becomes of tags."""

    def write(session: Session, now: datetime, _by: str) -> Mapping[str, Any]:
        moved = carry_along(session, done.before, done.after, now)
        return {**difference(write_retagging(session, done, now)).as_json(), "introductions": moved}

    return Plan(
        what=RETAGGED,
        summary=summary,
        entries=entries,
        write=write,
        redirects=_redirects(done.before, done.after),
        notes=tuple(notes),
        left=left or {},
    )


def _planned(summary: str, done: Retagging, entries: Collection[int], notes: Collection[str] = ()) -> Plan:
    """The plan of something done to a tag, which is refused where it would change nothing."""
    if not done:
        raise Unchanged("That is how it is already.")
    return retagging_plan(summary, done, entries, notes)


def _redirects(before: Vocabulary, after: Vocabulary) -> tuple[tuple[str, str], ...]:
    """The addresses that lead on after this and did not before, page and feed."""
    new = sorted(
        slug for slug, target in after.aliases.items() if _leads_to(before, slug) != after.tags[target].slug
    )
    pairs = ((_filter(slug), _filter(after.tags[after.aliases[slug]].slug)) for slug in new)
    return tuple(
        pair
        for old, living in pairs
        for pair in ((old.url(), living.url()), (old.feed_url("atom"), living.feed_url("atom")))
    )


def _leads_to(vocabulary: Vocabulary, slug: str) -> str | None:
    target = vocabulary.aliases.get(slug)
    return None if target is None else vocabulary.tags[target].slug


def _filter(slug: str) -> Filter:
    return Filter(tags=frozenset({slug}))


def _address(slug: str) -> str:
    return _filter(slug).url()


def _clean_name(name: str) -> str:
    return " ".join(clean_text(name).split())[:_MAX_NAME]


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count:,} entries"
