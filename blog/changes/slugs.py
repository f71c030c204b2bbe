"""Slugs that are free on their day."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, tuple_

from blog.changes.lookups import rows_in
from blog.models import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

Place = tuple["date", str]
_PLACE: Final = tuple_(Entry.day, Entry.slug)


class FreeSlugs:
    """Gives out slugs within one writing transaction, with a number behind those that a day has already.

    It asks about the very slugs that it may give out, and never about a whole day: a hundred
    thousand bookmarks that all bear the date of their export are one day. ``numbers`` remembers
    from which number on a slug may be free. It is a hint: handed on from batch to batch, it
    keeps an import from trying thousands of numbers once more, and what it hints at is looked
    up all the same.
    """

    def __init__(self, session: Session, numbers: dict[Place, int]) -> None:
        self._session = session
        self._numbers = numbers
        self._asked: set[Place] = set()
        self._taken: set[Place] = set()

    def expect(self, wanted: Sequence[Place]) -> None:
        """Look up at once what these will need, in two statements; there are more for the rest."""
        times = Counter(wanted)
        self._ask(times)
        contested = (place for place, count in times.items() if count > 1 or place in self._taken)
        self._ask(one for place in contested for one in self._numbered(place, times[place]))

    def take(self, place: Place) -> str:
        """Return the slug of the place, or the first one with a number that is free on its day."""
        free = place
        while self._is_taken(free):
            number = self._numbers.setdefault(place, 2)
            free = (place[0], f"{place[1]}-{number}")
            if free not in self._asked:
                self._ask(self._numbered(place, number))
            self._numbers[place] = number + 1
        self._taken.add(free)
        return free[1]

    def move(self, before: Place, after: Place) -> Place:
        """Return the place that what is at ``before`` gets when it wants to be at ``after``."""
        self._ask([before])
        self._taken.discard(before)
        # What was hinted at may be what has just become free.
        self._numbers.clear()
        return after[0], self.take(after)

    def _is_taken(self, place: Place) -> bool:
        if place not in self._asked:
            self._ask([place])
        return place in self._taken

    def _numbered(self, place: Place, count: int) -> Iterable[Place]:
        first = self._numbers.get(place, 2)
        return ((place[0], f"{place[1]}-{number}") for number in range(first, first + count + 10))

    def _ask(self, places: Iterable[Place]) -> None:
        new = set(places) - self._asked
        self._asked |= new
        found = rows_in(self._session, select(Entry.day, Entry.slug), _PLACE, new)
        self._taken |= {(day, slug) for day, slug in found}
