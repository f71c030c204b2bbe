"""The ``Link`` header (RFC 8288): what a page says of itself without saying it in the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST: Final = 20_000
_TARGET: Final = re.compile(r"[\s,]*<([^<>]{0,4000})>")
_PARAMETER: Final = re.compile(
    r"""\s*;\s*([\w!#$&+.^`|~-]{1,60})\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?"""
)
_NEXT: Final = re.compile(r"""(?:[^,"<]|"(?:[^"\\]|\\.)*")*""")


class HeaderLink(NamedTuple):
    """A link: where it leads, as it is written there, and the relations in lower case."""

    target: str
    relations: frozenset[str]


def header_links(header: str) -> Iterator[HeaderLink]:
    """Yield the links of a header in their order; what is no link is passed over."""
    text, at = header[:_LONGEST], 0
    while found := _TARGET.match(text, at):
        target, at, relations = found[1], found.end(), ""
        while parameter := _PARAMETER.match(text, at):
            at = parameter.end()
            # Of several, the first counts (section 3.3).
            if parameter[1].lower() == "rel" and not relations:
                relations = parameter[2] or parameter[3] or ""
        yield HeaderLink(target.strip(), frozenset(relations.lower().split()))
        rest = _NEXT.match(text, at)
        at = rest.end() if rest else len(text)
