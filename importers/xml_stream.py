"""XML read an event at a time, in a way in which a hostile file can do nothing.

expat reads it, and is never asked to load anything. A file that declares entities is refused,
so there is none that could expand. What writers of XML get wrong most is mended before: bare
ampersands, names that only HTML knows (``&nbsp;``), and characters that XML forbids.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from blog.domain.errors import BadImport
from importers.breakage import BrokenFile
from importers.decoding import beginning, pieces
from importers.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from importers.material import Material

_ROOT: Final = re.compile(
    r"(?:[\s\ufeff]++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[.*?\])?\s*+>)*+<([A-Za-z_][\w.:-]*+)(?=[\s>/])",
    re.DOTALL | re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"&(?:(?P<name>[A-Za-z]\w{0,31});|#(?P<number>[xX][0-9a-fA-F]{1,8}|\d{1,9});)?")
_OF_XML: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_BEGIN: Final = "<![CDATA["
_END: Final = "]]>"
# A reference, or the beginning of a CDATA section, may be cut in two.
_HELD_BACK: Final = 40


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of an element; its prefix is part of the name, as it is written."""

    name: str
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class End:
    """The end of an element."""

    name: str


def root_of(material: Material) -> str:
    """The name of the root element of a single file, in lower case; "" if it is no XML."""
    names = material.names()
    found = _ROOT.match(beginning(material, names[0])) if len(names) == 1 else None
    return found[1].lower() if found else ""


def events(material: Material) -> Iterator[Start | End | str]:
    """Yield beginnings and ends of elements, and the text between them, in pieces.

    Raises:
        BadImport: it declares entities.
        BrokenFile: it is not well-formed from here on.
    """
    parser = expat.ParserCreate("utf-8")
    found: list[Start | End | str] = []
    parser.StartElementHandler = lambda name, attributes: found.append(Start(name, attributes))
    parser.EndElementHandler = lambda name: found.append(End(name))
    parser.CharacterDataHandler = found.append
    parser.EntityDeclHandler = _refuse
    parser.buffer_text = True
    for piece in _mended(pieces(material, material.names()[0])):
        yield from _parsed(parser, piece, found)
    yield from _parsed(parser, "", found, is_last=True)


def _parsed(
    parser: expat.XMLParserType, piece: str, found: list[Start | End | str], *, is_last: bool = False
) -> Iterator[Start | End | str]:
    broken = None
    try:
        parser.Parse(piece.encode(), is_last)
    except expat.ExpatError as error:
        broken = BrokenFile(f"line {error.lineno:,}: {expat.ErrorString(error.code)}")
        broken.__cause__ = error
    yield from found
    found.clear()
    if broken:
        raise broken


def _refuse(*_: object) -> None:
    raise BadImport("This file declares entities, and no such file is read: save it without a DOCTYPE.")


def _mended(source: Iterable[str]) -> Iterator[str]:
    """The text with every reference one that XML knows, outside of CDATA sections."""
    rest, is_cdata, is_begun = "", False, False
    for piece in source:
        rest += clean(piece.replace("\r", "\n"))
        if not is_begun:
            rest = rest.lstrip("\ufeff \n\t")
            is_begun = bool(rest)
        while rest:
            mark = rest.find(_END if is_cdata else _BEGIN)
            length = mark if mark >= 0 else _whole_length(rest)
            yield rest[:length] if is_cdata else _with_references(rest[:length])
            rest = rest[length:]
            if mark < 0:
                break
            yield rest[: len(_END if is_cdata else _BEGIN)]
            rest, is_cdata = rest[len(_END if is_cdata else _BEGIN) :], not is_cdata
    yield rest if is_cdata else _with_references(rest)


def _whole_length(text: str) -> int:
    """How much of a text can be read before more of it comes."""
    length = max(len(text) - _HELD_BACK, 0)
    reference = text.rfind("&", max(length - _HELD_BACK, 0), length)
    return length if reference < 0 or ";" in text[reference:length] else reference


def _with_references(text: str) -> str:
    return _REFERENCE.sub(_reference, text) if "&" in text else text


def _reference(match: re.Match[str]) -> str:
    if match["name"] in _OF_XML:
        return match.group()
    if match["number"]:
        digits = match["number"].lower()
        number = int(digits[1:], 16) if digits.startswith("x") else int(digits)
        return html.escape(clean(chr(number))) if number <= 0x10FFFF else ""
    character = html.unescape(match.group()) if match["name"] else ""
    return html.escape(character) if character != match.group() and character else f"&amp;{match.group()[1:]}"
