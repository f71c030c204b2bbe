"""What an operation changed of tags, kept so that it can be put back however much was changed since.

A tag is named by its id and by the slug it had: SQLite gives the id of a deleted tag out again,
so neither of the two alone says that a tag is still the one that was meant.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from blog.changes.retagging import Filing, Retagging, Times
from blog.changes.vocabulary import TagRow, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from blog.changes.retagging import Filed

Ref = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows before and after; None where there was none, or is none any more.

    ``late`` says when entries had got those of the tags removed that had come late.
    """

    tags: tuple[tuple[TagRow | None, TagRow | None], ...]
    aliases: tuple[tuple[str, Ref | None, Ref | None], ...]
    implied: tuple[tuple[Ref, Ref], ...]
    not_implied: tuple[tuple[Ref, Ref], ...]
    added: tuple[tuple[Ref, tuple[int, ...]], ...]
    removed: tuple[tuple[Ref, tuple[int, ...]], ...]
    late: tuple[tuple[Ref, dict[int, datetime]], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as ``Operation.undo`` holds it."""
        return {
            "tags": [[one and astuple(one) for one in pair] for pair in self.tags],
            "aliases": self.aliases,
            "implied": self.implied,
            "not_implied": self.not_implied,
            "added": self.added,
            "removed": self.removed,
            "late": [[tag, [[one, at.isoformat()] for one, at in times.items()]] for tag, times in self.late],
        }


def difference_from_json(kept: Mapping[str, Any]) -> Difference:
    """Read what ``as_json`` wrote."""
    return Difference(
        tags=tuple((_tag_row(before), _tag_row(after)) for before, after in kept["tags"]),
        aliases=tuple((slug, _ref(before), _ref(after)) for slug, before, after in kept["aliases"]),
        implied=tuple((_ref_of(one), _ref_of(other)) for one, other in kept["implied"]),
        not_implied=tuple((_ref_of(one), _ref_of(other)) for one, other in kept["not_implied"]),
        added=tuple((_ref_of(tag), tuple(entries)) for tag, entries in kept["added"]),
        removed=tuple((_ref_of(tag), tuple(entries)) for tag, entries in kept["removed"]),
        late=tuple(
            (_ref_of(tag), {entry: datetime.fromisoformat(at) for entry, at in times})
            for tag, times in kept.get("late", ())
        ),
    )


def _tag_row(kept: list[Any] | None) -> TagRow | None:
    return TagRow(*kept) if kept else None


def _ref(kept: list[Any] | None) -> Ref | None:
    return _ref_of(kept) if kept else None


def _ref_of(kept: list[Any]) -> Ref:
    return kept[0], kept[1]


def difference(done: Retagging) -> Difference:
    """Return what was changed; every tag has its id by now."""
    before, after = done.before, done.after
    tags = ((before.tags.get(one), after.tags.get(one)) for one in sorted(before.tags.keys() | after.tags))
    slugs = sorted(before.aliases.keys() | after.aliases)
    aliases = ((slug, _alias(before, slug), _alias(after, slug)) for slug in slugs)
    return Difference(
        tags=tuple(pair for pair in tags if pair[0] != pair[1]),
        aliases=tuple(one for one in aliases if _target(before, one[0]) != _target(after, one[0])),
        implied=_pairs(after, after.implications - before.implications),
        not_implied=_pairs(before, before.implications - after.implications),
        added=_filing(after, done.added),
        removed=_filing(before, done.removed),
        late=tuple((_named(before, tag), times) for tag, times in sorted(done.late.items())),
    )


def _target(vocabulary: Vocabulary, slug: str) -> int | None:
    return vocabulary.aliases.get(slug)


def _alias(vocabulary: Vocabulary, slug: str) -> Ref | None:
    target = vocabulary.aliases.get(slug)
    return None if target is None else _named(vocabulary, target)


def _named(vocabulary: Vocabulary, tag_id: int) -> Ref:
    return tag_id, vocabulary.tags[tag_id].slug


def _pairs(vocabulary: Vocabulary, pairs: Iterable[tuple[int, int]]) -> tuple[tuple[Ref, Ref], ...]:
    return tuple((_named(vocabulary, one), _named(vocabulary, other)) for one, other in sorted(pairs))


def _filing(vocabulary: Vocabulary, filing: Filing) -> tuple[tuple[Ref, tuple[int, ...]], ...]:
    return tuple(
        (_named(vocabulary, tag), tuple(sorted(entries))) for tag, entries in sorted(filing.items()) if entries
    )


def put_back(now: Vocabulary, kept: Difference, filed: Filed) -> tuple[Retagging, list[str]]:
    """Return what makes the tags what they were, and in words what cannot be put back.

    Only what still is as the operation left it is put back; what was changed since stays.
    """
    back = _PuttingBack(now, kept, filed)
    return back.plan(), back.notes


class _PuttingBack:
    """The tags as they are on the way back, and what has to be said."""

    def __init__(self, now: Vocabulary, kept: Difference, filed: Filed) -> None:
        self.notes: list[str] = []
        self._now = now
        self._back = now
        self._kept = kept
        self._filed = filed

    def plan(self) -> Retagging:
        for before, after in self._kept.tags:
            if before and after:
                self._change_back(before, after)
            elif before:
                self._restore(before)
        self._imply_no_more()
        removed = self._unfile()
        for before, after in self._kept.tags:
            if after and not before:
                self._forget(after, removed)
        for alias in self._kept.aliases:
            self._lead_back(*alias)
        self._imply_again()
        return Retagging(self._now, self._back, self._file_again(), removed, times=self._times_again())

    def _change_back(self, before: TagRow, after: TagRow) -> None:
        tag = _same(self._now, (after.id, after.slug))
        if tag is None:
            self.notes.append(f"The tag “{after.name}” is not there any more.")
            return
        changed = [
            name for name in ("slug", "name", "description", "description_html") if _differ(name, before, after)
        ]
        ours = [name for name in changed if getattr(tag, name) == getattr(after, name)]
        if set(changed) - set(ours):
            self.notes.append(f"“{tag.name}” was changed again since, and keeps that.")
        if "slug" in ours and before.slug in self._back.by_slug:
            self.notes.append(f"Another tag is called “{before.slug}” now, so “{tag.name}” keeps its name.")
            ours = [name for name in ours if name not in ("slug", "name")]
        elif "slug" in changed and "slug" not in ours:
            ours = [name for name in ours if name != "name"]
        self._put(replace(tag, **{name: getattr(before, name) for name in ours}))

    def _restore(self, before: TagRow) -> None:
        if before.slug in self._back.by_slug:
            return  # There is such a tag again; its entries come back to it.
        self._put(before if before.id not in self._back.tags else replace(before, id=self._back.new_id))

    def _put(self, tag: TagRow) -> None:
        self._back = self._back.with_row(tag)

    def _lead_back(self, slug: str, before: Ref | None, after: Ref | None) -> None:
        if slug in self._back.by_slug:
            return
        expected = _same(self._now, after) if after else None
        if self._now.aliases.get(slug) != (expected.id if expected else None):
            self.notes.append(f"The old name “{slug}” was changed again since, and keeps that.")
        elif before:
            target = _following(self._back, before)
            self._back = self._back.with_alias(slug, target) if target else self._back.without_alias(slug)
        elif not any(tag and tag.slug == slug for tag, _ in self._kept.tags):
            # Where a tag could not get its slug back, that must go on leading to the tag.
            self._back = self._back.without_alias(slug)

    def _imply_no_more(self) -> None:
        for one, other in self._kept.implied:
            tag, implied = _same(self._now, one), _same(self._now, other)
            if tag and implied:
                self._back = self._back.not_implying(tag, implied)

    def _imply_again(self) -> None:
        for one, other in self._kept.not_implied:
            tag, implied = _same(self._back, one), _same(self._back, other)
            if tag is None or implied is None or self._back.chain(implied.id, tag.id):
                self.notes.append(f"“{one[1]}” cannot imply “{other[1]}” again.")
            else:
                self._back = self._back.implying(tag, implied)

    def _unfile(self) -> Filing:
        """What was added and is still there, to be removed."""
        removed: Filing = {}
        for ref, entries in self._kept.added:
            tag = _same(self._now, ref)
            if tag is None:
                self.notes.append(f"The tag “{ref[1]}” is not there any more, so it was taken off no entry.")
            elif here := self._filed.under(tag.id) & set(entries):
                removed[tag.id] = here
        return removed

    def _file_again(self) -> Filing:
        """What was removed and is not there, to be added."""
        added: Filing = {}
        gone: set[int] = set()
        for ref, entries in self._kept.removed:
            tag = _following(self._back, ref)
            if tag is None:
                self.notes.append(
                    f"There is no tag “{ref[1]}” any more to give back to {_entries(len(entries))}."
                )
                continue
            here = self._filed.existing(entries)
            gone |= set(entries) - here
            if lacking := here - self._filed.under(tag.id):
                added[tag.id] = added.get(tag.id, set()) | lacking
        if gone:
            self.notes.append(f"Not there any more: {_entries(len(gone))}.")
        return added

    def _times_again(self) -> Times:
        """When entries had got, late, what comes back to them."""
        times: Times = {}
        for ref, late in self._kept.late:
            if tag := _following(self._back, ref):
                times[tag.id] = times.get(tag.id, {}) | late
        return times

    def _forget(self, made: TagRow, removed: Filing) -> None:
        """Remove a tag that the operation made, unless something has come to use it."""
        tag = _same(self._now, (made.id, made.slug))
        if tag is None:
            return
        others = self._filed.under(tag.id) - removed.get(tag.id, set())
        named = tag.id in self._back.aliases.values() or any(tag.id in pair for pair in self._back.implications)
        if others or named or tag != replace(made, id=tag.id):
            self.notes.append(f"The tag “{tag.name}” stays, for it is in use by now.")
        else:
            self._back = self._back.without(tag)


def _differ(name: str, before: TagRow, after: TagRow) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _same(vocabulary: Vocabulary, ref: Ref) -> TagRow | None:
    """Return the tag that was meant, under whatever name it lives now."""
    tag_id, slug = ref
    tag = vocabulary.tags.get(tag_id)
    if tag and (tag.slug == slug or vocabulary.aliases.get(slug) == tag_id):
        return tag
    return vocabulary.by_slug.get(slug)


def _following(vocabulary: Vocabulary, ref: Ref) -> TagRow | None:
    """Return the tag that was meant, or the one that it was put into."""
    return _same(vocabulary, ref) or vocabulary.living(ref[1])


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count:,} entries"
