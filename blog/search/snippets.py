"""Snippets: the stretch of a text that shows why it was found, with the found words marked.

Marking reads the text the way the index did (``analysis.py``), so "indexing" is marked for
``index``, one character of a Japanese word for itself, and a phrase only where its words follow
each other. The result is *pieces*, ``(text, is a match)``, for a template to escape and wrap:
there is no markup here, and joined together the pieces of :func:`highlight` are the text.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from blog.domain.textquery import Prefix, Title
from blog.search.analysis import CHUNK, Token, pieces, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from blog.domain.textquery import Text, TextQuery

Piece = tuple[str, bool]

MAX_READ: Final = 60_000
"""Characters of a text that are looked at; a snippet from further down is not worth the wait."""

_ELLIPSIS: Final = "…"
_LEAD: Final = 3  # of a snippet's spare room, one part in three goes before the first match


class _Match(NamedTuple):
    start: int
    end: int
    what: int  # which of the query's words


def highlight(title: str, query: TextQuery) -> list[Piece]:
    """All of ``title`` with what the query looks for marked."""
    return list(_joined(_pieces(title, 0, len(title), _matches(title, query.words))))


def snippet(plain_text: str, query: TextQuery, length: int = 220) -> list[Piece]:
    """About ``length`` characters of ``plain_text`` with most of the query's words in them.

    Words meant for the title only are not marked. Whitespace is made single spaces; "…" stands
    where text was left out. Without a match it is the beginning of the text, without text
    nothing.
    """
    text = " ".join(plain_text[:MAX_READ].split())
    matches = _matches(text, _text_words(query))
    start, end = _window(text, matches, length)
    shown = list(_pieces(text, start, end, matches))
    if start > 0:
        shown.insert(0, (_ELLIPSIS, False))
    if end < len(text) or len(plain_text) > MAX_READ:
        shown.append((_ELLIPSIS, False))
    return list(_joined(shown))


def _text_words(query: TextQuery) -> list[Text]:
    titles = [term.text for term in query.terms if isinstance(term, Title)]
    words = list(query.words)
    for text in titles:
        words.remove(text)
    return words


def _matches(text: str, words: Sequence[Text]) -> list[_Match]:
    """Where the words are, in order of place."""
    asked = [_Asked(what, word) for what, word in enumerate(words)]
    found: list[_Match] = []
    for start, end in _regions(text[:MAX_READ], asked):
        read = list(tokens(text, start, end))
        found += (match for one in asked for match in _of_word(read, one))
    return sorted(found)


class _Asked:
    """One of the query's words, analysed: its terms in order, or the beginning of one."""

    def __init__(self, what: int, word: Text) -> None:
        self.what = what
        self.length = len(word.value)
        wanted = list(tokens(word.value))
        self.terms = [token.term for token in wanted]
        is_prefix = isinstance(word, Prefix) and len(wanted) == 1
        self.prefix = wanted[0].surface if is_prefix else ""

    def may_begin_with(self, token: Token) -> bool:
        """Tell whether a match could begin with this token."""
        if self.prefix:
            return token.surface.startswith(self.prefix)
        return bool(self.terms) and _has_term(token, self.terms[0])


def _regions(text: str, asked: Sequence[_Asked]) -> Iterator[tuple[int, int]]:
    """The stretches of text in which matches can begin and end, apart from each other.

    A text repeats its words, so each different one is analysed once and looked for as it is
    written; only what stands around the finds is read word by word. Reading everything that
    way took nearly all the time that a page of results takes.
    """
    finds = sorted(find for chunk in _chunks_to_find(text, asked) for find in _finds(text, chunk))
    if not finds:
        return
    # A phrase goes on after its first word, perhaps with more between its words than was typed.
    reach = max(2 * one.length if len(one.terms) > 1 else 0 for one in asked)
    start = end = -1
    for first, last in finds:
        begin = text.rfind(" ", 0, first) + 1
        stop = text.find(" ", last + reach)
        stop = len(text) if stop < 0 else stop
        if begin > end:
            if end >= 0:
                yield start, end
            start = begin
        end = max(end, stop)
    yield start, end


def _finds(text: str, chunk: str) -> Iterator[tuple[int, int]]:
    """Where the chunk is. To compile an expression for it takes longer than to look for it."""
    goes_on = chunk[-1].isalnum()
    at = text.find(chunk)
    while at >= 0:
        end = at + len(chunk)
        # Beside a letter it is within another chunk, which is looked for itself if it is wanted.
        is_within = text[at - 1 : at].isalnum() or (goes_on and text[end : end + 1].isalnum())
        if not is_within:
            yield at, end
        at = text.find(chunk, end)


def _chunks_to_find(text: str, asked: Sequence[_Asked]) -> list[str]:
    """The different chunks of the text that a match could begin in."""
    firsts = {one.terms[0] for one in asked if one.terms and not one.prefix}
    prefixes = tuple(one.prefix for one in asked if one.prefix)
    wanted = []
    for chunk in _likely_chunks(text, (*firsts, *prefixes)):
        for piece in pieces(chunk):
            begins = piece.term in firsts or (prefixes and piece.surface.startswith(prefixes))
            if begins or not firsts.isdisjoint(piece.also):
                wanted.append(chunk)
                break
    return wanted


def _likely_chunks(text: str, beginnings: Iterable[str]) -> set[str]:
    """The different chunks, without the plain words that begin with other letters.

    No ending is so long that the stem of a plain word would begin with another letter. And what
    stands between two spaces is one chunk if it is letters only. That spares nine words of ten
    the look at what they become, and most of the text the search for its chunks.
    """
    letters = {letter for word in beginnings for letter in (word[0], word[0].upper())}
    between_spaces = set(text.split(" "))
    plain = {word for word in between_spaces if word.isascii() and word.isalpha()}
    likely = {word for word in plain if word[0] in letters}
    for chunk in CHUNK.findall(" ".join(between_spaces - plain)):
        if chunk[0] in letters or not (chunk.isascii() and chunk.isalpha()):
            likely.add(chunk)
    return likely


def _of_word(read: list[Token], asked: _Asked) -> Iterator[_Match]:
    if asked.prefix:
        for token in filter(asked.may_begin_with, read):
            yield _Match(token.start, token.end, asked.what)
        return
    terms = asked.terms
    for index, token in enumerate(read[: len(read) - len(terms) + 1] if terms else ()):
        if _has_term(token, terms[0]):
            run = read[index : index + len(terms)]
            if all(map(_has_term, run, terms)):
                yield _Match(token.start, _end(run[-1], terms[-1]), asked.what)


def _has_term(token: Token, term: str) -> bool:
    return token.term == term or term in token.also


def _end(token: Token, term: str) -> int:
    # One character of a pair of CJK characters marks itself only.
    is_part = not token.surface and token.term != term
    return token.start + len(term) if is_part else token.end


def _window(text: str, matches: list[_Match], length: int) -> tuple[int, int]:
    """The stretch with the most different words, then the most matches, then the earliest."""
    if len(text) <= length:
        return 0, len(text)
    first, last = _densest(matches, length) if matches else (0, 0)
    spare = max(0, length - (last - first))
    start = max(0, min(first - spare // _LEAD, len(text) - length)) if matches else 0
    end = min(len(text), max(start + length, last))
    return _start_of_word(text, start, first), _end_of_word(text, end, last)


def _densest(matches: list[_Match], length: int) -> tuple[int, int]:
    best, best_score = (matches[0].start, matches[0].end), (0, 0)
    inside: Counter[int] = Counter()
    head = 0
    for tail, match in enumerate(matches):
        inside[match.what] += 1
        while head < tail and match.end - matches[head].start > length:
            inside[matches[head].what] -= 1
            inside += Counter()  # drops what fell to nothing
            head += 1
        score = (len(inside), tail - head)
        if score > best_score:
            best, best_score = (matches[head].start, match.end), score
    return best


def _start_of_word(text: str, start: int, first: int) -> int:
    """Just after the next space, unless the match begins before one."""
    if start == 0 or text[start - 1] == " ":
        return start
    space = text.find(" ", start, first)
    return start if space < 0 else space + 1


def _end_of_word(text: str, end: int, last: int) -> int:
    if end == len(text) or text[end] == " ":
        return end
    space = text.rfind(" ", last, end)
    return end if space < 0 else space


def _pieces(text: str, start: int, end: int, matches: list[_Match]) -> Iterator[Piece]:
    """``text[start:end]`` cut where matches begin and end; overlapping ones are one."""
    at = start
    for match in matches:
        begin, stop = max(match.start, at), min(match.end, end)
        if begin >= stop:
            continue
        if begin > at:
            yield text[at:begin], False
        yield text[begin:stop], True
        at = stop
    if at < end:
        yield text[at:end], False


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces of the same sort beside each other made one."""
    for is_match, run in groupby(pieces, key=itemgetter(1)):
        yield "".join(text for text, _ in run), is_match
