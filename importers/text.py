"""Text as others wrote it, made fit to keep: no control characters, no markup in titles."""

from __future__ import annotations

import html
import re
from typing import Final

import nh3

from blog.domain.html_depth import levelled

MAX_TITLE: Final = 500
_LONGEST_RAW_TITLE: Final = 20_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|d[dlt]|div|fig\w+|footer|h[1-6r]|header|li|main|nav"
    r"|[ou]l|p|pre|section|table|t[dhr])\b)",
    re.IGNORECASE,
)
_UNSEEN: Final = {"script", "style", "template", "title"}


def _printable(match: re.Match[str]) -> str:
    # U+0080 to U+009F are never meant: they are Windows-1252 that was read as Latin-1.
    # The HTML standard reads character references to them in the same way.
    try:
        return match.group().encode("latin-1").decode("cp1252") if match.group() >= "\x80" else ""
    except UnicodeError:
        return ""


def clean(text: str) -> str:
    """Text without control characters but tabs and line feeds, which end lines alone."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(_printable, text)


def one_line(text: str, longest: int = MAX_TITLE) -> str:
    """Text on one line, cut with an ellipsis where it is longer than ``longest`` characters."""
    line = " ".join(clean(text[:_LONGEST_RAW_TITLE]).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def unescape(text: str) -> str:
    """Character references as characters; only complete ones, so ``?a=1&copy=2`` stays."""
    return _REFERENCE.sub(lambda match: html.unescape(match.group()), text)


def text_of_html(source: str) -> str:
    """What a reader of the HTML would read, on one line.

    A parser that browsers' rules were written into does this, because html.parser takes
    27 seconds for 50 kB of ``<a <a <a`` and stops at ``<![``.
    """
    apart = levelled(_BLOCK.sub(" <", source))
    bare = nh3.clean(apart, tags=set(), attributes={}, clean_content_tags=_UNSEEN)
    return " ".join(clean(html.unescape(bare)).split())


def title_of_html(source: str) -> str:
    """A title that was written in HTML, as text of at most ``MAX_TITLE`` characters."""
    return one_line(text_of_html(source[:_LONGEST_RAW_TITLE]))
