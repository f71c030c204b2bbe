"""What a rule looks at: an item, folded for comparing once, however many rules there are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from blog.domain.urls import domain_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from blog.domain.entry import Draft

# No more of a text is looked at, so that no item can take a rule long.
MOST_TEXT: Final = 200_000
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_slug = lru_cache(maxsize=20_000)(slugify)


def fold(text: str) -> str:
    """Return a text as rules compare it: without case and accents, with one space between words."""
    text = text[:MOST_TEXT]
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.replace("’", "'").casefold()))
    return " ".join(text.casefold().split())


folded = lru_cache(maxsize=2_000)(fold)


@lru_cache(maxsize=2_000)
def _at_the_beginning_of_a_word(wanted: str) -> re.Pattern[str] | None:
    """What finds a text where a word begins; None where words do not stand apart, as in Japanese."""
    first = wanted[:1]
    stands_apart = first.isdigit() or first.lower() != first.upper()
    return re.compile(rf"(?<![^\W_]){re.escape(wanted)}") if stands_apart else None


def has_words(text: str, wanted: str) -> bool:
    """Tell whether a word of a text begins with what is wanted; both are folded.

    So "postgres" is in "PostgreSQL", and "art" is not in "smart". The pattern is a literal, and never the
    author's own: it takes a time that grows with the text only.
    """
    if wanted not in text:
        return False
    pattern = _at_the_beginning_of_a_word(wanted)
    return pattern is None or pattern.search(text) is not None


@dataclass(frozen=True, slots=True)
class TagNames:
    """What a blog knows of its tags: the new names of old ones, and what each implies."""

    living: Callable[[str], str] = field(default=lambda slug: slug)
    implied: Callable[[Collection[str]], Collection[str]] = field(default=lambda slugs: slugs)


AS_WRITTEN: Final = TagNames()


class Subject:
    """An item that rules are tried on and applied to, one after the other.

    ``names`` gives the slugs of its tags the names that they were written with.
    """

    def __init__(self, draft: Draft, tags: TagNames = AS_WRITTEN) -> None:
        self.draft = draft
        self._tags = tags
        self.names = self._slugs(draft.tags)

    def set(self, **values: Any) -> None:
        """Change the draft; not in what is folded already, which no rule can change."""
        self.draft = replace(self.draft, **values)

    def retag(self, names: dict[str, str]) -> None:
        """Give it these tags, and no others."""
        self.names = names
        self.__dict__.pop("meant", None)
        self.set(tags=tuple(names.values()))

    def living(self, name: str) -> str:
        """Return the slug of the tag that a name means today."""
        return self._tags.living(_slug(name))

    def _slugs(self, names: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            try:
                found.setdefault(self.living(name), name)
            except BadTag:
                continue  # who takes the item in says so
        return found

    @cached_property
    def meant(self) -> Collection[str]:
        """The slugs of its tags, and of those that they imply."""
        return self._tags.implied(self.names)

    @cached_property
    def title(self) -> str:
        """The title, folded."""
        return fold(self.draft.title)

    @cached_property
    def text(self) -> str:
        """The text, folded; with the signs that it is marked up with."""
        return fold(self.draft.body)

    @cached_property
    def url(self) -> str:
        """The address, folded."""
        return fold(self.draft.url)

    @cached_property
    def folder(self) -> str:
        """The folder, folded."""
        return fold(self.draft.folder)

    @cached_property
    def domain(self) -> str:
        """The host of the address, without ``www.``."""
        return domain_of(self.draft.url)

    @cached_property
    def words(self) -> int:
        """How many words the text has."""
        return len(self.draft.body[:MOST_TEXT].split())
