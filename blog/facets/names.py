"""The names that addresses use: tags, old names of tags, sources and series.

Small enough to read whole whenever one of them changes, so this is one immutable value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.models import Alias, Series, Source, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Named:
    """A tag, source or series: its id, its slug in addresses and its name for people."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """Every name, both ways; ``aliases`` leads from an old tag name to the slug of its tag."""

    tags: Mapping[str, Named]
    tags_by_id: Mapping[int, Named]
    aliases: Mapping[str, str]
    sources: Mapping[str, Named]
    sources_by_id: Mapping[int, Named]
    series: Mapping[str, Named]
    series_by_id: Mapping[int, Named]

    def unknown_tags(self, slugs: Iterable[str]) -> list[str]:
        """The slugs that are neither a tag nor the old name of one, sorted."""
        return sorted(slug for slug in slugs if slug not in self.tags and slug not in self.aliases)

    def renames(self, slugs: Iterable[str]) -> dict[str, str]:
        """The old names among these slugs, each with the tag it leads to; a living tag is no old name."""
        return {slug: self.aliases[slug] for slug in slugs if slug not in self.tags and slug in self.aliases}

    def display(self) -> dict[str, str]:
        """What ``Filter.title`` needs: display names where they differ from the slugs."""
        shown = {tag.slug: tag.name for tag in self.tags.values() if tag.name != tag.slug}
        shown |= {f"source:{source.slug}": source.name for source in self.sources.values()}
        return shown | {f"series:{one.slug}": one.name for one in self.series.values()}


def load_names(session: Session) -> Names:
    """Read all names in four statements."""
    tags = [Named(*row) for row in session.execute(select(Tag.id, Tag.slug, Tag.name))]
    sources = [Named(*row) for row in session.execute(select(Source.id, Source.slug, Source.name))]
    series = [Named(*row) for row in session.execute(select(Series.id, Series.slug, Series.title))]
    by_id = {tag.id: tag for tag in tags}
    aliases = {slug: by_id[tag_id].slug for slug, tag_id in session.execute(select(Alias.slug, Alias.tag_id))}
    return Names(
        tags={tag.slug: tag for tag in tags},
        tags_by_id=by_id,
        aliases=aliases,
        sources={source.slug: source for source in sources},
        sources_by_id={source.id: source for source in sources},
        series={one.slug: one for one in series},
        series_by_id={one.id: one for one in series},
    )
