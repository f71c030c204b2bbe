"""Undoing what an import made one: its items leave the entries that they joined, with what they brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from blog.changes.appearances import take_back
from blog.changes.import_states import state_before
from blog.changes.lookups import rows_in
from blog.changes.slugs import FreeSlugs
from blog.models import Appearance, Entry, Source
from importers.pipeline import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy.orm import Session

    from blog.config import Settings
    from blog.domain.entry import Status
    from blog.models import ImportItem

# Why a revision was kept, as for all else of an import that is undone.
_UNDONE: str = "import undone"


@dataclass(frozen=True, slots=True)
class Left:
    """What became of an item: the fields that were changed since and stay, or why all of it stays."""

    fields: Sequence[str] = ()
    stays: str = ""


def undo_joins(
    session: Session,
    settings: Settings,
    items: Sequence[ImportItem],
    now: datetime,
    *,
    status: Status | None,
    by: str = "",
) -> dict[int, Left]:
    """Let the items leave that joined, and take back what those added that had joined before.

    So does what was an entry and was made one with another since, whichever that is by now. Return, by item,
    what came of it; items that have nothing to do with joining are not in it. ``status`` is what the import
    gave new entries.
    """
    there, own = _appearances(session, items), _entries(session, items)
    found: dict[int, Left] = {}
    for item in items:
        key = (item.source, item.external_id)
        appearance = there.get(key)
        if appearance is None:
            is_apart = item.outcome == Outcome.JOINED and key in own
            found |= {item.id: Left(stays="It is an entry of its own by now.")} if is_apart else {}
            continue
        added = [one for one in appearance.added if one["change"] == item.change_id]
        if item.outcome == Outcome.UPDATED and added:
            found[item.id] = Left(_take_back(session, settings, appearance, added, now, by))
            appearance.added = [one for one in appearance.added if one not in added]
            session.flush()
        elif item.outcome == Outcome.UPDATED:
            found[item.id] = Left(stays="It is part of another entry by now.")
        elif edited := _edited_before(session, appearance, item.source, status):
            found[item.id] = Left(stays=f"Changed since: {', '.join(edited)}.")
        else:
            found[item.id] = Left(_leave(session, settings, appearance, now, by))
            del there[key]
    return found


def _edited_before(session: Session, appearance: Appearance, source: str, status: Status | None) -> list[str]:
    """What was changed of an entry before it was made one with another, and is nowhere else."""
    fields = appearance.item.get("fields")
    return state_before(session, fields, source).changed(status, source) if fields else []


def _leave(session: Session, settings: Settings, appearance: Appearance, now: datetime, by: str) -> list[str]:
    left = _take_back(session, settings, appearance, appearance.added, now, by)
    session.execute(delete(Appearance).where(Appearance.id == appearance.id))
    return left


def _take_back(
    session: Session,
    settings: Settings,
    appearance: Appearance,
    added: Sequence[Mapping[str, Any]],
    now: datetime,
    by: str,
) -> list[str]:
    pairs = [(appearance, added)]
    stays = take_back(session, settings, pairs, FreeSlugs(session, {}), now, by=by, reason=_UNDONE)
    return stays[appearance.entry_id]


def _appearances(session: Session, items: Sequence[ImportItem]) -> dict[tuple[str, str], Appearance]:
    statement = select(Appearance, Source.slug).outerjoin(Source, Source.id == Appearance.source_id)
    rows = rows_in(session, statement, Appearance.external_id, {one.external_id for one in items})
    return {(source or "", one.external_id): one for one, source in rows}


def _entries(session: Session, items: Sequence[ImportItem]) -> set[tuple[str, str]]:
    statement = select(Source.slug, Entry.external_id).select_from(Entry)
    statement = statement.outerjoin(Source, Source.id == Entry.source_id)
    names = {one.external_id for one in items if one.outcome == Outcome.JOINED}
    return {(source or "", name) for source, name in rows_in(session, statement, Entry.external_id, names)}


def also_in(session: Session, entry_ids: Sequence[int]) -> dict[int | None, str]:
    """Return which of these entries items of other sources have joined, as the reason why they stay."""
    statement = select(Appearance.entry_id, Source.name)
    statement = statement.outerjoin(Source, Source.id == Appearance.source_id)
    return {
        entry: f"It is also in {name or 'your own writing'}, which came to it since."
        for entry, name in rows_in(session, statement, Appearance.entry_id, entry_ids)
    }
