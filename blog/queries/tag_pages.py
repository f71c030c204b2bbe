"""What stands above the entries of one tag: what is said about it, its years, the company that it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from blog.domain.filters import Filter, series_url
from blog.facets.count import count_months, count_years, frequent_tags, telling_tags
from blog.facets.select import newest
from blog.models import Tag
from blog.queries.choices import Choice
from blog.queries.entries import EntryView, load_entries

if TYPE_CHECKING:
    from pyroaring import BitMap

    from blog.facets.names import Named
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

_COMPANIONS: Final = 8
_SERIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPage:
    """One tag besides its entries.

    ``years`` has every year from the first to the last, oldest first, with 0 where nothing was; ``telling``
    are the companions by lift, whose count is on how many entries they are together, and ``frequent``
    those by that count which are not among them. ``first`` and ``latest`` are None for a tag on no entry.
    """

    name: str
    slug: str
    description_html: str
    old_names: tuple[str, ...]
    total: int
    years: tuple[tuple[int, int], ...]
    telling: tuple[Choice, ...]
    frequent: tuple[Choice, ...]
    series: tuple[Choice, ...]
    first: EntryView | None
    latest: EntryView | None

    @property
    def busiest(self) -> tuple[int, int]:
        """The year with most entries, the later one of equals, and how many those are."""
        return max(self.years, key=lambda one: (one[1], one[0]), default=(0, 0))


def tag_page(services: Services, slug: str) -> TagPage | None:
    """Return what is known about a tag besides its entries; None where there is no such tag."""
    snapshot = services.facets.current()
    tag = snapshot.names.tags.get(slug)
    if tag is None:
        return None
    entries = snapshot.tag(slug)
    ends = newest(snapshot, entries, 0, 1) + newest(snapshot, entries, len(entries) - 1, len(entries))
    with services.sessions.read() as session:
        description = session.scalar(select(Tag.description_html).where(Tag.id == tag.id)) or ""
        found = load_entries(session, snapshot, ends) if entries else []
    telling, frequent = _companions(snapshot, tag, entries)
    return TagPage(
        name=tag.name,
        slug=slug,
        description_html=description,
        old_names=tuple(sorted(name for name, target in snapshot.names.aliases.items() if target == slug)),
        total=len(entries),
        years=_years(snapshot, entries),
        telling=telling,
        frequent=frequent,
        series=_series(snapshot, entries),
        first=found[-1] if found else None,
        latest=found[0] if found else None,
    )


def _years(snapshot: Snapshot, entries: BitMap) -> tuple[tuple[int, int], ...]:
    counts = count_years(count_months(snapshot, entries))
    span = range(min(counts), max(counts) + 1) if counts else ()
    return tuple((year, counts.get(year, 0)) for year in span)


def _companions(
    snapshot: Snapshot, tag: Named, entries: BitMap
) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    counted = [one for one in frequent_tags(snapshot, entries) if one.tag != tag.id]
    telling = [one for one, _ in telling_tags(snapshot, entries, counted, _COMPANIONS)]
    others = sorted(set(counted) - set(telling), key=lambda one: (-one.entries, one.tag))
    here, named = Filter(tags=frozenset({tag.slug})), snapshot.names.tags_by_id

    def choice(tag_id: int, count: int) -> Choice:
        return Choice(named[tag_id].name, here.url_with_tag(named[tag_id].slug), count)

    return tuple(choice(*one) for one in telling), tuple(choice(*one) for one in others[:_COMPANIONS])


def _series(snapshot: Snapshot, entries: BitMap) -> tuple[Choice, ...]:
    """The series that some of the entries are parts of, those with most of them first."""
    counts = {one: entries.intersection_cardinality(parts) for one, parts in snapshot.series.items()}
    best = sorted((one for one, count in counts.items() if count), key=lambda one: (-counts[one], one))
    named = snapshot.names.series_by_id
    return tuple(Choice(named[one].name, series_url(named[one].slug), counts[one]) for one in best[:_SERIES])
