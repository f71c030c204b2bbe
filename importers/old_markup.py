"""What old text without a declared markup is written in, decided by looking at it.

Commentary of twenty years is mostly plain text that *talks about* tags ("argues for <b> and
<i>"), sometimes HTML, sometimes HTML-escaped text. A tag alone proves nothing; an element
that is opened and closed does.
"""

from __future__ import annotations

import re
from typing import Final

from blog.domain.entry import Markup
from importers.text import unescape

_PROSE_ELEMENTS: Final = frozenset(
    "a abbr acronym b blockquote cite code dd del div dl dt em h2 h3 h4 h5 h6 i ins kbd li ol p pre q "
    "small span strike strong sub sup table tt ul var".split()
)
_OPENED = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)(?=[\s>])")
_CLOSED = re.compile(r"</([a-zA-Z][a-zA-Z0-9]*)\s*>")
_BLOCK = re.compile(r"<(?:p|div|blockquote|ul|ol|dl|pre|table|h[2-6])[\s>]", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")

_MARKDOWN_SIGNS = re.compile(
    r"""(?<![^\s("'“—-])(\*\*?|__?)(?=[\w"'“])[^*_\n]*[^\s*_]\1(?![\w*])  # emphasis around words
    | \[[^\]\n]+\]\(\S+?\)                                           # a link
    | `[^`\n]+`                                                      # code
    | ^\ {0,3}(?:>\ |\#{1,6}\ |```)                                  # quote, heading, fence
    | (?:\A|\n[ \t]*\n)\ {0,3}(?:[-*+]|\d{1,3}\.)\ +\S               # a list in its own block
    """,
    re.MULTILINE | re.VERBOSE,
)
_SOFT_BREAK = re.compile(r"(?<=\S)\n(?=[^\s>#*+-])(?!\d{1,3}\. )")


def has_html(text: str) -> bool:
    """Tell whether some element that prose is made of is both opened and closed."""
    opened = {name.lower() for name in _OPENED.findall(text)}
    closed = {name.lower() for name in _CLOSED.findall(text)}
    return bool(opened & closed & _PROSE_ELEMENTS)


def read_commentary(text: str) -> tuple[str, Markup]:
    """Commentary from before Markdown: HTML where it is HTML, else plain text.

    HTML gets a paragraph for each block between blank lines unless it has blocks of its
    own. Text that was HTML-escaped is unescaped.
    """
    if not has_html(text):
        return unescape(text), Markup.TEXT
    if _BLOCK.search(text) or not _BLANK_LINES.search(text):
        return text, Markup.HTML
    parts = _BLANK_LINES.split(text.strip())
    return "\n\n".join(f"<p>{part}</p>" for part in parts), Markup.HTML


def read_quotation(text: str) -> tuple[str, Markup]:
    """A quotation: Markdown where it shows signs of it, else plain text.

    Both keep the line breaks of what is quoted: in Markdown they become hard ones.
    """
    if has_html(text) or _MARKDOWN_SIGNS.search(text):
        return _SOFT_BREAK.sub("  \n", text), Markup.MARKDOWN
    return text, Markup.TEXT
