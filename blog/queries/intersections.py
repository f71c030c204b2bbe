"""Reading what the author says of pages of tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyroaring import BitMap
from sqlalchemy import select

from blog.domain.addresses import parse_tag_page
from blog.domain.errors import BadFilter, CrosstagError
from blog.domain.filters import Filter
from blog.facets.select import matching
from blog.models import Entry, Intersection
from blog.queries.browse import settle
from blog.queries.entries import EntryView, Link, load_entries, permalink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What is said of one page of tags; ``body`` is as written, ``html`` as shown, ``pins`` are entry ids."""

    id: int
    address: str
    name: str
    body: str
    html: str
    pins: tuple[int, ...]
    updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IntroducedPage:
    """A line of the author's list. ``problem`` says why nobody sees what is said, empty where all do."""

    id: int
    address: str
    name: str
    title: str
    count: int
    pins: int
    has_text: bool
    problem: str


def is_introducible(wanted: Filter) -> bool:
    """Tell whether this is a filter of tags and nothing else."""
    return bool(wanted.all_tags) and wanted == Filter(
        tags=wanted.tags, any_of=wanted.any_of, without=wanted.without
    )


def introduction_of(services: Services, wanted: Filter) -> Introduction | None:
    """Return what is said of a filter's page; None where nothing is."""
    if not is_introducible(wanted):
        return None
    with services.sessions.read() as session:
        found = session.scalar(select(Intersection).where(Intersection.address == wanted.url()))
    return _introduction(found) if found else None


def _introduction(row: Intersection) -> Introduction:
    return Introduction(
        id=row.id,
        address=row.address,
        name=row.name,
        body=row.body,
        html=row.html,
        pins=tuple(row.pins),
        updated=row.updated,
    )


def pinned_entries(services: Services, wanted: Filter, pins: Sequence[int]) -> list[EntryView]:
    """Return the pinned entries in their order: those that readers see, and that still are the filter's."""
    if not pins:
        return []
    snapshot = services.facets.current()
    among = matching(snapshot, wanted) & BitMap(pins)
    with services.sessions.read() as session:
        return load_entries(session, snapshot, [one for one in pins if one in among])


def introduced_pages(services: Services, tag: str = "") -> list[IntroducedPage]:
    """List what is said, by name and address; with ``tag``, only of pages that name this tag."""
    with services.sessions.read() as session:
        rows = session.scalars(select(Intersection).order_by(Intersection.name, Intersection.address)).all()
    return [_line(services, row) for row in rows if not tag or tag in _tags_in(row.address)]


def _tags_in(address: str) -> Iterable[str]:
    try:
        return parse_tag_page(address).all_tags
    except BadFilter:
        return ()


def _line(services: Services, row: Intersection) -> IntroducedPage:
    snapshot = services.facets.current()
    title, count, problem = row.address, 0, ""
    try:
        wanted = settle(services, parse_tag_page(row.address))
        title, count = wanted.title(snapshot.display_names), len(matching(snapshot, wanted))
        if wanted.url() != row.address:
            problem = f"This page is {wanted.url()} now, of which something else is said."
    except CrosstagError as error:
        problem = error.sentence
    return IntroducedPage(
        id=row.id,
        address=row.address,
        name=row.name,
        title=title,
        count=count,
        pins=len(row.pins),
        has_text=bool(row.body),
        problem=problem,
    )


def links_of_entries(services: Services, entry_ids: Sequence[int]) -> list[Link]:
    """Return entries by name and permalink, in this order, whatever their status."""
    with services.sessions.read() as session:
        found = dict(_links(session, entry_ids))
    return [found[one] for one in entry_ids if one in found]


def _links(session: Session, entry_ids: Sequence[int]) -> Iterable[tuple[int, Link]]:
    columns = select(Entry.id, Entry.title, Entry.day, Entry.slug).where(Entry.id.in_(entry_ids))
    for row in session.execute(columns):
        yield row.id, Link(row.title or row.slug, permalink(row.day, row.slug))
