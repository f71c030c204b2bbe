"""How words lie on the disk: our own layout of Whoosh's posting lists, and the index's fields.

Whoosh keeps the dictionary of words, the segments and the commits. What it does slowly is
posting lists, which it keeps as compressed pickles of 128 postings. Here a list is three plain
arrays, one after the other::

    document numbers   4 bytes each, ascending
    frequencies        2 bytes each
    positions          2 bytes for each occurrence, document by document

so all documents with a word are one slice of a file made into a bitmap: 70 µs instead of 2.2 ms
for a word that is in 7 of 12 thousand documents. Arrays are in the machine's
own byte order; an index is not carried from one machine to another but built where it is used.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from pyroaring import BitMap
from whoosh.codec.base import PostingsWriter
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3TermsReader
from whoosh.columns import NumericColumn
from whoosh.fields import COLUMN, STORED, FieldType, Schema
from whoosh.formats import Existence
from whoosh.reading import TermNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blog.search.analysis import Counted

_ID_SIZE: Final = 4
_COUNT_SIZE: Final = 2
MAX_COUNT: Final = 0xFFFF

# How Whoosh's dictionary lies on the disk: the lengths of key and value, the key (two bytes
# for the field, then the word), the value (with the document frequency, and where the list is).
_LENGTHS: Final = Struct("!ii")
_FIELD_SIZE: Final = 2
_PLACE: Final = Struct("!5xI14xq")
_MOST_READ: Final = 1 << 18  # bytes of the dictionary read for one beginning: some 4,000 words


class Postings(NamedTuple):
    """The documents of one segment with a word: ascending numbers, and how often each has it."""

    documents: array[int]
    counts: array[int]


class Place(NamedTuple):
    """Where in the file of postings a word's list is, and how many documents it has."""

    frequency: int
    offset: int


class PlacedPostings(NamedTuple):
    """Postings with where in each document the word stands."""

    documents: array[int]
    counts: array[int]
    positions: array[int]

    def starts(self) -> list[int]:
        """Where each document's slice of ``positions`` begins, and, at the end, their number."""
        return list(accumulate(self.counts, initial=0))


class ArrayPostingsWriter(PostingsWriter):
    """Writes posting lists in the layout above; also the statistics Whoosh keeps of a list."""

    def __init__(self, postfile: Any) -> None:
        self._file = postfile
        self._begin("", None)

    def _begin(self, _format: Any, terminfo: Any) -> None:
        self._documents, self._counts = array("I"), array("H")
        self._positions: list[bytes] = []
        self._terminfo = terminfo

    def start_postings(self, format_: Any, terminfo: Any) -> None:
        """Begin the list of a word."""
        self._begin(format_, terminfo)

    def add_posting(self, id_: int, weight: float, vbytes: bytes, length: int | None = None) -> None:
        """Add one document; ``weight`` is the frequency, ``vbytes`` the positions."""
        self._documents.append(id_)
        self._counts.append(int(weight))
        self._positions.append(vbytes)

    def add_list(self, postings: PlacedPostings) -> None:
        """Add documents that come after those added so far."""
        self._documents.extend(postings.documents)
        self._counts.extend(postings.counts)
        self._positions.append(postings.positions.tobytes())

    def finish_postings(self) -> Any:
        """Write the list and say where."""
        data = b"".join((self._documents.tobytes(), self._counts.tobytes(), *self._positions))
        info = self._terminfo
        info._df = len(self._documents)
        info._weight = float(sum(self._counts))
        info._minid, info._maxid = self._documents[0], self._documents[-1]
        info.set_extent(self._file.tell(), len(data))
        self._file.write(data)
        return info

    def written(self) -> bool:
        """Whoosh asks whether a list has begun to be on disk; ours are written whole."""
        return False


class ArrayFieldWriter(W3FieldWriter):
    """Whoosh's writer of a dictionary, taking whole posting lists too."""

    def add_lists(self, term: bytes, lists: Iterable[PlacedPostings]) -> None:
        """Add a word with its postings, whose documents ascend from one list to the next."""
        self.start_term(term)  # type: ignore[no-untyped-call]
        writer = self._postwriter
        assert isinstance(writer, ArrayPostingsWriter)
        for postings in lists:
            writer.add_list(postings)
        self.finish_term()  # type: ignore[no-untyped-call]


class ArrayTermsReader(W3TermsReader):
    """Whoosh's dictionary, giving whole posting lists instead of one posting at a time."""

    def postings(self, field: str, term: bytes) -> Postings | None:
        """The documents with ``term``, or None."""
        data = self._read(field, term)
        return None if data is None else _split(data)[0]

    def placed(self, field: str, term: bytes) -> PlacedPostings | None:
        """The documents with ``term`` and where it stands in them, or None."""
        data = self._read(field, term)
        if data is None:
            return None
        postings, positions = _split(data)
        return PlacedPostings(*postings, positions)

    def frequency_of(self, field: str, term: bytes) -> int:
        """In how many documents ``term`` is."""
        try:
            return int(self.doc_frequency(field, term))  # type: ignore[no-untyped-call]
        except KeyError:
            return 0

    def beginning_with(self, field: str, prefix: bytes) -> Iterator[tuple[bytes, Place]]:
        """The words that begin with ``prefix``, in order, with where their postings are.

        The stretch of the dictionary is read at once; Whoosh's own iterator takes several
        reads of the file for each word.
        """
        key = self._keycoder(field, prefix)  # type: ignore[no-untyped-call]
        start = self._tindex.closest_key_pos(key)  # type: ignore[no-untyped-call]
        if start is None:
            return
        # No byte of UTF-8 is as high as 0xff.
        end = self._tindex.closest_key_pos(key + b"\xff")  # type: ignore[no-untyped-call]
        end = min(end or self._tindex.endofdata, start + _MOST_READ)
        stretch = self._dbfile.get(start, end - start)
        at = 0
        while at + _LENGTHS.size <= len(stretch):
            key_length, data_length = _LENGTHS.unpack_from(stretch, at)
            word = at + _LENGTHS.size
            at = word + key_length
            if at + data_length > len(stretch):
                return
            yield stretch[word + _FIELD_SIZE : at], Place(*_PLACE.unpack_from(stretch, at))
            at += data_length

    def documents_at(self, place: Place) -> BitMap:
        """The numbers of the documents with the word whose postings are there."""
        documents = array("I")
        documents.frombytes(self._postfile.get(place.offset, place.frequency * _ID_SIZE))
        return BitMap(documents)

    def all_lists(self) -> Iterator[tuple[tuple[str, bytes], PlacedPostings]]:
        """Each word with its field, in order, and its postings."""
        for word, info in self.items():  # type: ignore[no-untyped-call]
            postings, positions = _split((info.doc_frequency(), _slice(self._postfile, info)))
            yield word, PlacedPostings(*postings, positions)

    def _read(self, field: str, term: bytes) -> tuple[int, bytes] | None:
        try:
            info = self.term_info(field, term)  # type: ignore[no-untyped-call]
        except TermNotFound:
            return None
        return info.doc_frequency(), _slice(self._postfile, info)


def _slice(postfile: Any, terminfo: Any) -> bytes:
    offset, length = terminfo.extent()
    # whoosh3 3.54.0 forgets to take the length out of the tuple it unpacks; its own reader
    # never needs it.
    data: bytes = postfile.get(offset, length[0] if isinstance(length, tuple) else length)
    return data


def _split(data: tuple[int, bytes]) -> tuple[Postings, array[int]]:
    number, packed = data
    documents, counts, positions = array("I"), array("H"), array("H")
    ids_end = number * _ID_SIZE
    counts_end = ids_end + number * _COUNT_SIZE
    documents.frombytes(packed[:ids_end])
    counts.frombytes(packed[ids_end:counts_end])
    positions.frombytes(packed[counts_end:])
    return Postings(documents, counts), positions


class ArrayCodec(W3Codec):
    """Whoosh's codec with our posting lists. Kept in the table of contents by its name."""

    length_stats = False  # lengths are columns of ours

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> ArrayPostingsWriter:
        """A writer for the lists of one field."""
        return ArrayPostingsWriter(dbfile)

    def field_writer(self, storage: Any, segment: Any) -> ArrayFieldWriter:
        """The dictionary of a new segment."""
        return ArrayFieldWriter(self, storage, segment)  # type: ignore[no-untyped-call]

    def postings_reader(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Whoosh's way of reading posting by posting, of which there is no need."""
        raise NotImplementedError

    def terms_reader(self, storage: Any, segment: Any) -> ArrayTermsReader:
        """The dictionary of one segment."""
        name = segment.make_filename(self.TERMS_EXT)
        length = storage.file_length(name)
        postfile = segment.open_file(storage, self.POSTS_EXT)
        return ArrayTermsReader(self, storage.open_file(name), length, postfile)  # type: ignore[no-untyped-call]


class TermsField(FieldType):
    """A field of words that were counted before Whoosh sees them."""

    def __init__(self) -> None:
        super().__init__(format=Existence(), analyzer=None)  # type: ignore[arg-type]  # never analysed by Whoosh


class PlacedTerms(TermsField):
    """Words with their positions; its value is a :class:`Counted`."""

    def index(self, value: Counted, **_kwargs: Any) -> Iterator[tuple[bytes, int, float, bytes]]:  # type: ignore[override]
        """Yield what Whoosh stores for each word."""
        for term, positions in value.positions.items():
            kept = positions[:MAX_COUNT]
            yield term.encode(), len(kept), len(kept), kept.tobytes()


class Surfaces(TermsField):
    """The words as written (folded, not stemmed), for beginnings and for did-you-mean."""

    def index(self, value: set[str], **_kwargs: Any) -> Iterator[tuple[bytes, int, float, bytes]]:  # type: ignore[override]
        """Yield what Whoosh stores for each word."""
        for surface in value:
            yield surface.encode(), 1, 1, b""


def make_schema() -> Schema:
    """The fields: ``text`` is title, body and extra together, ``title`` the title again."""
    return Schema(
        text=PlacedTerms(),
        title=PlacedTerms(),
        text_words=Surfaces(),
        title_words=Surfaces(),
        entry=COLUMN(NumericColumn("I")),  # type: ignore[no-untyped-call]
        text_length=COLUMN(NumericColumn("I")),  # type: ignore[no-untyped-call]
        title_length=COLUMN(NumericColumn("I")),  # type: ignore[no-untyped-call]
        position=STORED(),
    )
