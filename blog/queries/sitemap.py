"""The addresses of all entries, for crawlers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from blog.domain.filters import Filter
from blog.facets.select import matching, newest_first
from blog.models import Entry
from blog.queries.entries import permalink

if TYPE_CHECKING:
    from datetime import datetime

    from blog.services import Services

# The protocol's limit for one file.
_MOST: Final = 50_000
_LOOK_UP: Final = 1_000


def addresses_of_year(services: Services, year: int) -> list[tuple[str, datetime]]:
    """Return the permalink of each entry of a year and when it was last changed, newest first."""
    snapshot = services.facets.current()
    ids = newest_first(snapshot, matching(snapshot, Filter(year=year)))[:_MOST]
    found: dict[int, tuple[str, datetime]] = {}
    with services.sessions.read() as session:
        for start in range(0, len(ids), _LOOK_UP):
            statement = select(Entry.id, Entry.day, Entry.slug, Entry.updated)
            for row in session.execute(statement.where(Entry.id.in_(ids[start : start + _LOOK_UP]))):
                found[row.id] = (permalink(row.day, row.slug), row.updated)
    return [found[one] for one in ids if one in found]
