"""How an entry lies in the tantivy index, and how very many ids come out of it at once.

Tantivy is given our own words (``analysis.py``), each with its places, so it cuts nothing up
itself. Further words at the same place (the *also*) are just that, and a hole between two texts
is one.

``text`` is title, body and extra together; the words of the title are in it five times over, at
their one place. So the BM25 that tantivy computes of this field is BM25F, in its simple form: a
word in the title counts like five in the text, before the sum saturates. ``title`` is the title
again. The two fields of *words* hold them as they were written, for beginnings and for
did-you-mean.

Tantivy's binding gives hits as one Python object each, 250 ns, which for a word in half of a
million entries is an eighth of a second. An aggregation, though, runs in Rust and gives one number
for many entries. So each entry has, beside its id, its *bit*: ids are dealt into blocks of
``LANES`` lanes of 48, and an entry's bit is a power of two in its lane of its block. As no two
entries share a bit, the sum over a lane *is* the set of its entries, and 48 bits are less than
what a float holds exactly.

The position is that of the one document of entry 0.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from pyroaring import BitMap
from tantivy import Document as Row
from tantivy import PreTokenizedString, Schema, SchemaBuilder, Token

from blog.search.analysis import Counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from blog.search.engine import Document

TITLE_WEIGHT: Final = 5
"""What a word of the title counts, in words of the text."""

_BITS: Final = 48  # whole bytes, so that the sums laid side by side are one row of bits
_LANES: Final = ("lane0", "lane1", "lane2", "lane3")
_BLOCK: Final = _BITS * len(_LANES)
_MOST_BLOCKS: Final = 50_000  # in one aggregation; tantivy gives 65,000 groups at most


def make_schema() -> Schema:
    """The fields. What an entry says is not stored: it is in SQL."""
    builder = SchemaBuilder()
    builder.add_unsigned_field("entry", indexed=True, fast=True)
    builder.add_unsigned_field("position", fast=True)
    builder.add_unsigned_field("block", fast=True)
    for lane in _LANES:
        builder.add_float_field(lane, fast=True)
    for field in ("text", "title"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="position")
        builder.add_text_field(f"{field}_words", tokenizer_name="raw", index_option="basic")
    # The rows of tantivy_postings.py, which have nothing else.
    builder.add_text_field("kept", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("entries", stored=True)
    return builder.build()


class Words(NamedTuple):
    """What is found of an entry."""

    entry: int
    text: Counted
    title: Counted

    def by_field(self) -> Iterator[tuple[str, Set[str]]]:
        """The words of each field."""
        yield "text", self.text.positions.keys()
        yield "title", self.title.positions.keys()
        yield "text_words", self.text.surfaces
        yield "title_words", self.title.surfaces


def words_of(document: Document) -> Words:
    """Cut the texts of an entry into words."""
    text = Counted(document.title, document.body, document.extra)
    return Words(document.entry_id, text, Counted(document.title))


def row_of(words: Words) -> Row:
    """What tantivy is given of an entry."""
    entry, text, title = words
    row = Row()
    row.add_unsigned("entry", entry)
    block, bit = divmod(entry, _BLOCK)
    row.add_unsigned("block", block)
    row.add_float(_LANES[bit // _BITS], float(1 << bit % _BITS))
    row.add_pre_tokenized_text("text", _placed(text.positions, title.positions))
    row.add_pre_tokenized_text("title", _placed(title.positions))
    row.add_pre_tokenized_text("text_words", _unplaced(text.surfaces))
    row.add_pre_tokenized_text("title_words", _unplaced(title.surfaces))
    return row


def row_of_position(position: int) -> Row:
    """What is kept of the position."""
    row = Row()
    row.add_unsigned("entry", 0)
    row.add_unsigned("position", position)
    return row


def _placed(
    words: Mapping[str, array[int]], weighed: Mapping[str, array[int]] | None = None
) -> PreTokenizedString:
    """All words at all their places; those of ``weighed``, as often as a title's word counts."""
    tokens: list[Token] = []
    for term, places in words.items():
        again = weighed.get(term) if weighed else None
        every = sorted([*places, *again * (TITLE_WEIGHT - 1)]) if again else places
        tokens.extend([Token(term, place, 0, 0) for place in every])
    return PreTokenizedString("", tokens)


def _unplaced(words: set[str]) -> PreTokenizedString:
    return PreTokenizedString("", [Token(word, 0, 0, 0) for word in words])


def packing(last: int) -> Iterator[dict[str, Any]]:
    """The aggregations whose sums are sets of entries: one for each nine million ids up to ``last``."""
    blocks = range(last // _BLOCK + 1)
    for start in range(0, len(blocks), _MOST_BLOCKS):
        part = blocks[start : start + _MOST_BLOCKS]
        yield {
            "blocks": {
                "histogram": {
                    "field": "block",
                    "interval": 1.0,
                    "min_doc_count": 1,
                    "hard_bounds": {"min": float(part[0]), "max": float(part[-1])},
                },
                "aggs": {lane: {"sum": {"field": lane}} for lane in _LANES},
            }
        }


def unpack(found: Mapping[str, Any]) -> BitMap:
    """The entries of what an aggregation found."""
    blocks = found["blocks"]["buckets"]
    if not blocks:
        return BitMap()
    first_ids = np.array([block["key"] for block in blocks], dtype=np.int64) * _BLOCK
    sums = np.array([[block[lane]["value"] for lane in _LANES] for block in blocks])
    in_bytes = sums.astype("<u8").view(np.uint8).reshape(len(blocks), len(_LANES), 8)[:, :, : _BITS // 8]
    bits = np.unpackbits(in_bytes.reshape(len(blocks), -1), axis=1, bitorder="little")
    rows, places = np.nonzero(bits)
    return BitMap(array("I", (first_ids[rows] + places).astype(np.uint32).tobytes()))
