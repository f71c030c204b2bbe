"""Drawing a card: 1200 × 630 pixels, the size that the Open Graph's readers ask for."""

from __future__ import annotations

import hashlib
import io
from bisect import bisect_right
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from blog.cards.typefaces import SANS, SERIF, is_rightward, runs, settable, width

if TYPE_CHECKING:
    from collections.abc import Sequence

# To be counted up whenever the same words make another picture: it is part of the digest.
_VERSION: Final = 1
WIDTH: Final = 1200
HEIGHT: Final = 630
_EDGE: Final = 84
_PAPER: Final = "#fdfcf9"
_INK: Final = "#1d1c1a"
_SOFT: Final = "#625e56"
_ACCENT: Final = "#2a41b0"
_TINT: Final = "#e7eaf8"
_SPARK: Final = "#c2410c"
# The largest size at which the title fits is taken.
_SIZES: Final = (88, 76, 66, 56, 48)
_LINES: Final = 4
_LEADING: Final = 1.14
_TITLE_TOP: Final = 150
_TITLE_ROOM: Final = 290
_SMALL: Final = 30
# More than this is cut off in any case, and would be measured letter by letter before.
_LONGEST: Final = 220


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is on a card: the blog's name, a title, a line above it, tags below."""

    site: str
    title: str
    line: str = ""
    tags: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What names the picture: another one whenever that would look otherwise."""
        return hashlib.blake2b(repr((_VERSION, astuple(self))).encode(), digest_size=8).hexdigest()


def draw_card(card: Card) -> bytes:
    """Return the card as a PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, 12), fill=_ACCENT)
    _draw_line(draw, card.line)
    _draw_title(draw, card)
    _draw_tags(draw, card.tags)
    _draw_site(draw, card.site)
    file = io.BytesIO()
    # Few colours, so a palette of them says it all in half the bytes. Of the ways to find one, and to
    # compress, these take 30 ms each, and the best ones 200 for a fifth less.
    few = image.quantize(48, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(file, "PNG", compress_level=6)
    return file.getvalue()


def _draw_line(draw: ImageDraw.ImageDraw, line: str) -> None:
    _write(draw, (_EDGE, 78), _cut(settable(line[:_LONGEST]), _SMALL, WIDTH - 2 * _EDGE), _SMALL, _SOFT)


def _draw_title(draw: ImageDraw.ImageDraw, card: Card) -> None:
    text = settable(card.title[:_LONGEST])
    size, lines = _fitted(text, WIDTH - 2 * _EDGE)
    for at, line in enumerate(lines):
        left = WIDTH - _EDGE - width(line, size, SERIF) if is_rightward(line) else _EDGE
        top = _TITLE_TOP + at * round(size * _LEADING)
        if at == 0 and line.startswith("“"):
            # As on the pages, the mark hangs before the text.
            hung = width("“", size, SERIF)
            _write(draw, (left - hung, top), "“", size, _SPARK, SERIF)
            line = line.removeprefix("“")
        _write(draw, (left, top), line, size, _INK, SERIF)


def _fitted(text: str, room: float) -> tuple[int, list[str]]:
    """The largest size at which all of a title fits, and its lines; at the smallest it is cut off."""
    for size in _SIZES:
        lines = _wrapped(text, size, room)
        if len(lines) <= min(_LINES, _TITLE_ROOM // round(size * _LEADING)):
            return size, lines
    kept = lines[:_LINES]
    kept[-1] = _cut(f"{kept[-1]} {lines[_LINES]}", size, room, SERIF)
    return size, kept


def _wrapped(text: str, size: int, room: float) -> list[str]:
    """Break a text into lines: between words, and within what is wider than a line or has no spaces."""
    lines: list[str] = []
    line, wide = "", 0.0
    for piece in _pieces(text, size, room):
        # Each is measured once, and what is between two of them is left out: a pixel or two.
        added = width(piece, size, SERIF)
        if line and wide + added > room:
            lines.append(line.rstrip())
            line, wide = piece.lstrip(), added
        else:
            line, wide = line + piece, wide + added
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str, size: int, room: float) -> list[str]:
    """What is never broken: words, each with the space before it; of too wide ones, each letter."""
    pieces: list[str] = []
    for word in text.split(" "):
        spaced = f" {word}" if pieces else word
        pieces += list(spaced) if width(word, size, SERIF) > room else [spaced]
    return pieces


def _cut(text: str, size: int, room: float, face: str = SANS) -> str:
    """The beginning of a text that has room, with three dots where that is not all of it."""
    if width(text, size, face) <= room:
        return text
    fits = bisect_right(
        range(len(text)), room, key=lambda length: width(f"{text[:length].rstrip()}…", size, face)
    )
    return f"{text[: fits - 1].rstrip()}…" if fits > 1 else ""


def _draw_tags(draw: ImageDraw.ImageDraw, tags: Sequence[str]) -> None:
    """As many as one line has room for."""
    left = float(_EDGE)
    for tag in filter(None, map(settable, tags)):
        wide = width(tag, _SMALL) + 36
        if left + wide > WIDTH - _EDGE:
            break
        draw.rounded_rectangle((left, 458, left + wide, 508), 10, fill=_TINT)
        _write(draw, (left + 18, 464), tag, _SMALL, _ACCENT)
        left += wide + 14


def _draw_site(draw: ImageDraw.ImageDraw, site: str) -> None:
    _draw_mark(draw, _EDGE, 546, 44)
    _write(draw, (_EDGE + 62, 547), _cut(settable(site[:_LONGEST]), 34, WIDTH - 2 * _EDGE - 62), 34, _INK)


def _draw_mark(draw: ImageDraw.ImageDraw, left: int, top: int, size: int) -> None:
    """Crosstag's mark, as in favicon.svg."""
    scale = size / 32
    draw.rounded_rectangle((left, top, left + size, top + size), round(7 * scale), fill=_ACCENT)
    for x, y, to_x, to_y in (
        (12.5, 6.5, 9.5, 25.5),
        (22.5, 6.5, 19.5, 25.5),
        (6.5, 12.5, 26, 12.5),
        (6, 19.5, 25.5, 19.5),
    ):
        points = (left + x * scale, top + y * scale, left + to_x * scale, top + to_y * scale)
        draw.line(points, fill="#fff", width=round(3 * scale))


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, colour: str, face: str = SANS
) -> None:
    """Set a line with fonts of several heights on one ground line."""
    left, top = at
    for letters, font in runs(text, size, face):
        draw.text((left, top + size), letters, fill=colour, font=font, anchor="ls")
        left += font.getlength(letters)
