"""A digest as Markdown (CommonMark), to be pasted into a newsletter. Values in, text out.

What authors wrote in Markdown stays as they wrote it, unless it would do harm in the company of others:
links by reference and footnotes, whose names two entries may share; a block of code that is never closed;
HTML and addresses that the blog's own pages would not show. Then, and where an entry is not written in
Markdown, its sanitised HTML stands there, which Markdown allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

if TYPE_CHECKING:
    from collections.abc import Iterator

MEDIA_TYPE: Final = "text/markdown"
# What cannot stand as it was written: HTML (not an address in angle brackets), addresses that run scripts or
# hide what they are behind references to characters, names of links and of footnotes.
_HARMFUL: Final = re.compile(
    r"<(?!https?://|mailto:)[a-z/!?]|&#|&(?:colon|tab|newline);|\b(?:javascript|vbscript|data)\s*\\?:"
    r"|^[ >]{0,9}\[[^\]\n]+\]:|\[\^",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE: Final = re.compile(r"^[ \t>]*(?:```|~~~)", re.MULTILINE)
_MAYBE_CODE: Final = re.compile(r"`|~~~|^(?:    |\t)", re.MULTILINE)
_LINK: Final = re.compile(r"(\]\(\s*<?)(?![a-z][a-z0-9+.\-]*:)([^)\s>]+)", re.IGNORECASE)
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>&|~#])")
# Brackets and blanks end an address, and quotes begin a title.
_NOT_IN_ADDRESS: Final = re.compile(r"""[\s()<>\\"'`*_\[\]]""")
# HTML goes on to be HTML as long as no line is blank: within <pre> one may be.
_BLANK_LINE: Final = re.compile(r"\n(?=[ \t]*\n)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownEntry:
    """One entry; ``url`` is its page and ``link`` what it points to, both whole.

    ``body`` is as written where that is Markdown, else empty; ``html`` is sanitised, with whole addresses.
    ``is_quotation`` says that the body is somebody else's words.
    """

    title: str
    url: str
    when: str
    body: str
    html: str
    is_quotation: bool = False
    link: str = ""
    where: str = ""
    via: str = ""
    via_title: str = ""
    whom: str = ""
    context: str = ""
    image: str = ""
    image_alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownDigest:
    """A digest; ``groups`` are entries below a heading, ``rest`` says what is left out, with an address."""

    title: str
    intro: str
    url: str
    groups: tuple[tuple[str, tuple[MarkdownEntry, ...]], ...]
    rest: tuple[str, str] | None = None


def write_markdown(digest: MarkdownDigest) -> str:
    """Return the digest as Markdown, with a line end at its end."""
    return "\n\n".join(_blocks(digest)) + "\n"


def _blocks(digest: MarkdownDigest) -> Iterator[str]:
    yield f"# {_escaped(digest.title)}"
    yield _linked(digest.intro, digest.url)
    for heading, entries in digest.groups:
        yield f"## {_escaped(heading)}"
        for entry in entries:
            yield from _entry(entry)
    if digest.rest:
        yield _linked(*digest.rest)


def _entry(entry: MarkdownEntry) -> Iterator[str]:
    if entry.title and not entry.is_quotation:
        yield f"### {_linked(entry.title, entry.link or entry.url)}"
    if entry.image:
        yield f"![{_escaped(entry.image_alt)}]({_address(entry.image)})"
    if text := _text(entry):
        yield _quoted(text) if entry.is_quotation else text
    if entry.is_quotation and entry.whom:
        whom = _linked(entry.whom, entry.link) if entry.link else _escaped(entry.whom)
        yield f"— {whom}{f', {_escaped(entry.context)}' if entry.context else ''}"
    yield _footer(entry)


def _footer(entry: MarkdownEntry) -> str:
    parts = [_linked(entry.when, entry.url)]
    if entry.where:
        parts.append(_escaped(entry.where))
    if entry.via:
        parts.append(f"via {_linked(entry.via_title or entry.via, entry.via)}")
    return " · ".join(parts)


def _text(entry: MarkdownEntry) -> str:
    """The body as it was written, if it can stand among others, else as HTML."""
    body = entry.body.strip("\n").rstrip()
    if not body.strip() or _HARMFUL.search(body) or len(_FENCE.findall(body)) % 2:
        return _BLANK_LINE.sub("&#10;", entry.html.strip())
    if not _LINK.search(body):
        return body
    if _MAYBE_CODE.search(body):
        # What looks like a link may be code that shows one.
        return _BLANK_LINE.sub("&#10;", entry.html.strip())
    return _LINK.sub(lambda found: found[1] + urljoin(entry.url, found[2]), body)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _linked(text: str, address: str) -> str:
    return f"[{_escaped(text)}]({_address(address)})"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _address(address: str) -> str:
    return _NOT_IN_ADDRESS.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)
