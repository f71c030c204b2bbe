"""The default engine: Whoosh, in a directory, with nothing else to install.

What is Whoosh's: the dictionary of words, segments, commits, the writer's lock. What is ours:
the words (``analysis.py``), from texts to posting lists (``whoosh_inverting.py``), how these lie
on the disk (``whoosh_postings.py``), the files' safety (``whoosh_storage.py``), reading and
merging (``whoosh_reader.py``, ``whoosh_merging.py``), and what a query means (here) and what is
best (``whoosh_ranking.py``). Whoosh's query parser is not used: a few characters keep it busy
for seconds. Nor are its query objects: bitmaps are the whole algebra.

One reader serves all threads, behind a lock. Threads gain nothing here from readers of their
own, because evaluating a query holds Python's lock anyway; they would cost open files and memory
for each thread. The writer never waits for readers, nor they for it.

The position is kept as a document of entry 0 that each commit replaces.
"""

from __future__ import annotations

import os
import threading
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap
from whoosh.index import LockError
from whoosh.writing import CLEAR

from blog.domain.textquery import Field, Not, Or, Title
from blog.search import spelling
from blog.search.whoosh_inverting import inverted
from blog.search.whoosh_merging import merge_segments
from blog.search.whoosh_postings import ArrayCodec, make_schema
from blog.search.whoosh_ranking import Scorer, similar
from blog.search.whoosh_reader import bitmap, open_snapshot
from blog.search.whoosh_storage import open_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from blog.domain.textquery import Term, TextQuery
    from blog.search.engine import Document, FieldLookup
    from blog.search.whoosh_reader import Snapshot


class WhooshEngine:
    """A :class:`blog.search.engine.SearchEngine` over a directory of its own."""

    def __init__(self, path: Path) -> None:
        """Open the index in ``path``, making or repairing it if need be.

        Raises:
            DataFolderInUse: the index needs repair and another process keeps writing to it.
        """
        self._schema = make_schema()
        self._index = open_index(path, self._schema)
        self._lock = threading.RLock()
        self._opened: Snapshot | None = None
        self._process = os.getpid()

    def position(self) -> int:
        """The id of the last change in the index."""
        with self._lock:
            return self._snapshot().position

    def apply(self, documents: Iterable[Document], removed: Iterable[int], position: int) -> bool:
        """Replace and remove documents and remember ``position``, in one commit."""
        added = {document.entry_id: document for document in documents}
        writer = self._writer()
        if writer is None:
            return False
        try:
            self._delete(writer, BitMap(added) | BitMap(removed) | BitMap([0]))
            _add(writer, list(added.values()))
            writer.add_document(position=position)
        except BaseException:
            writer.cancel()
            raise
        writer.commit(mergetype=merge_segments)
        return True

    def matches(self, query: TextQuery, fields: FieldLookup, everything: BitMap) -> BitMap:
        """The ids out of ``everything`` that match."""
        if query.node is None:
            return BitMap()
        with self._lock:
            return _Evaluation(self._snapshot(), fields, everything).matches(query)

    def best(self, query: TextQuery, within: BitMap, limit: int, offset: int = 0) -> list[int]:
        """The ids of ``within``, best first."""
        with self._lock:
            snapshot = self._snapshot()
            scorer = Scorer(snapshot, within)
            scorer.add(map(snapshot.finder, dict.fromkeys(query.words)))
        return scorer.best(limit, offset)

    def suggest(self, query: TextQuery) -> str | None:
        """The query with unknown words replaced by likely ones."""
        with self._lock:
            return spelling.correct(query, self._snapshot())

    def similar(self, text: str, within: BitMap, limit: int) -> list[int]:
        """The ids of ``within`` that share telling words with ``text``."""
        with self._lock:
            return similar(self._snapshot(), text, within, limit)

    def clear(self) -> bool:
        """Forget everything."""
        writer = self._writer()
        if writer is None:
            return False
        writer.commit(mergetype=CLEAR)
        return True

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _snapshot(self) -> Snapshot:
        """The newest commit. To be called, and used, with the lock held."""
        if self._process != os.getpid():
            # After a fork the files' places are shared with the parent; so open our own, and
            # leave closing those to the end of the process.
            self._opened, self._process = None, os.getpid()
        if self._opened is None or not self._opened.commit.is_newest():
            self._opened = open_snapshot(self._index, self._schema, self._opened)
        return self._opened

    def _writer(self) -> Any:
        try:
            codec = ArrayCodec()  # type: ignore[no-untyped-call]
            return self._index.writer(codec=codec, compound=False)
        except LockError:
            return None

    def _delete(self, writer: Any, entry_ids: BitMap) -> None:
        """Delete what the index has of these entries. The writer's lock keeps the snapshot true."""
        with self._lock:
            for number in self._snapshot().numbers_of(entry_ids):
                writer.delete_document(number)


class _Evaluation:
    """One query over one snapshot: the algebra of bitmaps of entry ids."""

    def __init__(self, snapshot: Snapshot, fields: FieldLookup, everything: BitMap) -> None:
        self._snapshot = snapshot
        self._fields = fields
        self._everything = everything

    def matches(self, query: TextQuery) -> BitMap:
        # What must be there first, what must not after: so nothing is counted from everything
        # that need not be, and an empty result ends the work.
        parts = sorted(query.parts, key=lambda part: isinstance(part, Not))
        found = self._everything.copy()
        for part in parts:
            if not found:
                break
            if isinstance(part, Not):
                found -= self._of(part.leaf)
            else:
                found &= self._of(part)
        return found

    def _of(self, part: Term | Or) -> BitMap:
        if isinstance(part, Or):
            return reduce(or_, map(self._of, part.terms))
        if isinstance(part, Not):
            return self._everything - self._of(part.leaf)
        if isinstance(part, Field):
            return self._fields(part.name, part.value)
        field, text = ("title", part.text) if isinstance(part, Title) else ("text", part)
        found = self._snapshot.finder(text)(field)
        return bitmap(self._snapshot.entries[self._snapshot.living(found.documents)])


def _add(writer: Any, documents: Sequence[Document]) -> None:
    """Add the documents' columns by Whoosh's writer, and their words past it to its dictionary."""
    lists, columns = inverted(documents)
    for one in lists:
        writer.fieldwriter.add_lists(one)
    for values in zip(*columns.values(), strict=True):
        writer.add_document(**dict(zip(columns, values, strict=True)))
