"""OPML 1 and 2: the feeds somebody reads, which become sources.

    <outline text="Databases">
        <outline type="rss" text="Roaring" xmlUrl="https://example.org/feed" htmlUrl="https://example.org/"/>
    </outline>

A source has one address here, and that is the feed's. Groups have no place in it; who takes the feeds up to
be polled (``outlines``) makes tags of them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Item, Rejected, SourceDraft
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from blog.domain.urls import domain_of, web_url
from importers.bookmarks import bookmark_id
from importers.breakage import until_it_breaks
from importers.records import occurrences
from importers.text import one_line
from importers.xml_stream import End, Start, events, root_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importers.material import Material

_LONGEST_SLUG: Final = 80
_LONGEST_TAG: Final = 80
_MOST_TAGS: Final = 20
_FEED_SCHEME: Final = re.compile(r"\Afeed:(?://)?(https?:)|\Afeed://", re.IGNORECASE)
_FEED: Final = re.compile(r"\bxmlurl\s{0,9}=", re.IGNORECASE)


def detect(material: Material) -> bool:
    """Tell whether the root element is ``opml``."""
    return root_of(material) == "opml"


def count(material: Material) -> int:
    """How many feeds there seem to be."""
    return occurrences(material, _FEED)


def parse(material: Material) -> Iterator[Item]:
    """Yield a source for each feed, in whatever groups it is."""
    return until_it_breaks(_sources(material), material.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed in a file: its name, its address, that of its page, and the groups and categories it is in."""

    name: str
    slug: str
    url: str
    home: str
    tags: tuple[str, ...]


def outlines(material: Material) -> Iterator[Outline | Rejected]:
    """Yield each feed, in whatever groups it is.

    Raises:
        BadImport: the file is no XML, or declares entities.
    """
    return until_it_breaks(_outlines(material), material.label)


def _sources(material: Material) -> Iterator[Item]:
    for one in _outlines(material):
        if isinstance(one, Outline):
            yield SourceDraft(slug=one.slug, name=one.name, url=one.url)
        else:
            yield one


def _outlines(material: Material) -> Iterator[Outline | Rejected]:
    reader = _Reader()
    for event in events(material):
        if isinstance(event, Start) and event.name.lower() == "outline":
            yield from reader.begin(event.attributes)
        elif isinstance(event, End) and event.name.lower() == "outline":
            yield from reader.end()


class _Reader:
    """What was read until now: the outlines we are in, and the names and addresses that are taken."""

    def __init__(self) -> None:
        # Of each outline we are in that is no feed: its name, or "" as soon as it is seen to be a group.
        self._open: list[str] = []
        self._groups: list[str] = []
        self._urls: set[str] = set()
        self._slugs: set[str] = set()

    def begin(self, attributes: dict[str, str]) -> Iterator[Outline | Rejected]:
        said = {name.lower(): one_line(value, 2_000) for name, value in attributes.items()}
        name, address = said.get("text") or said.get("title", ""), said.get("xmlurl", "")
        if self._open:
            self._open[-1] = ""
        self._open.append("" if address else name or said.get("url") or "an outline without a name")
        if address:
            yield self._outline(said.get("title") or name, address, said)
        self._groups.append("" if address else name)

    def end(self) -> Iterator[Outline | Rejected]:
        if self._groups:
            self._groups.pop()
        if self._open and (name := self._open.pop()):
            yield Rejected(external_id=name, reason="It names no feed and has none in it.")

    def _outline(self, name: str, address: str, said: dict[str, str]) -> Outline | Rejected:
        url = web_url(_FEED_SCHEME.sub(lambda found: found[1] or "http://", address))
        if not url:
            return Rejected(external_id=address, reason=f"“{address[:80]}” is not an http or https address.")
        if bookmark_id(url) in self._urls:
            return Rejected(external_id=url, reason="The file has this feed more than once.")
        self._urls.add(bookmark_id(url))
        name = name or domain_of(url)
        tags = (*self._groups, *_categories(said.get("category", "")))
        return Outline(
            name=one_line(name),
            slug=self._slug(name, url),
            url=url,
            home=web_url(said.get("htmlurl", "")),
            tags=tuple(dict.fromkeys(tag[:_LONGEST_TAG] for tag in tags if _can_be_tag(tag)))[:_MOST_TAGS],
        )

    def _slug(self, name: str, url: str) -> str:
        """The slug of the name, with four digits made of the address where another feed has that."""
        try:
            slug = slugify(name)[:_LONGEST_SLUG].strip("-")
        except BadTag:
            slug = "feed"
        if slug in self._slugs or slug == "feed":
            slug = f"{slug}-{hashlib.blake2b(url.encode(), digest_size=4).hexdigest()}"
        self._slugs.add(slug)
        return slug


def _categories(said: str) -> list[str]:
    """The tags that ``category`` of OPML 2.0 stands for: "/Tech/Databases,sql" has three."""
    return [part.strip() for path in said.split(",") for part in path.split("/")]


def _can_be_tag(name: str) -> bool:
    try:
        return bool(slugify(name[:_LONGEST_TAG]))
    except BadTag:
        return False
