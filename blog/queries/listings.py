"""Lists for programs: the entries of a filter or of a status, what happened since, and the places to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from blog.domain.filters import Sort
from blog.domain.textquery import parse as parse_query
from blog.facets.select import matching, newest
from blog.models import Change, ImportRun, Tag
from blog.queries.all_entries import Shown, Wanted, ids_on_page
from blog.queries.browse import settle, text_matches
from blog.queries.paging import count_pages
from blog.queries.whole import WholeEntry, read_whole

if TYPE_CHECKING:
    from datetime import datetime

    from blog.domain.filters import Filter
    from blog.services import Services

ALL: Final = "all"
CREATED: Final = "created"
STATUSES: Final = (*(shown.value for shown in Shown), ALL)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list; ``wanted`` is the filter with old tag names replaced."""

    wanted: Filter
    entries: list[WholeEntry]
    total: int
    page: int
    pages: int


def list_public(services: Services, wanted: Filter, page: int, size: int) -> Listing:
    """Return one page of what readers see of a filter, in its order.

    Raises:
        NotThere: it names what is not there, or ``page`` is past the last one.
        BadFilter: as ``settle``.
    """
    wanted = settle(services, wanted)
    snapshot = services.facets.current()
    matches = matching(snapshot, wanted)
    query = parse_query(wanted.text) if wanted.text else None
    if query:
        matches = text_matches(services, snapshot, query) & matches
    pages, start = count_pages(len(matches), size, page), (page - 1) * size
    if query and wanted.order is Sort.RELEVANCE:
        ids = services.search.engine.best(query, matches, size, start)
    else:
        ids = newest(snapshot, matches, start, start + size)
    with services.sessions.read() as session:
        return Listing(wanted, read_whole(session, ids), len(matches), page, pages)


def list_by_status(services: Services, wanted: Filter, status: str, page: int, size: int) -> Listing:
    """Return one page of the entries of a status, or of all, newest first.

    Raises:
        NotThere: the filter names what is not there, or ``page`` is past the last one.
    """
    shown = None if status == ALL else Shown(status)
    settled, total, ids = ids_on_page(services, Wanted(wanted, shown), page, size)
    pages = count_pages(total, size, page)
    with services.sessions.read() as session:
        return Listing(settled, read_whole(session, ids), total, page, pages)


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of the log. ``what`` is created, updated or deleted of an entry, or names what else changed."""

    id: int
    at: datetime
    what: str
    entry_id: int | None
    entry: WholeEntry | None


@dataclass(frozen=True, slots=True)
class Happenings:
    """What happened after a place in the log; ``last`` is the place to go on from."""

    lines: list[Happened]
    last: int
    has_more: bool


def changes_since(services: Services, since: int, limit: int) -> Happenings:
    """Return what happened after a change, oldest first, from so many lines of the log at most.

    An entry is told of once, at its last line among these, and as it is now, which may be newer than
    the line: whoever writes down what is there and forgets what was deleted gets to the same state.
    """
    statement = select(Change).where(Change.id > since).order_by(Change.id).limit(limit + 1)
    with services.sessions.read() as session:
        found = session.scalars(statement).all()
        read = found[:limit]
        entries = {one.id: one for one in read_whole(session, list({one.entry_id or 0 for one in read}))}
    last_of = {one.entry_id: one.id for one in read}
    created = {one.entry_id for one in read if one.what == CREATED}
    lines = [
        _happened(one, entries.get(one.entry_id or 0), is_new=one.entry_id in created)
        for one in read
        if one.entry_id is None or last_of[one.entry_id] == one.id
    ]
    return Happenings(lines, read[-1].id if read else since, len(found) > limit)


def _happened(line: Change, entry: WholeEntry | None, *, is_new: bool) -> Happened:
    what = line.what
    if line.entry_id is not None:
        what = "deleted" if entry is None else CREATED if is_new else "updated"
    return Happened(line.id, line.at, what, line.entry_id, entry)


@dataclass(frozen=True, slots=True)
class Place:
    """A tag or a source: its slug, its name, and how many public entries it has."""

    slug: str
    name: str
    count: int
    description: str = ""


def list_tags(services: Services, page: int, size: int) -> tuple[list[Place], int, int]:
    """Return one page of the tags in use, the biggest first, with how many tags and pages there are.

    Raises:
        NotThere: ``page`` is past the last one.
    """
    snapshot = services.facets.current()
    pages = count_pages(len(snapshot.tags), size, page)
    ids = snapshot.tags_by_size[(page - 1) * size : page * size].tolist()
    with services.sessions.read() as session:
        words = dict(session.execute(select(Tag.id, Tag.description).where(Tag.id.in_(ids))).all())
    named = [snapshot.names.tags_by_id[one] for one in ids]
    tags = [Place(one.slug, one.name, snapshot.tags.size(one.id), words.get(one.id, "")) for one in named]
    return tags, len(snapshot.tags), pages


def list_sources(services: Services) -> list[Place]:
    """Return every source, by its slug; one may have no entry that readers see."""
    snapshot = services.facets.current()
    sources = sorted(snapshot.names.sources.values(), key=lambda one: one.slug)
    return [Place(one.slug, one.name, len(snapshot.sources.get(one.id, ()))) for one in sources]


def list_imports(services: Services, page: int, size: int) -> tuple[list[ImportRun], int, int]:
    """Return one page of the imports, the newest first, with how many there are, and pages.

    Raises:
        NotThere: ``page`` is past the last one.
    """
    with services.sessions.read() as session:
        total = session.scalar(select(func.count(ImportRun.id))) or 0
        pages = count_pages(total, size, page)
        order = select(ImportRun).order_by(ImportRun.id.desc())
        return list(session.scalars(order.limit(size).offset((page - 1) * size))), total, pages
