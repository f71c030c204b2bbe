"""The list for authors: entries of any status that a filter means, and all their ids for a bulk edit.

The bitmaps hold only what is public, so this asks SQL. One part does not: a text is looked up in
the text index where an entry is public, as the blog's own pages do, so that a filter means the
same here and there; drafts and the like are in no index, and are searched for the words as they
are written, in their titles, bodies and addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pyroaring import BitMap
from sqlalchemy import and_, exists, false, func, not_, or_, select, true

from blog.domain.dates import days_in_month
from blog.domain.entry import Kind, Status
from blog.domain.errors import NotThere
from blog.domain.filters import Filter, period_in_words
from blog.domain.tags import slugify
from blog.domain.textquery import And, Field, Not, Or, Title
from blog.domain.textquery import parse as parse_query
from blog.domain.urls import bare_host
from blog.facets.select import matching
from blog.models import Appearance, Entry, Vanished, entry_tag, microseconds_of, public_at
from blog.queries.browse import text_matches
from blog.queries.entries import beginning, permalink
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.orm import Session

    from blog.domain.textquery import Leaf, Node, TextQuery
    from blog.facets.names import Named, Names
    from blog.services import Services

PAGE: Final = 100
ADDRESS: Final = "/admin/entries/"
Condition = "ColumnElement[bool]"


class Shown(StrEnum):
    """How an entry shows: as its status says, but that a published one may still be scheduled."""

    PUBLISHED = "published"
    SCHEDULED = "scheduled"
    DRAFT = "draft"
    HIDDEN = "hidden"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter in the language of the public pages, and how what it means is to show; None for any way.

    ``vanished`` asks for what is not at its source any more.
    """

    filter: Filter = field(default_factory=Filter)
    shown: Shown | None = None
    vanished: bool = False

    def url(self, page: int = 1) -> str:
        """Return the address of the list, or of one of its pages."""
        pairs = [*self.filter.pairs(), *([("status", self.shown.value)] if self.shown else [])]
        pairs += [("vanished", "yes")] if self.vanished else []
        query = urlencode([*pairs, ("page", page)] if page > 1 else pairs)
        return f"{ADDRESS}?{query}" if query else ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry of the list; ``permalink`` is empty unless readers can see it.

    ``also`` names the other sources that it is in, and ``vanished`` says that it has
    gone from one of them.
    """

    id: int
    kind: Kind
    name: str
    shown: Shown
    published: datetime
    day: date
    domain: str
    tags: tuple[Named, ...]
    source: str
    also: tuple[str, ...]
    vanished: bool
    permalink: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllEntries:
    """One page of the list; ``title`` says what it is a list of.

    ``kept`` are the parts of the filter that a form has no field for, in words, each with the
    address of the list without it.
    """

    wanted: Wanted
    title: str
    kept: tuple[tuple[str, str], ...]
    total: int
    lines: tuple[Line, ...]
    page: int
    pages: int
    links: PageLinks


def list_entries(services: Services, wanted: Wanted, page: int = 1) -> AllEntries:
    """Return a page of the entries that are wanted, newest first.

    Raises:
        NoSuchPage: ``page`` is past the last one.
        NotThere: the filter names what is not there.
    """
    question = _Question(services, wanted)
    with services.sessions.read() as session:
        total, ids = question.page(session, page)
        pages = count_pages(total, PAGE, page)
        lines = _lines(session, question, ids)
    settled = replace(wanted, filter=question.filter)
    return AllEntries(
        wanted=settled,
        title=question.title,
        kept=tuple(_kept(settled, question.names.display)),
        total=total,
        lines=tuple(lines),
        page=page,
        pages=pages,
        links=page_links(settled.url, page, pages),
    )


def _kept(wanted: Wanted, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each part of the filter that a form has no field for, with the address of the list without it."""
    asked = wanted.filter

    def without(rest: Filter) -> str:
        return replace(wanted, filter=rest).url()

    for tag in sorted(asked.tags):
        yield names.get(tag, tag), without(asked.without_tag(tag))
    for group in sorted(asked.any_of, key=sorted):
        yield " or ".join(names.get(tag, tag) for tag in sorted(group)), without(asked.without_group(group))
    for tag in sorted(asked.without):
        yield f"not {names.get(tag, tag)}", without(asked.without_tag(tag))
    if asked.domain:
        yield asked.domain, without(asked.with_domain(""))
    if asked.series:
        yield names.get(f"series:{asked.series}", asked.series), without(asked.with_series(""))
    if asked.month or asked.since or asked.until:
        yield period_in_words(asked), without(asked.at_any_time())


def ids_on_page(services: Services, wanted: Wanted, page: int, size: int) -> tuple[Filter, int, Sequence[int]]:
    """Return the ids on a page of any size, with the filter as it is understood and how many there are.

    Raises:
        NotThere: the filter names what is not there.
    """
    question = _Question(services, wanted)
    with services.sessions.read() as session:
        return question.filter, *question.page(session, page, size)


def all_ids(services: Services, wanted: Wanted) -> frozenset[int]:
    """Return the ids of all entries that are wanted.

    Raises:
        NotThere: the filter names what is not there.
    """
    with services.sessions.read() as session:
        return frozenset(_Question(services, wanted).ids(session))


def source_choices(services: Services) -> list[tuple[str, str]]:
    """Return the slugs and the names of all sources, by name."""
    sources = services.facets.current().names.sources.values()
    return [(one.slug, one.name) for one in sorted(sources, key=lambda one: one.name.casefold())]


class _Question:
    """What is wanted, in terms of the database, at one moment."""

    def __init__(self, services: Services, wanted: Wanted) -> None:
        self._services = services
        self.snapshot = services.facets.current()
        self.names = self.snapshot.names
        self.filter = _settled(wanted.filter, self.names)
        self.now = services.clock()
        self._shown = wanted.shown
        self._vanished = wanted.vanished

    @property
    def title(self) -> str:
        """Say it in words."""
        said = self.filter.title(self.names.display)
        how = ", ".join(
            [*([self._shown.value] if self._shown else []), *(["vanished"] if self._vanished else [])]
        )
        return f"{said}: {how}" if how else said

    def page(self, session: Session, page: int, size: int = PAGE) -> tuple[int, Sequence[int]]:
        """Return how many there are, and the ids of those on a page."""
        start = (page - 1) * size
        if self.filter.text:
            ids = self._ids_of_text(session)
            return len(ids), ids[start : start + size]
        where = self._conditions()
        total = session.scalar(select(func.count()).select_from(Entry).where(*where)) or 0
        statement = select(Entry.id).where(*where).order_by(Entry.published.desc(), Entry.id.desc())
        return total, session.scalars(statement.limit(size).offset(start)).all()

    def ids(self, session: Session) -> Sequence[int]:
        """Return the ids of all, in no particular order."""
        if self.filter.text:
            return self._ids_of_text(session)
        return session.scalars(select(Entry.id).where(*self._conditions())).all()

    def _ids_of_text(self, session: Session) -> list[int]:
        """The ids of what a text finds too, newest first: the public from the index, the others by SQL."""
        query = parse_query(self.filter.text)
        found: list[tuple[int, int]] = []
        if self._shown in (None, Shown.PUBLISHED):
            public = text_matches(self._services, self.snapshot, query) & matching(self.snapshot, self.filter)
            if self._vanished:
                public &= BitMap(session.scalars(select(Vanished.entry_id)))
            found += ((self.snapshot.rows.stamp(entry), entry) for entry in public)
        if self._shown is not Shown.PUBLISHED:
            where = (*self._conditions(), not_(_shows_as(Shown.PUBLISHED, self.now)), self._has_text(query))
            statement = select(microseconds_of(Entry.published), Entry.id).where(*where)
            found += ((stamp, entry) for stamp, entry in session.execute(statement))
        return [entry for _, entry in sorted(found, reverse=True)]

    def _conditions(self) -> list[ColumnElement[bool]]:
        """What the filter asks for, its text left aside."""
        asked, names = self.filter, self.names
        conditions = [self._tagged({tag}) for tag in sorted(asked.tags)]
        conditions += [self._tagged(group) for group in asked.any_of]
        conditions += [not_(self._tagged(asked.without))] if asked.without else []
        conditions += [Entry.kind.in_(sorted(asked.kinds))] if asked.kinds else []
        conditions += [_of_source(names.sources[asked.source].id)] if asked.source else []
        conditions += [exists().where(Vanished.entry_id == Entry.id)] if self._vanished else []
        conditions += [Entry.series_id == names.series[asked.series].id] if asked.series else []
        conditions += [Entry.domain == asked.domain] if asked.domain else []
        if asked.year is not None or asked.since or asked.until:
            conditions.append(Entry.day.between(*_limits(asked)))
        return conditions + ([_shows_as(self._shown, self.now)] if self._shown else [])

    def _tagged(self, slugs: Collection[str]) -> ColumnElement[bool]:
        """The entry has one of these tags."""
        found = (self.names.tags.get(self.names.aliases.get(slug, slug)) for slug in slugs)
        ids = sorted(tag.id for tag in found if tag)
        return exists().where(entry_tag.c.entry_id == Entry.id, entry_tag.c.tag_id.in_(ids))

    def _has_text(self, query: TextQuery) -> ColumnElement[bool]:
        """The words of a text are in what was written, as they are."""
        # Where nothing that can be looked for was typed, nothing is found, as in the index.
        return and_(true() if query.parts else false(), *(self._node(part) for part in query.parts))

    def _node(self, node: Node) -> ColumnElement[bool]:
        if isinstance(node, Or | And):
            parts: Iterable[Node] = node.terms if isinstance(node, Or) else node.parts
            joined = [self._node(part) for part in parts]
            return or_(false(), *joined) if isinstance(node, Or) else and_(true(), *joined)
        return not_(self._leaf(node.leaf)) if isinstance(node, Not) else self._leaf(node)

    def _leaf(self, leaf: Leaf) -> ColumnElement[bool]:
        if isinstance(leaf, Field):
            return self._field(leaf)
        if isinstance(leaf, Title):
            return Entry.title.icontains(leaf.text.value, autoescape=True)
        return or_(*(column.icontains(leaf.value, autoescape=True) for column in _WRITTEN))

    def _field(self, leaf: Field) -> ColumnElement[bool]:
        if leaf.name == "domain":
            return Entry.domain == bare_host(leaf.value)
        slug = slugify(leaf.value)
        if leaf.name == "tag":
            return self._tagged({slug})
        source = self.names.sources.get(slug)
        return _of_source(source.id) if source else false()


def _of_source(source_id: int) -> ColumnElement[bool]:
    """The entry is of this source, or the same link as an item of it."""
    joined = exists().where(Appearance.entry_id == Entry.id, Appearance.source_id == source_id)
    return or_(Entry.source_id == source_id, joined)


_WRITTEN: Final = (Entry.title, Entry.body, Entry.url, Entry.citation, Entry.context)


def _settled(asked: Filter, names: Names) -> Filter:
    """The filter with old tag names replaced; what it names is there."""
    settled = asked.renamed(names.renames(asked.all_tags))
    unknown = names.unknown_tags(settled.all_tags)
    if unknown:
        raise NotThere(f"There is no tag {' and '.join(f'“{slug}”' for slug in unknown)}.")
    if settled.source and settled.source not in names.sources:
        raise NotThere(f"There is no source “{settled.source}”.")
    if settled.series and settled.series not in names.series:
        raise NotThere(f"There is no series “{settled.series}”.")
    return settled


def _limits(asked: Filter) -> tuple[date, date]:
    """The first and the last day of the filter's period."""
    if asked.year is None:
        return asked.since or date.min, asked.until or date.max
    first = date(asked.year, asked.month or 1, asked.day or 1)
    month = asked.month or 12
    return first, first if asked.day else date(asked.year, month, days_in_month(asked.year, month))


def _shows_as(shown: Shown, now: datetime) -> ColumnElement[bool]:
    if shown is Shown.PUBLISHED:
        return public_at(now)
    if shown is Shown.SCHEDULED:
        return and_(Entry.status == Status.PUBLISHED.value, Entry.published > now)
    return Entry.status == shown.value


_COLUMNS: Final = (
    Entry.id,
    Entry.kind,
    Entry.title,
    func.substr(Entry.text, 1, 300).label("text"),
    Entry.citation,
    Entry.slug,
    Entry.status,
    Entry.published,
    Entry.day,
    Entry.domain,
    Entry.source_id,
)


def _lines(session: Session, question: _Question, ids: Sequence[int]) -> list[Line]:
    """Read these entries, in their order, in four statements."""
    rows = {row.id: row for row in session.execute(select(*_COLUMNS).where(Entry.id.in_(ids)))}
    tags: dict[int, list[Named]] = {}
    pairs = select(entry_tag.c.entry_id, entry_tag.c.tag_id).where(entry_tag.c.entry_id.in_(ids))
    for entry, tag in session.execute(pairs):
        if tag in question.names.tags_by_id:
            tags.setdefault(entry, []).append(question.names.tags_by_id[tag])
    also: dict[int, list[int | None]] = {}
    for entry, source in session.execute(_ALSO.where(Appearance.entry_id.in_(ids))):
        also.setdefault(entry, []).append(source)
    gone = set(session.scalars(select(Vanished.entry_id).where(Vanished.entry_id.in_(ids))))
    return [
        _line(rows[one], tags.get(one, []), also.get(one, []), one in gone, question)
        for one in ids
        if one in rows
    ]


_ALSO: Final = select(Appearance.entry_id, Appearance.source_id).order_by(Appearance.id)


def _line(
    row: Row[Any], tags: Iterable[Named], also: Iterable[int | None], vanished: bool, question: _Question
) -> Line:
    is_due = row.published <= question.now
    shown = Shown.SCHEDULED if row.status == Status.PUBLISHED.value and not is_due else Shown(row.status)
    names = question.names.sources_by_id
    source = names.get(row.source_id)
    quoted = f"Quoting {row.citation}" if row.kind == Kind.QUOTATION.value and row.citation else ""
    return Line(
        id=row.id,
        kind=Kind(row.kind),
        name=row.title or quoted or beginning(row.text) or row.slug,
        shown=shown,
        published=row.published,
        day=row.day,
        domain=row.domain,
        tags=tuple(sorted(tags, key=lambda tag: tag.slug)),
        source=source.name if source else "",
        also=tuple(names[one].name if one is not None and one in names else "your own" for one in also),
        vanished=vanished,
        permalink=permalink(row.day, row.slug) if shown is Shown.PUBLISHED else "",
    )
