"""How words lie on the disk: our own layout of Whoosh's posting lists, and the index's fields.

Whoosh keeps the dictionary of words, the segments and the commits. What it does slowly is
posting lists, which it keeps as compressed pickles of 128 postings. Here a list is three plain
arrays, one after the other::

    document numbers   4 bytes each, ascending
    frequencies        2 bytes each
    positions          2 bytes for each occurrence, document by document

so all documents with a word are one slice of a file, which numpy takes as it is. The lists of a
segment lie in the order of its dictionary, so those of many words are one slice too; they are
written and merged thousands at a time (:class:`Lists`), because numpy takes as long for one
short list as for a hundred. Whoosh's dictionary says for each word where its list is
(:class:`Place`). All is measured in *halves*, of two bytes, in the machine's own byte order: an
index is not carried from one machine to another but built where it is used.
"""

from __future__ import annotations

from itertools import islice
from mmap import ACCESS_READ, mmap
from struct import Struct
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, NoReturn

import numpy as np
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3TermsReader
from whoosh.columns import NumericColumn
from whoosh.fields import COLUMN, STORED, FieldType, Schema
from whoosh.filedb.structfile import StructFile
from whoosh.formats import Existence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MAX_COUNT: Final = 0xFFFF
FIELDS: Final = ("text", "text_words", "title", "title_words")
"""The fields of words; a word's key in the dictionary is its field's place here and the word."""

COLUMNS: Final = ("entry", "text_length", "title_length")
"""What is kept of each document beside its words, four bytes each."""

# How Whoosh's dictionary lies on the disk: the lengths of key and value, the key (two bytes
# for the field, then the word), the value (a Place).
_LENGTHS: Final = Struct("!ii")
_FIELD: Final = Struct("!H")
_PLACE: Final = Struct("=QII")
_STRETCH: Final = 1 << 16  # bytes of the dictionary read at once: some 2,000 words


class Postings(NamedTuple):
    """The documents with a word: ascending numbers, and how often each has it."""

    documents: NDArray[np.uint32]
    counts: NDArray[np.uint16]


NOTHING: Final = Postings(np.empty(0, np.uint32), np.empty(0, np.uint16))


class Place(NamedTuple):
    """Where in the file of postings a word's list is, and how many documents and positions it has."""

    offset: int
    frequency: int
    positions: int

    @property
    def size(self) -> int:
        """The length of the list in halves."""
        return 3 * self.frequency + self.positions


class Lists(NamedTuple):
    """The posting lists of several words, the same part of each one behind the other.

    For w words, ascending, with p postings and q positions. Words as written have counts (of
    1) but no positions, so q is not the sum of the counts.
    """

    keys: list[bytes]  # w
    frequencies: NDArray[np.int64]  # w: how many postings are whose
    spans: NDArray[np.int64]  # w: how many positions are whose
    documents: NDArray[np.uint32]  # p
    counts: NDArray[np.uint16]  # p
    positions: NDArray[np.uint16]  # q

    def packed(self) -> NDArray[np.uint16]:
        """The halves of the lists as they lie on the disk."""
        sizes = 3 * self.frequencies + self.spans
        starts = np.cumsum(sizes) - sizes
        halves = np.empty(sizes.sum(), np.uint16)
        halves[slices(starts, 2 * self.frequencies)] = self.documents.view(np.uint16)
        halves[slices(starts + 2 * self.frequencies, self.frequencies)] = self.counts
        halves[slices(starts + 3 * self.frequencies, self.spans)] = self.positions
        return halves

    @classmethod
    def unpacked(
        cls,
        keys: list[bytes],
        halves: NDArray[np.uint16],
        starts: NDArray[np.int64],
        frequencies: NDArray[np.int64],
        spans: NDArray[np.int64],
    ) -> Lists:
        """The lists that begin at ``starts``, in whatever order, out of ``halves``."""
        documents = halves[slices(starts, 2 * frequencies)].view(np.uint32)
        counts = halves[slices(starts + 2 * frequencies, frequencies)]
        positions = halves[slices(starts + 3 * frequencies, spans)]
        return cls(keys, frequencies, spans, documents, counts, positions)

    def places(self, offset: int) -> Iterator[tuple[bytes, Place]]:
        """Each key with where its list is when the first is at ``offset``."""
        sizes = 3 * self.frequencies + self.spans
        offsets = np.cumsum(sizes) - sizes + offset
        columns = (offsets.tolist(), self.frequencies.tolist(), self.spans.tolist())
        return zip(self.keys, map(Place, *columns), strict=True)


def slices(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices ``starts[0], starts[0] + 1, …`` of several slices, one behind the other."""
    before = np.cumsum(lengths) - lengths
    indices: NDArray[np.int64] = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    return indices


def key_of(field: str, word: str) -> bytes:
    """What the dictionary knows a word of a field by."""
    return _FIELD.pack(FIELDS.index(field)) + word.encode()


class ArrayFieldWriter(W3FieldWriter):
    """Whoosh's writer of a dictionary, taking whole posting lists instead of one posting at a time."""

    def __init__(self, codec: Any, storage: Any, segment: Any) -> None:
        super().__init__(codec, storage, segment)  # type: ignore[no-untyped-call]  # whoosh has partial types
        # All of them, so that a word has the same key in each segment.
        self._fieldmap.update((field, number) for number, field in enumerate(FIELDS))
        self._halves = 0

    def add_lists(self, lists: Lists) -> None:
        """Add words that come after those added so far."""
        halves = lists.packed()
        for key, place in lists.places(self._halves):
            self._tindex.add(key, _PLACE.pack(*place))  # type: ignore[no-untyped-call]
        self._postfile.write(halves.tobytes())
        self._halves += len(halves)


class ArrayTermsReader(W3TermsReader):
    """Whoosh's dictionary, giving whole posting lists instead of one posting at a time."""

    def find(self, key: bytes) -> Place | None:
        """Where a word's list is, or None where there is no such word."""
        for start, length in self._tindex.ranges_for_key(key):  # type: ignore[no-untyped-call]
            return Place(*_PLACE.unpack(self._dbfile.get(start, length)))
        return None

    def postings_at(self, place: Place) -> Postings:
        """The documents with the word whose list is there."""
        halves = self.halves(place.offset, 3 * place.frequency)
        return Postings(halves[: 2 * place.frequency].view(np.uint32), halves[2 * place.frequency :])

    def positions_at(self, place: Place) -> NDArray[np.uint16]:
        """Where in its documents the word stands whose list is there."""
        return self.halves(place.offset + 3 * place.frequency, place.positions)

    def documents_at(self, place: Place) -> NDArray[np.uint32]:
        """The numbers alone of the documents with the word whose list is there."""
        return self.halves(place.offset, 2 * place.frequency).view(np.uint32)

    def halves(self, start: int, number: int) -> NDArray[np.uint16]:
        """A stretch of the file of postings."""
        return np.frombuffer(self._postfile.get(2 * start, 2 * number), np.uint16)

    def beginning_with(self, field: str, prefix: str, limit: int) -> dict[bytes, Place]:
        """The words that begin with ``prefix``, in order, with where their lists are: at most ``limit``."""
        key = key_of(field, prefix)
        start = self._tindex.closest_key_pos(key)  # type: ignore[no-untyped-call]
        if start is None:
            return {}
        # No byte of UTF-8 is as high as 0xff.
        end = self._tindex.closest_key_pos(key + b"\xff")  # type: ignore[no-untyped-call]
        words = islice(self._places(start, end or self._tindex.endofdata), limit)
        return {found[_FIELD.size :]: place for found, place in words}

    def all_places(self) -> Iterator[tuple[bytes, Place]]:
        """The key of each word, in order, and where its list is."""
        return self._places(self._tindex.startofdata, self._tindex.endofdata)

    def _places(self, start: int, end: int) -> Iterator[tuple[bytes, Place]]:
        """The words between two places of the dictionary, which is read stretch by stretch.

        Whoosh's own iterator takes several reads of the file for each word.
        """
        while start < end:
            stretch = self._dbfile.get(start, min(_STRETCH, end - start))
            at = 0
            while at + _LENGTHS.size <= len(stretch):
                key_length, data_length = _LENGTHS.unpack_from(stretch, at)
                key = at + _LENGTHS.size
                data = key + key_length
                if data + data_length > len(stretch):
                    break
                yield stretch[key:data], Place(*_PLACE.unpack_from(stretch, data))
                at = data + data_length
            start += at


class MappedFile(StructFile):
    """A file read as memory, for the dictionary: to look a word up is many short reads.

    Segment files never change once they are written, and are only ever deleted as a whole, so
    there is always something behind each address.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        with file:
            mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
        super().__init__(mapped, name=name)  # type: ignore[arg-type]  # what it asks of a file, a map has
        self._mapped = mapped

    def get(self, position: int, length: int) -> bytes:
        """The bytes there."""
        return self._mapped[position : position + length]


class ArrayCodec(W3Codec):
    """Whoosh's codec with our posting lists. Kept in the table of contents by its name."""

    length_stats = False  # lengths are columns of ours

    def field_writer(self, storage: Any, segment: Any) -> ArrayFieldWriter:
        """The dictionary of a new segment."""
        return ArrayFieldWriter(self, storage, segment)

    def postings_writer(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Whoosh's way of writing posting by posting, of which there is no need."""
        raise NotImplementedError

    def postings_reader(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Whoosh's way of reading posting by posting, of which there is no need."""
        raise NotImplementedError

    def terms_reader(self, storage: Any, segment: Any) -> ArrayTermsReader:
        """The dictionary of one segment."""
        name = segment.make_filename(self.TERMS_EXT)
        dictionary = MappedFile(storage.open_file(name).raw_file(), name)
        postings = segment.open_file(storage, self.POSTS_EXT)
        return ArrayTermsReader(self, dictionary, storage.file_length(name), postings)  # type: ignore[no-untyped-call]


class Words(FieldType):
    """A field of words, which Whoosh only knows the name of: we write them ourselves."""

    def __init__(self) -> None:
        super().__init__(format=Existence(), analyzer=None)  # type: ignore[arg-type]  # never analysed by Whoosh


def make_schema() -> Schema:
    """The fields: ``text`` is title, body and extra together, ``title`` the title again.

    ``text_words`` and ``title_words`` are the words as written (folded, not stemmed), for
    beginnings and for did-you-mean.
    """
    words = {field: Words() for field in FIELDS}
    columns = {column: COLUMN(NumericColumn("I")) for column in COLUMNS}  # type: ignore[no-untyped-call]
    return Schema(**words, **columns, position=STORED())
