"""Reading sources, for whoever tends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from blog.domain.errors import NotThere
from blog.domain.filters import source_url
from blog.models import Appearance, Entry, Source

if TYPE_CHECKING:
    from datetime import datetime

    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source, with how many entries of each status are of it, and when the newest was published."""

    id: int
    slug: str
    name: str
    url: str
    counts: dict[str, int] = field(default_factory=dict)
    last: datetime | None = None

    @property
    def page(self) -> str:
        """Where readers see it."""
        return source_url(self.slug)

    @property
    def total(self) -> int:
        """How many entries are of it."""
        return sum(self.counts.values())


def sources(services: Services) -> list[SourceRow]:
    """Return all sources, by name."""
    counted = select(Entry.source_id, Entry.status, func.count(), func.max(Entry.published))
    counted = counted.where(Entry.source_id.is_not(None)).group_by(Entry.source_id, Entry.status)
    # An entry is in each of its sources, and once in each.
    joined = select(
        Appearance.source_id, Entry.status, func.count(Entry.id.distinct()), func.max(Entry.published)
    )
    joined = joined.join(Entry, Entry.id == Appearance.entry_id).where(Appearance.source_id.is_not(None))
    joined = joined.where(func.coalesce(Entry.source_id, 0) != Appearance.source_id)
    joined = joined.group_by(Appearance.source_id, Entry.status)
    counts: dict[int | None, dict[str, int]] = {}
    last: dict[int | None, datetime] = {}
    with services.sessions.read() as session:
        for source_id, status, count, newest in chain(session.execute(counted), session.execute(joined)):
            of_it = counts.setdefault(source_id, {})
            of_it[status] = of_it.get(status, 0) + count
            last[source_id] = max(newest, last.get(source_id, newest))
        rows = session.execute(select(Source.id, Source.slug, Source.name, Source.url))
        found = [
            SourceRow(**row._asdict(), counts=counts.get(row.id, {}), last=last.get(row.id)) for row in rows
        ]
    return sorted(found, key=lambda one: one.name.casefold())


def source(services: Services, source_id: int) -> SourceRow:
    """Return one.

    Raises:
        NotThere: there is no such source.
    """
    found = next((one for one in sources(services) if one.id == source_id), None)
    if found is None:
        raise NotThere(f"There is no source number {source_id}.")
    return found
