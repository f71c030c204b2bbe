"""A feed's bytes read into plain values: the one place that knows feedparser.

feedparser is given neither a name nor an address but a stream of bytes that are well-formed
as text: decoded here, without characters that XML forbids and **without the document type**.
That last one is what makes entity bombs and external entities impossible rather than
limited: what is not declared cannot expand. ``&nbsp;`` and its like are still understood,
because feedparser falls back to its lenient parser for them.

Even bytes would not be safe to hand over: feedparser tries to open them as a file name.
Its sanitising is switched off, because ours runs last and on everything (``rendering.py``),
and so is its rewriting of links in HTML, which goes through the same old parser.
"""

from __future__ import annotations

import calendar
import codecs
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import feedparser

from blog.domain.errors import BadImport
from importers.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_PROLOG: Final = 65_536

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_NUMBERED = re.compile(r"&#([xX][0-9a-fA-F]{1,4000}|[0-9]{1,4000});")
_SPACE = re.compile(r"\s*")
_IN_DOCTYPE = re.compile(r"""<!--|["'\[\]>]""")
_ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|rdf)(?=[\s>/])", re.IGNORECASE)

# What feedparser has been seen to raise on broken input. None of it says anything about us.
_ITS_CRASHES: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Prose:
    """A piece of text with its media type and the base of its relative addresses."""

    text: str = ""
    type: str = "text/plain"
    base: str = ""

    @property
    def is_html(self) -> bool:
        """Whether it is HTML or XHTML."""
        return "html" in self.type


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An item as the feed has it; what it lacks is "", None or (). Links may be relative."""

    id: str
    link: str
    title: Prose
    body: Prose
    published: datetime | None
    updated: datetime | None
    tags: tuple[str, ...]
    images: tuple[str, ...]
    via_url: str
    via_title: str


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed: its page, its date, its items, and whether it breaks off inside the last one."""

    link: str
    updated: datetime | None
    items: tuple[FeedItem, ...]
    breaks_off: bool


def looks_like_feed(head: bytes) -> bool:
    """Tell whether a document that begins with ``head`` is RSS, RDF or Atom.

    The export of WordPress is RSS too, but drafts, private posts and comments are items in
    it like any other. Read as a feed it would publish them.
    """
    text = _decode(head)
    return _find_root(text) is not None and "//wordpress.org/export/" not in text


def read_document(data: bytes) -> FeedDocument:
    """Read a feed of any of the formats that feedparser knows.

    Raises:
        BadImport: there is no feed in it, or nothing of it can be read.
    """
    text = _decode(data)
    start = _find_root(text)
    if start is None:
        raise BadImport("This is not a feed: it does not begin with <rss>, <feed> or <rdf:RDF>.")
    text = _NUMBERED.sub(_readable, text[start:])
    try:
        # The parser is told the encoding twice, because it believes the header first.
        parsed = feedparser.parse(
            io.BytesIO(b"<?xml version='1.0' encoding='utf-8'?>\n" + text.encode()),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        feed = parsed["feed"]
        return FeedDocument(
            link=_text(feed, "link") or next(_links(feed, "self"), {}).get("href", ""),
            updated=_time(feed, "updated_parsed") or _time(feed, "published_parsed"),
            items=tuple(_item(entry) for entry in parsed["entries"]),
            breaks_off=_breaks_off(text),
        )
    except _ITS_CRASHES as error:
        raise BadImport(f"This feed is too broken to read ({error}).") from error


def _decode(data: bytes) -> str:
    return clean(_decode_as_it_says(data))


def _decode_as_it_says(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data.decode(name, "replace").lstrip("\ufeff")
    declared = _DECLARED.match(data)
    name = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    # The declaration was read as eight-bit text just now, so it cannot be UTF-16 as some say.
    if not name.startswith(("utf-8", "utf8", "utf-16", "utf-32", "ucs")):
        try:
            return data.decode(name)
        except (LookupError, UnicodeError):
            pass
    # What is not UTF-8 in it is Windows-1252, byte by byte: one bad quotation mark must not
    # spoil all the rest.
    return _BAD_BYTE.sub(_as_cp1252, data.decode("utf-8", "surrogateescape"))


def _as_cp1252(match: re.Match[str]) -> str:
    return bytes([ord(match.group()) - 0xDC00]).decode("cp1252", "replace")


def _readable(reference: re.Match[str]) -> str:
    """The character reference if it names a character that text may have.

    One ``&#0;`` costs a feed the strict parser, and one ``&#x110000;`` the lenient one too.
    """
    digits = reference[1].lower()
    number = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    if number > 0x10FFFF:
        return ""
    character = clean(chr(number))
    return reference.group() if character == chr(number) else character


def _find_root(text: str) -> int | None:
    """Where the root element of a feed begins, behind declaration, comments and DOCTYPE."""
    text = text[:LONGEST_PROLOG]
    at = 0
    while at >= 0:
        at = _end_of(_SPACE, text, at)
        if text.startswith("<?", at):
            at = _behind(text, "?>", at)
        elif text.startswith("<!--", at):
            at = _behind(text, "-->", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            at = _behind_doctype(text, at + 9)
        else:
            return at if _ROOT.match(text, at) else None
    return None


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _behind(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    return found + len(end) if found >= 0 else -1


def _behind_doctype(text: str, at: int) -> int:
    depth = 0
    while token := _IN_DOCTYPE.search(text, at):
        at = token.end()
        match token.group():
            case "<!--":
                at = _behind(text, "-->", at)
            case '"' | "'" as quote:
                at = _behind(text, quote, at)
            case "[":
                depth += 1
            case "]":
                depth -= 1
            case ">" if depth <= 0:
                return at
        if at < 0:
            break
    return -1


def _breaks_off(text: str) -> bool:
    begun = max(text.rfind("<item"), text.rfind("<entry"))
    return begun > max(text.rfind("</item"), text.rfind("</entry"))


# feedparser's dictionaries warn on, and answer with, things that are not there
# ("updated" with the value of "published"). dict.get sees what was really read.


def _text(values: dict[str, Any], key: str) -> str:
    value = dict.get(values, key)
    return clean(value).strip() if isinstance(value, str) else ""


def _dicts(values: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = dict.get(values, key)
    return [value for value in found if isinstance(value, dict)] if isinstance(found, list) else []


def _links(values: dict[str, Any], rel: str) -> Iterator[dict[str, Any]]:
    return (link for link in _dicts(values, "links") if link.get("rel") == rel and link.get("href"))


def _time(values: dict[str, Any], key: str) -> datetime | None:
    parsed = dict.get(values, key)
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):  # a year that no calendar has
        return None


def _item(entry: dict[str, Any]) -> FeedItem:
    via = next(_links(entry, "via"), {})
    return FeedItem(
        id=_text(entry, "id"),
        link=_text(entry, "link"),
        title=_prose(dict.get(entry, "title_detail")),
        body=_body(entry),
        published=_time(entry, "published_parsed") or _time(entry, "created_parsed"),
        updated=_time(entry, "updated_parsed"),
        tags=tuple(_tags(entry)),
        images=tuple(_images(entry)),
        via_url=_text(via, "href"),
        via_title=_text(via, "title"),
    )


def _prose(detail: object) -> Prose:
    if not isinstance(detail, dict):
        return Prose()
    return Prose(_text(detail, "value"), _text(detail, "type") or "text/plain", _text(detail, "base"))


def _body(entry: dict[str, Any]) -> Prose:
    """The full content where there is one, of several the longest, else the summary."""
    contents = [_prose(content) for content in _dicts(entry, "content")]
    full = max(contents, key=lambda prose: len(prose.text), default=Prose())
    return full if full.text else _prose(dict.get(entry, "summary_detail"))


def _tags(entry: dict[str, Any]) -> Iterator[str]:
    for tag in _dicts(entry, "tags"):
        term, label = _text(tag, "term"), _text(tag, "label")
        yield label if label and (not term or "://" in term) else term


def _images(entry: dict[str, Any]) -> Iterator[str]:
    for link in _links(entry, "enclosure"):
        if _text(link, "type").startswith("image/"):
            yield _text(link, "href")
    for media in _dicts(entry, "media_content"):
        if "image" in (_text(media, "medium"), _text(media, "type").partition("/")[0]):
            yield _text(media, "url")
    for media in _dicts(entry, "media_thumbnail"):
        yield _text(media, "url")
