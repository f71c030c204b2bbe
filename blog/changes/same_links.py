"""Finding the entries of other sources that an item is the same link as (``blog/domain/links.py``).

Items of one source are never the same: who linked a page twice in one place meant it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from blog.changes.entries import tags_of
from blog.changes.lookups import rows_in
from blog.domain.entry import Kind, Status
from blog.domain.links import follow_moves, has_moved
from blog.models import Appearance, Change, Entry, MovedPage, Source
from importers.joining import SameLink
from importers.pipeline import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from blog.domain.entry import Draft
    from blog.domain.links import LinkKey, MovedPages
    from blog.services import Services
    from importers.joining import Standing
    from importers.pipeline import Key


def read_moved_pages(session: Session) -> MovedPages:
    """Read which pages were seen to have moved, and where they are now."""
    return follow_moves(dict(session.execute(select(MovedPage.canonical, MovedPage.target)).all()))


def note_moved(services: Services, url: str, permanent_url: str) -> None:
    """Remember that a link's page has moved for good, if it has."""
    moved = has_moved(url, permanent_url)
    if moved is None:
        return
    before, after = moved
    with services.sessions.write() as session:
        found = session.get(MovedPage, before)
        if found is not None:
            found.target = after
        else:
            session.execute(insert(MovedPage).values(canonical=before, target=after))


def same_links(
    session: Session,
    drafts: Sequence[Draft],
    standings: Mapping[Key, Standing],
    moved: MovedPages,
    implied: Callable[[Collection[str]], Collection[str]],
) -> dict[Key, SameLink]:
    """Return the entries that these drafts have joined, or that they are the same link as.

    Whether they may be one with an entry, their ``standings`` tell. ``implied`` adds to tags, by their slugs,
    what they imply. Where several entries are the same link, the oldest counts that nothing of the draft's
    source has joined yet.
    """
    joined = _joined(session, drafts)
    rest = [one for one in drafts if one.kind is Kind.LINK and key_of(one) not in joined]
    new = _candidates(session, rest, standings, moved)
    found = {key: (entry, None) for key, entry in new.items()} | joined
    ids = {entry for entry, _ in found.values()}
    states = _states(session, ids, implied)
    return {key: replace(states[entry], said=said) for key, (entry, said) in found.items()}


def _joined(session: Session, drafts: Sequence[Draft]) -> dict[Key, tuple[int, Mapping[str, str] | None]]:
    """The entries that items of these names have joined, with what they said then."""
    statement = select(Source.slug, Appearance.external_id, Appearance.entry_id, Appearance.upstream)
    statement = statement.outerjoin(Source, Source.id == Appearance.source_id)
    wanted = {key_of(one) for one in drafts}
    rows = rows_in(session, statement, Appearance.external_id, [one.external_id for one in drafts])
    found = {(source or "", name): (entry, said) for source, name, entry, said in rows}
    return {key: one for key, one in found.items() if key in wanted}


def joined_keys(session: Session, keys: Collection[Key]) -> set[Key]:
    """Return which of these names are those of items that have joined an entry."""
    statement = select(Source.slug, Appearance.external_id)
    statement = statement.outerjoin(Source, Source.id == Appearance.source_id)
    rows = rows_in(session, statement, Appearance.external_id, {name for _, name in keys})
    return {(source or "", name) for source, name in rows} & set(keys)


def _candidates(
    session: Session, drafts: Sequence[Draft], standings: Mapping[Key, Standing], moved: MovedPages
) -> dict[Key, int]:
    keys = {key_of(one): key for one in drafts if (key := moved.key(one.url))}
    entries = _by_link(session, {key.page for key in keys.values()}, moved)
    sources = sources_of(session, [row.id for rows in entries.values() for row in rows])
    ids: dict[str, int | None] = {"": None} | dict(session.execute(select(Source.slug, Source.id)).all())
    found: dict[Key, int] = {}
    for name, key in keys.items():
        for row in entries.get(key, ()):
            if not standings[name].may_join(Status(row.status)):
                continue
            there = sources.setdefault(row.id, set())
            there.add(row.source_id)
            # One that is not there yet has no item in anything.
            source = ids.get(name[0], name[0])
            if source not in there:
                # Of two of one source only the first comes to it.
                there.add(source)
                found[name] = row.id
                break
    return found


def _by_link(session: Session, pages: Collection[str], moved: MovedPages) -> dict[LinkKey, list[Row[Any]]]:
    """The links that there are to these pages, the oldest first."""
    columns: tuple[Any, ...] = (Entry.id, Entry.url, Entry.published, Entry.source_id, Entry.status)
    statement = select(*columns).where(Entry.kind == Kind.LINK.value)
    addresses = {address for page in pages for address in moved.addresses(page)}
    found: dict[LinkKey, list[Row[Any]]] = defaultdict(list)
    for row in sorted(
        rows_in(session, statement, Entry.canonical, addresses), key=lambda row: (row.published, row.id)
    ):
        if key := moved.key(row.url):
            found[key].append(row)
    return found


def sources_of(session: Session, entry_ids: Collection[int]) -> dict[int, set[int | str | None]]:
    """Return the ids of the sources that something has joined these entries from."""
    statement = select(Appearance.entry_id, Appearance.source_id)
    found: dict[int, set[int | str | None]] = {}
    for entry, source in rows_in(session, statement, Appearance.entry_id, entry_ids):
        found.setdefault(entry, set()).add(source)
    return found


def _states(
    session: Session, entry_ids: Collection[int], implied: Callable[[Collection[str]], Collection[str]]
) -> dict[int, SameLink]:
    if not entry_ids:
        return {}
    tags = tags_of(session, entry_ids)
    log = select(Change.entry_id, func.max(Change.id)).group_by(Change.entry_id)
    versions = dict(rows_in(session, log, Change.entry_id, entry_ids))
    statement = select(Entry.id, Entry.title, Entry.url, Entry.via_url, Entry.body == "", Entry.status)
    return {
        entry: SameLink(
            entry_id=entry,
            name=(title or url)[:100],
            tags=frozenset(implied(tags.get(entry, ()))),
            empty=frozenset(
                name for name, none in (("title", not title), ("body", empty), ("via_url", not via)) if none
            ),
            version=versions.get(entry, 0),
            status=Status(status),
        )
        for entry, title, url, via, empty, status in rows_in(session, statement, Entry.id, entry_ids)
    }
