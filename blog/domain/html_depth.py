"""HTML whose nesting costs its parser no more than it is worth.

A parser that follows the standard looks, at many a tag, through all elements that are open; and an
unclosed ``<b>`` it opens anew in every paragraph that follows. So a body of nothing but ``<div>`` takes it
time by the square of the body's size, and one of ``<p><b id=1><p><b id=2>`` memory as well: 10,000 of
these are 50 million elements. Here the tags are only counted, in one pass. What nests as people write is
given back as it is; of anything else the text is kept, and the tags that went too far are taken out.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# Browsers stop at 512.
DEEPEST: Final = 256
# How many elements a parser may open anew, beside those that stand there.
MOST_REOPENED: Final = 100_000

_VOID: Final = frozenset(
    "area base basefont bgsound br col embed frame hr image img input keygen link meta param source track "
    "wbr".split()
)
# An unclosed one is opened again in the next block (HTML standard, section 13.2.4.3).
_FORMATTING: Final = frozenset("a b big code em font i nobr s small strike strong tt u".split())
# The end of these is often left out, because the next one ends it: they are in each other only by way of
# an element that is counted. A form is in no other, and its end leaves open what was open in it.
_ENDED_BY_THE_NEXT: Final = frozenset(
    "p li dd dt td th tr tbody thead tfoot caption colgroup option form".split()
)
# The end tag of one of these ends what is open within it, unless a table lies between.
_BLOCKS: Final = frozenset(
    "address article aside blockquote button center details dialog dir div dl fieldset figcaption figure "
    "footer header hgroup listing main menu nav ol pre search section summary ul h1 h2 h3 h4 h5 h6".split()
)
_SPACE: Final = r"[ \t\n\f\r]"
# Each part takes what it can and gives nothing back, so one look at each character is enough.
_TOKEN: Final = re.compile(
    rf"""
    <!--(?:-?>|(?s:.*?)(?:--!?>|\Z))
    | <(?:[!?]|/(?![a-zA-Z]))[^>]*+>?
    | <(?P<end>/?)(?P<name>[a-zA-Z][^ \t\n\f\r/>]*+)
      (?:
        [ \t\n\f\r/]++
        | [^ \t\n\f\r/>][^ \t\n\f\r/>=]*+ (?:{_SPACE}*+={_SPACE}*+(?:"[^"]*+"|'[^']*+'|[^ \t\n\f\r>]*+))?+
      )*+
      (?:>|\Z)
    """,
    re.VERBOSE,
)
_TEXT_ONLY: Final = {
    name: re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE)
    for name in ("title", "script", "style", "textarea", "xmp", "iframe", "noembed", "noframes")
}


class _Token(NamedTuple):
    """A tag, or with an empty name a comment and the like; ``start`` and ``stop`` say where it stands."""

    name: str
    is_end: bool
    start: int
    stop: int


def levelled(html: str) -> str:
    """Return the HTML as it is, or, where it nests as nobody writes, without the tags that go too far."""
    # Fewer tags than this cannot nest deeper, and most bodies have fewer.
    if html.count("<") <= DEEPEST or _is_worth_parsing(html):
        return html
    return "".join(_pieces(html))


def _is_worth_parsing(html: str) -> bool:
    nesting, reopened = _Nesting(), 0
    for token in _tokens(html):
        if token.name and not nesting.takes(token):
            return False
        reopened += nesting.formatting
        if reopened > MOST_REOPENED:
            return False
    return True


def _pieces(html: str) -> Iterator[str]:
    """The text with the tags that may stay; a comment, which nobody would see, is a space."""
    nesting, at = _Nesting(), 0
    for token in _tokens(html):
        yield html[at : token.start]
        at = token.stop
        if not token.name:
            yield " "
        elif (token.name == "a" or token.name not in _FORMATTING) and nesting.takes(token):
            yield html[token.start : token.stop]
    yield html[at:]


def _tokens(html: str) -> Iterator[_Token]:
    at = 0
    while (at := html.find("<", at)) >= 0:
        found = _TOKEN.match(html, at)
        if found is None:
            at += 1
            continue
        name = (found["name"] or "").lower()
        yield _Token(name, bool(found["end"]), at, found.end())
        at = found.end()
        if name in _TEXT_ONLY and not found["end"]:
            end = _TEXT_ONLY[name].search(html, at)
            at = end.start() if end else len(html)


class _Nesting:
    """What is open, as far as that can be told from the tags: never less than a parser has open."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._refused: Counter[str] = Counter()
        self.formatting = 0

    def takes(self, token: _Token) -> bool:
        """Take a tag in, and tell whether it may stay: a beginning that is too deep may not, nor its end."""
        name = token.name
        if name in _VOID or name in _ENDED_BY_THE_NEXT:
            return True
        if token.is_end:
            return self._ends(name)
        if name == "a" and "a" in self._open:
            # A link ends where the next one begins.
            self._drop_last("a")
        if len(self._open) >= DEEPEST:
            self._refused[name] += 1
            return False
        self._open.append(name)
        self.formatting += name in _FORMATTING
        return True

    def _ends(self, name: str) -> bool:
        if self._refused[name]:
            self._refused[name] -= 1
            return False
        if name in _FORMATTING:
            # What is open within it stays open.
            self._drop_last(name)
        elif (place := self._place(name)) is not None:
            self._close(place)
        return True

    def _place(self, name: str) -> int | None:
        """Where the element is that an end tag ends; None where a parser would pass over the tag."""
        if name not in self._open:
            return None
        for place in range(len(self._open) - 1, -1, -1):
            there = self._open[place]
            if there == name:
                return place
            # An inline element does not end a block that is in it, and nothing but its own tag ends a
            # table, or a drawing, in which other rules hold.
            if there in ("table", "svg", "math", "template", "object", "marquee", "applet"):
                return None
            if there in _BLOCKS and name not in _BLOCKS and name != "table":
                return None
        return None

    def _close(self, place: int) -> None:
        # Formatting that was open within is opened again behind it, and counts on.
        inner = [name for name in self._open[place + 1 :] if name in _FORMATTING]
        self._open[place:] = inner

    def _drop_last(self, name: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place] == name:
                del self._open[place]
                self.formatting -= 1
                return
