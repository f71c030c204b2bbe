"""Writing what becomes of tags, and of which entries are filed under them, in a few statements."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, tuple_, update

from blog.changes.departures import departures
from blog.changes.filing import set_times
from blog.changes.log import record, record_names
from blog.changes.lookups import in_pieces, rows_in
from blog.models import Alias, Entry, Implication, Tag, entry_tag, known_at

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Delete
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from blog.changes.vocabulary import TagRow, Vocabulary

Filing = dict[int, set[int]]
# When entries got tags that came late: by tag and entry.
Times = dict[int, dict[int, "datetime"]]


@dataclass(frozen=True, slots=True)
class Retagging:
    """The tags before and after, and by tag the entries that get it and that lose it.

    ``added`` names no entry that has the tag already, and ``removed`` none that has not.

    What is added counts as added now, to an entry that readers have seen, but where ``times`` are given: then
    as at these, or as never missing. ``merged`` leads from a tag to the one that its entries count as
    filed under from when they were under the first. ``late`` is known once it is written: when entries got
    the tags that were removed.
    """

    before: Vocabulary
    after: Vocabulary
    added: Filing = field(default_factory=dict)
    removed: Filing = field(default_factory=dict)
    times: Times | None = None
    merged: dict[int, int] = field(default_factory=dict)
    late: Times = field(default_factory=dict)

    @property
    def entries(self) -> set[int]:
        """The entries whose tags change."""
        return set().union(*self.added.values(), *self.removed.values())

    @property
    def changes_names(self) -> bool:
        """Whether anything but the filing of entries changes."""
        return self.before != self.after

    def __bool__(self) -> bool:
        """Tell whether there is anything to write."""
        return self.changes_names or bool(self.entries)


class Filed:
    """Which entries there are, and which are filed under which tag, in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._by_tag: dict[int, set[int]] = {}

    def under(self, tag_id: int) -> set[int]:
        """Return all entries of a tag, whatever their kind and status; do not change the set."""
        if tag_id not in self._by_tag:
            statement = select(entry_tag.c.entry_id).where(entry_tag.c.tag_id == tag_id)
            self._by_tag[tag_id] = set(self._session.scalars(statement)) if tag_id > 0 else set()
        return self._by_tag[tag_id]

    def existing(self, entry_ids: Collection[int]) -> set[int]:
        """Return those of these entries that there are."""
        return {entry for (entry,) in rows_in(self._session, select(Entry.id), Entry.id, entry_ids)}

    def lacking(self, tags: Collection[int], entry_ids: Collection[int]) -> Filing:
        """Return for each of these tags those of the entries that have it not; a tag all have is left out."""
        lacking = {tag: set(entry_ids) - self.under(tag) for tag in tags}
        return {tag: entries for tag, entries in lacking.items() if entries}


def write_retagging(session: Session, plan: Retagging, now: datetime) -> Retagging:
    """Write it, with its lines in the log; return it with the ids that new tags were given."""
    with departures(session, plan.entries, now):
        late = _late(session, plan.removed)
        for tag_id, entries in plan.removed.items():
            for piece in in_pieces(sorted(entries)):
                within = (entry_tag.c.tag_id == tag_id, entry_tag.c.entry_id.in_(piece))
                session.execute(delete(entry_tag).where(*within))
        made = _write_vocabulary(session, plan.before, plan.after) if plan.changes_names else {}
        added = {made.get(tag_id, tag_id): entries for tag_id, entries in plan.added.items()}
        times = _of_made(plan.times, made)
        clock = _Clock(session, replace(plan, times=times, added=added), late, now)
        late |= _set_back(session, clock)
        _file(session, added, clock)
    if plan.changes_names:
        record_names(session, now)
    record(session, "updated", sorted(plan.entries), now)
    return replace(plan, after=_relabelled(plan.after, made), added=added, late=late)


def _late(session: Session, filing: Filing) -> Times:
    """When these entries got these tags, where that was late."""
    late: Times = {}
    for tag_id, entries in filing.items():
        statement = select(entry_tag.c.entry_id, entry_tag.c.at)
        statement = statement.where(entry_tag.c.tag_id == tag_id, entry_tag.c.at.is_not(None))
        if found := dict(rows_in(session, statement, entry_tag.c.entry_id, entries)):
            late[tag_id] = found
    return late


def _of_made(times: Times | None, made: Mapping[int, int]) -> Times | None:
    """The times by the ids that new tags were given."""
    return times and {made.get(tag_id, tag_id): late for tag_id, late in times.items()}


class _Clock:
    """Says when entries get the tags that a retagging gives them."""

    def __init__(self, session: Session, plan: Retagging, late: Times, now: datetime) -> None:
        self._times = plan.times
        self._now = now
        # Under the tag that another is merged into, from when they were under either.
        self._merged = {
            into: (plan.removed.get(tag, set()), late.get(tag, {})) for tag, into in plan.merged.items()
        }
        added = set().union(*plan.added.values())
        seen = select(Entry.id).where(known_at(now))
        self._seen = {entry for (entry,) in rows_in(session, seen, Entry.id, added)}

    def earlier(self, tag_id: int, held: Mapping[int, datetime]) -> dict[tuple[int, int], datetime | None]:
        """Return the times of those entries of a tag that had the one merged into it before they had it."""
        entries, late = self._merged[tag_id]
        sooner = {entry: late.get(entry) for entry in entries & held.keys()}
        return {(one, tag_id): at for one, at in sooner.items() if at is None or at < held[one]}

    @property
    def known(self) -> Times:
        """The times that are put back."""
        return self._times or {}

    @property
    def merged(self) -> Collection[int]:
        """The tags that others are merged into."""
        return self._merged

    def __call__(self, entry_id: int, tag_id: int) -> datetime | None:
        if self._times is not None:
            return self._times.get(tag_id, {}).get(entry_id)
        entries, late = self._merged.get(tag_id, ((), {}))
        if entry_id in entries:
            return late.get(entry_id)
        return self._now if entry_id in self._seen else None


def _set_back(session: Session, clock: _Clock) -> Times:
    """Let entries have the tag that another is merged into since they had either; return what was before."""
    found: Times = {}
    for tag_id in clock.merged:
        statement = select(entry_tag.c.entry_id, entry_tag.c.at)
        statement = statement.where(entry_tag.c.tag_id == tag_id, entry_tag.c.at.is_not(None))
        held = dict(session.execute(statement).all())
        earlier = clock.earlier(tag_id, held)
        set_times(session, earlier)
        if earlier:
            found[tag_id] = {entry: held[entry] for entry, _ in earlier}
    return found


def _file(session: Session, added: Filing, time_of: _Clock) -> None:
    """File entries under tags, which both are there by now; those that are filed get the times they had."""
    kept = {
        (entry, tag_id): at
        for tag_id, times in time_of.known.items()
        for entry, at in times.items()
        if entry not in added.get(tag_id, ())
    }
    set_times(session, kept)
    rows = [
        {"entry_id": one, "tag_id": tag_id, "at": time_of(one, tag_id)}
        for tag_id, entries in added.items()
        for one in sorted(entries)
    ]
    if rows:
        session.execute(insert(entry_tag), rows)


def _write_vocabulary(session: Session, before: Vocabulary, after: Vocabulary) -> dict[int, int]:
    """Make the rows of ``before`` those of ``after``; return the ids of tags that had none yet."""
    old_pairs, new_pairs = before.implications, after.implications
    moved = [slug for slug, tag in before.aliases.items() if after.aliases.get(slug) != tag]
    _delete(session, delete(Alias), Alias.slug, moved)
    pair = tuple_(Implication.tag_id, Implication.implied_id)
    _delete(session, delete(Implication), pair, sorted(old_pairs - new_pairs))
    _delete(session, delete(Tag), Tag.id, sorted(before.tags.keys() - after.tags.keys()))
    for tag in after.tags.values():
        if before.tags.get(tag.id, tag) != tag:
            session.execute(update(Tag).where(Tag.id == tag.id).values(_columns(tag)))
    made = _insert_tags(session, [tag for one, tag in after.tags.items() if one not in before.tags])
    aliases = [
        {"slug": slug, "tag_id": made.get(tag, tag)}
        for slug, tag in after.aliases.items()
        if before.aliases.get(slug) != tag
    ]
    pairs = [tuple(made.get(one, one) for one in found) for found in sorted(new_pairs - old_pairs)]
    if aliases:
        session.execute(insert(Alias), aliases)
    if pairs:
        session.execute(insert(Implication), [{"tag_id": one, "implied_id": other} for one, other in pairs])
    return made


def _delete(
    session: Session,
    statement: Delete,
    column: ColumnElement[Any] | InstrumentedAttribute[Any],
    values: Sequence[Any],
) -> None:
    for piece in in_pieces(values):
        session.execute(statement.where(column.in_(piece)))


def _insert_tags(session: Session, tags: Sequence[TagRow]) -> dict[int, int]:
    """Insert tags, those that come back under the ids that they had; return the ids of the new ones."""
    back = [{"id": tag.id} | _columns(tag) for tag in tags if tag.id > 0]
    new = {tag.slug: tag for tag in tags if tag.id < 0}
    if back:
        session.execute(insert(Tag), back)
    if not new:
        return {}
    session.execute(insert(Tag), [_columns(tag) for tag in new.values()])
    found = rows_in(session, select(Tag.slug, Tag.id), Tag.slug, list(new))
    return {new[slug].id: tag_id for slug, tag_id in found}


def _columns(tag: TagRow) -> dict[str, str]:
    return {
        "slug": tag.slug,
        "name": tag.name,
        "description": tag.description,
        "description_html": tag.description_html,
    }


def _relabelled(vocabulary: Vocabulary, made: Mapping[int, int]) -> Vocabulary:
    """The same tags, with the ids that new ones were given."""
    if not made:
        return vocabulary
    rows = (replace(tag, id=made.get(tag.id, tag.id)) for tag in vocabulary.tags.values())
    return replace(
        vocabulary,
        tags={tag.id: tag for tag in rows},
        aliases={slug: made.get(tag, tag) for slug, tag in vocabulary.aliases.items()},
        implications=frozenset(
            (made.get(one, one), made.get(other, other)) for one, other in vocabulary.implications
        ),
    )
