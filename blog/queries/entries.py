"""Entries as pages and feeds show them: plain values, read with one statement for a whole page.

Tags, sources and series come from the snapshot, not from SQL, so that a page of thirty
entries costs one statement and everything on it agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sqlalchemy import bindparam, select

from blog.domain.dates import day_path
from blog.domain.entry import Kind
from blog.domain.filters import domain_url, series_url, source_url, tag_url
from blog.models import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from blog.facets.names import Named
    from blog.facets.snapshot import Snapshot

# SQLite takes 32,766 bound values and PostgreSQL 65,535; pages ask for far fewer.
_AT_ONCE: Final = 1_000
_IDS: Final = "ids"
_KINDS: Final = {kind.value: kind for kind in Kind}
_SLUG: Final = attrgetter("slug")


@dataclass(frozen=True, slots=True)
class Link:
    """Something named that has a page: a tag, a source, a series, an entry."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One public entry. Times are aware, in UTC; ``day`` is the blog's calendar date.

    ``html`` is the whole body; ``short_html`` the form for lists, empty where the body is
    short enough, and ``words`` counts the whole. ``title`` may be empty (notes,
    quotations): ``name`` never is.
    """

    id: int
    kind: Kind
    title: str
    permalink: str
    published: datetime
    updated: datetime
    day: date
    slug: str
    atom_id: str
    html: str
    short_html: str
    words: int
    text: str
    url: str
    domain: str
    domain_url: str
    via_url: str
    via_title: str
    citation: str
    context: str
    image_url: str
    image_alt: str
    tags: tuple[Link, ...]
    tag_slugs: tuple[str, ...]
    source: Link | None
    series: Link | None
    series_order: int | None
    # The other sources that the same link is in.
    also: tuple[Link, ...] = ()

    @property
    def name(self) -> str:
        """A short name in words: the title, whom is quoted, or how the text begins."""
        if self.title:
            return self.title
        start = beginning(self.text)
        if self.kind is Kind.QUOTATION and self.citation:
            return f"Quoting {self.citation}"
        return start or self.slug


def beginning(text: str, length: int = 70) -> str:
    """The first words of a text, cut between words."""
    flat = " ".join(text[: length * 4].split())
    if len(flat) <= length:
        return flat
    return flat[: length + 1].rsplit(" ", 1)[0].rstrip(".,;:") + "…"


_COLUMNS: Final = (
    Entry.id,
    Entry.kind,
    Entry.title,
    Entry.published,
    Entry.updated,
    Entry.day,
    Entry.slug,
    Entry.atom_id,
    Entry.html,
    Entry.short_html,
    Entry.words,
    Entry.text,
    Entry.url,
    Entry.domain,
    Entry.via_url,
    Entry.via_title,
    Entry.citation,
    Entry.context,
    Entry.image_url,
    Entry.image_alt,
    Entry.source_id,
    Entry.series_id,
    Entry.series_order,
)
_BY_IDS: Final = select(*_COLUMNS).where(Entry.id.in_(bindparam(_IDS, expanding=True)))


def load_entries(session: Session, snapshot: Snapshot, ids: Sequence[int]) -> list[EntryView]:
    """Read these entries, in this order; one that was deleted since the snapshot is left out."""
    found: dict[int, Row[Any]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        rows = session.execute(_BY_IDS, {_IDS: ids[start : start + _AT_ONCE]})
        found |= {row.id: row for row in rows}
    return [_view(found[one], snapshot) for one in ids if one in found]


def permalink(day: date, slug: str) -> str:
    """Return the address of an entry, ``/2009/May/25/uuid/``."""
    return f"/{day_path(day)}/{quote(slug, safe='')}/"


def tag_link(tag: Named) -> Link:
    """Return a tag by its display name, with its page."""
    return Link(tag.name, tag_url(tag.slug))


def _view(row: Row[Any], snapshot: Snapshot) -> EntryView:
    values = row._asdict()
    names = snapshot.names
    source = names.sources_by_id.get(values.pop("source_id"))
    series = names.series_by_id.get(values.pop("series_id"))
    tags = [names.tags_by_id[tag] for tag in snapshot.rows.tags(row.id)]
    tags.sort(key=_SLUG)
    also = [names.sources_by_id[one] for one in snapshot.rows.also.get(row.id, ())]
    values["kind"] = _KINDS[row.kind]
    return EntryView(
        **values,
        permalink=permalink(row.day, row.slug),
        domain_url=domain_url(row.domain) if row.domain else "",
        tags=tuple(map(tag_link, tags)),
        tag_slugs=tuple(map(_SLUG, tags)),
        source=Link(source.name, source_url(source.slug)) if source else None,
        series=Link(series.name, series_url(series.slug)) if series else None,
        also=tuple(Link(one.name, source_url(one.slug)) for one in also),
    )
