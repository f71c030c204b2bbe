"""Asking the database about many things in one statement."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

_Columns = TypeVarTuple("_Columns")
_Value = TypeVar("_Value")
# SQLite takes 32,766 values with a statement and PostgreSQL 65,535; some of these are pairs.
_AT_ONCE: Final = 10_000


def rows_in(
    session: Session,
    statement: Select[*_Columns],
    column: ColumnElement[Any] | InstrumentedAttribute[Any],
    values: Collection[Any],
) -> Iterator[Row[*_Columns]]:
    """Yield the rows of the statement whose column has one of the values; it asks nothing about none."""
    for piece in in_pieces(values):
        yield from session.execute(statement.where(column.in_(piece)))


def in_pieces(values: Iterable[_Value], size: int = _AT_ONCE) -> Iterator[list[_Value]]:
    """Yield the values, as many at a time as a statement takes."""
    left = iter(values)
    while piece := list(islice(left, size)):
        yield piece
