"""What the form for an entry offers while it is written: tags that fit, and what was linked before."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select

from blog.domain.entry import Status
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from blog.domain.tagwords import slugs_in
from blog.domain.textquery import parse as parse_query
from blog.domain.urls import canonical_url, domain_of
from blog.facets.count import telling_tags, top_tags
from blog.facets.sets import EMPTY
from blog.models import Entry
from blog.queries.entries import beginning, permalink

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from blog.facets.names import Named, Names
    from blog.facets.snapshot import Snapshot
    from blog.search.engine import SearchEngine
    from blog.services import Services

MAX_COMPLETIONS: Final = 10
MAX_SUGGESTIONS: Final = 12
_MAX_TYPED: Final = 100
_MAX_OFFERED: Final = 200
_SPOKEN_OF: Final = 20
_MAX_FOUND: Final = 8
_MAX_BEFORE: Final = 5


# --- Completing a tag


@dataclass(frozen=True, slots=True)
class Completion:
    """A tag that what was typed may become; ``old_name`` is the slug it was found by, if not its own."""

    slug: str
    name: str
    count: int
    old_name: str = ""


def complete_tag(
    services: Services, typed: str, text: str = "", chosen: Iterable[str] = ()
) -> tuple[Completion, ...]:
    """Return the tags whose name, slug or old name begins with what was typed, or has a word that does.

    Those come first that are it, then those that begin with it, and among them those in use most;
    what ``text`` speaks of counts as if it were used twenty times as often. ``chosen`` are names or
    slugs to leave out. With nothing typed yet, that order alone is what is offered.
    """
    snapshot = services.facets.current()
    names, spoken, size = snapshot.names, slugs_in(text), snapshot.tags.size
    skip = set(_ids_of(names, chosen))
    typed = typed.strip()[:_MAX_TYPED]
    found = _beginning_with(names, typed) if typed else _not_typed(snapshot, spoken)
    first = {hit.tag.id: hit for hit in reversed(list(found)) if hit.tag.id not in skip}

    def rank(hit: _Hit) -> tuple[bool, bool, int, int, str]:
        tag, old_name, is_within = hit
        weight = (size(tag.id) + 1) * (_SPOKEN_OF if tag.slug in spoken else 1)
        is_it = typed.casefold() in (tag.slug, tag.name.casefold(), old_name or tag.slug)
        return not is_it, is_within, -weight, len(tag.slug), tag.slug

    best = nsmallest(MAX_COMPLETIONS, first.values(), key=rank)
    return tuple(Completion(tag.slug, tag.name, size(tag.id), old_name) for tag, old_name, _ in best)


class _Hit(NamedTuple):
    """A tag that what was typed may become, the old name it was found by, and whether only within."""

    tag: Named
    old_name: str = ""
    is_within: bool = False


def _beginning_with(names: Names, typed: str) -> Iterator[_Hit]:
    """The tags that begin so, or have a word that does; those found by an old name come last."""
    name, slug = unicodedata.normalize("NFKC", typed).casefold(), _slug_start(typed)
    for tag in names.tags.values():
        if slug and slug in tag.slug and (tag.slug.startswith(slug) or f"-{slug}" in tag.slug):
            yield _Hit(tag, is_within=not tag.slug.startswith(slug))
        elif tag.name != tag.slug and f" {name}" in f" {tag.name.casefold()}":
            yield _Hit(tag, is_within=not tag.name.casefold().startswith(name))
    for old, living in names.aliases.items():
        if slug and old.startswith(slug) and old not in names.tags:
            yield _Hit(names.tags[living], old)


def _not_typed(snapshot: Snapshot, spoken: Collection[str]) -> Iterator[_Hit]:
    names = snapshot.names
    yield from (_Hit(names.tags[slug]) for slug in spoken & names.tags.keys())
    yield from (_Hit(names.tags_by_id[tag]) for tag in snapshot.tags_by_size[:_MAX_OFFERED].tolist())


def _slug_start(typed: str) -> str:
    """How the slug begins of what is being typed; empty while that has no letter or digit."""
    try:
        return slugify(typed)
    except BadTag:
        return ""


def _ids_of(names: Names, chosen: Iterable[str]) -> list[int]:
    """The ids of the tags among these names and slugs, old ones too, each once and in this order."""
    tags = (_tag_of(names, _slug_start(one[:_MAX_TYPED])) for one in chosen)
    return list(dict.fromkeys(tag.id for tag in tags if tag))


def _tag_of(names: Names, slug: str) -> Named | None:
    return names.tags.get(slug) or names.tags.get(names.aliases.get(slug, ""))


# --- Suggesting tags


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A tag that may fit, and in a few words why."""

    slug: str
    name: str
    count: int
    reason: str


def suggest_tags(
    services: Services, title: str, text: str, url: str, chosen: Iterable[str] = ()
) -> tuple[Suggestion, ...]:
    """Return tags that an entry speaks of, and then those that usually go with them or with the chosen."""
    snapshot = services.facets.current()
    taken = _ids_of(snapshot.names, chosen)
    places = _spoken_of(snapshot, title, text, url, taken)
    spoken = chain.from_iterable(_telling(services.search.engine, snapshot, there) for there in places)
    reasons = {one.tag.id: one.reason for one in islice(spoken, _MAX_FOUND)}
    seeds = [*taken, *reasons][:_MOST_SEEDS]
    for tag, seed in _companions(snapshot, seeds, {*taken, *reasons}):
        reasons.setdefault(tag, f"usually with {snapshot.names.tags_by_id[seed].name}")
    by_id = snapshot.names.tags_by_id
    return tuple(
        Suggestion(by_id[tag].slug, by_id[tag].name, snapshot.tags.size(tag), reason)
        for tag, reason in islice(reasons.items(), MAX_SUGGESTIONS)
    )


class _Spoken(NamedTuple):
    """A tag that something speaks of, with the words it does so in."""

    tag: Named
    words: str
    reason: str


def _spoken_of(
    snapshot: Snapshot, title: str, text: str, url: str, skip: Collection[int]
) -> Iterator[list[_Spoken]]:
    """The tags in the title, those in the host and those in the text, each tag once."""
    said = set(skip)
    places = ((title, "occurs in the title"), (_host_words(url), "is the site"), (text, "occurs in the text"))
    for words, reason in places:
        there: list[_Spoken] = []
        for slug in _tags_in(snapshot.names, words):
            tag = _tag_of(snapshot.names, slug)
            if tag and tag.id not in said:
                said.add(tag.id)
                is_old = slug != tag.slug
                why = f"its old name “{slug}” {reason}" if is_old else reason
                there.append(_Spoken(tag, slug.replace("-", " ") if is_old else tag.name, why))
        yield there


def _telling(engine: SearchEngine, snapshot: Snapshot, spoken: list[_Spoken]) -> list[_Spoken]:
    """Those of these tags whose words mean the tag, the surest first.

    Somebody once tagged an entry "with" or "time". So each is weighed by how many of the entries
    that hold its words also carry it: of the tags in the titles of a real blog this leaves six in ten,
    of which five in six are right, and of those that were right it takes one in twelve.
    """
    most = min(_MOST_WEIGHED, max(_FEW_WEIGHED, _WEIGHED_IN_ALL // (len(snapshot.everything) + 1)))
    size = snapshot.tags.size
    first = sorted(spoken, key=lambda one: (-one.words.count(" "), -size(one.tag.id), one.tag.slug))[:most]
    weighed = [(_share(engine, snapshot, one), one) for one in first]
    sure = [pair for pair in weighed if pair[0] * _MEANT >= 1]
    return [one for _, one in sorted(sure, key=lambda pair: (-pair[0], pair[1].tag.slug))]


_MEANT: Final = 12
# What is weighed is looked up in the text index; in a large blog that takes longer.
_MOST_WEIGHED: Final = 40
_FEW_WEIGHED: Final = 8
_WEIGHED_IN_ALL: Final = 2_000_000


def _share(engine: SearchEngine, snapshot: Snapshot, spoken: _Spoken) -> float:
    """The share of the entries with these words that carry the tag; all, while none is known."""
    query = parse_query(f'"{spoken.words}"')
    matches = engine.matches(query, lambda field, value: EMPTY, snapshot.everything)
    tagged = snapshot.tags.get(spoken.tag.id, EMPTY)
    return tagged.intersection_cardinality(matches) / len(matches) if matches else 1.0


def _tags_in(names: Names, text: str) -> Iterator[str]:
    """The slugs of tags and old names that a text speaks of, sorted; tags first."""
    spoken = slugs_in(text)
    yield from sorted(spoken & names.tags.keys())
    yield from sorted(spoken & names.aliases.keys())
    if not text.isascii():
        # Chinese, Japanese and Thai write no spaces, so their words are found wherever they stand.
        flat = unicodedata.normalize("NFKC", text[:_UNSPACED]).lower()
        yield from sorted(slug for slug in names.tags if _is_unspaced(slug) and slug in flat)


_UNSPACED: Final = 20_000


def _is_unspaced(slug: str) -> bool:
    return (
        not slug.isascii()
        and len(slug) > 1
        and all("\u3040" <= one <= "\u9fff" or "\u0e00" <= one <= "\u0e7f" for one in slug)
    )


def _host_words(url: str) -> str:
    """The parts of a host, without what stands at its end for itself: "docs sqlite sqlite.org"."""
    *labels, last = domain_of(url).split(".")
    return f"{' '.join(labels)} {labels[-1]}.{last}" if labels else ""


_MOST_SEEDS: Final = 6
_FEW_COMPANIONS: Final = 3
# On so many of a tag's entries another must be to be called usual: one in eight.
_USUAL: Final = 8


def _companions(snapshot: Snapshot, seeds: Iterable[int], skip: Collection[int]) -> Iterator[tuple[int, int]]:
    """The tags that are with a seed much more often than elsewhere, each with that seed."""
    for seed in seeds:
        matches = snapshot.tags.get(seed)
        if matches is None:
            continue
        counted = [one for one in top_tags(snapshot, matches, skip) if one.entries * _USUAL >= len(matches)]
        telling = telling_tags(snapshot, matches, counted, _FEW_COMPANIONS)
        yield from ((found.tag, seed) for found, _ in telling)


# --- What was linked before


@dataclass(frozen=True, slots=True)
class LinkedBefore:
    """An entry that links to the same page."""

    id: int
    title: str
    day: date
    permalink: str
    status: Status


def linked_before(services: Services, url: str, but: int | None = None) -> tuple[LinkedBefore, ...]:
    """Return the entries that link to the page at ``url``, whoever may see them, newest first.

    ``but`` is the entry that is being edited.
    """
    key = canonical_url(url)
    if not key:
        return ()
    start = func.substr(Entry.text, 1, _ENOUGH_TEXT).label("start")
    columns = (Entry.id, Entry.title, Entry.day, Entry.slug, Entry.status, start)
    statement = select(*columns).where(Entry.canonical == key, Entry.id != (but or 0))
    with services.sessions.read() as session:
        rows = session.execute(statement.order_by(Entry.published.desc(), Entry.id.desc()).limit(_MAX_BEFORE))
        return tuple(
            LinkedBefore(
                id=row.id,
                title=row.title or beginning(row.start) or row.slug,
                day=row.day,
                permalink=permalink(row.day, row.slug),
                status=Status(row.status),
            )
            for row in rows
        )


_ENOUGH_TEXT: Final = 300
