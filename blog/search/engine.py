"""What a search engine is: the promise every engine keeps, and the values it speaks in.

An engine is a *follower* of the log of changes: it is told the text of each changed entry and
the id of the last change this comes from, and remembers both in one commit. It knows texts
and entry ids, nothing else; tags, kinds and dates are bitmaps elsewhere, and meet the text in
:meth:`SearchEngine.matches` and :meth:`SearchEngine.best`. All of it can be thrown away and
built again.

``tests/search/test_engine.py`` is this promise as a test, run over every engine there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pyroaring import BitMap

    from blog.domain.textquery import TextQuery

FieldLookup = Callable[[str, str], "BitMap"]
"""``fields("tag", "C++")``: the ids of the entries with that tag, domain or source, as typed.

It is called while the engine is busy with the query, so it must not ask the engine anything.
"""

MAX_EXPANSIONS: Final = 200
"""How many different words one ``prefix*`` stands for at most: the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is searched of one entry: plain text, no markup.

    ``extra`` is found like the body: whom a quotation is by, the title of the page that led
    here, the words of the link's domain, the names of the tags (who types a tag's name
    expects its entries). ``entry_id`` is at least 1 and fits 32 bits.
    """

    entry_id: int
    title: str
    body: str = ""
    extra: str = ""


class SearchEngine(Protocol):
    """Finds entries by their text. Safe to share between threads."""

    def position(self) -> int:
        """The id of the last change that is in the index; 0 when it is new or was cleared."""

    def apply(self, documents: Iterable[Document], removed: Iterable[int], position: int) -> bool:
        """Put ``documents`` in (each replaces what its id had), take ``removed`` out, in one commit.

        Returns False, having changed nothing, when another thread or process is writing: its
        work is then in, and what is missing is for the next catch-up. ``position`` is taken as
        given even when it is lower than before: who was overtaken then applies again what came
        since, and nothing stale stays.
        """

    def matches(self, query: TextQuery, fields: FieldLookup, everything: BitMap) -> BitMap:
        """The ids out of ``everything`` that match; none when the query has nothing to look for.

        ``everything`` is all that may be found, so it is also what "all but" is taken from.
        """

    def best(self, query: TextQuery, within: BitMap, limit: int, offset: int = 0) -> list[int]:
        """The ids of ``within``, best first by BM25F with the title weighing more.

        Nothing is left out: what no word of the query is in comes last. Equally good ones come
        newest id first.
        """

    def suggest(self, query: TextQuery) -> str | None:
        """The query with its unknown words replaced by likely known ones; None if there are none."""

    def similar(self, text: str, within: BitMap, limit: int) -> list[int]:
        """The ids of ``within`` that share telling words with ``text``, best first."""

    def clear(self) -> bool:
        """Forget everything, the position too. False when another thread or process is writing."""

    def close(self) -> None:
        """Give files back. The engine may not be used after."""
