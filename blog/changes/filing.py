"""Filing entries under tags, sources and series, which are made where they are not there yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, insert, or_, select, update

from blog.changes.lookups import rows_in
from blog.changes.names import tag_ids
from blog.changes.vocabulary import closure, read_implications
from blog.domain.filters import source_url
from blog.domain.tags import slugify
from blog.models import Alias, Appearance, Entry, Redirect, Series, Source, Subscription, Tag, entry_tag
from blog.rendering import clean_text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

# Of a source: entries are of it, or items of it have joined others, or it is polled.
SOURCE_IS_USED: Final = or_(
    select(Appearance.id).where(Appearance.source_id == Source.id).exists(),
    select(Entry.id).where(Entry.source_id == Source.id).exists(),
    select(Subscription.id).where(Subscription.source_id == Source.id).exists(),
)


# When an entry got a tag, None where it had it when readers first saw it; by the ids of the two.
TimeOf = Callable[[int, int], "datetime | None"]


@dataclass(frozen=True, slots=True)
class Held:
    """The tags that entries have before they are tagged anew, and which of the entries readers see.

    Called with an entry and a tag, it says when the one got the other: when it did, where it has it
    already; now, where readers have seen it without.
    """

    times: Mapping[tuple[int, int], datetime | None]
    seen: Collection[int]
    now: datetime

    def __call__(self, entry_id: int, tag_id: int) -> datetime | None:
        """See ``TimeOf``."""
        return self.times.get((entry_id, tag_id), self.now if entry_id in self.seen else None)


def held_by(session: Session, entry_ids: Collection[int], seen: Collection[int], now: datetime) -> Held:
    """Return the tags that these entries have; ``seen`` are those of them that readers may know."""
    columns = (entry_tag.c.entry_id, entry_tag.c.tag_id, entry_tag.c.at)
    rows = rows_in(session, select(*columns), entry_tag.c.entry_id, entry_ids)
    return Held({(entry, tag): at for entry, tag, at in rows}, seen, now)


def _from_the_first(_entry_id: int, _tag_id: int) -> None:
    """See ``TimeOf``."""


def tag_entries(
    session: Session, tagged: Mapping[int, Mapping[str, str]], time_of: TimeOf = _from_the_first
) -> bool:
    """Set the tags of entries that have none yet, with all that these imply; tell whether a tag was made.

    ``tagged`` gives each entry the slugs of its tags with their names. Old names of tags, which a
    tag may have got since these were read, are replaced by what they lead to.
    """
    return _file(session, tagged, read_implications(session), time_of) if tagged else False


def file_under(
    session: Session, tagged: Mapping[int, Collection[str]], late: Mapping[int, Mapping[str, datetime]]
) -> bool:
    """Set the tags of entries that come back to just these, by their slugs; tell whether a tag was made.

    ``late`` says when they got those of their tags that came late.
    """
    names = {entry: {slug: slug for slug in slugs} for entry, slugs in tagged.items()}
    made = _file(session, names, {}, _from_the_first)
    slugs = {slug for times in late.values() for slug in times}
    led = {old: new for old, (new, _) in _renamed(session, slugs).items()}
    ids = dict(rows_in(session, select(Tag.slug, Tag.id), Tag.slug, slugs | set(led.values())))
    set_times(
        session,
        {
            (entry, ids[led.get(slug, slug)]): at
            for entry, times in late.items()
            for slug, at in times.items()
            if led.get(slug, slug) in ids
        },
    )
    return made


def set_times(session: Session, times: Mapping[tuple[int, int], datetime | None]) -> None:
    """Say of entries when they got tags that they have; both are named by their ids."""
    rows = [{"_entry": entry, "_tag": tag, "_at": at} for (entry, tag), at in times.items()]
    if rows:
        this = (entry_tag.c.entry_id == bindparam("_entry"), entry_tag.c.tag_id == bindparam("_tag"))
        session.execute(update(entry_tag).where(*this).values(at=bindparam("_at")), rows)


def _file(
    session: Session,
    tagged: Mapping[int, Mapping[str, str]],
    implied: Mapping[int, Collection[int]],
    time_of: TimeOf,
) -> bool:
    renamed = _renamed(session, {slug for names in tagged.values() for slug in names})
    living = {
        entry: dict(renamed.get(slug, (slug, name)) for slug, name in names.items())
        for entry, names in tagged.items()
    }
    ids, made = tag_ids(session, {slug: name for names in living.values() for slug, name in names.items()})
    filed = {entry: closure((ids[slug] for slug in names), implied) for entry, names in living.items()}
    rows = [
        {"entry_id": entry, "tag_id": tag, "at": time_of(entry, tag)}
        for entry, tags in filed.items()
        for tag in sorted(tags)
    ]
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


def read_merged_sources(session: Session) -> dict[str, str]:
    """Return, by the address that a source had which was put together with another, the slug of that one."""
    there = {source_url(slug): slug for slug in session.scalars(select(Source.slug))}
    statement = select(Redirect.path, Redirect.target).where(Redirect.host == "")
    rows = rows_in(session, statement, Redirect.target, there)
    return {path: there[target] for path, target in rows if path not in there}


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
