"""What an import makes besides entries: tags, old names, sources, series, redirects; and its undoing.

Each is kept as an item of the run, with what was there before and what the import wrote. So the undoing
can tell what is still as the import left it, and leaves alone what somebody has changed or uses since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select, tuple_, update

from blog.changes.filing import SOURCE_IS_USED
from blog.changes.lookups import rows_in
from blog.domain.entry import AliasDraft, Markup, RedirectDraft, SeriesDraft, SourceDraft, TagDraft
from blog.domain.errors import BadTag
from blog.domain.tags import slugify
from blog.models import Alias, Entry, Implication, ImportItem, Redirect, Series, Source, Tag, entry_tag
from blog.rendering import to_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from blog.domain.entry import Item

Values = dict[str, str]


class Thing(StrEnum):
    """What an import makes besides entries, in the order of undoing it; stored as the outcome of its item.

    A lost name is an old name that ended because the import made a tag of this name.
    """

    REDIRECT = "redirect"
    OLD_NAME = "old name"
    TAG = "tag"
    SERIES = "series"
    SOURCE = "source"
    LOST_NAME = "lost name"


Known = dict[tuple[Thing, str], Values]
Spoken = Mapping[Thing, set[str]]
_MODELS: Final[dict[Thing, type[Tag | Series | Source]]] = {
    Thing.TAG: Tag,
    Thing.SERIES: Series,
    Thing.SOURCE: Source,
}


@dataclass(frozen=True, slots=True)
class Marks:
    """The last ids of what an import makes, before it writes: under the write lock, what is new is beyond."""

    tag: int
    source: int
    series: int
    redirect: int


def marks(session: Session) -> Marks:
    """Return the last ids of now."""
    last = (select(func.max(model.id)).scalar_subquery() for model in (Tag, Source, Series, Redirect))
    return Marks(*(found or 0 for found in session.execute(select(*last)).one()))


def made_since(session: Session, before: Marks) -> Known:
    """Return the tags, sources, series and redirects that were added since."""
    found: Known = {}
    for slug, name in session.execute(select(Tag.slug, Tag.name).where(Tag.id > before.tag)):
        found[Thing.TAG, slug] = {"name": name, "description": ""}
    for slug, name in session.execute(select(Source.slug, Source.name).where(Source.id > before.source)):
        found[Thing.SOURCE, slug] = {"name": name, "url": ""}
    for slug, title in session.execute(select(Series.slug, Series.title).where(Series.id > before.series)):
        found[Thing.SERIES, slug] = {"title": title, "description": ""}
    columns = select(Redirect.host, Redirect.path, Redirect.target)
    for host, path, target in session.execute(columns.where(Redirect.id > before.redirect)):
        found[Thing.REDIRECT, f"{host}{path}"] = {"target": target}
    return found


def spoken_of(items: Iterable[Item]) -> Spoken:
    """Return the names of all that these items speak of."""
    spoken: dict[Thing, set[str]] = {thing: set() for thing in Thing}
    for item in items:
        for thing, name in _spoken_of(item):
            spoken[thing].add(name)
    return spoken


def known_names(session: Session, spoken: Spoken) -> Known:
    """Return what is there under these names."""
    found: Known = {}
    for thing, names in spoken.items():
        found |= {(thing, name): values for name, values in _read(session, thing, names).items()}
    return found


def _spoken_of(item: Item) -> list[tuple[Thing, str]]:
    try:
        if isinstance(item, TagDraft):
            slug = slugify(item.slug or item.name)
            return [(Thing.TAG, slug), (Thing.OLD_NAME, slug)]
        if isinstance(item, AliasDraft):
            old, slug = slugify(item.old), slugify(item.tag)
            return [(Thing.OLD_NAME, old), (Thing.TAG, slug), (Thing.OLD_NAME, slug)]
        if isinstance(item, SeriesDraft):
            return [(Thing.SERIES, slugify(item.slug))]
        if isinstance(item, SourceDraft):
            return [(Thing.SOURCE, slugify(item.slug))]
    except BadTag:
        return []  # it is not written either, and is told of there
    return [(Thing.REDIRECT, f"{item.host}{item.path}")] if isinstance(item, RedirectDraft) else []


def _read(session: Session, thing: Thing, names: set[str]) -> dict[str, Values]:
    """What is there under these names."""
    if thing is Thing.TAG:
        tags = rows_in(session, select(Tag.slug, Tag.name, Tag.description), Tag.slug, names)
        return {slug: {"name": name, "description": text} for slug, name, text in tags}
    if thing is Thing.SOURCE:
        sources = rows_in(session, select(Source.slug, Source.name, Source.url), Source.slug, names)
        return {slug: {"name": name, "url": url} for slug, name, url in sources}
    if thing is Thing.SERIES:
        columns = select(Series.slug, Series.title, Series.description)
        series = rows_in(session, columns, Series.slug, names)
        return {slug: {"title": title, "description": text} for slug, title, text in series}
    if thing in (Thing.OLD_NAME, Thing.LOST_NAME):
        pairs = select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id)
        return {old: {"tag": slug} for old, slug in rows_in(session, pairs, Alias.slug, names)}
    paths = {_address(name)[1] for name in names}
    targets = select(Redirect.host, Redirect.path, Redirect.target)
    rows = rows_in(session, targets, Redirect.path, paths)
    return {f"{host}{path}": {"target": to} for host, path, to in rows if f"{host}{path}" in names}


def _address(name: str) -> tuple[str, str]:
    """The host and the path of a redirect, which its name has in one."""
    host, slash, path = name.partition("/")
    return host, slash + path


def item_rows(before: Known, after: Known) -> list[dict[str, Any]]:
    """Return the items for what an import has made, changed or removed of these."""
    rows = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now:
            thing = Thing.LOST_NAME if key[0] is Thing.OLD_NAME and now is None else key[0]
            rows.append({"outcome": thing.value, "external_id": key[1], "reason": _spelled(was, now)})
    return rows


def _spelled(before: Values | None, after: Values | None) -> str:
    return json.dumps({"before": before, "after": after}, ensure_ascii=False)


def undo_names(session: Session, items: Sequence[ImportItem]) -> dict[int, str]:
    """Put back what the import made or changed, all of it of one kind; return, by item, why some of it stays.

    The items come last one first. What goes is what is as the import left it, and has nothing that
    belongs to it.
    """
    thing = Thing(items[0].outcome)
    here = _read(session, thing, {one.external_id for one in items})
    used = _used(session, thing, here)
    stays: dict[int, str] = {}
    gone: list[str] = []
    for one in items:
        name, said = one.external_id, json.loads(one.reason)
        if here.get(name) != said["after"]:
            if name in here:
                stays[one.id] = "It was changed since."
        elif said["before"] is not None:
            _put_back(session, thing, name, said["before"])
            here[name] = said["before"]
        elif name in used:
            stays[one.id] = "It is in use."
        else:
            gone.append(name)
            del here[name]
    _delete(session, thing, gone)
    return stays


def _used(session: Session, thing: Thing, here: Mapping[str, Values]) -> set[str]:
    """Those of these that something belongs to."""
    if thing is Thing.TAG:
        ids = dict(rows_in(session, select(Tag.id, Tag.slug), Tag.slug, here))
        columns = (entry_tag.c.tag_id, Alias.tag_id, Implication.tag_id, Implication.implied_id)
        return {
            ids[tag]
            for column in columns
            for (tag,) in rows_in(session, select(column).distinct(), column, ids)
        }
    if thing is Thing.SOURCE:
        statement = select(Source.slug).where(SOURCE_IS_USED)
        return {slug for (slug,) in rows_in(session, statement, Source.slug, here)}
    if thing is Thing.SERIES:
        statement = select(Series.slug).where(select(Entry.id).where(Entry.series_id == Series.id).exists())
        return {slug for (slug,) in rows_in(session, statement, Series.slug, here)}
    return set()


def _delete(session: Session, thing: Thing, names: Sequence[str]) -> None:
    """Delete these."""
    if thing is Thing.REDIRECT:
        session.execute(delete(Redirect).where(tuple_(Redirect.host, Redirect.path).in_(map(_address, names))))
    elif thing is Thing.OLD_NAME:
        session.execute(delete(Alias).where(Alias.slug.in_(names)))
    elif thing in _MODELS:
        session.execute(delete(_MODELS[thing]).where(_MODELS[thing].slug.in_(names)))


def _put_back(session: Session, thing: Thing, name: str, values: Values) -> None:
    """Make one of these what it was."""
    if thing is Thing.REDIRECT:
        host, path = _address(name)
        here = update(Redirect).where(Redirect.host == host, Redirect.path == path)
        session.execute(here.values(**values))
    elif thing is Thing.LOST_NAME:
        _put_old_name_back(session, name, values["tag"])
    elif thing in _MODELS:
        session.execute(update(_MODELS[thing]).where(_MODELS[thing].slug == name).values(**_with_html(values)))


def _with_html(values: Values) -> Values:
    if "description" not in values:
        return values
    return values | {"description_html": to_html(values["description"], Markup.MARKDOWN)}


def _put_old_name_back(session: Session, old: str, slug: str) -> None:
    tag = session.scalar(select(Tag.id).where(Tag.slug == slug))
    is_free = session.scalar(select(Tag.id).where(Tag.slug == old)) is None
    if tag is not None and is_free:
        session.execute(insert(Alias), [{"slug": old, "tag_id": tag}])
