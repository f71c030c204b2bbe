"""The names that addresses use: tags, old names of tags, sources and series.

One immutable value. When a name changes it is read whole, a tenth of a second for a hundred thousand
tags; when names were only added, as with every entry that has a new tag, only those are read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from blog.db import bare_rows
from blog.models import Alias, Series, Source, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session


class Named(NamedTuple):
    """A tag, source or series: its id, its slug in addresses and its name for people."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """Every name, both ways; ``aliases`` leads from an old tag name to the slug of its tag.

    ``display`` is what ``Filter.title`` needs: the names of tags where they differ from the slugs,
    and those of sources and series, as ``source:…`` and ``series:…``.
    """

    tags: Mapping[str, Named]
    tags_by_id: Mapping[int, Named]
    aliases: Mapping[str, str]
    sources: Mapping[str, Named]
    sources_by_id: Mapping[int, Named]
    series: Mapping[str, Named]
    series_by_id: Mapping[int, Named]
    display: Mapping[str, str]

    def unknown_tags(self, slugs: Iterable[str]) -> list[str]:
        """The slugs that are neither a tag nor the old name of one, sorted."""
        return sorted(slug for slug in slugs if slug not in self.tags and slug not in self.aliases)

    def renames(self, slugs: Iterable[str]) -> dict[str, str]:
        """The old names among these slugs, each with the tag it leads to; a living tag is no old name."""
        return {slug: self.aliases[slug] for slug in slugs if slug not in self.tags and slug in self.aliases}


def load_names(session: Session) -> Names:
    """Read all names in four statements."""
    rows = chain.from_iterable(bare_rows(session, select(Tag.id, Tag.slug, Tag.name)))
    tags = [Named(*row) for row in rows]
    by_id = {tag.id: tag for tag in tags}
    aliases = {slug: by_id[tag_id].slug for slug, tag_id in session.execute(select(Alias.slug, Alias.tag_id))}
    names = Names(
        tags={tag.slug: tag for tag in tags},
        tags_by_id=by_id,
        aliases=aliases,
        sources={},
        sources_by_id={},
        series={},
        series_by_id={},
        display=_display_of_tags(tags),
    )
    return _with_places(session, names)


def load_new_names(session: Session, names: Names) -> Names:
    """Return the names with those that were added since, none of them having changed."""
    last = max(names.tags_by_id, default=0)
    statement = select(Tag.id, Tag.slug, Tag.name).where(Tag.id > last)
    tags = [Named._make(row) for row in session.execute(statement)]
    more = replace(
        names,
        tags={**names.tags, **{tag.slug: tag for tag in tags}},
        tags_by_id={**names.tags_by_id, **{tag.id: tag for tag in tags}},
        # A living tag wins over an old name.
        aliases=_without(names.aliases, [tag.slug for tag in tags]),
        display={**names.display, **_display_of_tags(tags)},
    )
    return _with_places(session, more)


def _with_places(session: Session, names: Names) -> Names:
    """Read the sources and series, of which there are few."""
    sources = [Named._make(row) for row in session.execute(select(Source.id, Source.slug, Source.name))]
    series = [Named._make(row) for row in session.execute(select(Series.id, Series.slug, Series.title))]
    display = {f"source:{one.slug}": one.name for one in sources}
    display |= {f"series:{one.slug}": one.name for one in series}
    return replace(
        names,
        sources={one.slug: one for one in sources},
        sources_by_id={one.id: one for one in sources},
        series={one.slug: one for one in series},
        series_by_id={one.id: one for one in series},
        display={**names.display, **display},
    )


def _display_of_tags(tags: Iterable[Named]) -> dict[str, str]:
    return {tag.slug: tag.name for tag in tags if tag.name != tag.slug}


def _without(aliases: Mapping[str, str], slugs: Iterable[str]) -> Mapping[str, str]:
    gone = {slug for slug in slugs if slug in aliases}
    return {old: slug for old, slug in aliases.items() if old not in gone} if gone else aliases
