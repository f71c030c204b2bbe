"""Writing rules: adding, changing, moving, pausing and deleting them.

No page for readers shows a rule, so none of this is in the log; what rules make of entries is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update

from blog.domain.errors import CrosstagError, NotThere
from blog.domain.rule_grammar import parse_rule
from blog.models import Rule, Source

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from blog.services import Services

MOST_RULES: Final = 500


class TooManyRules(CrosstagError):
    """There are as many as one blog may have."""


class RuleIsThere(CrosstagError):
    """The same line is a rule of the same place already."""


def add_rule(services: Services, line: str, source_id: int | None = None) -> int:
    """Add a rule behind the others of a source, or of those for all sources; return its number.

    Raises:
        BadRule: the line is none; the sentence says where it is wrong.
        NotThere: there is no such source.
        RuleIsThere: it is there already.
        TooManyRules: there are ``MOST_RULES`` already.
    """
    spelled = str(parse_rule(line))
    with services.sessions.write() as session:
        if source_id is not None and session.get(Source, source_id) is None:
            raise NotThere(f"There is no source number {source_id}.")
        if (session.scalar(select(func.count(Rule.id))) or 0) >= MOST_RULES:
            raise TooManyRules(f"There are {MOST_RULES} rules, and no blog may have more.")
        _refuse_second(session, spelled, source_id)
        last = session.scalar(select(func.max(Rule.position)).where(_place(source_id))) or 0
        rule = Rule(
            position=last + 1, source_id=source_id, line=spelled, enabled=True, created=services.clock()
        )
        session.add(rule)
        session.flush()
        return rule.id


def change_rule(services: Services, rule_id: int, line: str) -> None:
    """Let a rule say something else; it stays where it is.

    Raises:
        NotThere: there is no such rule.
        BadRule: the line is none.
        RuleIsThere: another rule says that already.
    """
    spelled = str(parse_rule(line))
    with services.sessions.write() as session:
        rule = _rule(session, rule_id)
        _refuse_second(session, spelled, rule.source_id, rule_id)
        rule.line = spelled


def move_rule(services: Services, rule_id: int, steps: int) -> None:
    """Move a rule among those of its source, or those for all: up for negative steps; at an end it stays.

    Raises:
        NotThere: there is no such rule.
    """
    with services.sessions.write() as session:
        rule = _rule(session, rule_id)
        ordered = select(Rule).where(_place(rule.source_id)).order_by(Rule.position, Rule.id)
        others = [one for one in session.scalars(ordered) if one.id != rule_id]
        before = select(func.count(Rule.id)).where(_place(rule.source_id), Rule.position < rule.position)
        at = max(0, (session.scalar(before) or 0) + steps)
        for position, one in enumerate([*others[:at], rule, *others[at:]], start=1):
            one.position = position


def enable_rule(services: Services, rule_id: int, *, enabled: bool) -> None:
    """Let a rule be in force, or pause it.

    Raises:
        NotThere: there is no such rule.
    """
    with services.sessions.write() as session:
        _rule(session, rule_id).enabled = enabled


def delete_rule(services: Services, rule_id: int) -> str:
    """Delete a rule; return its line. What it has made of entries stays, and who asks is still told why.

    Raises:
        NotThere: there is no such rule.
    """
    with services.sessions.write() as session:
        line = _rule(session, rule_id).line
        session.execute(delete(Rule).where(Rule.id == rule_id))
        return line


def hand_over_rules(session: Session, source_id: int, into_id: int) -> None:
    """Let the rules of one source be another's, behind those that it has."""
    last = session.scalar(select(func.max(Rule.position)).where(Rule.source_id == into_id)) or 0
    moved = update(Rule).where(Rule.source_id == source_id)
    session.execute(moved.values(source_id=into_id, position=Rule.position + last))


def _place(source_id: int | None) -> ColumnElement[bool]:
    return Rule.source_id.is_(None) if source_id is None else Rule.source_id == source_id


def _rule(session: Session, rule_id: int) -> Rule:
    found = session.get(Rule, rule_id)
    if found is None:
        raise NotThere(f"There is no rule number {rule_id}.")
    return found


def _refuse_second(session: Session, line: str, source_id: int | None, rule_id: int = 0) -> None:
    same = select(Rule.id).where(_place(source_id), Rule.line == line, Rule.id != rule_id)
    if (number := session.scalar(same)) is not None:
        raise RuleIsThere(f"Rule {number} says that already.")
