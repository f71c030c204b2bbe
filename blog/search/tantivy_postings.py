"""The entries of very common words, kept as bitmaps beside the entries: in the same index, the same commit.

However they are fetched, all ids of a word that is in half of a million entries take tantivy's
binding some 50 ms. As bitmaps they take one. So the words that are in very many entries, some
hundred in each field, are *kept*: the bitmap of each, cut into *slices* of 65,536 ids, lies in the
index as rows that hold nothing else, and one more row names all that are kept. A commit that adds,
replaces or removes an entry replaces the slices that it is in. As rows they are committed,
merged and thrown away with all the others, so they can neither be lost nor be stale.

A word becomes kept when a large batch shows it to be common, and stays so until the index is built
anew. A blog that grows by single entries makes none: there, packed sums (``tantivy_documents.py``)
serve.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from pyroaring import BitMap
from tantivy import Document as Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from blog.search.tantivy_documents import Words
    from blog.search.tantivy_reader import Snapshot

Name = tuple[str, str]
"""A field, and a word in it."""

KEY: Final = "kept"
DATA: Final = "entries"
"""The fields of a row; no two rows have one key."""

_CATALOGUE: Final = "all"
_SLICE: Final = 1 << 16

_LARGE: Final = 500  # documents in a batch that tells what is common
_SHARE: Final = 64  # common is what is in one of so many of them,
_COMMON: Final = 30_000  # and in so many entries


class Revision(NamedTuple):
    """What a commit does to the rows: those with one of ``keys`` go, ``rows`` come."""

    keys: list[str]
    rows: list[Row]


def revise(snapshot: Snapshot, touched: BitMap, batch: Sequence[Words]) -> Revision:
    """Make all that is kept true for ``batch``; ``touched`` are its entries, and those removed."""
    new = _newly_kept(snapshot, batch)
    found = _found(batch, snapshot.kept.union(new))
    revision = Revision([], [])
    for number in {entry // _SLICE for entry in touched} if snapshot.kept else ():
        _revise_slice(revision, number, snapshot, touched, found)
    for name in new:
        revision.rows.extend(_rows(name, (snapshot.entries_with(*name) - touched) | found[name]))
    if new:
        revision.keys.append(_CATALOGUE)
        revision.rows.append(_row(_CATALOGUE, _spelled(snapshot.kept.union(new))))
    return revision


def read_catalogue(snapshot: Snapshot) -> frozenset[Name]:
    """The words that are kept."""
    lines = b"".join(snapshot.rows_with([_CATALOGUE]).values()).decode().splitlines()
    return frozenset((field, term) for field, _, term in (line.partition(" ") for line in lines))


def read_entries(snapshot: Snapshot, name: Name, last: int) -> BitMap:
    """The entries of a kept word; ``last`` is the last id there is."""
    rows = snapshot.rows_with([_key(name, number) for number in range(last // _SLICE + 1)])
    return BitMap.union(BitMap(), *map(BitMap.deserialize, rows.values()))


def _newly_kept(snapshot: Snapshot, batch: Sequence[Words]) -> list[Name]:
    """The words that this batch shows to be common, and that are."""
    if len(batch) < _LARGE:
        return []
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for words in batch:
        for field, terms in words.by_field():
            counts[field].update(terms)
    often = [
        (field, term)
        for field, count in counts.items()
        for term, entries in count.items()
        if entries * _SHARE >= len(batch)
    ]
    return [name for name in often if name not in snapshot.kept and snapshot.frequency(*name) >= _COMMON]


def _found(batch: Iterable[Words], names: Iterable[Name]) -> Mapping[Name, BitMap]:
    """Those entries of a batch that have each word."""
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for field, term in names:
        asked[field].add(term)
    found: defaultdict[Name, BitMap] = defaultdict(BitMap)
    for words in batch:
        for field, terms in words.by_field():
            for term in terms & asked[field]:
                found[field, term].add(words.entry)
    return found


def _revise_slice(
    revision: Revision, number: int, snapshot: Snapshot, touched: BitMap, found: Mapping[Name, BitMap]
) -> None:
    """Take what was touched out of one slice of all that is kept, and put the batch in."""
    here = BitMap(range(number * _SLICE, (number + 1) * _SLICE))
    keys = {_key(name, number): name for name in snapshot.kept}
    before = snapshot.rows_with(list(keys))
    for key, name in keys.items():
        old = BitMap.deserialize(before[key]) if key in before else BitMap()
        fresh = (old - touched) | (found[name] & here)
        if fresh != old:
            revision.keys.append(key)
            revision.rows.extend(_rows(name, fresh))


def _rows(name: Name, entries: BitMap) -> Iterator[Row]:
    """The rows of a word, slice by slice."""
    if not entries:
        return
    for number in range(entries.min() // _SLICE, entries.max() // _SLICE + 1):
        part = entries & BitMap(range(number * _SLICE, (number + 1) * _SLICE))
        if part:
            yield _row(_key(name, number), part.serialize())


def _row(key: str, data: bytes) -> Row:
    row = Row()
    row.add_text(KEY, key)
    row.add_bytes(DATA, data)
    return row


def _key(name: Name, number: int) -> str:
    field, term = name
    return f"{field} {number} {term}"


def _spelled(names: Iterable[Name]) -> bytes:
    return "\n".join(f"{field} {term}" for field, term in sorted(names)).encode()
