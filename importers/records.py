"""A record of an export: values by name, each read as what it should be, or as nothing.

Exports are written by programs of many years, in which an absent value was None, "", "0" or
not there at all, a number was a text, and a list of tags was a list of names or of objects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from blog.domain.entry import Item, Rejected
from importers.bookmarks import Read, as_items, clock
from importers.decoding import pieces
from importers.json_stream import elements
from importers.stamps import read_stamp
from importers.text import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from importers.material import Material

_TRUE: Final = frozenset({"1", "true", "yes"})
_NAMES: Final = ("name", "label", "title", "slug", "tag")


@dataclass(frozen=True, slots=True)
class Record:
    """The values of one item."""

    values: Mapping[str, Any]

    def text(self, *keys: str) -> str:
        """The first of these that is a text, or a number written as one; else ""."""
        given = (self.values.get(key) for key in keys)
        plain = (
            str(value)
            for value in given
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        )
        return next(filter(None, (clean(value).strip() for value in plain)), "")

    def line(self, *keys: str) -> str:
        """The same on one line."""
        return one_line(self.text(*keys))

    def flag(self, key: str) -> bool:
        """Whether it is true, 1 or "yes"."""
        return str(self.values.get(key, "")).strip().lower() in _TRUE

    def time(self, now: datetime, *keys: str) -> datetime | None:
        """The first of these that is a time an item can have."""
        return next(filter(None, (read_stamp(self.values.get(key), now) for key in keys)), None)

    def record(self, key: str) -> Record:
        """An object within; an empty one where there is none."""
        return as_record(self.values.get(key))

    def records(self, key: str) -> list[Record]:
        """The objects in a list."""
        value = self.values.get(key)
        return [Record(one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    def names(self, key: str, apart: str = r",") -> list[str]:
        """Names: a list of texts or of objects with a name, or one text in which they stand ``apart``."""
        value = self.values.get(key)
        if isinstance(value, str):
            return re.split(apart, value)
        if not isinstance(value, list):
            return []
        return [one if isinstance(one, str) else as_record(one).text(*_NAMES) for one in value]


def as_record(value: object) -> Record:
    """A record of an object; of anything else, one without values."""
    return Record(value if isinstance(value, dict) else {})


def bookmarks_of(material: Material, read: Callable[[Record, datetime], Read], *path: str) -> Iterator[Item]:
    """Yield an entry for each object in the array at ``path``, as ``read`` reads it."""
    now = clock()
    return as_items(lambda: _each(elements(material, *path), lambda record: read(record, now)), material.label)


def _each(values: Iterable[object], read: Callable[[Record], Read]) -> Iterator[Read]:
    for number, value in enumerate(values, start=1):
        if isinstance(value, dict):
            yield read(Record(value))
        else:
            yield Rejected(external_id=f"item {number}", reason="It is not an object with keys and values.")


def marks(material: Material, *wanted: str) -> int:
    """How often there is a key, whichever of ``wanted``: as many items, without parsing."""
    keys = "|".join(re.escape(one) for one in wanted)
    return occurrences(material, re.compile(rf'"(?:{keys})"\s{{0,9}}:'))


def occurrences(material: Material, pattern: re.Pattern[str], longest: int = 100) -> int:
    """How often ``pattern``, which matches at most ``longest`` characters, is in the file."""
    found, rest = 0, ""
    for piece in pieces(material, material.names()[0]):
        text, end = rest + piece, 0
        for match in pattern.finditer(text):
            found, end = found + 1, match.end()
        rest = text[max(end, len(text) - longest) :]
    return found
