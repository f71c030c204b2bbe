"""JSON exports: told by the keys they begin with, and read an element at a time.

Python's own decoder reads each element, so it is as fast as that, and takes control
characters inside strings, which strict parsers refuse and exports have. Between the
elements stand only brackets and keys, which are read here.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from blog.domain.errors import BadImport
from importers.breakage import BrokenFile
from importers.decoding import beginning, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from importers.material import Material

LONGEST_ELEMENT: Final = 64_000_000
LARGEST_WHOLE: Final = 200_000_000
_HEAD: Final = 262_144
_MOST_PATHS: Final = 500

_SPACE: Final = re.compile(r"[ \t\r\n\ufeff]*+")
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_TOKEN: Final = re.compile(
    r"""
    "((?:[^"\\]|\\.)*+) (?: "\s*+(:?) | \\?(\Z) )  # a text, which is a key if a colon follows
    | ([\[\]{}])
    | ([^\s\[\]{}",:]++)                         # a number, true, false or null
    """,
    re.DOTALL | re.VERBOSE,
)
_NESTING: Final = re.compile(r'["\[\]{}]')

Shape = dict[str, str]


def _whole_number(digits: str) -> int:
    # Python refuses numbers of over 4,300 digits, and nothing that counts has more than 20.
    return int(digits) if len(digits) <= 20 else 0


_DECODER: Final = json.JSONDecoder(strict=False, parse_int=_whole_number)


def shape(material: Material) -> Shape:
    """The paths in the beginning of a single JSON file, each with its first plain value.

    ``[].tags[]`` is an element of ``tags`` in an element of the array that the file is.
    What is no JSON has none.
    """
    names = material.names()
    if len(names) != 1 or not _begins(material.head(names[0], 64)):
        return {}
    return _paths(beginning(material, names[0], _HEAD))


def _begins(head: bytes) -> bool:
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return text[:1] in (b"{", b"[")


def _paths(text: str) -> Shape:
    found: Shape = {}
    stack: list[str] = []
    key = ""
    for match in _TOKEN.finditer(text):
        if match[3] is not None:
            break
        string, colon, _, bracket, plain = match.groups("")
        if colon:
            key = string[:80]
            found.setdefault(_joined(stack, key), "")
        elif bracket in {"[", "{"}:
            stack.append(f"{key}[]" if bracket == "[" else key)
            key = ""
        elif bracket:
            key = ""
            if not stack:
                break
            stack.pop()
        else:
            path = _joined(stack, key)
            found[path] = found.get(path) or (string or plain)[:200]
            key = ""
        if len(found) > _MOST_PATHS or len(stack) > 50:
            break
    return found


def _joined(stack: list[str], key: str) -> str:
    return ".".join(part for part in (*stack, key) if part).replace(".[]", "[]")


def elements(material: Material, *path: str) -> Iterator[object]:
    """Yield the elements of the array at ``path``, which leads through arrays without naming them.

    Raises:
        BrokenFile: what comes next is not JSON.
    """
    cursor = _Cursor(pieces(material, material.names()[0]))
    for _ in _places(cursor, path):
        yield cursor.value()


def outlines(material: Material, *path: str) -> Iterator[dict[str, object]]:
    """The objects in the array at ``path`` without the arrays and objects in them, which may be huge.

    What is broken ends it; whoever reads the elements is told.
    """
    cursor = _Cursor(pieces(material, material.names()[0]))
    with suppress(BrokenFile):
        for _ in _places(cursor, path):
            if cursor.peek() == "{":
                yield _outline(cursor)
            else:
                cursor.skip()


def _outline(cursor: _Cursor) -> dict[str, object]:
    found: dict[str, object] = {}
    for key in cursor.fields():
        if cursor.peek() in ("[", "{"):
            cursor.skip()
        else:
            found[key] = cursor.value()
    return found


def whole(material: Material) -> object:
    """The value that the file is, for formats whose parts cannot be understood one by one.

    Raises:
        BadImport: it is no JSON, or over ``LARGEST_WHOLE`` characters of it.
    """
    parts, size = [], 0
    for piece in pieces(material, material.names()[0]):
        parts.append(piece)
        size += len(piece)
        if size > LARGEST_WHOLE:
            raise BadImport(
                f"{material.label} has over {LARGEST_WHOLE:,} characters, and cannot be read in parts."
            )
    text = "".join(parts)
    try:
        return _DECODER.decode(text.strip(" \t\r\n\ufeff"))
    except (ValueError, RecursionError) as error:
        raise BadImport(f"{material.label} is broken: {_said_by(error)}.") from error


def _said_by(error: Exception) -> str:
    return f"character {error.pos:,}: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)


def _places(cursor: _Cursor, path: tuple[str, ...]) -> Iterator[None]:
    """Stand before each element of the array at ``path``; the caller reads or skips it."""
    first = cursor.peek()
    if first == "[":
        for _ in cursor.entries():
            if path:
                yield from _places(cursor, path)
            else:
                yield
    elif first == "{" and path:
        for key in cursor.fields():
            if key == path[0]:
                yield from _places(cursor, path[1:])
            else:
                cursor.skip()
    else:
        cursor.skip()


class _Cursor:
    """A place in a JSON text of which only what is looked at is in memory."""

    def __init__(self, text: Iterable[str]) -> None:
        self._pieces = iter(text)
        self._text = ""
        self._at = 0
        self._before = 0

    def peek(self) -> str:
        """The next character that is not white space; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def entries(self) -> Iterator[None]:
        """Stand before each element of the array that begins here; the caller reads or skips it."""
        yield from self._members("[", "]")

    def fields(self) -> Iterator[str]:
        """The keys of the object that begins here; the caller reads or skips each one's value."""
        for _ in self._members("{", "}"):
            key = self.value()
            self._take(":")
            yield str(key)

    def value(self) -> object:
        """Read the value that begins here."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise self._broken("it is nested too deeply") from error
            except ValueError as error:
                if len(self._text) - self._at > LONGEST_ELEMENT or not self._more():
                    raise self._broken("this is not JSON, or it breaks off") from error
                continue
            # A number at the end of what is there may go on.
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def skip(self) -> None:
        """Go behind the value that begins here without making it."""
        if self.peek() not in ("[", "{"):
            self.value()
            return
        depth = 0
        while True:
            found = _NESTING.search(self._text, self._at)
            if not found:
                self._at = len(self._text)
                if not self._more():
                    raise self._broken("it breaks off")
                continue
            self._at = found.start()
            if found.group() == '"':
                self._skip_string()
                continue
            self._at += 1
            depth += 1 if found.group() in "[{" else -1
            if depth == 0:
                return

    def _skip_string(self) -> None:
        while not (found := _STRING.match(self._text, self._at)):
            if len(self._text) - self._at > LONGEST_ELEMENT or not self._more():
                raise self._broken("a text in it has no end")
        self._at = found.end()

    def _members(self, first: str, last: str) -> Iterator[None]:
        self._take(first)
        if self.peek() == last:
            self._at += 1
            return
        while True:
            yield
            if self.peek() == last:
                self._at += 1
                return
            self._take(",")

    def _take(self, character: str) -> None:
        if self.peek() != character:
            raise self._broken(f"there is no “{character}” where one must stand")
        self._at += 1

    def _more(self) -> bool:
        """Take in at least as much as is there; tell whether anything came."""
        wanted = max(len(self._text) - self._at, 1)
        parts = [self._text[self._at :]]
        while wanted > 0 and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            wanted -= len(piece)
        self._before += self._at
        self._text, self._at = "".join(parts), 0
        return any(parts[1:])

    def _broken(self, why: str) -> BrokenFile:
        return BrokenFile(f"character {self._before + self._at:,}: {why}")
