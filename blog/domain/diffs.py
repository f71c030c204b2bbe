"""What changed between two texts, for people: by words, or by lines with the words marked in them.

The work is bounded: what is the same at both ends is set aside first, and what is longer than an author's
text after that is shown as replaced, whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SAME: Final = "same"
GONE: Final = "gone"
NEW: Final = "new"
LEFT_OUT: Final = "left out"
# Beyond these, comparing takes longer than reading.
_MOST_LINES: Final = 1_500
_MOST_WORDS: Final = 600
# So many lines in a row are compared by their words; more of them are another text.
_MOST_MARKED: Final = 60
_CONTEXT: Final = 2
_WHOLE: Final = frozenset({"kind", "status", "markup", "date", "published", "slug", "series_order"})
_WORD: Final = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: the same in both, gone, or new."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its pieces; of one that was left out, ``count`` says how many there are."""

    what: str
    pieces: tuple[Piece, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """What changed in one field: in its words, or line by line."""

    name: str
    pieces: tuple[Piece, ...] = ()
    lines: tuple[Line, ...] = ()


def field_diffs(before: Mapping[str, str], after: Mapping[str, str]) -> list[FieldDiff]:
    """Return the fields of an entry that are not the same, in the order of ``before``.

    The text is compared by lines, what is one word or one date is shown whole, the rest by its words.
    """
    changed = {name: (old, after.get(name, "")) for name, old in before.items() if old != after.get(name, "")}
    return [_field_diff(name, old, new) for name, (old, new) in changed.items()]


def _field_diff(name: str, old: str, new: str) -> FieldDiff:
    if name == "body":
        return FieldDiff(name, lines=line_diff(old, new))
    if name in _WHOLE:
        return FieldDiff(name, pieces=tuple(Piece(*one) for one in ((GONE, old), (NEW, new)) if one[1]))
    return FieldDiff(name, pieces=word_diff(old, new))


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """Compare two texts word by word."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    found: list[Piece] = []
    for what, one, other in _steps(old, new, _MOST_WORDS):
        if what == SAME:
            found.append(Piece(SAME, "".join(one)))
            continue
        found += [Piece(GONE, "".join(one))] if one else []
        found += [Piece(NEW, "".join(other))] if other else []
    return tuple(found)


def line_diff(before: str, after: str) -> tuple[Line, ...]:
    """Compare two texts line by line; lines that stayed are shown around those that did not."""
    steps = list(_steps(before.split("\n") if before else [], after.split("\n") if after else [], _MOST_LINES))
    found: list[Line] = []
    for at, (what, old, new) in enumerate(steps):
        if what == SAME:
            found += _context(old, is_first=at == 0, is_last=at == len(steps) - 1)
        else:
            found += _changed(old, new)
    return tuple(found)


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Lines that replace others: those at the same place are compared by their words."""
    both = min(len(old), len(new), _MOST_MARKED)
    for one, other in zip(old[:both], new[:both], strict=True):
        pieces = word_diff(one, other)
        if any(piece.what == SAME and piece.text.strip() for piece in pieces):
            yield Line("changed", pieces)
        else:
            yield Line(GONE, (Piece(GONE, one),))
            yield Line(NEW, (Piece(NEW, other),))
    yield from (Line(GONE, (Piece(GONE, line),)) for line in old[both:])
    yield from (Line(NEW, (Piece(NEW, line),)) for line in new[both:])


def _context(lines: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Line]:
    head, tail = (0 if is_first else _CONTEXT), (0 if is_last else _CONTEXT)
    if len(lines) <= head + tail + 1:
        yield from (Line(SAME, (Piece(SAME, line),)) for line in lines)
        return
    yield from (Line(SAME, (Piece(SAME, line),)) for line in lines[:head])
    yield Line(LEFT_OUT, count=len(lines) - head - tail)
    yield from (Line(SAME, (Piece(SAME, line),)) for line in lines[len(lines) - tail :])


def _steps(
    old: Sequence[str], new: Sequence[str], most: int
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """Yield what is the same in both and what replaces what, in order."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    if head:
        yield SAME, old[:head], new[:head]
    one, other = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(one) > most or len(other) > most:
        yield "other", one, other
    else:
        for what, start, end, first, last in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
            yield SAME if what == "equal" else "other", one[start:end], other[first:last]
    if tail:
        yield SAME, old[len(old) - tail :], new[len(new) - tail :]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items are the same from the beginning on."""
    most = min(len(old), len(new))
    return next((at for at in range(most) if old[at] != new[at]), most)
