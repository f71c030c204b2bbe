"""The engine for large blogs: tantivy, a search library in Rust, in a directory of its own.

What is tantivy's: the dictionary, posting lists, segments and their merging, commits, the
writer's lock, BM25. What is ours: the words (``analysis.py``), what an entry is to it
(``tantivy_documents.py``), the entries of common words (``tantivy_postings.py``), whether its files
are sound (``tantivy_storage.py``), what a query means (here and in ``tantivy_reader.py``) and which
of equally good ones is the best (``tantivy_ranking.py``). Its query parser is not used.

There is one snapshot for all threads. Whether it is the newest is seen from the file that
each commit, in whatever process, replaces: two microseconds.
"""

from __future__ import annotations

import os
import threading
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from pyroaring import BitMap
from tantivy import Query

from blog.domain.textquery import Field, Not, Or
from blog.search import spelling, tantivy_ranking
from blog.search.tantivy_documents import row_of, row_of_position, words_of
from blog.search.tantivy_postings import KEY, revise
from blog.search.tantivy_reader import Core, Snapshot, core_of, is_text
from blog.search.tantivy_storage import TABLE, open_index, reopen_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tantivy import IndexWriter

    from blog.domain.textquery import Leaf, Term, TextQuery
    from blog.search.engine import Document, FieldLookup

_HEAP: Final = 64_000_000  # bytes of words waiting to be written; beyond, they become a segment
_THREADS: Final = 1

_Mark = tuple[int, int, int]


class TantivyEngine:
    """A :class:`blog.search.engine.SearchEngine` over a directory of its own."""

    def __init__(self, path: Path) -> None:
        """Open the index in ``path``, making or repairing it if need be.

        Raises:
            DataFolderInUse: the index needs repair and another process keeps writing to it.
        """
        self._path = path
        self._table = str(path / TABLE)
        self._index = open_index(path)
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._current: tuple[_Mark | None, Snapshot] | None = None

    def position(self) -> int:
        """The id of the last change in the index."""
        return self._snapshot().position

    def apply(self, documents: Iterable[Document], removed: Iterable[int], position: int) -> bool:
        """Replace and remove documents and remember ``position``, in one commit."""
        added = {document.entry_id: document for document in documents}
        writer = self._writer()
        if writer is None:
            return False
        try:
            batch = [words_of(document) for document in added.values()]
            gone = BitMap(added) | BitMap(removed)
            # The writer's lock keeps the snapshot true.
            keys, rows = revise(self._snapshot(), gone, batch)
            # By query, because deleting by term takes numbers for signed ones, and finds nothing.
            writer.delete_documents_by_query(self._term_set("entry", [0, *gone]))
            writer.delete_documents_by_query(self._term_set(KEY, keys))
            for row in (*map(row_of, batch), *rows, row_of_position(position)):
                writer.add_document(row)
            _commit(writer)
        except BaseException:
            writer.rollback()
            raise
        finally:
            # Gives the lock back, after merging; what was committed is found before that.
            writer.wait_merging_threads()
        return True

    def matches(self, query: TextQuery, fields: FieldLookup, everything: BitMap) -> BitMap:
        """The ids out of ``everything`` that match."""
        if query.node is None:
            return BitMap()
        return _Evaluation(self._snapshot(), fields, everything).matches(query)

    def best(self, query: TextQuery, within: BitMap, limit: int, offset: int = 0) -> list[int]:
        """The ids of ``within``, best first."""
        return tantivy_ranking.best(self._snapshot(), query, within, limit, offset)

    def suggest(self, query: TextQuery) -> str | None:
        """The query with unknown words replaced by likely ones."""
        return spelling.correct(query, self._snapshot())

    def similar(self, text: str, within: BitMap, limit: int) -> list[int]:
        """The ids of ``within`` that share telling words with ``text``."""
        return tantivy_ranking.similar(self._snapshot(), text, within, limit)

    def clear(self) -> bool:
        """Forget everything."""
        writer = self._writer()
        if writer is None:
            return False
        try:
            writer.delete_all_documents()
            _commit(writer)
        finally:
            writer.wait_merging_threads()
        return True

    def forget(self) -> None:
        """Find anew what has been found already: for measuring."""
        self._snapshot().forget()

    def close(self) -> None:
        """Forget the index; its files are given back when nobody asks it any more."""
        with self._lock:
            self._current = None

    def _snapshot(self) -> Snapshot:
        """The newest commit."""
        if self._process != os.getpid():
            self._begin_again()
        current = self._current
        if current is None or self._mark() not in (current[0], None):
            current = self._opened()
        return current[1]

    def _begin_again(self) -> None:
        """Open the index for a forked process, which has neither tantivy's threads nor who held the lock."""
        self._index = reopen_index(self._path)
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._current = None

    def _opened(self) -> tuple[_Mark | None, Snapshot]:
        with self._lock:
            # Looked at before the commit is opened: if another comes in between, we look again.
            mark = self._mark()
            if self._current is None or self._current[0] != mark:
                self._index.reload()
                self._current = mark, Snapshot(self._index.schema, self._index.searcher())
            return self._current

    def _mark(self) -> _Mark | None:
        """What tells the table of one commit from that of another; None while it is being made anew."""
        try:
            found = os.stat(self._table)  # noqa: PTH116  # half the time of a Path's, at each question
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _term_set(self, field: str, terms: Sequence[int | str]) -> Query:
        return Query.term_set_query(self._index.schema, field, terms)

    def _writer(self) -> IndexWriter | None:
        try:
            return self._index.writer(_HEAP, _THREADS)
        except ValueError as error:
            if "LockBusy" in str(error):
                return None
            raise OSError(str(error)) from error


def _commit(writer: IndexWriter) -> None:
    try:
        writer.commit()
    except ValueError as error:
        # A full disk, mostly: tantivy knows one kind of error.
        raise OSError(str(error)) from error


class _Evaluation:
    """One query over one snapshot: what of it is text, and the algebra of bitmaps for the rest."""

    def __init__(self, snapshot: Snapshot, fields: FieldLookup, everything: BitMap) -> None:
        self._snapshot = snapshot
        self._fields = fields
        self._everything = everything

    def matches(self, query: TextQuery) -> BitMap:
        core = core_of(query)
        if core.required:
            found = self._everything & self._snapshot.of_core(core)
        elif core.excluded:
            found = self._everything - self._snapshot.of_core(Core((_either(core.excluded),), ()))
        else:
            found = self._everything
        for part in query.parts:
            if not is_text(part.leaf if isinstance(part, Not) else part):
                found = found & self._of(part)
        return found.copy()

    def _of(self, part: Term | Or) -> BitMap:
        if is_text(part):
            return self._snapshot.of_core(Core((part,), ()))
        if isinstance(part, Or):
            return reduce(or_, map(self._of, part.terms))
        if isinstance(part, Not):
            return self._everything - self._of(part.leaf)
        assert isinstance(part, Field)
        return self._fields(part.name, part.value)


def _either(leaves: tuple[Leaf, ...]) -> Term | Or:
    return Or(leaves) if len(leaves) > 1 else leaves[0]
