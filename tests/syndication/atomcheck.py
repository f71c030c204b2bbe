"""A strict reader of Atom documents, written from RFC 4287: ``faults`` says what breaks which section."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

ATOM: Final = "{http://www.w3.org/2005/Atom}"
# Section 3.3: the date-time of RFC 3339, with its T and its Z in capitals.
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IRI: Final = re.compile(r"""[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>"{}|\\^`\x00-\x20]+""")
_MEDIA_TYPE: Final = re.compile(r".+/.+")
_ONCE_IN_FEED: Final = ("id", "title", "updated")
_AT_MOST_ONCE_IN_FEED: Final = ("generator", "icon", "logo", "rights", "subtitle")
_ONCE_IN_ENTRY: Final = ("id", "title", "updated")
_AT_MOST_ONCE_IN_ENTRY: Final = ("content", "published", "rights", "source", "summary")
_MANY: Final = ("author", "category", "contributor", "link")


def faults(document: bytes) -> list[str]:
    """Return a sentence for every rule that the document breaks."""
    try:
        feed = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        return [f"section 2: not well-formed XML: {error}"]
    if feed.tag != f"{ATOM}feed":
        return [f"section 2: the root is {feed.tag}"]
    return [*_feed(feed), *(found for entry in feed.findall(f"{ATOM}entry") for found in _entry(entry))]


def _feed(feed: Element) -> Iterator[str]:
    yield from _counts(feed, _ONCE_IN_FEED, _AT_MOST_ONCE_IN_FEED, (*_MANY, "entry"), "4.1.1")
    yield from _children(feed)
    rels = Counter(link.get("rel", "alternate") for link in feed.findall(f"{ATOM}link"))
    if rels["self"] != 1:
        yield f"section 4.1.1: {rels['self']} links to itself"
    entries = feed.findall(f"{ATOM}entry")
    if feed.find(f"{ATOM}author") is None and any(entry.find(f"{ATOM}author") is None for entry in entries):
        yield "section 4.1.1: no author of the feed, nor of each entry"
    versions = Counter((_said(entry, "id"), _said(entry, "updated")) for entry in entries)
    yield from (f"section 4.1.1: entry {one} is there twice" for one, count in versions.items() if count > 1)


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
    yield from (f"section {section}: no element {tag} here" for tag in found if tag not in known)
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
    if not re.fullmatch(r"[a-z]+", link.get("rel", "alternate")):
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
