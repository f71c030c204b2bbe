"""Conflicts: fields that a source says something else about than the author, whose word stays.

An import notes them in the transaction that keeps the author's word. The author keeps theirs, or takes the
source's, which is an edit like any other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from blog.changes.columns import columns_of
from blog.changes.entries import EntryChange, draft_of, drafts_after, tags_of, update_entries
from blog.changes.lookups import rows_in
from blog.changes.slugs import FreeSlugs
from blog.domain.drafts import field_from_json, field_to_json
from blog.domain.errors import NotThere
from blog.models import Conflict, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services
    from importers.pipeline import Decision

MINE: Final = "mine"
THEIRS: Final = "theirs"
OVER: Final = "over"
# Why a revision was kept.
TOOK_THEIRS: Final = "took theirs"
# A text is nothing without what it is written in.
_TOGETHER: Final = ({"body", "markup"}, {"via_url", "via_title"})


def note_conflicts(session: Session, decisions: Sequence[Decision], now: datetime) -> None:
    """Note what sources say of fields that stay as the author has them; what both say again is over."""
    told = {one.entry_id: one for one in decisions if one.entry_id and one.has_news and not one.joins}
    if not told:
        return
    opened: dict[tuple[int, str], Conflict] = {}
    statement = select(Conflict).where(Conflict.settled.is_(None))
    for (row,) in rows_in(session, statement, Conflict.entry_id, list(told)):
        one = told[row.entry_id]
        if row.field in one.kept:
            opened[row.entry_id, row.field] = row
        elif row.field in one.fields or one.seen.get(row.field) == one.upstream[row.field]:
            row.settled, row.how = now, OVER
    new = []
    for entry, one in told.items():
        for name in sorted(one.kept):
            theirs = field_to_json(one.stored, name)
            if (entry, name) in opened:
                opened[entry, name].theirs, opened[entry, name].at = theirs, now
            else:
                new.append({"entry_id": entry, "field": name, "theirs": theirs, "at": now, "how": ""})
    session.flush()
    if new:
        sources = dict(rows_in(session, _SOURCE, Entry.id, [one["entry_id"] for one in new]))
        session.execute(insert(Conflict), [one | {"source_id": sources[one["entry_id"]]} for one in new])


_SOURCE: Final = select(Entry.id, Entry.source_id)


def keep_mine(services: Services, conflict_ids: Iterable[int]) -> int:
    """Let these fields stay as they are; return how many conflicts that settles.

    They come up again when their source says yet something else.
    """
    with services.sessions.write() as session:
        rows = _open(session, conflict_ids)
        for row in rows:
            row.settled, row.how = services.clock(), MINE
        return len(rows)


def take_theirs(services: Services, conflict_ids: Iterable[int], *, by: str = "") -> int:
    """Let these fields say what their source says; return how many conflicts that settles.

    What belongs together, as a text and its markup, is taken together.

    Raises:
        NotThere: none of them is open any more.
        BadDraft: what the source says cannot be an entry.
    """
    with services.sessions.write() as session:
        now = services.clock()
        rows = _with_what_belongs(session, _open(session, conflict_ids))
        if not rows:
            raise NotThere("This is settled already.")
        changes = _changes(session, rows)
        after = drafts_after(session, changes)
        rewritten = [(one, columns_of(*after[one.entry_id], services.settings)) for one in changes]
        for row in rows:
            row.settled, row.how = now, THEIRS
        session.flush()
        slugs = FreeSlugs(session, {})
        update_entries(session, services.settings, rewritten, slugs, now, by=by, reason=TOOK_THEIRS)
        return len(rows)


def _changes(session: Session, rows: Iterable[Conflict]) -> list[EntryChange]:
    said: dict[int, dict[str, object]] = defaultdict(dict)
    for row in rows:
        said[row.entry_id][row.field] = field_from_json(row.field, row.theirs)
    tags = tags_of(session, list(said))
    entries = {entry.id: entry for (entry,) in rows_in(session, select(Entry), Entry.id, list(said))}
    changes = []
    for entry_id, fields in said.items():
        draft = replace(draft_of(entries[entry_id], tags.get(entry_id, ())), **fields)  # type: ignore[arg-type]  # by name
        names = {slug: slug for slug in draft.tags}
        changes.append(EntryChange(entry_id, draft, frozenset(fields), names, None))
    return changes


def _open(session: Session, conflict_ids: Iterable[int]) -> list[Conflict]:
    statement = select(Conflict).where(Conflict.settled.is_(None))
    return [row for (row,) in rows_in(session, statement, Conflict.id, sorted(set(conflict_ids)))]


def _with_what_belongs(session: Session, rows: Sequence[Conflict]) -> list[Conflict]:
    """These, and those of the same entries without which they are not whole."""
    wanted: Mapping[int, Conflict] = {row.id: row for row in rows}
    fields = {
        (row.entry_id, name) for row in rows for group in _TOGETHER if row.field in group for name in group
    }
    statement = select(Conflict).where(Conflict.settled.is_(None))
    others = rows_in(session, statement, Conflict.entry_id, {entry for entry, _ in fields})
    return [*rows, *(row for (row,) in others if row.id not in wanted and (row.entry_id, row.field) in fields)]
