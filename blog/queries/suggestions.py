"""What the form for an entry offers while it is written: tags that fit, and what was linked before."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select

from blog.domain.entry import Status
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from blog.domain.tagwords import slugs_in
from blog.domain.urls import canonical_url, domain_of
from blog.facets.count import telling_tags, top_tags
from blog.models import Entry
from blog.queries.entries import beginning, permalink

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from blog.facets.names import Named, Names
    from blog.facets.snapshot import Snapshot
    from blog.services import Services

MAX_COMPLETIONS: Final = 10
MAX_SUGGESTIONS: Final = 12
_MAX_TYPED: Final = 100
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


class _Rank(NamedTuple):
    """Where a completion stands; the smallest is first. What holds comes before what does not."""

    is_not_it: bool
    begins_within: bool
    is_not_in_text: bool
    missing_uses: int
    length: int
    slug: str


def complete_tag(
    services: Services, typed: str, text: str = "", chosen: Iterable[str] = ()
) -> tuple[Completion, ...]:
    """Return the tags whose name, slug or old name begins with what was typed, or has a word that does.

    Those come first that are it, then those that begin with it; among them those that ``text``
    speaks of, then those in use most. ``chosen`` are names or slugs to leave out. Nothing typed
    yet begins everything.
    """
    snapshot = services.facets.current()
    names, spoken, skip = snapshot.names, slugs_in(text), _ids_of(snapshot.names, chosen)
    typed = typed.strip()[:_MAX_TYPED]
    ranked: dict[int, tuple[_Rank, Completion]] = {}
    for tag, old_name, is_within in _beginning_with(names, typed):
        if tag.id in skip or tag.id in ranked:
            continue
        count = snapshot.tags.size(tag.id)
        is_it = typed.casefold() in (tag.slug, tag.name.casefold(), old_name or tag.slug)
        rank = _Rank(not is_it, is_within, tag.slug not in spoken, -count, len(tag.slug), tag.slug)
        ranked[tag.id] = rank, Completion(tag.slug, tag.name, count, old_name)
    return tuple(completion for _, completion in sorted(ranked.values())[:MAX_COMPLETIONS])


def _beginning_with(names: Names, typed: str) -> Iterator[tuple[Named, str, bool]]:
    """The tags that begin so, each with the old name that does, and whether it is only within."""
    name_start, slug_start = unicodedata.normalize("NFKC", typed).casefold(), _slug_start(typed)
    if not name_start:
        yield from ((tag, "", False) for tag in names.tags.values())
        return
    for tag in names.tags.values():
        name = tag.name.casefold()
        if name.startswith(name_start) or (slug_start and tag.slug.startswith(slug_start)):
            yield tag, "", False
        elif f" {name_start}" in name or (slug_start and f"-{slug_start}" in tag.slug):
            yield tag, "", True
    for old, living in names.aliases.items():
        if slug_start and old.startswith(slug_start) and old not in names.tags:
            yield names.tags[living], old, False


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
    reasons = dict(islice(_spoken_of(snapshot, title, text, url, taken), _MAX_FOUND))
    seeds = [*taken, *reasons][:_MOST_SEEDS]
    for tag, seed in _companions(snapshot, seeds, {*taken, *reasons}):
        reasons.setdefault(tag, f"usually with {snapshot.names.tags_by_id[seed].name}")
    by_id = snapshot.names.tags_by_id
    return tuple(
        Suggestion(by_id[tag].slug, by_id[tag].name, snapshot.tags.size(tag), reason)
        for tag, reason in islice(reasons.items(), MAX_SUGGESTIONS)
    )


def _spoken_of(
    snapshot: Snapshot, title: str, text: str, url: str, skip: Collection[int]
) -> Iterator[tuple[int, str]]:
    """The tags in the title, the host and the text, each once, with the reason; the longest names first."""
    said = set(skip)
    places = ((title, "occurs in the title"), (_host_words(url), "is the site"), (text, "occurs in the text"))
    for words, reason in places:
        found: list[tuple[int, int, str, str, int]] = []
        for slug in _tags_in(snapshot.names, words):
            tag = _tag_of(snapshot.names, slug)
            if tag and tag.id not in said:
                said.add(tag.id)
                old = "" if slug == tag.slug else f"its old name “{slug}” "
                found.append((-slug.count("-"), -snapshot.tags.size(tag.id), slug, f"{old}{reason}", tag.id))
        yield from ((tag_id, why) for _, _, _, why, tag_id in sorted(found))


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
