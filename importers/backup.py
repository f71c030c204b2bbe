"""A blog's database backup, as the software that Crosstag took its model from writes it.

Every table becomes what it means here: articles, links, quotations, notes, activity from
elsewhere, guides as series, and with them tags, old tag names and redirects. Lookups (tags,
series, guides) are small and kept; the entries are read a row at a time, because a single
cell may have most of a megabyte.

External ids are ``entry:123``, ``blogmark:7216`` and so on: the old short addresses are
made of these numbers, so they can be led to the same entries.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from blog.domain.entry import (
    AliasDraft,
    Draft,
    Item,
    Kind,
    Markup,
    SeriesDraft,
    SourceDraft,
    Status,
    TagDraft,
)
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from importers.backup_redirects import as_alias, redirects
from importers.backup_tables import BadRow, Row, Tables, is_backup
from importers.old_markup import read_commentary, read_quotation
from importers.text import one_line, unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from importers.material import Material

_BEAT_NAMES: Final = {"til": "TILs", "research": "Research"}


def detect(material: Material) -> bool:
    """Tell whether the folder has at least one table of entries in the backup's layout."""
    return is_backup(material, frozenset(_KINDS))


def count(material: Material) -> int:
    """How many entries the backup has, broken ones too."""
    tables = Tables(material)
    return sum(tables.size(table) for table in _KINDS)


def parse(material: Material) -> Iterator[Item]:
    """Yield tags, aliases, series, sources, then entries, then redirects."""
    tables = Tables(material)
    for item in _everything(tables):
        yield from tables.take_rejected()
        yield item
    yield from tables.take_rejected()


def _everything(tables: Tables) -> Iterator[Item]:
    lookups = _Lookups()
    yield from _tags(tables, lookups)
    yield from _aliases(tables, lookups)
    yield from _series(tables, lookups)
    yield from _guides(tables, lookups)
    yield from _sources(tables)
    for table in _KINDS:
        yield from _entries(tables, table, lookups)
    yield from (item for item in redirects(tables) if not as_alias(item, lookups.living_tag))


@dataclass(slots=True)
class _Lookups:
    """What entries refer to by number."""

    tags: dict[int, str] = field(default_factory=dict)
    tag_names: set[str] = field(default_factory=set)
    old_names: dict[str, str] = field(default_factory=dict)
    series: dict[int, str] = field(default_factory=dict)
    guides: dict[int, str] = field(default_factory=dict)
    draft_guides: set[int] = field(default_factory=set)
    chapter_places: dict[int, int] = field(default_factory=dict)

    def living_tag(self, name: str) -> str | None:
        """The tag that a present or previous name leads to."""
        return name if name in self.tag_names else self.old_names.get(name)


def _readable(tables: Tables, table: str, read: Callable[[Row], Item]) -> Iterator[Item]:
    """What ``read`` makes of each row; a row it cannot read is put aside with the reason."""
    for row in tables.rows(table):
        try:
            yield read(row)
        except BadRow as error:
            tables.reject(f"{table.partition('_')[2]}:{row.text('id')}", str(error))


def _tags(tables: Tables, lookups: _Lookups) -> Iterator[Item]:
    def read(row: Row) -> TagDraft:
        name = one_line(row.text("tag"))
        if not name:
            raise BadRow("it has no name")
        lookups.tags[row.key()] = name
        lookups.tag_names.add(name)
        return TagDraft(name=name, description=row.text("description"))

    return _readable(tables, "blog_tag", read)


def _aliases(tables: Tables, lookups: _Lookups) -> Iterator[Item]:
    def read(row: Row) -> AliasDraft:
        tag = lookups.tags.get(row.key("tag_id"))
        old = one_line(row.text("previous_name"))
        if tag is None or not old:
            raise BadRow("it leads to no tag of this backup")
        lookups.old_names[old] = tag
        return AliasDraft(old=old, tag=tag)

    yield from _readable(tables, "blog_previoustagname", read)
    old_addresses = redirects(tables.look_ahead())
    yield from filter(None, (as_alias(redirect, lookups.living_tag) for redirect in old_addresses))


def _series(tables: Tables, lookups: _Lookups) -> Iterator[Item]:
    def read(row: Row) -> SeriesDraft:
        slug = _named_slug(row)
        lookups.series[row.key()] = slug
        return SeriesDraft(
            slug=slug, title=one_line(row.text("title")) or slug, description=row.text("summary")
        )

    return _readable(tables, "blog_series", read)


def _guides(tables: Tables, lookups: _Lookups) -> Iterator[Item]:
    def read(row: Row) -> SeriesDraft:
        slug = _named_slug(row)
        if slug in lookups.series.values():  # guides and series had addresses of their own
            slug = f"{slug}-guide"
        lookups.guides[row.key()] = slug
        if row.flag("is_draft"):
            lookups.draft_guides.add(row.key())
        return SeriesDraft(
            slug=slug, title=one_line(row.text("title")) or slug, description=row.text("description")
        )

    yield from _readable(tables, "guides_guide", read)
    lookups.chapter_places = _chapter_places(tables.look_ahead())


def _named_slug(row: Row) -> str:
    try:
        return row.text("slug") or slugify(row.text("title"))
    except BadTag as error:
        raise BadRow("it has neither a slug nor a title") from error


def _chapter_places(tables: Tables) -> dict[int, int]:
    """Chapter id to its place in its guide, from 1: by section, then by chapter."""
    sections = {row.number("id"): row.number("order") or 0 for row in tables.rows("guides_guidesection")}
    places: dict[int | None, list[tuple[int, int, int, int]]] = defaultdict(list)
    for row in tables.rows("guides_chapter"):
        section, chapter = row.number("section_id"), row.number("id")
        if chapter is not None:
            # A chapter outside all sections introduces the guide; -1 is a section's order too.
            order = sections.get(section, -(2**31)) if section is not None else -(2**31)
            place = (order, section or 0, row.number("order") or 0, chapter)
            places[row.number("guide_id")].append(place)
    return {place[-1]: number for guide in places.values() for number, place in enumerate(sorted(guide), 1)}


def _sources(tables: Tables) -> Iterator[Item]:
    types = dict.fromkeys(row.text("beat_type") for row in tables.look_ahead().rows("blog_beat"))
    for beat_type in types:
        if slug := _source_slug(beat_type):
            yield SourceDraft(slug=slug, name=_source_name(beat_type))


def _source_slug(beat_type: str) -> str:
    try:
        return slugify(beat_type)
    except BadTag:
        return ""


def _source_name(beat_type: str) -> str:
    """How a list of them is headed: "release" is "Releases"."""
    words = beat_type.replace("_", " ").replace("-", " ")
    name = words[:1].upper() + words[1:]
    return _BEAT_NAMES.get(beat_type, name if name.endswith("s") else f"{name}s")


def _entries(tables: Tables, table: str, lookups: _Lookups) -> Iterator[Item]:
    kind, add = _KINDS[table]
    model = table.partition("_")[2]
    tags = _tags_of(tables, table, model, lookups)

    def read(row: Row) -> Draft:
        number, published = row.key(), row.time("created")
        if published is None:
            raise BadRow("it has no date")
        return add(
            row,
            Draft(
                kind=kind,
                external_id=f"{model}:{number}",
                published=published,
                slug=row.text("slug"),
                tags=tuple(dict.fromkeys(tags.get(number, ()))),
                series=lookups.series.get(row.number("series_id") or 0, ""),
                status=Status.DRAFT if row.flag("is_draft") else Status.PUBLISHED,
            ),
            lookups,
        )

    return _readable(tables, table, read)


def _tags_of(tables: Tables, table: str, model: str, lookups: _Lookups) -> dict[int, list[str]]:
    tags: dict[int, list[str]] = defaultdict(list)
    for row in tables.rows(f"{table}_tags"):
        entry, tag = row.number(f"{model}_id"), row.number("tag_id")
        if entry is None or tag not in lookups.tags:
            tables.reject(f"{table}_tags:{row.text('id')}", f"there is no tag {tag} in this backup")
        else:
            tags[entry].append(lookups.tags[tag])
    return tags


def _add_article(row: Row, draft: Draft, _: _Lookups) -> Draft:
    # Titles of articles were written in HTML, as their bodies are: "Fun with &lt;link&gt;".
    return replace(
        draft, title=one_line(unescape(row.text("title"))), body=row.text("body"), markup=Markup.HTML
    )


def _add_link(row: Row, draft: Draft, _: _Lookups) -> Draft:
    body, markup = row.text("commentary"), Markup.MARKDOWN
    if not row.flag("use_markdown"):
        body, markup = read_commentary(body)
    title, url = one_line(row.text("link_title")), row.text("link_url")
    if heading := one_line(row.text("title")):
        # The heading is the title then, and what the link was called begins the body.
        body = "\n\n".join(_filled([_linked(title, url, markup), body]))
    return replace(
        draft,
        title=heading or title,
        body=body,
        markup=markup,
        url=url,
        via_url=row.text("via_url"),
        via_title=one_line(row.text("via_title")),
    )


def _linked(title: str, url: str, markup: Markup) -> str:
    if markup is not Markup.MARKDOWN or not title:
        return title
    escaped = title.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return f"[{escaped}](<{url}>)"


def _add_quotation(row: Row, draft: Draft, _: _Lookups) -> Draft:
    body, markup = read_quotation(row.text("quotation"))
    return replace(
        draft,
        title=one_line(row.text("title")),
        body=body,
        markup=markup,
        url=row.text("source_url"),
        citation=one_line(row.text("source")),
        context=row.text("context"),
    )


def _add_note(row: Row, draft: Draft, _: _Lookups) -> Draft:
    return replace(draft, title=one_line(row.text("title")), body=row.text("body"))


def _add_activity(row: Row, draft: Draft, _: _Lookups) -> Draft:
    title = one_line(row.text("title"))
    # Commentary was pulled from elsewhere: the first line of a README, or the title again.
    commentary = row.text("commentary").lstrip("# ")
    return replace(
        draft,
        title=title,
        body="\n\n".join(_filled(["" if commentary == title else commentary, row.text("note")])),
        url=row.text("url"),
        image_url=row.text("image_url"),
        image_alt=one_line(row.text("image_alt")),
        source=_source_slug(row.text("beat_type")),
    )


def _add_chapter(row: Row, draft: Draft, lookups: _Lookups) -> Draft:
    guide = row.number("guide_id")
    hidden = draft.status is Status.PUBLISHED and row.flag("is_unlisted")
    status = Status.HIDDEN if hidden else draft.status
    return replace(
        draft,
        title=one_line(row.text("title")),
        body=row.text("body"),
        updated=row.time("updated"),
        series=lookups.guides.get(guide or 0, draft.series),
        series_order=lookups.chapter_places.get(row.key()) if guide in lookups.guides else None,
        status=Status.DRAFT if guide in lookups.draft_guides else status,
    )


def _filled(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part]


_KINDS: Final[dict[str, tuple[Kind, Callable[[Row, Draft, _Lookups], Draft]]]] = {
    "blog_entry": (Kind.ARTICLE, _add_article),
    "blog_blogmark": (Kind.LINK, _add_link),
    "blog_quotation": (Kind.QUOTATION, _add_quotation),
    "blog_note": (Kind.NOTE, _add_note),
    "blog_beat": (Kind.ACTIVITY, _add_activity),
    "guides_chapter": (Kind.ARTICLE, _add_chapter),
}
