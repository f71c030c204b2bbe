"""The filter: which entries a page, a feed, a search or a saved question is about.

A ``Filter`` is an immutable value with exactly one address. Whatever spelling a reader
arrives with, ``parse_tags``, ``parse_search`` and the small constructors make a filter of
it, and ``filter.url()`` is the address the page lives at; any other spelling is redirected
there. Filters that ask for the same thing by the laws of sets are the same value: "python
or ruby, and python" *is* "python".

The grammar is in docs/filters.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

from blog.domain.dates import FIRST_YEAR, LAST_YEAR, MONTH_NAMES, MONTHS, days_in_month, spoken_day
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_TERMS: Final = 20
MAX_TEXT_LENGTH: Final = 200


class Sort(StrEnum):
    """The order of a filter's entries: newest first, or best match first."""

    DATE = "date"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A question about the blog. Everything left out does not narrow it.

    ``tags`` must all be there, of each group in ``any_of`` at least one, of ``without``
    none; all are slugs. ``year``, ``month`` and ``day`` narrow to a calendar period of the
    blog; ``since`` and ``until`` (both included) are the other way to say when.

    Raises:
        BadFilter: the parts cannot go together; the sentence says which.
    """

    tags: frozenset[str] = frozenset()
    any_of: frozenset[frozenset[str]] = frozenset()
    without: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    source: str = ""
    domain: str = ""
    series: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""
    sort: Sort | None = None

    def __post_init__(self) -> None:
        """Bring the value into its one normal form."""
        settle = object.__setattr__
        settle(self, "text", " ".join(self.text.split()))
        tags, groups = _settled_tags(self.tags, self.any_of, self.without)
        settle(self, "tags", tags)
        settle(self, "any_of", groups)
        if len(self.kinds) == len(Kind):
            settle(self, "kinds", frozenset())
        if self.sort is self.default_sort or not self.text:
            settle(self, "sort", None)
        _check_dates(self)
        self._check_size()

    def _check_size(self) -> None:
        if self.terms > MAX_TERMS:
            raise BadFilter(f"A filter takes up to {MAX_TERMS} terms, and this one has {self.terms}.")
        if len(self.text) > MAX_TEXT_LENGTH:
            raise BadFilter(
                f"A search takes up to {MAX_TEXT_LENGTH} characters; this one has {len(self.text)}."
            )

    @property
    def terms(self) -> int:
        """How many terms bound the work this filter may cost."""
        members = sum(map(len, self.any_of)) if self.any_of else 0
        places = bool(self.source) + bool(self.domain) + bool(self.series)
        return len(self.tags) + members + len(self.without) + len(self.kinds) + places

    @property
    def is_plain(self) -> bool:
        """Tell whether this is everything, or one tag, kind, source, domain or series.

        Of these there are as many as the blog has; others can be made up without end.
        """
        return self.terms <= 1 and not self.without and sum(self._parts()) == self.terms

    @property
    def all_tags(self) -> frozenset[str]:
        """Every tag the filter names, wanted or not."""
        return self.tags.union(*self.any_of, self.without)

    @property
    def default_sort(self) -> Sort:
        """A search shows its best matches first, everything else the newest."""
        return Sort.RELEVANCE if self.text else Sort.DATE

    @property
    def order(self) -> Sort:
        """The order in force."""
        return self.sort or self.default_sort

    def __bool__(self) -> bool:
        """Tell whether the filter narrows anything."""
        return any(self._parts())

    def _parts(self) -> tuple[bool, ...]:
        """Which parts the filter has; one that has a single part has a page of its own."""
        return (
            bool(self.tags or self.any_of or self.without),
            bool(self.kinds),
            bool(self.source),
            bool(self.domain),
            bool(self.series),
            self.year is not None,
            bool(self.since or self.until),
            bool(self.text),
        )

    # Copies, for chips and facets: each is the filter that one click leads to.

    def with_tag(self, slug: str) -> Filter:
        """Also ask for this tag (and no longer exclude it)."""
        if slug not in self.all_tags:
            return self._copied(tags=self.tags | {slug})
        return replace(self, tags=self.tags | {slug}, without=self.without - {slug})

    def without_tag(self, slug: str) -> Filter:
        """Forget this tag wherever the filter names it."""
        return replace(
            self,
            tags=self.tags - {slug},
            without=self.without - {slug},
            any_of=frozenset(group - {slug} for group in self.any_of if group - {slug}),
        )

    def excluding(self, slug: str) -> Filter:
        """Leave out what carries this tag."""
        bare = self.without_tag(slug) if slug in self.all_tags else self
        return bare._copied(without=bare.without | {slug})

    def _copied(self, **values: object) -> Filter:
        """Copy the filter with values that keep its normal form.

        Bringing the copy into it again is left out: the facets of one page make dozens of these,
        and it was most of the time they took.
        """
        made = object.__new__(Filter)
        for name in Filter.__slots__:
            object.__setattr__(made, name, values[name] if name in values else getattr(self, name))
        made._check_size()
        return made

    def without_group(self, group: frozenset[str]) -> Filter:
        """Forget one "or" group."""
        return replace(self, any_of=self.any_of - {group})

    def with_either(self, slug: str, others: frozenset[str]) -> Filter:
        """Turn "and" into "or": ask for this tag or one of the others, where both were asked for.

        ``others`` is another tag that is asked for, or a group of which one is.
        """
        group = others | {slug}
        return replace(self, tags=self.tags - group, any_of=self.any_of - {others} | {group})

    def with_all_of(self, group: frozenset[str]) -> Filter:
        """Turn "or" into "and": ask for every tag of a group, where one was enough."""
        return replace(self, tags=self.tags | group, any_of=self.any_of - {group})

    def with_one_of(self, group: frozenset[str], slug: str) -> Filter:
        """Ask for this one tag of a group, and for the others no more."""
        return replace(self, tags=self.tags | {slug}, any_of=self.any_of - {group})

    def with_none_of(self, group: frozenset[str]) -> Filter:
        """Turn "or" into "not": leave out what carries any tag of a group."""
        return replace(self, without=self.without | group, any_of=self.any_of - {group})

    def with_kind(self, kind: Kind) -> Filter:
        """Only this kind."""
        return self._copied(kinds=frozenset({kind}))

    def without_kind(self, kind: Kind) -> Filter:
        """No longer ask for this kind."""
        return replace(self, kinds=self.kinds - {kind})

    def with_kinds(self, kinds: frozenset[Kind]) -> Filter:
        """Only these kinds: with all but one of those there are, that one is left out."""
        return replace(self, kinds=kinds)

    def in_period(self, year: int, month: int | None = None, day: int | None = None) -> Filter:
        """Only this year, month or day."""
        _check_period(year, month, day)
        return self._copied(year=year, month=month, day=day, since=None, until=None)

    def at_any_time(self) -> Filter:
        """No longer narrow by date."""
        return self._copied(year=None, month=None, day=None, since=None, until=None)

    def with_source(self, slug: str) -> Filter:
        """Only this source; an empty slug forgets it."""
        return self._copied(source=slug)

    def with_domain(self, host: str) -> Filter:
        """Only links to this host; an empty one forgets it."""
        return self._copied(domain=host)

    def with_series(self, slug: str) -> Filter:
        """Only this series; an empty slug forgets it."""
        return self._copied(series=slug)

    def with_text(self, text: str) -> Filter:
        """Only what matches this text; an empty one forgets it."""
        return replace(self, text=text)

    def sorted_by(self, sort: Sort) -> Filter:
        """The same entries in this order."""
        return replace(self, sort=sort)

    def renamed(self, names: Mapping[str, str]) -> Filter:
        """Replace old tag names by the tags they lead to now."""
        return replace(
            self,
            tags=frozenset(names.get(tag, tag) for tag in self.tags),
            without=frozenset(names.get(tag, tag) for tag in self.without),
            any_of=frozenset(frozenset(names.get(tag, tag) for tag in group) for group in self.any_of),
        )

    # The one address, and the one sentence.

    def url(self, page: int = 1) -> str:
        """Return the one address of this filter's page, from the root, percent-encoded."""
        path, query = self._address()
        return path + _spelled([*query, ("page", str(page))] if page > 1 else query)

    # The facets of one page ask for eighty of these two, and making eighty filters took most of the
    # time of all: so they are spelled without.

    def url_with_tag(self, slug: str) -> str:
        """Return ``with_tag(slug).url()``, for a tag that the filter does not name yet."""
        return self._url_of_tags(self.tags | {slug}, self.without)

    def url_excluding(self, slug: str) -> str:
        """Return ``excluding(slug).url()``, for a tag that the filter does not name yet."""
        return self._url_of_tags(self.tags, self.without | {slug})

    def _url_of_tags(self, tags: frozenset[str], without: frozenset[str]) -> str:
        if any(self._parts()[1:]):
            return f"/search/{_spelled(self._query(tags, without))}"
        return f"/tags/{_tag_expression(tags, self.any_of, without)}/"

    def feed_url(self, form: str, archive: str = "") -> str:
        """Return the address of this filter's feed; ``form`` is ``"atom"`` or ``"json"``.

        ``archive`` names one of the archives behind it, as ``ArchiveName`` spells that.
        """
        path, query = self._address()
        stem = path.rstrip("/") or "/feed"
        # A feed's entries come in the order in which they entered it, whatever the order of the page.
        pairs = [pair for pair in query if pair[0] != "sort"]
        return f"{stem}.{form}{_spelled([*pairs, ('archive', archive)] if archive else pairs)}"

    def url_below(self, rest: str) -> str:
        """Return an address that lies below this filter's page, and goes by the same filter.

        Below a period's page live entries, whatever they are called; so there it is one below ``/search/``.
        """
        path, query = self._address()
        if self.year is not None:
            path, query = "/search/", self.pairs()
        return f"{path}{rest}{_spelled(pair for pair in query if pair[0] != 'sort')}"

    def title(self, names: Mapping[str, str] | None = None) -> str:
        """Say the filter as a sentence; ``names`` gives tags, sources and series their display names."""
        return _sentence(self, names or {})

    def _address(self) -> tuple[str, list[tuple[str, str]]]:
        if not self:
            return "/", []
        path = self._path_of_one_part() if sum(self._parts()) == 1 else ""
        return (path, []) if path else ("/search/", self._query(self.tags, self.without))

    def _path_of_one_part(self) -> str:
        """Return the path of a filter that has a single part; empty where that has no page of its own."""
        if self.tags or self.any_of or self.without:
            return f"/tags/{self.tag_expression()}/"
        if len(self.kinds) == 1:
            (kind,) = self.kinds
            return f"/{kind.plural}/"
        for folder, value in (("sources", self.source), ("domains", self.domain), ("series", self.series)):
            if value:
                return f"/{folder}/{quote(value, safe='')}/"
        return self._path_of_period() if self.year is not None else ""

    def _path_of_period(self) -> str:
        parts = [str(self.year)]
        if self.month:
            parts.append(MONTHS[self.month - 1])
        if self.day:
            parts.append(str(self.day))
        return f"/{'/'.join(parts)}/"

    def tag_expression(self) -> str:
        """Return the tags as ``/tags/…/`` spells them: tags and groups sorted, then the excluded ones."""
        return _tag_expression(self.tags, self.any_of, self.without)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filter as parameters of an address, as ``/search/`` takes them."""
        return self._query(self.tags, self.without)

    def _query(self, tags: frozenset[str], without: frozenset[str]) -> list[tuple[str, str]]:
        pairs = [("q", self.text)] if self.text else []
        pairs += [("tag", tag) for tag in sorted(tags)]
        pairs += [("tag", group) for group in sorted(",".join(sorted(group)) for group in self.any_of)]
        pairs += [("exclude.tag", tag) for tag in sorted(without)]
        pairs += [("type", kind.value) for kind in sorted(self.kinds)]
        return pairs + [(name, str(value)) for name, value in self._single_values() if value]

    def _single_values(self) -> tuple[tuple[str, object], ...]:
        return (
            ("source", self.source),
            ("domain", self.domain),
            ("series", self.series),
            ("year", self.year),
            ("month", self.month),
            ("day", self.day),
            ("from", self.since),
            ("to", self.until),
            ("sort", self.sort),
        )


def _tag_expression(tags: Iterable[str], groups: Iterable[frozenset[str]], without: Iterable[str]) -> str:
    joined = (",".join(sorted(group)) for group in groups)
    unwanted = [f"-{tag}" for tag in sorted(without)]
    return "+".join(map(_quoted, [*sorted([*tags, *joined]), *unwanted]))


@lru_cache(maxsize=32_768)
def _quoted(part: str) -> str:
    """Percent-encode one term of a tag expression; the same few hundred tags are on every page."""
    return quote(part, safe=",")


def _spelled(pairs: Iterable[tuple[str, str]]) -> str:
    # What urllib's urlencode does, without its ten questions about what each value might be.
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)
    return f"?{query}" if query else ""


def _settled_tags(
    tags: frozenset[str], groups: Iterable[frozenset[str]], without: frozenset[str]
) -> tuple[frozenset[str], frozenset[frozenset[str]]]:
    """Bring the tag terms into normal form: no group that cannot change the answer remains.

    An excluded tag cannot satisfy a group, a group of one is a demand, a group that holds a
    demanded tag is met already, and a group that contains a smaller group says nothing new.
    Settling one group can make another superfluous, so this goes on until nothing changes.
    """
    left = {group - without for group in groups} if groups else set()
    if frozenset() in left:
        raise BadFilter("Every tag of an “or” group is excluded too, so nothing can match.")
    while single := next((group for group in left if len(group) == 1), None):
        left.discard(single)
        tags |= single
    left = {group for group in left if not group & tags}
    clash = sorted(tags & without)
    if clash:
        raise BadFilter(f"“{clash[0]}” is both asked for and excluded, so nothing can match.")
    return tags, frozenset(group for group in left if not any(other < group for other in left))


def _check_dates(wanted: Filter) -> None:
    if (wanted.since or wanted.until) and wanted.year is not None:
        raise BadFilter("Give a year or from/to, not both.")
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise BadFilter("The filter ends before it begins: “from” is later than “to”.")
    for limit in (wanted.since, wanted.until):
        if limit and not FIRST_YEAR <= limit.year <= LAST_YEAR:
            raise BadFilter(f"Dates go from {FIRST_YEAR} to {LAST_YEAR}.")
    _check_period(wanted.year, wanted.month, wanted.day)


def _check_period(year: int | None, month: int | None, day: int | None) -> None:
    if year is None:
        if month is not None or day is not None:
            raise BadFilter("A month or a day needs its year: add year=2009.")
        return
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadFilter(f"Years go from {FIRST_YEAR} to {LAST_YEAR}.")
    if month is None:
        if day is not None:
            raise BadFilter("A day needs its month: add month=5.")
        return
    if not 1 <= month <= 12:
        raise BadFilter("Months go from 1 to 12.")
    if day is not None and not 1 <= day <= days_in_month(year, month):
        raise BadFilter(f"{MONTH_NAMES[month - 1]} {year} has days 1 to {days_in_month(year, month)}.")


def _sentence(wanted: Filter, names: Mapping[str, str]) -> str:
    what = _kinds_in_words(wanted.kinds)
    text = f"“{wanted.text}” in " if wanted.text else ""
    sentence = text + (what if not text else what[0].lower() + what[1:])
    clauses = [*_tag_clauses(wanted, names), *_place_clauses(wanted, names)]
    sentence += (" " + ", ".join(clauses)) if clauses else ""
    when = period_in_words(wanted)
    if not when:
        return sentence
    return f"{sentence}, {when}" if clauses else f"{sentence} {when}"


def _kinds_in_words(kinds: Iterable[Kind]) -> str:
    words = [kind.plural for kind in sorted(kinds)]
    if not words:
        return "Posts"
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return listed.capitalize()


def _tag_clauses(wanted: Filter, names: Mapping[str, str]) -> list[str]:
    def said(tags: Iterable[str], joint: str) -> str:
        return joint.join(names.get(tag, tag) for tag in sorted(tags))

    demands = [said(wanted.tags, ", ")] if wanted.tags else []
    demands += sorted(said(group, " or ") for group in wanted.any_of)
    clauses = [f"tagged {', and '.join(demands)}"] if demands else []
    if wanted.without:
        clauses.append(f"excluding {said(wanted.without, ', ')}")
    return clauses


def _place_clauses(wanted: Filter, names: Mapping[str, str]) -> list[str]:
    clauses = []
    if wanted.source:
        clauses.append(f"from {names.get(f'source:{wanted.source}', wanted.source)}")
    if wanted.domain:
        clauses.append(f"pointing to {wanted.domain}")
    if wanted.series:
        clauses.append(f"in the series {names.get(f'series:{wanted.series}', wanted.series)}")
    return clauses


def period_in_words(wanted: Filter) -> str:
    """Say when: "in May 2009", "on 25 May 2009", "since 1 January 2020"; empty for any time."""
    if wanted.year is not None:
        if wanted.month is None:
            return f"in {wanted.year}"
        if wanted.day is None:
            return f"in {MONTH_NAMES[wanted.month - 1]} {wanted.year}"
        return f"on {spoken_day(date(wanted.year, wanted.month, wanted.day))}"
    if wanted.since and wanted.until:
        return f"from {spoken_day(wanted.since)} to {spoken_day(wanted.until)}"
    if wanted.since:
        return f"since {spoken_day(wanted.since)}"
    return f"until {spoken_day(wanted.until)}" if wanted.until else ""


EVERYTHING: Final = Filter()


@lru_cache(maxsize=32_768)
def tag_url(slug: str) -> str:
    """Return the address of one tag's page; a page of entries names hundreds of tags."""
    return Filter(tags=frozenset({slug})).url()


@lru_cache(maxsize=32_768)
def domain_url(host: str) -> str:
    """Return the address of what points to one host."""
    return Filter(domain=host).url()


@lru_cache(maxsize=4_096)
def source_url(slug: str) -> str:
    """Return the address of what comes from one source."""
    return Filter(source=slug).url()


@lru_cache(maxsize=4_096)
def series_url(slug: str) -> str:
    """Return the address of one series."""
    return Filter(series=slug).url()
