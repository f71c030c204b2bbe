"""OPML 1 and 2: the feeds somebody reads, which become sources.

    <outline text="Databases">
        <outline type="rss" text="Roaring" xmlUrl="https://example.org/feed" htmlUrl="https://example.org/"/>
    </outline>

A source has one address here, and that is the feed's. Groups have no place in it.
"""

from __future__ import annotations

import hashlib
import re
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


def _sources(material: Material) -> Iterator[Item]:
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
        self._urls: set[str] = set()
        self._slugs: set[str] = set()

    def begin(self, attributes: dict[str, str]) -> Iterator[Item]:
        said = {name.lower(): one_line(value, 2_000) for name, value in attributes.items()}
        name, address = said.get("text") or said.get("title", ""), said.get("xmlurl", "")
        if self._open:
            self._open[-1] = ""
        self._open.append("" if address else name or said.get("url") or "an outline without a name")
        if address:
            yield self._source(said.get("title") or name, address)

    def end(self) -> Iterator[Item]:
        if self._open and (name := self._open.pop()):
            yield Rejected(external_id=name, reason="It names no feed and has none in it.")

    def _source(self, name: str, address: str) -> Item:
        url = web_url(_FEED_SCHEME.sub(lambda found: found[1] or "http://", address))
        if not url:
            return Rejected(external_id=address, reason=f"“{address[:80]}” is not an http or https address.")
        if bookmark_id(url) in self._urls:
            return Rejected(external_id=url, reason="The file has this feed more than once.")
        self._urls.add(bookmark_id(url))
        name = name or domain_of(url)
        return SourceDraft(slug=self._slug(name, url), name=one_line(name), url=url)

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
