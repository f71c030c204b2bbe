"""The pages that list places to go: all tags and what pairs of them say, sources, series, domains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from blog.domain.filters import Filter, domain_url, tag_url
from blog.facets.rows import as_array
from blog.models import Series
from blog.queries.choices import Choice
from blog.queries.entries import EntryView, load_entries
from blog.queries.paging import PageLinks, count_pages, page_links
from blog.queries.permalinks import series_ids

if TYPE_CHECKING:
    from blog.facets.names import Named
    from blog.facets.pairs import Pair
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

# On one page of the index: more of them would weigh more, with type and style, than a first view may (60 kB).
_TAGS: Final = 2_000
_DOMAINS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TagIndex:
    """One page of the tags in use, by count or by name; ``used_once`` counts those on a single entry."""

    tags: tuple[Choice, ...]
    total: int
    used_once: int
    by_name: bool
    page: int
    pages: int
    links: PageLinks


@dataclass(frozen=True, slots=True)
class PairChoice:
    """An intersection of two tags; ``lift`` is how many times as many entries it has as was to be expected."""

    labels: tuple[str, str]
    url: str
    count: int
    lift: float


@dataclass(frozen=True, slots=True)
class TellingIntersections:
    """Pairs of tags that keep company more than chance would, and those that have come to of late."""

    surprising: tuple[PairChoice, ...]
    rising: tuple[PairChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPage:
    """A series with its entries in their order."""

    title: str
    url: str
    description_html: str
    entries: tuple[EntryView, ...]


def tag_index(services: Services, *, by_name: bool = False, page: int = 1) -> TagIndex:
    """List the tags that are on an entry, some thousands to a page.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    snapshot = services.facets.current()
    sizes = snapshot.tags.sizes
    total = len(snapshot.tags)
    pages = count_pages(total, _TAGS, page)
    ordered = snapshot.tags_by_name if by_name else snapshot.tags_by_size
    on_page = ordered[(page - 1) * _TAGS : page * _TAGS]
    tags = [_tag_choice(snapshot.names.tags_by_id[tag], int(sizes[tag])) for tag in map(int, on_page)]
    if not by_name:
        tags.sort(key=lambda one: (-one.count, one.label.casefold()))
    return TagIndex(
        tags=tuple(tags),
        total=total,
        used_once=int((sizes == 1).sum()),
        by_name=by_name,
        page=page,
        pages=pages,
        links=page_links(lambda number: tag_index_url(by_name=by_name, page=number), page, pages),
    )


def tag_index_url(*, by_name: bool = False, page: int = 1) -> str:
    """Return the one address of a page of the tags."""
    query = "&".join(["sort=name"] * by_name + [f"page={page}"] * (page > 1))
    return f"/tags/?{query}" if query else "/tags/"


def tag_urls(services: Services, start: int, stop: int) -> list[str]:
    """Return the addresses of the tags in use, of those at these places, in no particular order."""
    snapshot = services.facets.current()
    return [tag_url(snapshot.names.tags_by_id[tag].slug) for tag in islice(snapshot.tags, start, stop)]


def count_tags_in_use(services: Services) -> int:
    """Return how many tags are on an entry."""
    return len(services.facets.current().tags)


def top_tags_of_blog(services: Services, limit: int = 40) -> tuple[Choice, ...]:
    """The biggest tags."""
    snapshot = services.facets.current()
    largest = snapshot.tags_by_size[:limit].tolist()
    return tuple(_tag_choice(snapshot.names.tags_by_id[tag], snapshot.tags.size(tag)) for tag in largest)


def _tag_choice(tag: Named, count: int) -> Choice:
    return Choice(tag.name, tag_url(tag.slug), count)


def telling_intersections(services: Services) -> TellingIntersections:
    """Return the pairs of tags that say something about the blog; counted once for each state of it."""
    snapshot = services.facets.current()
    found = snapshot.telling_pairs
    recent = _recent_months(snapshot)
    return TellingIntersections(
        tuple(_pair_choice(snapshot, one) for one in found.surprising),
        tuple(_pair_choice(snapshot, one, recent) for one in found.rising),
    )


def _recent_months(snapshot: Snapshot) -> date | None:
    """The first day of the twelve months of which rising pairs are."""
    if not snapshot.months:
        return None
    year, month = snapshot.months_newest_first[0]
    return date(year, 1, 1) if month == 12 else date(year - 1, month + 1, 1)


def _pair_choice(snapshot: Snapshot, pair: Pair, since: date | None = None) -> PairChoice:
    first, second = (snapshot.names.tags_by_id[one] for one in sorted((pair.first, pair.second)))
    wanted = Filter(tags=frozenset({first.slug, second.slug}), since=since)
    return PairChoice((first.name, second.name), wanted.url(), pair.entries, pair.lift)


def source_index(services: Services) -> tuple[Choice, ...]:
    """Every source that has entries, the biggest first."""
    snapshot = services.facets.current()
    found = ((snapshot.names.sources_by_id[one], len(bitmap)) for one, bitmap in snapshot.sources.items())
    choices = (Choice(one.name, Filter(source=one.slug).url(), count) for one, count in found)
    return tuple(sorted(choices, key=lambda one: (-one.count, one.label)))


def domain_index(services: Services) -> tuple[Choice, ...]:
    """The domains that most entries point to."""
    snapshot = services.facets.current()
    choices = (Choice(host, domain_url(host), count) for host, count in snapshot.domains.largest(_DOMAINS))
    return tuple(sorted(choices, key=lambda one: (-one.count, one.label)))


def series_index(services: Services) -> tuple[Choice, ...]:
    """Every series that has entries; the one that was added to last comes first."""
    snapshot = services.facets.current()
    return tuple(_series_choice(snapshot, one) for one in _series_by_age(snapshot))


def _series_by_age(snapshot: Snapshot) -> list[int]:
    stamps = snapshot.rows.columns.stamps
    newest = {series: int(stamps[as_array(ids)].max()) for series, ids in snapshot.series.items()}
    return sorted(newest, key=newest.__getitem__, reverse=True)


def _series_choice(snapshot: Snapshot, series_id: int) -> Choice:
    named = snapshot.names.series_by_id[series_id]
    return Choice(named.name, Filter(series=named.slug).url(), len(snapshot.series[series_id]))


def series_page(services: Services, slug: str) -> SeriesPage | None:
    """Return a series with its entries in order; None where there is no such series."""
    snapshot = services.facets.current()
    named = snapshot.names.series.get(slug)
    if named is None:
        return None
    with services.sessions.read() as session:
        description = session.scalar(select(Series.description_html).where(Series.id == named.id)) or ""
        entries = load_entries(session, snapshot, series_ids(session, snapshot, named.id))
    return SeriesPage(
        title=named.name,
        url=Filter(series=slug).url(),
        description_html=description,
        entries=tuple(entries),
    )
