"""Filters and addresses as readers of the very blog would ask them.

They are drawn, with a fixed seed, from what some thousands of its entries carry, so that big and
small tags, frequent and rare words come as often as a reader meets them.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select

from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.filters import EVERYTHING, Filter, Sort
from blog.models import Entry, Source, Tag, entry_tag
from blog.queries.entries import permalink
from blog.search.analysis import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from sqlalchemy.orm import Session

    from blog.services import Services

    Draw = Callable[[], Filter]

_ENTRIES: Final = 5_000
_AT_ONCE: Final = 500
_MARKS: Final = ".,;:()[]\"'“”"


class Seen(NamedTuple):
    """What is known of an entry that was drawn."""

    id: int
    day: date
    slug: str
    kind: Kind
    domain: str
    source: str
    text: str
    tags: tuple[str, ...]


class Sample:
    """Some thousands of entries of a blog, and what can be asked of it."""

    def __init__(self, services: Services, seed: int = 1) -> None:
        self._choose = Random(seed)
        with services.sessions.read() as session:
            self.entries = list(_seen(session, self._choose))
        self._by_count = {
            count: [one.tags for one in self.entries if len(one.tags) >= count] for count in range(1, 7)
        }
        self._words = [word for one in self.entries for word in one.text.split()]
        self._domains = [one.domain for one in self.entries if one.domain]
        self._sources = [one.source for one in self.entries if one.source]

    def tags(self, count: int) -> frozenset[str]:
        """Tags that stand together on some entry."""
        return frozenset(self._choose.sample(self._choose.choice(self._by_count[count]), count))

    def word(self) -> str:
        """A word of some text."""
        while True:
            word = self._choose.choice(self._words).strip(_MARKS).lower()
            if word.isalpha() and len(word) > 2 and list(terms(word)):
                return word

    def phrase(self) -> str:
        """Two words that stand beside each other in some text, in quotation marks."""
        while True:
            at = self._choose.randrange(len(self._words) - 1)
            first, second = self._words[at], self._words[at + 1]
            # A sentence's or paragraph's end between the two would make it no phrase of that text.
            if first.isalpha() and second.strip(_MARKS).isalpha():
                return f'"{first} {second.strip(_MARKS)}"'.lower()

    def year(self) -> int:
        """A year in which something was published."""
        return self._choose.choice(self.entries).day.year

    def month(self) -> Filter:
        """A month in which something was published."""
        day = self._choose.choice(self.entries).day
        return Filter(year=day.year, month=day.month)

    def permalinks(self, count: int) -> list[str]:
        """Addresses of entries."""
        drawn = self._choose.choices(self.entries, k=count)
        return [permalink(one.day, one.slug) for one in drawn]

    def draw(self, kind: str, count: int) -> Iterator[Filter]:
        """Draw filters of a kind, leaving out those that contradict themselves."""
        make = self.kinds()[kind]
        made = 0
        while made < count:
            try:
                yield make()
            except BadFilter:
                continue
            made += 1

    def kinds(self) -> dict[str, Draw]:
        """Each kind of filter, with a function that draws one."""
        return self._tag_kinds() | self._place_kinds() | self._text_kinds()

    def _tag_kinds(self) -> dict[str, Draw]:
        tags = self.tags
        return {
            "everything": lambda: EVERYTHING,
            "one tag": lambda: Filter(tags=tags(1)),
            "two tags": lambda: Filter(tags=tags(2)),
            "three tags": lambda: Filter(tags=tags(3)),
            "four tags": lambda: Filter(tags=tags(4)),
            "six tags": lambda: Filter(tags=tags(6)),
            "a tag without another": lambda: Filter(tags=tags(1)).excluding(*tags(1)),
            "one of three tags": lambda: Filter(any_of=frozenset({tags(3)})),
        }

    def _place_kinds(self) -> dict[str, Draw]:
        choice, tags = self._choose.choice, self.tags
        return {
            "a kind": lambda: Filter(kinds=frozenset({choice(list(Kind))})),
            "a source": lambda: Filter(source=choice(self._sources)),
            "a domain": lambda: Filter(domain=choice(self._domains)),
            "a year": lambda: Filter(year=self.year()),
            "a month": self.month,
            "tag, kind and year": lambda: Filter(tags=tags(1), kinds=frozenset({Kind.LINK}), year=self.year()),
        }

    def _text_kinds(self) -> dict[str, Draw]:
        tags, word = self.tags, self.word
        return {
            "a word": lambda: Filter(text=word()),
            "two words": lambda: Filter(text=f"{word()} {word()}"),
            "a phrase": lambda: Filter(text=self.phrase()),
            "a word, newest first": lambda: Filter(text=word(), sort=Sort.DATE),
            "a word and a tag": lambda: Filter(text=word(), tags=tags(1)),
            "a word, two tags, not a third, kind, year": lambda: Filter(
                text=word(), tags=tags(2), kinds=frozenset({Kind.LINK}), year=self.year()
            ).excluding(*tags(1)),
            "a prefix": lambda: Filter(text=word()[:4] + "*"),
            "a word without another": lambda: Filter(text=f"{word()} -{word()}"),
            "one word or another": lambda: Filter(text=f"{word()} OR {word()}"),
        }


def _seen(session: Session, choose: Random) -> Iterator[Seen]:
    """Draw entries by their ids; where few are missing, that is as good as any way."""
    last = session.scalar(select(func.max(Entry.id))) or 0
    ids = sorted(choose.sample(range(1, last + 1), min(last, _ENTRIES)))
    for start in range(0, len(ids), _AT_ONCE):
        yield from _read(session, ids[start : start + _AT_ONCE])


def _read(session: Session, ids: list[int]) -> Iterator[Seen]:
    tags: dict[int, list[str]] = {}
    named = select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
    for entry, slug in session.execute(named.where(entry_tag.c.entry_id.in_(ids)).order_by(Tag.slug)):
        tags.setdefault(entry, []).append(slug)
    columns = (Entry.id, Entry.day, Entry.slug, Entry.kind, Entry.domain, Source.slug, Entry.text)
    entries = select(*columns).outerjoin(Source, Source.id == Entry.source_id).where(Entry.id.in_(ids))
    for row in session.execute(entries.where(Entry.status == "published").order_by(Entry.id)):
        number, day, slug, kind, domain, source, text = row
        yield Seen(number, day, slug, Kind(kind), domain, source or "", text, tuple(tags.get(number, ())))
