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
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pyroaring import BitMap

    from blog.facets.count import Months
    from blog.facets.snapshot import Snapshot

TAG_FACETS: Final = 40
# A chip offers its tag "or" so many others, and a group each of so many alone: each is counted.
_TURNS: Final = 5


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
class Chip:
    """One term of the filter, the address of the page without it, and what else it could say.

    ``term`` is tag, not, any, type, source, domain, series, date or text. ``turns`` are the filters
    in which "and", "or" and "not" are another one of the three for this term.
    """

    term: str
    label: str
    remove_url: str
    turns: tuple[Choice, ...] = ()


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


def chips(wanted: Filter, names: Mapping[str, str], count: Callable[[Filter], int]) -> tuple[Chip, ...]:
    """Return one chip for each term, in the order in which the title speaks of them.

    ``count`` says how many entries a filter finds; what finds none is not offered.
    """

    def counted(turns: Iterable[tuple[str, Filter]]) -> tuple[Choice, ...]:
        found = ((label, turned, count(turned)) for label, turned in turns)
        return tuple(Choice(label, turned.url(), number) for label, turned, number in found if number)

    return tuple(
        Chip(term, label, rest.url(), counted(turns)) for term, label, rest, turns in _chips(wanted, names)
    )


_Term = tuple[str, str, Filter, "Iterable[tuple[str, Filter]]"]


def _chips(wanted: Filter, names: Mapping[str, str]) -> Iterator[_Term]:
    """Each term: what it is, what it says, the filter without it, and those that turn it."""
    if wanted.text:
        yield "text", f"“{wanted.text}”", wanted.with_text(""), ()
    for kind in sorted(wanted.kinds):
        yield "type", kind.plural, wanted.without_kind(kind), ()
    for tag in sorted(wanted.tags):
        yield "tag", names.get(tag, tag), wanted.without_tag(tag), _turns_of_tag(wanted, tag, names)
    for group in sorted(wanted.any_of, key=sorted):
        label = _joined(group, " or ", names)
        yield "any", label, wanted.without_group(group), _turns_of_group(wanted, group, names)
    for tag in sorted(wanted.without):
        label = names.get(tag, tag)
        yield "not", f"not {label}", wanted.without_tag(tag), [(label, wanted.with_tag(tag))]
    yield from _place_chips(wanted, names)
    if when := period_in_words(wanted):
        yield "date", when, wanted.at_any_time(), ()


def _joined(tags: Iterable[str], joint: str, names: Mapping[str, str]) -> str:
    return joint.join(names.get(tag, tag) for tag in sorted(tags))


def _turns_of_tag(wanted: Filter, tag: str, names: Mapping[str, str]) -> Iterator[tuple[str, Filter]]:
    yield f"not {names.get(tag, tag)}", wanted.excluding(tag)
    others = [frozenset({other}) for other in sorted(wanted.tags) if other != tag]
    for other in [*others, *sorted(wanted.any_of, key=sorted)][:_TURNS]:
        yield _joined(other | {tag}, " or ", names), wanted.with_either(tag, other)


def _turns_of_group(
    wanted: Filter, group: frozenset[str], names: Mapping[str, str]
) -> Iterator[tuple[str, Filter]]:
    yield _joined(group, " and ", names), wanted.with_all_of(group)
    yield f"not {_joined(group, ', not ', names)}", wanted.with_none_of(group)
    for tag in sorted(group)[:_TURNS]:
        yield f"{names.get(tag, tag)} alone", wanted.with_one_of(group, tag)


def _place_chips(wanted: Filter, names: Mapping[str, str]) -> Iterator[_Term]:
    if wanted.source:
        label = names.get(f"source:{wanted.source}", wanted.source)
        yield "source", f"from {label}", wanted.with_source(""), ()
    if wanted.domain:
        yield "domain", wanted.domain, wanted.with_domain(""), ()
    if wanted.series:
        label = names.get(f"series:{wanted.series}", wanted.series)
        yield "series", label, wanted.with_series(""), ()


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
    # To leave a kind out is to ask for the others there are, and each of them is a term.
    has_room = wanted.terms + len(counts) - 1 <= MAX_TERMS
    choices = []
    for kind, count in counts.items():
        others = frozenset(counts) - {kind}
        without = wanted.with_kinds(others).url() if others and has_room else ""
        choices.append(Choice(kind.plural, wanted.with_kind(kind).url(), count, without, len(matches) - count))
    return tuple(choices)


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
