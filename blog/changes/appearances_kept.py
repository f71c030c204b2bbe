"""The appearances of entries that are deleted: kept with their last revision, and brought back with them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from blog.changes.lookups import rows_in
from blog.models import Appearance, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy.orm import Session

# Under this name a revision has them.
APPEARANCES: Final = "appearances"
_KEPT: Final = ("id", "source_id", "external_id", "upstream", "item", "added")


def kept_appearances(session: Session, entry_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Return the appearances of these entries, as a revision keeps them."""
    found: dict[int, list[dict[str, Any]]] = {}
    for (one,) in rows_in(session, select(Appearance), Appearance.entry_id, entry_ids):
        kept = {name: getattr(one, name) for name in _KEPT} | {"first_seen": one.first_seen.isoformat()}
        found.setdefault(one.entry_id, []).append(kept)
    return found


def bring_appearances_back(session: Session, kept: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
    """Let entries that came back be in their other sources again, where nothing else is that item by now."""
    rows = [dict(one) | {"entry_id": entry} for entry, some in kept.items() for one in some]
    living = {None, *(one for (one,) in session.execute(select(Source.id)))} if rows else set()
    statement = select(Appearance.source_id, Appearance.external_id)
    names = {row["external_id"] for row in rows}
    taken = set(map(tuple, rows_in(session, statement, Appearance.external_id, names)))
    new = []
    for row in rows:
        key = (row["source_id"], row["external_id"])
        if row["source_id"] in living and key not in taken:
            taken.add(key)
            new.append(row | {"first_seen": datetime.fromisoformat(row["first_seen"])})
    if new:
        session.execute(insert(Appearance), new)
