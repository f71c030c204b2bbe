"""The elements of an HTML page, one after the other, as browsers cut it into tags.

No tree is built: to know where an element of somebody's page *belongs* takes time by the square of
how deep its elements are nested, and a page may be nothing but nesting. To know where tags begin
and end takes one look at each character, whatever the page holds.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TAG: Final = re.compile(r"<([a-zA-Z][^\s/>]*)")
_GAP: Final = re.compile(r"[ \t\n\f\r/]*")
_NAME: Final = re.compile(r"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*")
_EQUALS: Final = re.compile(r"[ \t\n\f\r]*=[ \t\n\f\r]*")
_UNQUOTED: Final = re.compile(r"[^ \t\n\f\r>]*")
# What stands in these is text up to their own end tag, whatever it looks like.
_ENDS: Final = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("title", "script", "style", "textarea", "xmp", "iframe", "noembed", "noframes")
}
_MOST_ATTRIBUTES: Final = 50


class Element(NamedTuple):
    """The begin tag of an element; ``end`` is where in the page it ends.

    ``text`` is what an element that holds nothing but text holds, such as ``title`` and ``script``,
    just as it stands there.
    """

    name: str
    attributes: Mapping[str, str]
    end: int
    text: str = ""


def elements(page: str) -> Iterator[Element]:
    """Yield the elements of a page. What breaks off has no end, so it is none."""
    at = 0
    while (at := page.find("<", at)) >= 0:
        if page.startswith("<!--", at):
            end = page.find("-->", at + 2)
            if end < 0:
                return
            at = end + 3
            continue
        tag = _TAG.match(page, at)
        if tag is None:
            at += 1
            continue
        attributes, at = _attributes(page, tag.end())
        if at < 0:
            return
        name = tag.group(1).lower()
        text = _text(page, name, at)
        yield Element(name, attributes, at, text)
        at += len(text)


def _text(page: str, name: str, start: int) -> str:
    if name not in _ENDS:
        return ""
    end = _ENDS[name].search(page, start)
    return page[start : end.start()] if end else page[start:]


def _attributes(page: str, at: int) -> tuple[dict[str, str], int]:
    """Read the attributes of a tag; return them and where the tag ends, -1 where it does not."""
    found: dict[str, str] = {}
    while True:
        at = _after(_GAP, page, at)
        if at >= len(page):
            return found, -1
        if page[at] == ">":
            return found, at + 1
        start, at = at, _after(_NAME, page, at)
        name = page[start:at].lower()
        value, at = _value(page, at)
        if at < 0:
            return found, -1
        if len(found) < _MOST_ATTRIBUTES:
            found.setdefault(name, unescape(value))


def _value(page: str, at: int) -> tuple[str, int]:
    equals = _EQUALS.match(page, at)
    if equals is None:
        return "", at
    at = equals.end()
    if page[at : at + 1] in ('"', "'"):
        end = page.find(page[at], at + 1)
        return page[at + 1 : end], end + 1 if end >= 0 else -1
    end = _after(_UNQUOTED, page, at)
    return page[at:end], end


def _after(pattern: re.Pattern[str], page: str, at: int) -> int:
    found = pattern.match(page, at)
    return found.end() if found else at
