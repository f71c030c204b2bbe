"""What a word is: the one place that cuts texts and queries into terms.

Texts and queries go through the same function, so what is written one way is found the same
way. A *token* is one word at one position:

* letters are folded: lower case, accents off (``Café`` is ``cafe``, ``ø`` is ``o``);
* English endings come off with Porter's second stemmer (its stem is the *term*; the folded
  word itself is kept as the *surface*, for beginnings of words and for did-you-mean).
  Measured on 20 pairs that engineers would want joined (query/queries, cache/caching) it joins
  18, Porter's first stemmer 15 (not run/running, deploy/deployment); and it keeps apart what
  that one throws together (general/generic/generate, new/news). It is four times slower, which
  does not matter because what a chunk of text becomes is remembered;
* everything that is not a letter or a digit ends a word, so ``full-text``, ``node.js`` and
  ``snake_case`` are two words beside each other: a query for ``full-text`` is a phrase and
  finds "full text" too, and ``node`` finds ``node.js``;
* except ``c++``, ``c#``, ``.net``, which are words (``.net`` is found by ``net`` too), and
  apostrophes: ``Simon's`` is ``simon``, ``don't`` is ``dont``, ``O'Reilly`` is ``o reilly``
  and is found by ``oreilly``;
* Han, kana and Hangul are cut into overlapping pairs, and are found by one character too;
* no stop words: "the who" is a band, and reading a common word costs little.

Terms that share the position of another, so that more is found, are its *also*: texts have
them, queries don't.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from whoosh.lang.porter2 import stem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TERM: Final = 64
MAX_POSITION: Final = 0xFFFF

_CJK: Final = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Accents and vowel signs that follow their letter; `\w` does not hold them, yet they end no word.
_MARKS: Final = "".join(chr(code) for code in range(0x300, 0x1C00) if unicodedata.category(chr(code))[0] == "M")
_LETTER: Final = rf"[\w{_MARKS}]"
# A chunk is what may be more than one word but is worth remembering as a whole.
CHUNK: Final = re.compile(rf"(?:(?<!\w)\.(?=[^\W\d_]))?\w{_LETTER}*(?:['’]{_LETTER}+)*(?:\+\++|#(?![^\W\d]))?")
_PLAIN: Final = re.compile(r"[a-z]+|[0-9]+", re.ASCII)
_WORD: Final = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?:(?![{_CJK}_]){_LETTER})+")
_ENDING: Final = re.compile(r"(.+)['’](s|t|d|m|re|ve|ll)", re.IGNORECASE)
_APOSTROPHES: Final = re.compile(r"['’]")
_NAMED_SIGNS: Final = re.compile(r"[^\W\d_]{1,15}\+\+|[^\W\d_]#")
_ACCENTS: Final = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]+")
_UNDECOMPOSED: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i"}
)


class Token(NamedTuple):
    """One word: ``text[start:end]``, the ``position``-th of its text.

    ``term`` is what the index holds, ``also`` further terms at the same position, ``surface``
    the folded word before stemming (empty for pairs of CJK characters).
    """

    term: str
    also: tuple[str, ...]
    surface: str
    position: int
    start: int
    end: int


class _Piece(NamedTuple):
    """A token without its place: ``start`` and ``end`` count within the chunk."""

    term: str
    also: tuple[str, ...]
    surface: str
    start: int
    end: int


class Counted:
    """The terms of one field of one document, as an index wants them.

    ``positions`` maps each term to the positions it stands at, ``surfaces`` holds the folded
    words, ``length`` is the number of positions used.
    """

    __slots__ = ("length", "positions", "surfaces")

    def __init__(self, *texts: str) -> None:
        self.positions: dict[str, array[int]] = {}
        self.surfaces: set[str] = set()
        self.length = 0
        for text in filter(None, texts):
            # A hole between two texts, so that no phrase reaches across.
            self._add(text, self.length + bool(self.length))

    def _add(self, text: str, position: int) -> None:
        positions, surfaces = self.positions, self.surfaces
        for chunk in CHUNK.findall(text):
            for term, also, surface, _, _ in pieces(chunk):
                # Positions are kept in two bytes; beyond them words are found, phrases not.
                place = min(position, MAX_POSITION)
                for name in (term, *also) if also else (term,):
                    if name in positions:
                        positions[name].append(place)
                    else:
                        positions[name] = array("H", (place,))
                if surface:
                    surfaces.add(surface)
                position += 1
        self.length = position


def tokens(text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[Token]:
    """The words of ``text[start:end]`` in order, each with its place in ``text``."""
    position = 0
    for match in CHUNK.finditer(text, start, end):
        base = match.start()
        for piece in pieces(match.group()):
            yield Token(piece.term, piece.also, piece.surface, position, base + piece.start, base + piece.end)
            position += 1


def terms(text: str) -> list[str]:
    """The terms of what a reader typed: one for each position."""
    return [token.term for token in tokens(text)]


def fold(word: str) -> str:
    """``word`` in lower case without accents."""
    if word.isascii():
        return word.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold()))
    return unicodedata.normalize("NFKC", plain).casefold().translate(_UNDECOMPOSED) or word


def pieces(chunk: str) -> tuple[_Piece, ...]:
    """The words of one chunk, each with its place in the chunk."""
    # Remembering whole unspaced paragraphs would fill the memory with what never comes again.
    return _remembered(chunk) if len(chunk) <= MAX_TERM else tuple(_cut(chunk))


@lru_cache(maxsize=32_768)
def _remembered(chunk: str) -> tuple[_Piece, ...]:
    """Most chunks of a text have been seen before, so most of the work is looking them up."""
    return tuple(_cut(chunk))


def _cut(chunk: str) -> Iterator[_Piece]:
    if _PLAIN.fullmatch(chunk):
        yield _piece(chunk, 0, len(chunk))
    elif _NAMED_SIGNS.fullmatch(chunk):
        yield _named_sign(chunk)
    elif ending := _ENDING.fullmatch(chunk):
        yield from _with_ending(chunk, ending)
    else:
        yield from _words(chunk)


def _words(chunk: str) -> Iterator[_Piece]:
    pieces: list[_Piece] = []
    for match in _WORD.finditer(chunk):
        if match["cjk"]:
            pieces.extend(_pairs(match.group(), match.start()))
        else:
            pieces.append(_piece(match.group(), match.start(), match.end()))
    if pieces and chunk[0] == ".":
        pieces[0] = _dotted(pieces[0])
    elif len(pieces) > 1 and _APOSTROPHES.search(chunk):
        joined = _piece(_APOSTROPHES.sub("", chunk), 0, 0)
        pieces[-1] = pieces[-1]._replace(also=(joined.term,))
    yield from pieces


def _piece(word: str, start: int, end: int) -> _Piece:
    surface = fold(word)[:MAX_TERM]
    # Endings are English; words of other alphabets and versions ("python3") stay as they are.
    is_english = len(surface) > 2 and surface.isascii() and surface.isalpha()
    term = stem(surface) if is_english else surface  # type: ignore[no-untyped-call]  # whoosh has partial types
    return _Piece(term, (), surface, start, end)


def _dotted(piece: _Piece) -> _Piece:
    return _Piece(f".{piece.surface}", (piece.term,), piece.surface, piece.start - 1, piece.end)


def _named_sign(chunk: str) -> _Piece:
    name = fold(chunk)
    word = name.rstrip("+#")
    # "notepad++" is found by "notepad", but "c++" is not found by "c".
    also = (_piece(word, 0, 0).term,) if len(word) > 1 else ()
    return _Piece(name, also, name, 0, len(chunk))


def _with_ending(chunk: str, ending: re.Match[str]) -> Iterator[_Piece]:
    if ending[2].lower() == "s":
        yield from _words(ending[1])
    else:
        yield _piece(_APOSTROPHES.sub("", chunk), 0, len(chunk))


def _pairs(run: str, base: int) -> Iterator[_Piece]:
    """Overlapping pairs of characters, and the last one alone."""
    run = run if unicodedata.is_normalized("NFKC", run) else _normalised(run)
    if len(run) == 1:
        yield _Piece(run, (), "", base, base + 1)
        return
    last = len(run) - 2
    for index in range(last + 1):
        also = (run[index], run[index + 1]) if index == last else (run[index],)
        yield _Piece(run[index : index + 2], also, "", base + index, base + index + 2)


def _normalised(run: str) -> str:
    """Character by character, so that places in the text stay right."""
    return "".join(unicodedata.normalize("NFKC", character)[:1] for character in run)
