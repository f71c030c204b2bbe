"""The tags for authors: all of them, whatever the status of what they are on, and those that may be one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

import numpy as np
from sqlalchemy import func, not_, select, tuple_
from sqlalchemy.orm import aliased

from blog.domain.errors import NotThere
from blog.domain.filters import Filter
from blog.domain.neartags import NearTags, near_tags, near_to
from blog.models import Alias, Entry, Implication, Tag, entry_tag, public_at
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from blog.domain.neartags import Nearness
    from blog.services import Services

PAGE: Final = 250
NEAR_SHOWN: Final = 100
ADDRESS: Final = "/admin/tags/"
_AT_ONCE: Final = 10_000


class TagOrder(StrEnum):
    """The columns that the table can be sorted by."""

    COUNT = "count"
    NAME = "name"
    FIRST = "first"
    LAST = "last"


class Use(NamedTuple):
    """How many entries something is on, and the days of the first and last of them."""

    times: int
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TagLine:
    """One tag: how many entries of any status it is on, and the days of the first and last of them."""

    id: int
    slug: str
    name: str
    count: int
    first: date | None
    last: date | None
    aliases: tuple[str, ...]
    implies: tuple[str, ...]
    is_described: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsWanted:
    """Which tags the table is to show: those with these letters in a name, perhaps only those used once."""

    text: str = ""
    is_once: bool = False
    order: TagOrder = TagOrder.COUNT

    def url(self, page: int = 1) -> str:
        """Return the address of the table, or of one of its pages."""
        given = {"q": self.text, "once": "yes" if self.is_once else "", "sort": _sort(self.order)}
        pairs = {name: value for name, value in given.items() if value}
        query = urlencode(pairs | ({"page": str(page)} if page > 1 else {}))
        return f"{ADDRESS}?{query}" if query else ADDRESS


def _sort(order: TagOrder) -> str:
    return "" if order is TagOrder.COUNT else order.value


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsTable:
    """One page of the table; ``once`` counts the tags on a single entry, ``unused`` those on none."""

    wanted: TagsWanted
    lines: tuple[TagLine, ...]
    total: int
    once: int
    unused: int
    page: int
    pages: int
    links: PageLinks


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two tags that may be one, how many entries each is on, and how many both are on."""

    fewer: TagLine
    more: TagLine
    why: Nearness
    together: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTag:
    """All there is to know of a tag; ``by_status`` counts its entries, ``implied_by`` are slugs."""

    line: TagLine
    description: str
    by_status: Mapping[str, int]
    implied_by: tuple[str, ...]
    near: tuple[NearPair, ...]
    page_url: str


def tags_table(services: Services, wanted: TagsWanted, page: int = 1) -> TagsTable:
    """Return a page of the table.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    with services.sessions.read() as session:
        everything = _lines(services, session)
    letters = wanted.text.casefold()
    found = [one for one in everything if _has(one, letters) and (one.count == 1 or not wanted.is_once)]
    found.sort(key=_ORDERS[wanted.order])
    pages = count_pages(len(found), PAGE, page)
    return TagsTable(
        wanted=wanted,
        lines=tuple(found[(page - 1) * PAGE : page * PAGE]),
        total=len(found),
        once=sum(one.count == 1 for one in everything),
        unused=sum(one.count == 0 for one in everything),
        page=page,
        pages=pages,
        links=page_links(wanted.url, page, pages),
    )


def _has(line: TagLine, letters: str) -> bool:
    return any(letters in name for name in (line.slug, line.name.casefold(), *line.aliases))


_ORDERS: Final[Mapping[TagOrder, Callable[[TagLine], tuple[object, ...]]]] = {
    TagOrder.COUNT: lambda one: (-one.count, one.slug),
    TagOrder.NAME: lambda one: (one.name.casefold(), one.slug),
    # Those that were never used come last.
    TagOrder.FIRST: lambda one: (one.first or date.max, one.slug),
    TagOrder.LAST: lambda one: (-(one.last or date.min).toordinal(), one.slug),
}


def _lines(services: Services, session: Session) -> list[TagLine]:
    """Every tag, in five statements."""
    used = _uses(services, session)
    slugs = dict(iter(session.execute(select(Tag.id, Tag.slug))))
    aliases = _gathered(session.execute(select(Alias.tag_id, Alias.slug)).all())
    pairs = session.execute(select(Implication.tag_id, Implication.implied_id))
    implied = _gathered([(tag, slugs[other]) for tag, other in pairs])
    lines = []
    for tag, slug, name, is_described in session.execute(_TAGS):
        use = used.get(tag)
        lines.append(
            TagLine(
                id=tag,
                slug=slug,
                name=name,
                count=use.times if use else 0,
                first=use.first if use else None,
                last=use.last if use else None,
                aliases=aliases.get(tag, ()),
                implies=implied.get(tag, ()),
                is_described=is_described,
            )
        )
    return lines


def _uses(services: Services, session: Session) -> dict[int, Use]:
    """How often each tag is used, and when first and last, by its id.

    What is public is counted in the snapshot, a million entries in some hundredths of a second; only
    the others are asked for.
    """
    rows = services.facets.current().rows
    public = rows.public()
    tags = rows.tags_of(public)
    days = np.repeat(rows.columns.days[public], rows.columns.tag_counts[public])
    counts = np.bincount(tags)
    first, last = np.full(len(counts), date.max.toordinal()), np.zeros(len(counts), np.int64)
    np.minimum.at(first, tags, days)
    np.maximum.at(last, tags, days)
    used = {
        tag: Use(int(counts[tag]), date.fromordinal(int(first[tag])), date.fromordinal(int(last[tag])))
        for tag in np.flatnonzero(counts).tolist()
    }
    for tag, day in _uses_unseen(services, session):
        known = used.get(tag, Use(0, day, day))
        used[tag] = Use(known.times + 1, min(known.first, day), max(known.last, day))
    return used


def _uses_unseen(services: Services, session: Session) -> Iterator[tuple[int, date]]:
    """The tags of what no reader sees, each with the entry's day."""
    unseen = select(Entry.id, Entry.day).where(not_(public_at(services.clock())))
    days = dict(iter(session.execute(unseen)))
    ids = sorted(days)
    pairs = select(entry_tag.c.entry_id, entry_tag.c.tag_id)
    for start in range(0, len(ids), _AT_ONCE):
        found = session.execute(pairs.where(entry_tag.c.entry_id.in_(ids[start : start + _AT_ONCE])))
        yield from ((tag, days[entry]) for entry, tag in found)


_TAGS: Final = select(Tag.id, Tag.slug, Tag.name, Tag.description != "")


def _gathered(pairs: Sequence[Sequence[object]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    for tag, word in pairs:
        found.setdefault(int(str(tag)), []).append(str(word))
    return {tag: tuple(sorted(words)) for tag, words in found.items()}


def near_duplicates(services: Services, limit: int = NEAR_SHOWN) -> tuple[int, tuple[NearPair, ...]]:
    """Return how many pairs of tags may be one tag each, and the likeliest of them."""
    with services.sessions.read() as session:
        lines = {one.slug: one for one in _lines(services, session)}
        pairs = near_tags({slug: one.count for slug, one in lines.items()})
        return len(pairs), _with_counts(session, lines, pairs[:limit])


def _with_counts(
    session: Session, lines: Mapping[str, TagLine], pairs: Sequence[NearTags]
) -> tuple[NearPair, ...]:
    """Say of each pair how many entries have both, in one statement."""
    wanted = [(lines[pair.fewer].id, lines[pair.more].id) for pair in pairs]
    one, other = aliased(entry_tag), aliased(entry_tag)
    statement = (
        select(one.c.tag_id, other.c.tag_id, func.count())
        .join(other, one.c.entry_id == other.c.entry_id)
        .where(tuple_(one.c.tag_id, other.c.tag_id).in_(wanted))
        .group_by(one.c.tag_id, other.c.tag_id)
    )
    both = {(first, second): count for first, second, count in session.execute(statement)} if pairs else {}
    return tuple(
        NearPair(lines[pair.fewer], lines[pair.more], pair.why, both.get(ids, 0))
        for pair, ids in zip(pairs, wanted, strict=True)
    )


def one_tag(services: Services, slug: str) -> OneTag:
    """Return all there is to know of a tag.

    Raises:
        NotThere: there is no such tag.
    """
    with services.sessions.read() as session:
        lines = {one.slug: one for one in _lines(services, session)}
        if slug not in lines:
            raise NotThere(f"There is no tag “{slug}”.")
        line = lines[slug]
        pairs = near_to(slug, {other: one.count for other, one in lines.items()})
        return OneTag(
            line=line,
            description=session.scalar(select(Tag.description).where(Tag.id == line.id)) or "",
            by_status=_by_status(session, line.id),
            implied_by=tuple(sorted(one.slug for one in lines.values() if slug in one.implies)),
            near=_with_counts(session, lines, pairs),
            page_url=Filter(tags=frozenset({slug})).url(),
        )


def _by_status(session: Session, tag_id: int) -> dict[str, int]:
    statement = (
        select(Entry.status, func.count())
        .join(entry_tag, entry_tag.c.entry_id == Entry.id)
        .where(entry_tag.c.tag_id == tag_id)
        .group_by(Entry.status)
        .order_by(Entry.status)
    )
    return dict(iter(session.execute(statement)))
