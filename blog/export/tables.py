"""Which tables are taken out, and how a row of one is a line of JSON.

The tables are those of the models, whatever they are by now: a new one is in every archive from the day
it is made, unless it is named here. Values are written by the kind of their column, and the kinds stand in
the archive, so it can be read without the models that it was made from.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, LargeBinary, MetaData, Table, Text, true

from blog import accounts  # noqa: F401  # its tables are of the schema, too
from blog.config import AMENDABLE
from blog.domain.errors import CrosstagError
from blog.models import Base, Setting, UtcDateTime
from blog.outreach import FeedCount, SentMention

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

# Of authors, and of what they let act for them. Only digests of secrets, but a password can be guessed by one.
ACCOUNTS: Final = frozenset({"user", "passkey", "token", "preview_link", "autosave"})
# What holds for minutes, for one browser or for one address, and would be wrong or a secret anywhere else.
LEFT_OUT: Final[Mapping[str, str]] = {
    "login": "Sessions of browsers: whoever signs in gets a new one.",
    "authorization": "Codes that apps redeem within minutes.",
    "attempt": "How often something was tried within the last minutes.",
    "feed_salt": "The day's secret, by which it could be found out who has read a feed.",
    "hub_lease": "Secrets that hubs sign with, and where they call this very blog; polling asks for new ones.",
    "hub_ping": "What a hub is about to be told of this very blog.",
    "follower": "How far the log was followed by who tells others: a copy begins at its own.",
}
# Of the readers of a day, who they are: with the salt that stays behind it is of no use anywhere else.
_EMPTIED: Final = {FeedCount.__tablename__: "seen"}
Row = Mapping[str, Any]


class BadArchive(CrosstagError):
    """It is no complete archive, or a broken one, or none that goes into this blog."""


def every_table() -> list[Table]:
    """Return all tables, each after those that it refers to."""
    return Base.metadata.sorted_tables


def tables_of_archive(*, with_accounts: bool) -> list[Table]:
    """Return the tables that an archive holds, each after those that it refers to."""
    out = {*LEFT_OUT} if with_accounts else {*LEFT_OUT, *ACCOUNTS}
    return [table for table in every_table() if table.name not in out]


def of_archive(table: Table) -> ColumnElement[bool]:
    """Return the condition for the rows that an archive holds, which are all but a few.

    Among the settings stand the key that this very blog signs its cookies with, and others like it. Of the
    sites that are told of links, those that still are to be told are this blog's affair, and not its copy's.
    """
    return _ROWS.get(table.name, true())


_ROWS: Final[Mapping[str, ColumnElement[bool]]] = {
    Setting.__tablename__: Setting.name.in_(AMENDABLE),
    SentMention.__tablename__: SentMention.state != "waiting",
}


def as_archived(table: Table, row: Row) -> Row:
    """Return a row as an archive holds it, which is as it is but for what nobody else may know."""
    column = _EMPTIED.get(table.name)
    return row if column is None else {**row, column: None}


def never_gives_an_id_twice(table: Table) -> bool:
    """Tell whether the id of a deleted row may never be another's, which goes beyond the rows there are."""
    return bool(table.dialect_options["sqlite"]["autoincrement"])


def kinds_of(table: Table) -> dict[str, str]:
    """Return the kind of each column by its name."""
    return {column.name: _kind(column.type) for column in table.columns}


def _kind(of: TypeEngine[Any]) -> str:
    # These two do not say, or not rightly, what they are in Python.
    if isinstance(of, UtcDateTime):
        return "time"
    return "json" if isinstance(of, JSON) else _KINDS[of.python_type]


_KINDS: Final[dict[type, str]] = {
    date: "date",
    bytes: "bytes",
    bool: "yes or no",
    int: "number",
    float: "fraction",
    str: "text",
}
_TYPES: Final[dict[str, TypeEngine[Any]]] = {
    "time": UtcDateTime(),
    "date": Date(),
    "bytes": LargeBinary(),
    "yes or no": Boolean(),
    "number": Integer(),
    "fraction": Float(),
    "text": Text(),
    "json": JSON(),
}


def table_of(name: str, kinds: Mapping[str, str]) -> Table:
    """Return a table with columns of these kinds, to insert into.

    Raises:
        BadArchive: there is no such kind.
    """
    if unknown := set(kinds.values()) - set(_TYPES):
        raise BadArchive(f"The archive has columns of a kind that is not known here: {', '.join(unknown)}.")
    return Table(name, MetaData(), *(Column(column, _TYPES[kind]) for column, kind in kinds.items()))


def to_line(row: Row, kinds: Mapping[str, str]) -> bytes:
    """Return a row as a line of JSON."""
    written = {name: _written(row[name], kind) for name, kind in kinds.items()}
    return json.dumps(written, separators=(",", ":")).encode("ascii") + b"\n"


def _written(value: Any, kind: str) -> Any:
    return _WRITE[kind](value) if value is not None and kind in _WRITE else value


_WRITE: Final[dict[str, Callable[[Any], str]]] = {
    "time": lambda value: str(value.astimezone(UTC).isoformat()),
    "date": lambda value: str(value.isoformat()),
    "bytes": lambda value: b64encode(value).decode("ascii"),
}


def from_lines(lines: Iterable[bytes], table: str, kinds: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    """Yield the rows that lines of JSON hold.

    Raises:
        BadArchive: a line is no row of this table.
    """
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            if row.keys() != kinds.keys():
                raise ValueError("its columns are others")
            yield {name: _read(row[name], kind) for name, kind in kinds.items()}
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise BadArchive(f"The archive is broken: line {number} of {table} is no row ({error}).") from error


def _read(value: Any, kind: str) -> Any:
    if value is None or kind == "json":
        return value
    if kind in _READ:
        return _READ[kind](value)
    if type(value) is not _PLAIN[kind]:
        raise ValueError(f"{str(value)[:40]!r} is no {kind}")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "time": _moment,
    "date": date.fromisoformat,
    "bytes": lambda text: b64decode(text, validate=True),
}
_PLAIN: Final[dict[str, type]] = {"yes or no": bool, "number": int, "fraction": float, "text": str}
