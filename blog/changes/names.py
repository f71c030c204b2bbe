"""Writing what entries are filed under: tags, their old names, sources, series; and redirects."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from blog.changes.lookups import rows_in
from blog.changes.redirects import write_redirects
from blog.domain.entry import AliasDraft, Item, Markup, RedirectDraft, SeriesDraft, SourceDraft, TagDraft
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from blog.models import Alias, Series, Source, Tag
from blog.rendering import clean_text, to_html

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session


def write_names(session: Session, items: Iterable[Item]) -> tuple[int, list[tuple[str, str]]]:
    """Write tags, old names, sources, series and redirects.

    Items of one kind that follow each other, which is how every importer gives them, are looked
    up with one statement and written with another. Return how many were new or different, and
    for each that cannot be written its name and why.
    """
    changed = 0
    failures: list[tuple[str, str]] = []
    for kind, run in groupby(items, type):
        named = [(item, slugs) for item in run if (slugs := _slugs(item, failures)) is not None]
        changed += _WRITERS[kind](session, named) if kind in _WRITERS else 0
    return changed, failures


def _slugs(item: Item, failures: list[tuple[str, str]]) -> tuple[str, ...] | None:
    """The slugs an item speaks of; None for one whose names cannot be slugs, which is noted."""
    try:
        if isinstance(item, TagDraft):
            return (slugify(item.slug or item.name),)
        if isinstance(item, AliasDraft):
            return slugify(item.old), slugify(item.tag)
        return (slugify(item.slug),) if isinstance(item, SeriesDraft | SourceDraft) else ()
    except BadTag as error:
        failures.append((type(item).__name__.removesuffix("Draft").lower(), error.sentence))
        return None


def _write_tags(session: Session, named: Sequence[tuple[TagDraft, tuple[str, ...]]]) -> int:
    """Make the tags that are not there yet; one without a description takes the one that is offered."""
    statement = select(Tag.slug, Tag.description)
    slugs = [slug for _, (slug,) in named]
    described = dict(rows_in(session, statement, Tag.slug, set(slugs)))
    new: dict[str, TagDraft] = {}
    other: dict[str, TagDraft] = {}
    for draft, (slug,) in named:
        if slug not in described:
            new[slug] = draft
        elif draft.description and not described[slug]:
            # Of a tag that is new itself, too: the same one twice, the second time with words.
            other[slug] = draft
        else:
            continue
        described[slug] = draft.description
    _delete_old_names(session, new)
    if new:
        rows = [{"slug": slug, "name": clean_text(one.name)} | _described(one) for slug, one in new.items()]
        session.execute(insert(Tag), rows)
    for slug, one in other.items():
        session.execute(update(Tag).where(Tag.slug == slug).values(**_described(one)))
    return len(new) + len(other)


def _described(draft: TagDraft | SeriesDraft) -> dict[str, str]:
    words = clean_text(draft.description)
    return {"description": words, "description_html": to_html(words, Markup.MARKDOWN)}


def _write_aliases(session: Session, named: Sequence[tuple[AliasDraft, tuple[str, ...]]]) -> int:
    """Note old names, unless a tag lives under them or they are known; chains are followed to their end."""
    spoken_of = {slug for _, slugs in named for slug in slugs}
    tags = {slug for (slug,) in rows_in(session, select(Tag.slug), Tag.slug, spoken_of)}
    statement = select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id)
    aliases = dict(rows_in(session, statement, Alias.slug, spoken_of))
    new: dict[str, str] = {}
    made: dict[str, str] = {}
    for draft, (old, target) in named:
        if old == target or old in tags:
            continue
        living = target if target in tags else aliases.get(target)
        if living is None:
            living = target
            tags.add(target)
            made[target] = draft.tag
        if old not in aliases:
            aliases[old] = new[old] = living
    ids, _ = tag_ids(session, {slug: slug for slug in new.values()} | made)
    if new:
        session.execute(insert(Alias), [{"slug": old, "tag_id": ids[tag]} for old, tag in new.items()])
    return len(new) + len(made)


def _write_series(session: Session, named: Sequence[tuple[SeriesDraft, tuple[str, ...]]]) -> int:
    """Write series; the newest word on each counts."""
    wanted = {slug: {"title": clean_text(draft.title)} | _described(draft) for draft, (slug,) in named}
    statement = select(Series.slug, Series.title, Series.description)
    found = {
        slug: {"title": title, "description": text}
        for slug, title, text in rows_in(session, statement, Series.slug, wanted)
    }
    return _store(session, Series, found, wanted)


def _write_sources(session: Session, named: Sequence[tuple[SourceDraft, tuple[str, ...]]]) -> int:
    """Write sources; the newest word on each counts, but no word on its address leaves that as it is."""
    statement = select(Source.slug, Source.name, Source.url)
    slugs = {slug for _, (slug,) in named}
    found = {
        slug: {"name": name, "url": url} for slug, name, url in rows_in(session, statement, Source.slug, slugs)
    }
    wanted = dict(found)
    for draft, (slug,) in named:
        known = wanted.get(slug, {"url": ""})["url"]
        wanted[slug] = {"name": clean_text(draft.name), "url": draft.url or known}
    return _store(session, Source, found, wanted)


def _store(
    session: Session,
    model: type[Series | Source],
    found: Mapping[str, Mapping[str, str]],
    wanted: Mapping[str, Mapping[str, str]],
) -> int:
    """Make the rows that were found, by slug, what is wanted; return how many were not so yet."""
    new = [{"slug": slug} | dict(values) for slug, values in wanted.items() if slug not in found]
    other = [slug for slug in found if any(wanted[slug][name] != value for name, value in found[slug].items())]
    if new:
        session.execute(insert(model), new)
    for slug in other:
        session.execute(update(model).where(model.slug == slug).values(**wanted[slug]))
    return len(new) + len(other)


def _write_redirects(session: Session, named: Sequence[tuple[RedirectDraft, tuple[str, ...]]]) -> int:
    return write_redirects(session, [draft for draft, _ in named])


_WRITERS: Final[dict[type[Item], Callable[[Session, Any], int]]] = {
    TagDraft: _write_tags,
    AliasDraft: _write_aliases,
    SeriesDraft: _write_series,
    SourceDraft: _write_sources,
    RedirectDraft: _write_redirects,
}


def tag_ids(session: Session, names: Mapping[str, str]) -> tuple[dict[str, int], bool]:
    """Return the ids of these tags, by slug, and whether any had to be made, with the name given."""
    statement = select(Tag.slug, Tag.id)
    found = dict(rows_in(session, statement, Tag.slug, names))
    missing = [slug for slug in names if slug not in found]
    if missing:
        _delete_old_names(session, missing)
        session.execute(insert(Tag), [{"slug": slug, "name": clean_text(names[slug])} for slug in missing])
        found |= dict(rows_in(session, statement, Tag.slug, missing))
    return found, bool(missing)


def _delete_old_names(session: Session, slugs: Collection[str]) -> None:
    """Let a living tag win over an old name."""
    for (slug,) in list(rows_in(session, select(Alias.slug), Alias.slug, slugs)):
        session.execute(delete(Alias).where(Alias.slug == slug))
