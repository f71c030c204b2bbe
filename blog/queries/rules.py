"""Reading the author's rules: of each source, and for all, in the order in which they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from blog.domain.errors import NotThere
from blog.models import Rule, RuledTag, Source

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select

    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule. ``source_id`` is None where it is for all sources; ``tags`` counts the tags that are from it."""

    id: int
    line: str
    source_id: int | None
    source: str
    enabled: bool
    created: datetime
    tags: int


@dataclass(frozen=True, slots=True)
class Place:
    """The rules of a source, or those for all (``source_id`` is None), in their order."""

    source_id: int | None
    name: str
    rules: tuple[RuleRow, ...]


def rules_by_place(services: Services, source_id: int | None = None) -> list[Place]:
    """Return all rules, or those that items of one source go through: its own, and those for all."""
    statement = _ROWS
    if source_id is not None:
        statement = statement.where(Rule.source_id.is_(None) | (Rule.source_id == source_id))
    with services.sessions.read() as session:
        rows = [RuleRow(**row._asdict()) for row in session.execute(statement)]
    places: dict[int | None, list[RuleRow]] = {}
    for row in rows:
        places.setdefault(row.source_id, []).append(row)
    return [Place(place, some[0].source, tuple(some)) for place, some in places.items()]


def rule_row(services: Services, rule_id: int) -> RuleRow:
    """Return one rule.

    Raises:
        NotThere: there is no such rule.
    """
    with services.sessions.read() as session:
        found = session.execute(_ROWS.where(Rule.id == rule_id)).one_or_none()
    if found is None:
        raise NotThere(f"There is no rule number {rule_id}.")
    return RuleRow(**found._asdict())


_GIVEN = select(func.count()).where(RuledTag.rule_id == Rule.id).scalar_subquery()
_ROWS: Select[int, str, int | None, str, bool, datetime, int] = (
    select(
        Rule.id,
        Rule.line,
        Rule.source_id,
        func.coalesce(Source.name, "").label("source"),
        Rule.enabled,
        Rule.created,
        _GIVEN.label("tags"),
    )
    .outerjoin(Source, Source.id == Rule.source_id)
    .order_by(Rule.source_id.is_(None), func.lower(Source.name), Rule.source_id, Rule.position, Rule.id)
)
