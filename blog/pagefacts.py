"""What a page says of itself: its title, its author, its own address, its feeds.

The form for a new link is filled in with this, and importers and pollers name sources by it. A page
is somebody else's bytes: at most two million of its characters are read, once each; what it says is made
one line of bounded length, and of its claims only those are believed that it can make of itself.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from blog.domain.dates import FIRST_YEAR, LAST_YEAR
from blog.domain.html_elements import elements
from blog.domain.urls import canonical_url, web_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from blog.domain.html_elements import Element

_MOST_CHARACTERS: Final = 2_000_000
_TITLE: Final = 300
_NAME: Final = 100
_DESCRIPTION: Final = 600
_MOST_FEEDS: Final = 10
_MOST_METAS: Final = 200
_MOST_JSON: Final = 200_000
_MOST_SCRIPTS: Final = 8
_MOST_NODES: Final = 200
_MOST_AUTHORS: Final = 3


class FeedLink(NamedTuple):
    """A feed that a page names."""

    url: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What is known of a page; what is not is empty. All texts are one line, and of bounded length.

    ``canonical`` is the address that the page gives as its own, where that is on its own host;
    ``published`` the day that it gives, as it is written there.
    """

    title: str = ""
    author: str = ""
    site: str = ""
    canonical: str = ""
    description: str = ""
    published: date | None = None
    image: str = ""
    feeds: tuple[FeedLink, ...] = ()


def page_facts(data: bytes, url: str, content_type: str = "") -> PageFacts:
    """Return what the page at ``url`` says of itself; never raises.

    ``content_type`` is the header of its answer. What is no HTML has the title that its file name
    makes, or the first heading of a Markdown text.
    """
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() in _HTML or (not kind.strip() and data[:1_000].lstrip(_BEFORE_TAGS).startswith(b"<")):
        return _facts(_Page.read(decoded(data, parameters), url))
    heading = _HEADING.match(decoded(data[:4_000], parameters)) if kind.strip() in _TEXTS else None
    return PageFacts(title=_line(heading.group(1) if heading else _file_name(url), _TITLE))


_HTML: Final = {"text/html", "application/xhtml+xml"}
_TEXTS: Final = {"text/plain", "text/markdown", "text/x-markdown"}
_HEADING: Final = re.compile(r"\s*#[ \t]+([^\n]+)")
_BEFORE_TAGS: Final = codecs.BOM_UTF8 + b" \t\r\n\f"


def _file_name(url: str) -> str:
    """The end of an address in words: "Annual%20report_2009.pdf" as "Annual report 2009"."""
    try:
        name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2][-500:])
    except ValueError:
        return ""
    return re.sub(r"[_\s]+|(?<=\w)-(?=\w)", " ", re.sub(r"\.\w{1,5}$", "", name))


# --- What is said, found in the page


@dataclass(slots=True)
class _Page:
    """All that a page says, as it is found; of two that say the same thing the first counts."""

    url: str
    base: str
    title: str = ""
    metas: dict[str, str] = field(default_factory=dict)
    canonical: str = ""
    link_author: str = ""
    feeds: list[FeedLink] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, text: str, url: str) -> _Page:
        """Look at every element; ``body`` is where others may have written, so it says little."""
        page, in_head = cls(url, url), True
        for element in elements(text):
            if element.name == "script":
                page.add_script(element)
            elif element.name == "body":
                in_head = False
            elif in_head:
                page.add_from_head(element)
            elif element.name == "a" and not page.link_author and _has_word(element, "rel", "author"):
                page.link_author = _text_of_link(text, element.end)
        return page

    def add_script(self, element: Element) -> None:
        kind = element.attributes.get("type", "").partition(";")[0].strip().lower()
        if kind == "application/ld+json" and len(self.scripts) < _MOST_SCRIPTS:
            self.scripts.append(element.text)

    def add_from_head(self, element: Element) -> None:
        match element.name:
            case "title" if not self.title:
                self.title = unescape(element.text[: 4 * _TITLE])
            case "meta" if len(self.metas) < _MOST_METAS:
                self.add_meta(element.attributes)
            case "link":
                self.add_link(element)
            case "base" if self.base == self.url:
                self.base = _absolute(self.url, element.attributes.get("href", "")) or self.url

    def add_meta(self, attributes: Mapping[str, str]) -> None:
        content = attributes.get("content", "")
        if not content.strip():
            return
        for name in ("property", "name", "itemprop"):
            if key := attributes.get(name, "").strip().lower():
                self.metas.setdefault(key, content)

    def add_link(self, element: Element) -> None:
        address = _absolute(self.base, element.attributes.get("href", ""))
        if not address:
            return
        if _has_word(element, "rel", "canonical"):
            self.canonical = self.canonical or address
        kind = element.attributes.get("type", "").partition(";")[0].strip().lower()
        if kind in _FEEDS and _has_word(element, "rel", "alternate") and len(self.feeds) < _MOST_FEEDS:
            self.feeds.append(FeedLink(address, _line(element.attributes.get("title", ""), _TITLE)))

    def said(self, *names: str) -> Iterator[str]:
        """What the ``meta`` elements with these names say, in this order."""
        return (self.metas[name] for name in names if name in self.metas)


_FEEDS: Final = {
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
}


def _has_word(element: Element, attribute: str, word: str) -> bool:
    return word in element.attributes.get(attribute, "").lower().split()


def _text_of_link(text: str, start: int) -> str:
    end = text.find("</a", start, start + 1_000)
    return unescape(re.sub(r"<[^>]*>", " ", text[start:end])) if end >= 0 else ""


def _absolute(base: str, address: str) -> str:
    """An address in a page as one of the web; empty where it is none."""
    if not address.strip():
        return ""
    try:
        return web_url(urljoin(base, address.strip()))
    except ValueError:
        return ""


# --- What is believed


def _facts(page: _Page) -> PageFacts:
    linked = _linked_data(page.scripts)
    site = _first(_NAME, page.said("og:site_name", "application-name"), linked.names("publisher"))
    headlines = chain(page.said("twitter:title"), linked.texts("headline", "name"))
    authors = chain(
        [", ".join(islice(linked.names("author"), _MOST_AUTHORS))],
        (name for name in page.said(*_AUTHOR_METAS) if not _is_address(name)),
        [page.link_author],
        page.said("twitter:creator"),
    )
    described = page.said("og:description", "description", "twitter:description")
    return PageFacts(
        title=_without_site(_first(_TITLE, page.said("og:title"), [page.title], headlines), site),
        author=_first(_NAME, authors),
        site=site,
        canonical=_believed(page.canonical, page.url),
        description=_first(_DESCRIPTION, described, linked.texts("description")),
        published=_first_day(chain(page.said(*_DATE_METAS), linked.texts("datePublished"))),
        image=_absolute(page.base, next(page.said(*_IMAGE_METAS), "")),
        feeds=tuple(dict.fromkeys(page.feeds)),
    )


_AUTHOR_METAS: Final = (
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "parsely-author",
)
_DATE_METAS: Final = (
    "article:published_time",
    "datepublished",
    "citation_publication_date",
    "citation_date",
    "dc.date",
    "dcterms.created",
    "date",
)
_IMAGE_METAS: Final = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")
_SEPARATORS: Final = ("–", "—", "-", "|", "·", "•", "::", ":", "»", "«", "/")


def _is_address(text: str) -> bool:
    return "://" in text or text.strip().startswith(("/", "@"))


def _without_site(title: str, site: str) -> str:
    """Take " – Site" off the end of a title, where the page says that this is what its site is called."""
    if not site or not title.casefold().endswith(site.casefold()) or len(title) <= len(site):
        return title
    before = title[: -len(site)].rstrip()
    for mark in _SEPARATORS:
        kept = before.removesuffix(mark)
        # A colon follows its word at once, everything else stands free: "Front-End" is one word.
        if kept != before and kept.strip() and (mark == ":" or kept[-1].isspace()):
            return kept.rstrip()
    return title


def _believed(claimed: str, url: str) -> str:
    """The address that a page calls its own, if it is one of its own host and not just the front page.

    Pages of two hosts may be of one owner, but then ``alice.example.io`` and ``bob.example.io`` may not,
    and nothing tells the one from the other. Whole sites are set up to call every page their front page.
    """
    own, other = urlsplit(canonical_url(url)), urlsplit(canonical_url(claimed))
    if not other.netloc or own.netloc != other.netloc:
        return ""
    is_front = other.path == "/" and not other.query
    return "" if is_front and (own.path != "/" or own.query or own.fragment) else claimed


def _first_day(said: Iterable[str]) -> date | None:
    for text in said:
        try:
            day = date.fromisoformat(text.strip()[:10].replace("/", "-"))
        except ValueError:
            continue
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    return None


# --- JSON-LD

_ARTICLES: Final = re.compile(r"(?:Article|Posting|Report|Recipe|VideoObject|PodcastEpisode|Book|Review)$")
_Node = dict[str, Any]


class _Linked(NamedTuple):
    """What JSON-LD says of a page: of its parts the one that is the article, and all that have an id."""

    node: _Node
    by_id: Mapping[str, _Node]

    def texts(self, *names: str) -> Iterator[str]:
        """The texts of these properties."""
        return (unescape(one[: 4 * _DESCRIPTION]) for name in names for one in _strings(self.node.get(name)))

    def names(self, name: str) -> Iterator[str]:
        """The names of the people or sites of a property: texts, or nodes, which may stand elsewhere."""
        value = self.node.get(name)
        for one in value if isinstance(value, list) else [value]:
            named = self._named(one) if isinstance(one, dict) else one
            line = _line(unescape(named[: 4 * _NAME]), _NAME) if isinstance(named, str) else ""
            if line and not _is_address(line):
                yield line

    def _named(self, node: _Node) -> object:
        known = self.by_id.get(str(node.get("@id")), {})
        return next(iter(_strings(node.get("name", known.get("name")))), "")


def _linked_data(scripts: Iterable[str]) -> _Linked:
    """Read the first part that is an article, or else the first that has a headline."""
    nodes = list(islice(chain.from_iterable(map(_nodes, scripts)), _MOST_NODES))
    articles = [one for one in nodes if any(_ARTICLES.search(kind) for kind in _strings(one.get("@type")))]
    chosen = next(iter(articles or [one for one in nodes if "headline" in one]), {})
    return _Linked(chosen, {one["@id"]: one for one in nodes if isinstance(one.get("@id"), str)})


def _nodes(script: str) -> Iterator[_Node]:
    if len(script) > _MOST_JSON:
        return
    try:
        found = json.loads(script)
    except (ValueError, RecursionError):
        return
    for top in found if isinstance(found, list) else [found]:
        if isinstance(top, dict):
            yield top
            graph = top.get("@graph")
            yield from (one for one in (graph if isinstance(graph, list) else []) if isinstance(one, dict))


def _strings(value: object) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


# --- Characters


def _first(length: int, *sources: Iterable[str]) -> str:
    """The first that says something, as one line of at most this length."""
    return next((line for said in chain(*sources) if (line := _line(said, length))), "")


def _line(text: str, length: int) -> str:
    """One line, without control characters and those that turn the direction of what follows."""
    kept = (" " if one.isspace() else one for one in text[: 4 * length] if _is_shown(one))
    line = " ".join("".join(kept).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _is_shown(character: str) -> bool:
    # Joiners are part of words, and of emoji.
    return character.isspace() or character.isprintable() or character in "\u200c\u200d"


_LABELS: Final = {
    "utf8": "utf-8",
    "unicode11utf8": "utf-8",
    "latin1": "cp1252",
    "l1": "cp1252",
    "ascii": "cp1252",
    "usascii": "cp1252",
    "iso88591": "cp1252",
    "windows1252": "cp1252",
    "cp1252": "cp1252",
    "iso88592": "iso8859-2",
    "latin2": "iso8859-2",
    "iso88595": "iso8859-5",
    "iso88597": "iso8859-7",
    "iso88599": "cp1254",
    "iso885913": "iso8859-13",
    "iso885915": "iso8859-15",
    **{f"windows125{number}": f"cp125{number}" for number in (0, 1, 3, 4, 5, 6, 7, 8)},
    **{f"cp125{number}": f"cp125{number}" for number in (0, 1, 3, 4, 5, 6, 7, 8)},
    "macintosh": "mac-roman",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "tis620": "cp874",
    "windows874": "cp874",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "windows31j": "cp932",
    "eucjp": "euc-jp",
    "xeucjp": "euc-jp",
    "iso2022jp": "iso2022-jp",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
}
"""What the web means by a charset (WHATWG Encoding), by its name without marks. No other codec is used."""
_BOMS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([a-z0-9_:\-]{1,40})", re.IGNORECASE)
_META_CHARSET: Final = re.compile(
    rb"<meta[^>]{0,300}?(charset\s*=\s*[\"']?\s*[a-z0-9_:\-]{1,40})", re.IGNORECASE
)
_LOOKS_FOR_CHARSET: Final = 4_096


def decoded(data: bytes, parameters: str) -> str:
    """The text of a page: by its byte order mark, its header or its ``meta``, in this order, or by itself."""
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            return data[len(mark) : 4 * _MOST_CHARACTERS].decode(encoding, "replace")[:_MOST_CHARACTERS]
    start = data[: 4 * _MOST_CHARACTERS]
    encoding = _codec(_CHARSET.search(parameters)) or _meta_codec(data) or _guessed(data)
    return start.decode(encoding, "replace")[:_MOST_CHARACTERS]


def _codec(found: re.Match[str] | None) -> str:
    name = found.group(1).lower() if found else ""
    if name in ("utf-16", "utf-16le", "utf-16be"):
        return f"utf-16-{'be' if name.endswith('be') else 'le'}"
    return _LABELS.get(re.sub(r"[^a-z0-9]", "", name), "")


def _meta_codec(data: bytes) -> str:
    found = _META_CHARSET.search(data[:_LOOKS_FOR_CHARSET])
    said = _codec(_CHARSET.search(found.group(1).decode("ascii"))) if found else ""
    # Who can read that it is UTF-16 is reading something else.
    return "utf-8" if said.startswith("utf-16") else said


def _guessed(data: bytes) -> str:
    """UTF-8 if it can be, else what Western pages were in before."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[:100_000])
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
