"""Bytes of exports read as text, a piece at a time, whatever they claim to be written in.

What a file says of its encoding is often wrong, so the bytes are asked first: a byte order
mark is believed, and what is valid UTF-8 from end to end is UTF-8. Only then is the
declaration believed. What is left is UTF-8 with some bytes of Windows-1252 in it.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importers.material import Material

PIECE: Final = 65_536

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED: Final = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_BAD_BYTE: Final = re.compile("[\udc80-\udcff]")
# Of an encoding that was declared in single bytes, these cannot be true; "utf-7" is never meant.
_IMPOSSIBLE: Final = ("utf", "ucs", "unicode", "punycode", "idna", "raw", "rot", "base64", "hex", "zlib", "bz2")


def pieces(material: Material, name: str) -> Iterator[str]:
    """The text of one file in pieces of some 64 kB; characters it cannot have are replaced."""
    encoding = _encoding(material, name)
    decoder = codecs.getincrementaldecoder(encoding or "utf-8")("replace" if encoding else "surrogateescape")
    with material.open(name) as file:
        while data := file.read(PIECE):
            yield _mended(decoder.decode(data))
        yield _mended(decoder.decode(b"", final=True))


def beginning(material: Material, name: str, size: int = PIECE) -> str:
    """The text that the first ``size`` bytes are, which is enough to tell a format."""
    head = material.head(name, size)
    mark = next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "")
    return head.decode(mark, "replace") if mark else _mended(head.decode("utf-8", "surrogateescape"))


def _mended(text: str) -> str:
    return _BAD_BYTE.sub(_as_cp1252, text)


def _as_cp1252(match: re.Match[str]) -> str:
    return bytes([ord(match.group()) - 0xDC00]).decode("cp1252", "replace")


def _encoding(material: Material, name: str) -> str:
    """The encoding of the whole file; "" for UTF-8 that is broken in places."""
    head = material.head(name, 4_096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if _is_utf8(material, name):
        return "utf-8"
    declared = _DECLARED.search(head)
    return _known(declared[1].decode("ascii")) if declared and declared[1].isascii() else ""


def _is_utf8(material: Material, name: str) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with material.open(name) as file:
            while data := file.read(PIECE):
                decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _known(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding)
        b"a".decode(encoding)
    except (LookupError, UnicodeError):
        return ""
    if found.name.startswith(_IMPOSSIBLE):
        return ""
    # The HTML standard reads both of these so, because whoever says the one has always meant the other.
    return "cp1252" if found.name in {"iso8859-1", "ascii"} else found.name
