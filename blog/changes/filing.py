"""Filing entries under tags, sources and series, which are made where they are not there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, or_, select

from blog.changes.lookups import rows_in
from blog.changes.names import tag_ids
from blog.changes.vocabulary import closure, read_implications
from blog.domain.tags import slugify
from blog.models import Alias, Appearance, Entry, Series, Source, Subscription, Tag, entry_tag
from blog.rendering import clean_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy.orm import Session

# Of a source: entries are of it, or items of it have joined others, or it is polled.
SOURCE_IS_USED: Final = or_(
    select(Appearance.id).where(Appearance.source_id == Source.id).exists(),
    select(Entry.id).where(Entry.source_id == Source.id).exists(),
    select(Subscription.id).where(Subscription.source_id == Source.id).exists(),
)


def tag_entries(session: Session, tagged: Mapping[int, Mapping[str, str]]) -> bool:
    """Set the tags of entries that have none yet, with all that these imply; tell whether a tag was made.

    ``tagged`` gives each entry the slugs of its tags with their names. Old names of tags, which a
    tag may have got since these were read, are replaced by what they lead to.
    """
    return _file(session, tagged, read_implications(session)) if tagged else False


def file_under(session: Session, tagged: Mapping[int, Collection[str]]) -> bool:
    """Set the tags of entries that come back to just these, by their slugs; tell whether a tag was made."""
    return _file(session, {entry: {slug: slug for slug in slugs} for entry, slugs in tagged.items()}, {})


def _file(
    session: Session, tagged: Mapping[int, Mapping[str, str]], implied: Mapping[int, Collection[int]]
) -> bool:
    renamed = _renamed(session, {slug for names in tagged.values() for slug in names})
    living = {
        entry: dict(renamed.get(slug, (slug, name)) for slug, name in names.items())
        for entry, names in tagged.items()
    }
    ids, made = tag_ids(session, {slug: name for names in living.values() for slug, name in names.items()})
    filed = {entry: closure((ids[slug] for slug in names), implied) for entry, names in living.items()}
    rows = [{"entry_id": entry, "tag_id": tag} for entry, tags in filed.items() for tag in sorted(tags)]
    if rows:
        session.execute(insert(entry_tag), rows)
    return made


def _renamed(session: Session, slugs: Collection[str]) -> dict[str, tuple[str, str]]:
    """The old names among these slugs, with the slug and the name of the tag each leads to."""
    statement = select(Alias.slug, Tag.slug, Tag.name).join(Tag, Tag.id == Alias.tag_id)
    return {old: (new, name) for old, new, name in rows_in(session, statement, Alias.slug, slugs)}


def source_ids(session: Session, names: Collection[str]) -> tuple[dict[str, int | None], bool]:
    """Return the ids of sources by the names given, and whether one was made; "" is the blog's own."""
    return _place_ids(session, Source, "name", names)


def series_ids(session: Session, names: Collection[str]) -> tuple[dict[str, int | None], bool]:
    """Return the ids of series by the names given, and whether one was made; "" is none."""
    return _place_ids(session, Series, "title", names)


def _place_ids(
    session: Session, model: type[Source | Series], called: str, names: Collection[str]
) -> tuple[dict[str, int | None], bool]:
    slugs = {name: slugify(name) for name in dict.fromkeys(names) if name}
    wanted = list(dict.fromkeys(slugs.values()))
    found = dict(rows_in(session, select(model.slug, model.id), model.slug, wanted))
    missing = [slug for slug in wanted if slug not in found]
    if missing:
        # Who gave a name, and not a slug, meant it as it is written.
        given = {slug: clean_text(name) for name, slug in slugs.items() if name != slug}
        rows = [
            {"slug": slug, called: given.get(slug, slug.replace("-", " ").capitalize())} for slug in missing
        ]
        session.execute(insert(model), rows)
        found |= dict(rows_in(session, select(model.slug, model.id), model.slug, missing))
    return {"": None} | {name: found[slug] for name, slug in slugs.items()}, bool(missing)
