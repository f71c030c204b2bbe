"""``browse``: the one question. The HTML page, both feeds, the API and the CLI ask it.

``settle`` comes first: it turns old tag names into the tags they lead to, and says which
names lead nowhere, so that a filter that reaches ``browse`` is known to mean something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.errors import BadFilter, NotThere
from blog.domain.filters import MAX_TEXT_LENGTH, Filter, Sort
from blog.domain.tags import near_names
from blog.domain.textquery import parse as parse_query
from blog.facets.count import count_months
from blog.facets.select import matching, newest
from blog.queries.choices import Chip, Choice, Facets, chips, facets, loosened
from blog.queries.entries import EntryView, Link, load_entries
from blog.queries.histogram import Histogram, histogram
from blog.queries.paging import PageLinks, count_pages, page_links
from blog.search.snippets import snippet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyroaring import BitMap

    from blog.domain.textquery import TextQuery
    from blog.facets.count import Months
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

Pieces = list[tuple[str, bool]]
# Near names are looked for among this many tags, those on most entries, and for so many unknown ones.
_KNOWN_TAGS: Final = 5_000
_UNKNOWN_TAGS: Final = 5


class UnknownTags(NotThere):
    """Tags that the filter names and the blog has never had.

    ``near`` gives for each the tags it may have meant, with their pages; ``rest`` is the
    filter without them (None where nothing is left) and ``rest_count`` how many it finds.
    """

    def __init__(self, unknown: list[str], near: dict[str, list[Choice]], rest: Choice | None) -> None:
        listed = " and ".join(f"“{slug}”" for slug in unknown)
        super().__init__(f"There is no tag {listed} here.")
        self.unknown = unknown
        self.near = near
        self.rest = rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Browse:
    """The answer: one page of the filter's entries and everything that is offered beside it.

    ``snippets`` holds, by entry id, pieces of text with whether each matched, for a search.
    ``suggestion`` is "did you mean"; ``widen`` says for an empty result what each term's
    removal would find. ``is_catching_up`` warns that the text index misses new entries, and
    ``is_cut`` that more was typed than a search takes into account. ``histogram`` is None where there is
    but one year and month to choose.
    """

    wanted: Filter
    title: str
    total: int
    page: int
    pages: int
    entries: Sequence[EntryView]
    chips: tuple[Chip, ...]
    facets: Facets
    histogram: Histogram | None
    links: PageLinks
    orders: tuple[tuple[str, str, bool], ...]
    snippets: dict[int, Pieces]
    suggestion: Link | None
    widen: tuple[Choice, ...]
    is_catching_up: bool
    is_cut: bool


def settle(services: Services, wanted: Filter) -> Filter:
    """Return the filter with old tag names replaced by the tags they lead to now.

    Raises:
        UnknownTags: it names tags that are none.
        NotThere: it names a source, series or domain that is none.
        BadFilter: two of its tags have become one, wanted and excluded.
    """
    snapshot = services.facets.current()
    renames = snapshot.names.renames(wanted.all_tags)
    settled = wanted.renamed(renames) if renames else wanted
    unknown = snapshot.names.unknown_tags(settled.all_tags)
    if unknown:
        raise _unknown_tags(services, snapshot, settled, unknown)
    _check_places(snapshot, settled)
    return settled


def _check_places(snapshot: Snapshot, wanted: Filter) -> None:
    # One that only hidden entries are in does not show that it is there.
    source = snapshot.names.sources.get(wanted.source)
    if wanted.source and (source is None or source.id not in snapshot.sources):
        raise NotThere(f"There is no source “{wanted.source}” here.")
    series = snapshot.names.series.get(wanted.series)
    if wanted.series and (series is None or series.id not in snapshot.series):
        raise NotThere(f"There is no series “{wanted.series}” here.")
    if wanted.domain and wanted.domain not in snapshot.domains:
        raise NotThere(f"Nothing here points to “{wanted.domain}”.")


def _unknown_tags(services: Services, snapshot: Snapshot, wanted: Filter, unknown: list[str]) -> UnknownTags:
    meaning = _Meaning(services, snapshot)
    rest = _without_tags(wanted, unknown)
    near = {
        slug: _near_choices(meaning, _without_tags(wanted, [other for other in unknown if other != slug]), slug)
        for slug in unknown[:_UNKNOWN_TAGS]
    }
    names = snapshot.display_names
    count = len(meaning.of(rest)) if rest else 0
    return UnknownTags(unknown, near, Choice(rest.title(names), rest.url(), count) if rest else None)


def _without_tags(wanted: Filter, slugs: Iterable[str]) -> Filter:
    for slug in slugs:
        wanted = wanted.without_tag(slug)
    return wanted


def _near_choices(meaning: _Meaning, bare: Filter, slug: str) -> list[Choice]:
    """Near names, each with the filter that has it instead of the unknown one."""
    snapshot = meaning.snapshot
    used = [snapshot.names.tags_by_id[tag].slug for tag in snapshot.tags_by_size[:_KNOWN_TAGS].tolist()]
    choices = []
    for near in near_names(slug, used):
        try:
            instead = bare.renamed({slug: near})
        except BadFilter:
            # The near one is asked for already where the unknown one is excluded, or the other way.
            continue
        count = len(meaning.of(instead))
        if count:
            choices.append(Choice(snapshot.names.tags[near].name, instead.url(), count))
    return choices


class _Meaning:
    """What filters mean in one snapshot; a text is looked up once, however many filters share it.

    An answer counts what each of its suggestions would find, and most of these ask for the
    same text: looking it up for each made one such page cost twenty searches.
    """

    def __init__(self, services: Services, snapshot: Snapshot) -> None:
        self._services = services
        self.snapshot = snapshot
        self._texts: dict[str, BitMap] = {}

    def of(self, wanted: Filter) -> BitMap:
        """The ids of everything the filter means, its text included."""
        matches = matching(self.snapshot, wanted)
        if not wanted.text:
            return matches
        if wanted.text not in self._texts:
            query = parse_query(wanted.text)
            self._texts[wanted.text] = text_matches(self._services, self.snapshot, query)
        return self._texts[wanted.text] & matches


def text_matches(services: Services, snapshot: Snapshot, query: TextQuery) -> BitMap:
    """The public entries that a text matches; the fields of the text are looked up in the bitmaps."""

    def by_field(name: str, value: str) -> BitMap:
        return matching(snapshot, Filter(**{"tags": frozenset({value})} if name == "tag" else {name: value}))

    return services.search.matches(query, by_field, snapshot.everything, snapshot.state)


def browse(services: Services, wanted: Filter, page: int = 1) -> Browse:
    """Answer the filter: its entries on this page, and what to click from here.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    snapshot = services.facets.current()
    size = services.settings.page_size
    meaning = _Meaning(services, snapshot)
    matches = meaning.of(wanted)
    pages = count_pages(len(matches), size, page)
    months = count_months(snapshot, matches)
    start, stop = (page - 1) * size, page * size
    if wanted.order is Sort.RELEVANCE:
        ids = services.search.engine.best(parse_query(wanted.text), matches, size, start)
    else:
        ids = newest(snapshot, matches, start, stop, months)
    with services.sessions.read() as session:
        entries = load_entries(session, snapshot, ids)
    query = parse_query(wanted.text) if wanted.text else None
    return Browse(
        wanted=wanted,
        title=wanted.title(snapshot.display_names),
        total=len(matches),
        page=page,
        pages=pages,
        entries=entries,
        chips=chips(wanted, snapshot.display_names, lambda turned: len(meaning.of(turned))),
        facets=facets(snapshot, wanted, matches, months),
        histogram=histogram(wanted, _months_at_any_time(meaning, wanted, months)),
        links=page_links(wanted.url, page, pages),
        orders=_orders(wanted),
        snippets={one.id: snippet(one.text, query) for one in entries} if query else {},
        suggestion=_suggestion(services, meaning, wanted, query) if query and not matches else None,
        widen=() if matches else _widened(meaning, wanted),
        is_catching_up=bool(query) and services.search.engine.position() < snapshot.position,
        is_cut=query.truncated if query else False,
    )


def _months_at_any_time(meaning: _Meaning, wanted: Filter, months: Months) -> Months:
    """Count by month what the filter finds without its date; ``months`` is with it."""
    bare = wanted.at_any_time()
    return months if bare == wanted else count_months(meaning.snapshot, meaning.of(bare))


def meaning_of(services: Services, snapshot: Snapshot, wanted: Filter) -> BitMap:
    """Return the ids of everything that a filter means, its text included; do not change them."""
    return _Meaning(services, snapshot).of(wanted)


def _orders(wanted: Filter) -> tuple[tuple[str, str, bool], ...]:
    """The orders to choose from: label, address, whether it is the one in force."""
    if not wanted.text:
        return ()
    return tuple((one.value, wanted.sorted_by(one).url(), wanted.order is one) for one in Sort)


def _suggestion(services: Services, meaning: _Meaning, wanted: Filter, query: TextQuery) -> Link | None:
    """Did-you-mean, which keeps everything else the filter asks for, and finds something.

    The index knows words that only scheduled or deleted entries hold; those are no suggestion.
    """
    better = services.search.engine.suggest(query)
    if not better or better == wanted.text or len(better) > MAX_TEXT_LENGTH:
        return None
    instead = wanted.with_text(better)
    return Link(better, instead.url()) if meaning.of(instead) else None


def _widened(meaning: _Meaning, wanted: Filter) -> tuple[Choice, ...]:
    names = meaning.snapshot.display_names
    choices = []
    for left_out, wider in loosened(wanted):
        count = len(meaning.of(wider))
        if wider and count:
            choices.append(Choice(names.get(left_out, left_out), wider.url(), count))
    return tuple(choices)
