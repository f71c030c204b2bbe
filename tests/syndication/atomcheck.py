"""A strict reader of Atom documents: ``faults`` says what breaks which section of RFC 4287, ``warnings`` what
the W3C's feed validator (https://validator.w3.org/feed/) would say besides.

What it knows of other vocabularies are archives (RFC 5005) and deleted entries (RFC 6721).
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

ATOM: Final = "{http://www.w3.org/2005/Atom}"
# Section 3.3: the date-time of RFC 3339, with its T and its Z in capitals.
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IRI: Final = re.compile(r"""[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>"{}|\\^`\x00-\x20]+""")
# Within HTML, browsers put up with spaces and the like; what they cannot do is guess a host.
_WHOLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_MEDIA_TYPE: Final = re.compile(r".+/.+")
_ONCE_IN_FEED: Final = ("id", "title", "updated")
_AT_MOST_ONCE_IN_FEED: Final = ("generator", "icon", "logo", "rights", "subtitle")
_ONCE_IN_ENTRY: Final = ("id", "title", "updated")
_AT_MOST_ONCE_IN_ENTRY: Final = ("content", "published", "rights", "source", "summary")
_MANY: Final = ("author", "category", "contributor", "link")
_HISTORY: Final = "{http://purl.org/syndication/history/1.0}"
_TOMBSTONES: Final = "{http://purl.org/atompub/tombstones/1.0}"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
# Relations that the IANA knows, of those that are used here.
_RELATIONS: Final = {
    "alternate",
    "current",
    "enclosure",
    "hub",
    "next-archive",
    "prev-archive",
    "related",
    "self",
    "via",
}
_VOID: Final = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_UNSAFE: Final = {"applet", "base", "embed", "form", "link", "meta", "object", "script", "style"}
_ADDRESSES: Final = ("href", "src", "cite", "poster")


def faults(document: bytes) -> list[str]:
    """Return a sentence for every rule that the document breaks."""
    try:
        feed = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        return [f"section 2: not well-formed XML: {error}"]
    if feed.tag != f"{ATOM}feed":
        return [f"section 2: the root is {feed.tag}"]
    return [*_feed(feed), *(found for entry in feed.findall(f"{ATOM}entry") for found in _entry(entry))]


def warnings(document: bytes, address: str, now: datetime) -> list[str]:
    """Return a sentence for everything that readers may stumble over in a document found at an address."""
    return list(_warnings(ElementTree.fromstring(document), address, now))


def _warnings(feed: Element, address: str, now: datetime) -> Iterator[str]:
    for link in feed.findall(f"{ATOM}link"):
        if link.get("rel") == "self" and unquote(link.get("href", "")) != unquote(address):
            yield f"the feed says it is at {link.get('href')}, and was found at {address}"
    ids = Counter(_said(entry, "id") for entry in feed.findall(f"{ATOM}entry"))
    yield from (f"{count} entries have the id {one}" for one, count in ids.items() if count > 1)
    gone = {one.get("ref", "") for one in feed.iterfind(f"{_TOMBSTONES}deleted-entry")}
    yield from (f"{one} is there and deleted" for one in sorted(gone & ids.keys()))
    for element in feed.iter():
        name = element.tag.removeprefix(ATOM)
        if name in ("title", "subtitle") and not (element.text or "").strip():
            yield f"a {name} is blank"
        elif name in ("updated", "published") and datetime.fromisoformat(element.text or "") > now:
            yield f"{name} {element.text} is in the future"
        elif name == "content":
            yield from _Content(element.text or "").faults


class _Content(HTMLParser):
    """Reads the HTML of an entry: closed in its order, safe, and with whole addresses."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        if self._open:
            self.faults.append(f"<{self._open[-1]}> is never closed")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSAFE:
            self.faults.append(f"<{tag}> is not safe")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (value or "").lower().startswith("javascript:"):
                self.faults.append(f"{name}={value!r} is not safe")
            if name in _ADDRESSES and not _WHOLE.match(value or ""):
                self.faults.append(f"{value!r} is not a whole address")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.faults.append(f"</{tag}> closes nothing")


def _feed(feed: Element) -> Iterator[str]:
    yield from _counts(feed, _ONCE_IN_FEED, _AT_MOST_ONCE_IN_FEED, (*_MANY, "entry"), "4.1.1")
    yield from _children(feed)
    rels = Counter(link.get("rel", "alternate") for link in feed.findall(f"{ATOM}link"))
    if rels["self"] != 1:
        yield f"section 4.1.1: {rels['self']} links to itself"
    if not _LANGUAGE.fullmatch(feed.get(_LANG, "")):
        yield f"section 2: xml:lang is {feed.get(_LANG)!r}"
    yield from _extensions(feed, rels)
    entries = feed.findall(f"{ATOM}entry")
    if feed.find(f"{ATOM}author") is None and any(entry.find(f"{ATOM}author") is None for entry in entries):
        yield "section 4.1.1: no author of the feed, nor of each entry"
    versions = Counter((_said(entry, "id"), _said(entry, "updated")) for entry in entries)
    yield from (f"section 4.1.1: entry {one} is there twice" for one, count in versions.items() if count > 1)


def _extensions(feed: Element, rels: Counter[str]) -> Iterator[str]:
    archives = feed.findall(f"{_HISTORY}archive")
    if len(archives) > 1 or any(len(one) or one.text or one.attrib for one in archives):
        yield "RFC 5005, section 4: the mark of an archive is there once, and empty"
    if archives and not rels["current"]:
        yield "RFC 5005, section 4: an archive does not say what it is an archive of"
    yield from (
        f"RFC 5005: {count} links to {rel}" for rel, count in rels.items() if "archive" in rel and count > 1
    )
    for one in feed.findall(f"{_TOMBSTONES}deleted-entry"):
        if set(one.attrib) != {"ref", "when"} or len(one) or one.text:
            yield f"RFC 6721, section 3: a deleted entry with {dict(one.attrib)}"
        elif not _IRI.fullmatch(one.attrib["ref"]) or not _is_date(one.attrib["when"]):
            yield f"RFC 6721, section 3: no IRI or no date in {dict(one.attrib)}"


def _entry(entry: Element) -> Iterator[str]:
    yield from _counts(entry, _ONCE_IN_ENTRY, _AT_MOST_ONCE_IN_ENTRY, _MANY, "4.1.2")
    yield from _children(entry)
    content = entry.find(f"{ATOM}content")
    alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
    if content is None and not alternates:
        yield "section 4.1.2: neither content nor an alternate link"
    if content is not None and (content.get("type") != "html" or len(content)):
        yield "section 4.1.3.3: the content is not escaped HTML"
    published, updated = _said(entry, "published"), _said(entry, "updated")
    if published and updated < published:
        yield f"updated {updated}, before it was published {published}"


def _counts(
    element: Element, once: tuple[str, ...], at_most: tuple[str, ...], many: tuple[str, ...], section: str
) -> Iterator[str]:
    found = Counter(child.tag for child in element)
    for name in once:
        if found[f"{ATOM}{name}"] != 1:
            yield f"section {section}: {found[f'{ATOM}{name}']} of {name}"
    for name in at_most:
        if found[f"{ATOM}{name}"] > 1:
            yield f"section {section}: {found[f'{ATOM}{name}']} of {name}"
    known = {f"{ATOM}{name}" for name in (*once, *at_most, *many)}
    # Section 6.3: what is of another vocabulary may be anywhere; what has none is no extension.
    own = [tag for tag in found if tag.startswith(ATOM) or not tag.startswith("{")]
    yield from (f"section {section}: no element {tag} here" for tag in own if tag not in known)
    alternates = Counter(
        (link.get("type"), link.get("hreflang"))
        for link in element.findall(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate"
    )
    yield from (
        f"section {section}: two alternates of {kind}" for kind, count in alternates.items() if count > 1
    )


def _children(element: Element) -> Iterator[str]:
    for child in element:
        name = child.tag.removeprefix(ATOM)
        if name == "id" and not _IRI.fullmatch(child.text or ""):
            yield f"section 4.2.6: {child.text!r} is not an absolute IRI"
        elif name in ("updated", "published") and not _is_date(child.text or ""):
            yield f"section 3.3: {child.text!r} is not a date"
        elif name == "link":
            yield from _link(child)
        elif name == "category" and not child.get("term"):
            yield "section 4.2.2: a category without its term"
        elif name in ("author", "contributor"):
            yield from _person(child)
        elif name in ("title", "subtitle", "rights", "summary") and child.get("type", "text") not in (
            "text",
            "html",
            "xhtml",
        ):
            yield f"section 3.1.1: {name} of type {child.get('type')}"


def _link(link: Element) -> Iterator[str]:
    href = link.get("href", "")
    if not _IRI.fullmatch(href):
        yield f"section 4.2.7.1: {href!r} is not an absolute IRI"
    if link.get("rel", "alternate") not in _RELATIONS:
        yield f"section 4.2.7.2: {link.get('rel')} is no registered relation"
    if "type" in link.attrib and not _MEDIA_TYPE.fullmatch(link.attrib["type"]):
        yield f"section 4.2.7.3: {link.attrib['type']!r} is no media type"


def _person(person: Element) -> Iterator[str]:
    found = Counter(child.tag.removeprefix(ATOM) for child in person)
    if found["name"] != 1 or found["uri"] > 1 or found["email"] > 1 or not _said(person, "name").strip():
        yield f"section 3.2: a person with {dict(found)}"
    uri = _said(person, "uri")
    if uri and not _IRI.fullmatch(uri):
        yield f"section 3.2.2: {uri!r} is not an absolute IRI"


def _said(element: Element, name: str) -> str:
    return element.findtext(f"{ATOM}{name}") or ""


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
