"""What only Obsidian's Markdown has: ``[[links to notes]]``, ``#tags`` in the text, ``%%comments%%``.

Notes of a vault link to each other by name, and what they are called elsewhere nobody knows,
so a link becomes its text. Code stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = re.compile(
    r"""
    ^(?P<fence>`{3,}|~{3,})[^\n]*\n  .*?  (?:^(?P=fence)[`~]*[ \t]*$|\Z)  # a block, if need be to the end
    | (`+)(?!`) [^`\n]*? \2
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
# Not the text of a link in brackets, "[[1]](…)", not a footnote, and not numbers.
_LINK: Final = re.compile(
    r"""
    !?\[\[ (?!\^) (?=[^\]\n]*[^\W\d_])
    ([^\[\]|\n]{1,300}) (?: \\?\| ([^\[\]\n]{1,300}) )?
    \]\] (?![(\[])
    """,
    re.VERBOSE,
)
_COMMENT: Final = re.compile(r"%%[^%]*+(?:%[^%]++)*+%%\n?")
_TAG: Final = re.compile(r"(?:^|(?<=[\s(,;]))#([\w/-]*[^\W\d_][\w/-]*)")
_HEADING_LIKE: Final = re.compile(r"^#(?=[\w/-]*[^\W\d_])", re.MULTILINE)


def has_links(text: str) -> bool:
    """Tell whether some note is linked to, outside of code."""
    return "[[" in text and any(_LINK.search(part) for part in _prose(text))


def read_note(text: str) -> tuple[str, list[str]]:
    """Return the text as other Markdown has it, and the tags in it."""
    tags: list[str] = []
    read = "".join(part if is_code else _read(part, tags) for part, is_code in _parts(text))
    return read.strip("\n"), tags


def _read(prose: str, tags: list[str]) -> str:
    plain = _LINK.sub(_said, _COMMENT.sub("", prose))
    tags += _TAG.findall(plain)
    # Other Markdown takes a tag at the beginning of a line for a heading.
    return _HEADING_LIKE.sub(r"\\#", plain)


def _said(link: re.Match[str]) -> str:
    """What stands on the page: the other text, else the note with the place in it."""
    return (link[2] or link[1].replace("#^", " > ").replace("#", " > ")).strip(" >")


def _prose(text: str) -> list[str]:
    return [part for part, is_code in _parts(text) if not is_code]


def _parts(text: str) -> list[tuple[str, bool]]:
    """The text cut where code begins and ends, and whether each part is code."""
    parts, at = [], 0
    for code in _CODE.finditer(text):
        parts += [(text[at : code.start()], False), (code.group(), True)]
        at = code.end()
    return [*parts, (text[at:], False)]
