"""Reading what is the same link: entries that could be one, and where else an entry is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from blog.domain.entry import Kind
from blog.domain.errors import NotThere
from blog.domain.links import follow_moves
from blog.models import Appearance, Entry, MovedPage, Source, TakenApart, Vanished
from blog.queries.entries import permalink
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from blog.domain.links import LinkKey, MovedPages
    from blog.services import Services

ADDRESS: Final = "/admin/same/"
_PAGE: Final = 50
_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class SameEntry:
    """An entry of a group; ``source`` is empty for one's own."""

    id: int
    name: str
    source: str
    status: str
    published: datetime
    permalink: str


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that are the same link, each from a source of its own; the first is the one that stays."""

    url: str
    entries: tuple[SameEntry, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of the entries."""
        return tuple(one.id for one in self.entries)


@dataclass(frozen=True, slots=True)
class SamePage:
    """One page of the groups."""

    groups: tuple[Group, ...]
    total: int
    entries: int
    page: int
    pages: int
    links: PageLinks


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """Another source that an entry is in; ``vanished`` says since when it is not there any more."""

    id: int
    source: str
    title: str
    first_seen: datetime
    vanished: datetime | None


def same_page(services: Services, page: int = 1) -> SamePage:
    """Return a page of what could be made one, the latest first.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    groups = same_groups(services)
    pages = count_pages(len(groups), _PAGE, page)
    return SamePage(
        groups=tuple(groups[(page - 1) * _PAGE : page * _PAGE]),
        total=len(groups),
        entries=sum(len(one.entries) for one in groups),
        page=page,
        pages=pages,
        links=page_links(lambda number: f"{ADDRESS}?page={number}" if number > 1 else ADDRESS, page, pages),
    )


def same_groups(services: Services) -> list[Group]:
    """Return all entries that are the same link of several sources, but those that the author took apart."""
    with services.sessions.read() as session:
        moved = follow_moves(dict(session.execute(select(MovedPage.canonical, MovedPage.target)).all()))
        names: dict[int | None, str] = {None: ""} | dict(session.execute(select(Source.id, Source.name)).all())
        rows = _rows(session, _several(session, moved))
        sources = _sources_of(session, [row.id for row in rows])
    by_key: dict[tuple[LinkKey, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if key := moved.key(row.url):
            # What is public and what is not are never one.
            by_key[key, row.status].append(row)
    groups = [found for some in by_key.values() if (found := _group(some, sources, names))]
    return sorted(groups, key=lambda one: max(entry.published for entry in one.entries), reverse=True)


def same_as(services: Services, entry_id: int) -> Group:
    """Return the entries that are the same link as this one, whoever took what apart.

    Raises:
        NotThere: there is none.
    """
    with services.sessions.read() as session:
        url = session.scalar(select(Entry.url).where(Entry.id == entry_id, Entry.kind == Kind.LINK.value))
        moved = follow_moves(dict(session.execute(select(MovedPage.canonical, MovedPage.target)).all()))
        key = moved.key(url or "")
        names: dict[int | None, str] = {None: ""} | dict(session.execute(select(Source.id, Source.name)).all())
        rows = _rows(session, moved.addresses(key.page), everything=True) if key else []
        sources = _sources_of(session, [row.id for row in rows])
    status = {row.status for row in rows if row.id == entry_id}
    found = _group([row for row in rows if moved.key(row.url) == key and row.status in status], sources, names)
    if found is None or entry_id not in found.ids:
        raise NotThere("No entry of another source is the same link.")
    return found


def _several(session: Session, moved: MovedPages) -> Collection[str]:
    """The canonical URLs of pages that more than one entry links to, or that were seen to have moved."""
    is_link = (Entry.kind == Kind.LINK.value, Entry.canonical != "")
    statement = select(Entry.canonical).where(*is_link).group_by(Entry.canonical).having(func.count() > 1)
    return {*session.scalars(statement), *moved.end_of}


def _rows(session: Session, canonicals: Collection[str], *, everything: bool = False) -> Sequence[Row[Any]]:
    title = func.coalesce(func.nullif(Entry.title, ""), Entry.url).label("name")
    columns = (
        Entry.id,
        title,
        Entry.url,
        Entry.source_id,
        Entry.status,
        Entry.published,
        Entry.day,
        Entry.slug,
    )
    statement = select(*columns).where(Entry.kind == Kind.LINK.value)
    if not everything:
        statement = statement.where(Entry.id.not_in(select(TakenApart.entry_id)))
    found: list[Row[Any]] = []
    wanted = sorted(canonicals)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        found += session.execute(statement.where(Entry.canonical.in_(some))).all()
    return found


def _sources_of(session: Session, entry_ids: Sequence[int]) -> dict[int, set[int | None]]:
    found: dict[int, set[int | None]] = {}
    for start in range(0, len(entry_ids), _AT_ONCE):
        some = entry_ids[start : start + _AT_ONCE]
        statement = select(Appearance.entry_id, Appearance.source_id).where(Appearance.entry_id.in_(some))
        for entry, source in session.execute(statement):
            found.setdefault(entry, set()).add(source)
    return found


def _group(
    rows: Sequence[Row[Any]], sources: dict[int, set[int | None]], names: dict[int | None, str]
) -> Group | None:
    """The author's own writing first, then the oldest; of two of one source only the first is in it."""
    taken: set[int | None] = set()
    entries: list[SameEntry] = []
    for row in sorted(rows, key=lambda row: (row.source_id is not None, row.published, row.id)):
        there = {row.source_id} | sources.get(row.id, set())
        if not there & taken:
            taken |= there
            source, address = names.get(row.source_id, ""), permalink(row.day, row.slug)
            entries.append(SameEntry(row.id, row.name, source, row.status, row.published, address))
    return Group(rows[0].url, tuple(entries)) if len(entries) > 1 else None


def also_in(services: Services, entry_id: int) -> list[AlsoIn]:
    """Return the other sources that an entry is in, in the order in which it was seen there."""
    gone = select(Vanished.appearance_id, Vanished.at).subquery()
    statement = (
        select(Appearance, Source.name, gone.c.at)
        .outerjoin(Source, Source.id == Appearance.source_id)
        .outerjoin(gone, gone.c.appearance_id == Appearance.id)
        .where(Appearance.entry_id == entry_id)
    )
    with services.sessions.read() as session:
        return [
            AlsoIn(one.id, name or "", _title(one.item), one.first_seen, at)
            for one, name, at in session.execute(statement.order_by(Appearance.id))
        ]


def _title(item: dict[str, Any]) -> str:
    """What the item calls itself."""
    said = item.get("draft") or item.get("fields") or {}
    return str(said.get("title") or said.get("url") or "")
