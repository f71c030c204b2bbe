"""What a filter's page offers to click: chips to take a term out, facets to add one.

Every choice says how many entries it leads to, and nothing offered leads to an empty page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.dates import MONTH_NAMES
from blog.domain.filters import MAX_TERMS, Filter, period_in_words
from blog.facets.count import (
    TagCount,
    count_kinds,
    count_sources,
    count_years,
    telling_tags,
    top_tags,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pyroaring import BitMap

    from blog.facets.count import Months
    from blog.facets.snapshot import Snapshot

TAG_FACETS: Final = 40


@dataclass(frozen=True, slots=True)
class Chip:
    """One term of the filter and the address of the page without it.

    ``term`` is tag, not, any, type, source, domain, series, date or text.
    """

    term: str
    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to drill on: its address, how many entries are there, and the same for leaving it out.

    ``without_url`` is empty where leaving it out would leave nothing, or is not on offer.
    """

    label: str
    url: str
    count: int
    without_url: str = ""
    without_count: int = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """The facets of one result. ``months`` is empty until a year is chosen; ``telling`` are
    the tags that are much more frequent here than in the whole blog, by lift.
    """

    kinds: tuple[Choice, ...] = ()
    tags: tuple[Choice, ...] = ()
    telling: tuple[Choice, ...] = ()
    years: tuple[Choice, ...] = ()
    months: tuple[Choice, ...] = ()
    sources: tuple[Choice, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything to click."""
        return any((self.kinds, self.tags, self.telling, self.years, self.months, self.sources))


def chips(wanted: Filter, names: Mapping[str, str]) -> tuple[Chip, ...]:
    """Return one chip for each term, in the order in which the title speaks of them."""
    return tuple(_chips(wanted, names))


def _chips(wanted: Filter, names: Mapping[str, str]) -> Iterator[Chip]:
    if wanted.text:
        yield Chip("text", f"“{wanted.text}”", wanted.with_text("").url())
    for kind in sorted(wanted.kinds):
        yield Chip("type", kind.plural, wanted.without_kind(kind).url())
    for tag in sorted(wanted.tags):
        yield Chip("tag", names.get(tag, tag), wanted.without_tag(tag).url())
    for group in sorted(wanted.any_of, key=sorted):
        label = " or ".join(names.get(tag, tag) for tag in sorted(group))
        yield Chip("any", label, wanted.without_group(group).url())
    for tag in sorted(wanted.without):
        yield Chip("not", f"not {names.get(tag, tag)}", wanted.without_tag(tag).url())
    yield from _place_chips(wanted, names)
    if when := period_in_words(wanted):
        yield Chip("date", when, wanted.at_any_time().url())


def _place_chips(wanted: Filter, names: Mapping[str, str]) -> Iterator[Chip]:
    if wanted.source:
        label = names.get(f"source:{wanted.source}", wanted.source)
        yield Chip("source", f"from {label}", wanted.with_source("").url())
    if wanted.domain:
        yield Chip("domain", wanted.domain, wanted.with_domain("").url())
    if wanted.series:
        label = names.get(f"series:{wanted.series}", wanted.series)
        yield Chip("series", label, wanted.with_series("").url())


def facets(snapshot: Snapshot, wanted: Filter, matches: BitMap, months: Months) -> Facets:
    """Count every facet of the matches, whose ``months`` are known, and say where each click leads."""
    if not matches:
        return Facets()
    # A filter that holds as many terms as one may cannot take another, but dates are no terms.
    full = wanted.terms >= MAX_TERMS
    named = {snapshot.names.tags[slug].id for slug in wanted.all_tags if slug in snapshot.names.tags}
    counted = [] if full else top_tags(snapshot, matches, named, TAG_FACETS)
    telling = [found.tag for found, _ in telling_tags(snapshot, matches, counted)] if wanted else []
    tags = _tag_choices(snapshot, wanted, len(matches), counted)
    return Facets(
        kinds=() if full or wanted.kinds else _kind_choices(snapshot, wanted, matches),
        tags=tuple(tags.values()),
        telling=tuple(tags[tag] for tag in telling),
        years=() if _is_dated(wanted) else _year_choices(wanted, months),
        months=_month_choices(wanted, months),
        sources=() if full or wanted.source else _source_choices(snapshot, wanted, matches),
    )


def _is_dated(wanted: Filter) -> bool:
    return wanted.year is not None or bool(wanted.since or wanted.until)


def _tag_choices(snapshot: Snapshot, wanted: Filter, total: int, counted: list[TagCount]) -> dict[int, Choice]:
    choices: dict[int, Choice] = {}
    for tag, count in counted:
        named = snapshot.names.tags_by_id[tag]
        rest = total - count
        without = wanted.url_excluding(named.slug) if rest else ""
        choices[tag] = Choice(named.name, wanted.url_with_tag(named.slug), count, without, rest)
    return choices


def _kind_choices(snapshot: Snapshot, wanted: Filter, matches: BitMap) -> tuple[Choice, ...]:
    counts = count_kinds(snapshot, matches)
    return tuple(Choice(kind.plural, wanted.with_kind(kind).url(), count) for kind, count in counts.items())


def _source_choices(snapshot: Snapshot, wanted: Filter, matches: BitMap) -> tuple[Choice, ...]:
    by_id = snapshot.names.sources_by_id
    return tuple(
        Choice(by_id[source].name, wanted.with_source(by_id[source].slug).url(), count)
        for source, count in count_sources(snapshot, matches).items()
    )


def _year_choices(wanted: Filter, months: Months) -> tuple[Choice, ...]:
    return tuple(
        Choice(str(year), wanted.in_period(year).url(), count) for year, count in count_years(months).items()
    )


def _month_choices(wanted: Filter, months: Months) -> tuple[Choice, ...]:
    if wanted.year is None or wanted.month is not None:
        return ()
    return tuple(
        Choice(MONTH_NAMES[month - 1], wanted.in_period(year, month).url(), count)
        for (year, month), count in sorted(months.items())
    )


def loosened(wanted: Filter) -> Iterator[tuple[str, Filter]]:
    """The filters that leave out one term of this one, each with what was left out."""
    for tag in sorted(wanted.tags):
        yield tag, wanted.without_tag(tag)
    for group in sorted(wanted.any_of, key=sorted):
        yield " or ".join(sorted(group)), wanted.without_group(group)
    for tag in sorted(wanted.without):
        yield f"not {tag}", wanted.without_tag(tag)
    for kind in sorted(wanted.kinds):
        yield kind.plural, wanted.without_kind(kind)
    if wanted.text:
        yield f"“{wanted.text}”", wanted.with_text("")
    if wanted.source:
        yield wanted.source, wanted.with_source("")
    if wanted.domain:
        yield wanted.domain, wanted.with_domain("")
    if wanted.series:
        yield wanted.series, wanted.with_series("")
    if when := period_in_words(wanted):
        yield when, wanted.at_any_time()
