"""Setting text in a picture, with the fonts that there are.

Titles are set in the serif of the pages, all else in the font that Pillow brings along, so that cards look
alike everywhere and nothing needs to be installed. For what these lack, such as Japanese or Greek, fonts that
are installed are looked for once. A text of which no font has the letters is not set at all: boxes in the
place of letters help nobody.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import ImageFont, features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFont import FreeTypeFont

Run = tuple[str, "FreeTypeFont"]

SANS: Final = "sans"
SERIF: Final = "serif"
_OWN: Final = Path(__file__).resolve().parent.parent / "static" / "fonts"
_WEIGHT: Final = 600
_FOLDERS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
# Files that have many scripts between them, in the order in which they are tried.
_WANTED: Final = (
    "NotoSans-Regular",
    "NotoSansCJK-Regular",
    "NotoSansCJKjp-Regular",
    "NotoSansArabic-Regular",
    "NotoSansHebrew-Regular",
    "NotoSansDevanagari-Regular",
    "NotoSansBengali-Regular",
    "NotoSansTamil-Regular",
    "NotoSansThai-Regular",
    "NotoSansKR-Regular",
    "NotoSansJP-Regular",
    "NotoSansSC-Regular",
    "DejaVuSans",
    "LiberationSans-Regular",
    "FreeSans",
    "wqy-zenhei",
    "Arial Unicode",
    "Hiragino Sans GB",
    "AppleSDGothicNeo",
    "segoeui",
    "arial",
    "msgothic",
    "msyh",
    "malgun",
)
_SUFFIXES: Final = (".ttf", ".otf", ".ttc")
# To find out whether a font has a letter, this size is enough.
_LOOK: Final = 16
_WORD: Final = re.compile(r" |[^ ]+")
_NO_LETTER: Final = "\U0010fffe"
# Scripts from Hebrew to Georgian and around Khmer, whose letters stand in an order or a shape that Pillow
# knows with Raqm only; https://pillow.readthedocs.io/en/stable/reference/features.html
_SHAPED: Final = ((0x0590, 0x109F), (0x1780, 0x18AF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))


def settable(text: str) -> str:
    """Return the text as it can be set, without signs that no font has; empty where letters are missing.

    What is written from right to left is set where one font has all of it.
    """
    flat = " ".join(unicodedata.normalize("NFC", text).split())
    lacking = {one for one in set(flat) - {" "} if not _paths_for(one, SANS)}
    # A text says something else without letters, their marks and numbers.
    if any(unicodedata.category(one)[0] in "LMN" for one in lacking):
        return ""
    shown = " ".join("".join(one for one in flat if one not in lacking).split())
    if any(_is_shaped(one) for one in shown) and not features.check("raqm"):
        return ""
    return shown if not is_rightward(shown) or _font_of_all(shown) is not None else ""


def _is_shaped(letter: str) -> bool:
    return any(first <= ord(letter) <= last for first, last in _SHAPED)


def is_rightward(text: str) -> bool:
    """Tell whether a text has letters that are written from right to left."""
    return any(unicodedata.bidirectional(one) in ("R", "AL") for one in text)


def runs(text: str, size: int, face: str = SANS) -> list[Run]:
    """Cut a settable text into runs of one font each: a word is set in one family, where one has all of it."""
    whole = _font_of_all(text) if is_rightward(text) else None
    if whole is not None:
        return [(text, _load(whole, size))]
    found: list[tuple[str, str]] = []
    for word in _WORD.findall(text):
        for letter, path in zip(word, _paths_for(word, face) or map(_path_for, word), strict=True):
            of_this = found[-1][1] if found and letter == " " else path
            if found and found[-1][1] == of_this:
                found[-1] = (found[-1][0] + letter, of_this)
            else:
                found.append((letter, of_this))
    return [(letters, _load(path, size)) for letters, path in found]


def width(text: str, size: int, face: str = SANS) -> float:
    """Return how wide a settable text is, in pixels."""
    return sum(font.getlength(letters) for letters, font in runs(text, size, face))


def _path_for(letter: str) -> str:
    return (*_paths_for(letter, SANS), "")[0]


@lru_cache(maxsize=8_192)
def _paths_for(word: str, face: str) -> tuple[str, ...]:
    """The file for each letter of a word, all of the first family that has every one; none where none has."""
    for family in (*([_serif()] if face == SERIF else []), *((path,) for path in _fonts())):
        paths = [next((path for path in family if _has(path, one)), None) for one in word]
        if None not in paths:
            return tuple(path for path in paths if path is not None)
    return ()


@lru_cache(maxsize=256)
def _font_of_all(text: str) -> str | None:
    return next((path for path in _fonts() if all(one == " " or _has(path, one) for one in text)), None)


@lru_cache(maxsize=16_384)
def _has(path: str, letter: str) -> bool:
    """Fonts show what they do not have as nothing, or all alike."""
    mask = _plain(path).getmask(letter)
    return letter == " " or (mask.getbbox() is not None and bytes(mask) != _box(path))


@lru_cache(maxsize=64)
def _box(path: str) -> bytes:
    return bytes(_plain(path).getmask(_NO_LETTER))


@lru_cache(maxsize=64)
def _plain(path: str) -> FreeTypeFont:
    """The font without Raqm, which would make up a letter that is missing of one that is there and a mark."""
    return _load(path, _LOOK).font_variant(layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=256)
def _load(path: str, size: int) -> FreeTypeFont:
    if not path:
        own = ImageFont.load_default(size)
        assert isinstance(own, ImageFont.FreeTypeFont), "Pillow is made with FreeType, as all its wheels are"
        return own
    font = ImageFont.truetype(path, size)
    if path.startswith(str(_OWN)):
        font.set_variation_by_axes([_WEIGHT])
    return font


@lru_cache(maxsize=1)
def _serif() -> tuple[str, ...]:
    """The files that the pages' serif is parted into, as far as this Pillow reads WOFF 2."""
    paths = (str(_OWN / f"{name}.woff2") for name in ("serif", "serif-latin-rare", "serif-europe"))
    return tuple(path for path in paths if _is_readable(path))


@lru_cache(maxsize=1)
def _fonts() -> tuple[str, ...]:
    """Pillow's own font, then those of ``_WANTED`` that are installed and can be read."""
    here = {path.stem: str(path) for path in _installed()}
    return ("", *(here[name] for name in _WANTED if name in here and _is_readable(here[name])))


def _installed() -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted(Path(folder).expanduser().rglob("*")):
            if path.suffix.lower() in _SUFFIXES:
                yield path


def _is_readable(path: str) -> bool:
    try:
        _load(path, _LOOK)
    except (OSError, NotImplementedError):
        return False
    return True
