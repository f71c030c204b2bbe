"""The blog as its operator sees it: how much there is, where to look, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyroaring import BitMap
from sqlalchemy import func, select, text

from blog.domain.entry import Kind, Status
from blog.domain.filters import EVERYTHING, Filter
from blog.facets.count import telling_tags, top_tags
from blog.facets.select import newest
from blog.models import Alias, Change, Entry, Redirect, Revision, Tag, entry_tag
from blog.queries.entries import Link, load_entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from blog.facets.snapshot import Snapshot
    from blog.services import Services

_WHOOSH_SERVES: Final = 50_000  # entries; beyond, a search with common words takes tens of milliseconds


_LARGE: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How much of everything there is."""

    entries: int
    public: int
    kinds: dict[Kind, int]
    tags_in_use: int
    tags: int
    old_names: int
    sources: int
    series: int
    redirects: int
    revisions: int
    changes: int
    unindexed: int
    years: str

    def rows(self) -> Iterator[tuple[str, int | str]]:
        """Return what to show, line by line."""
        yield "Entries", self.entries
        yield "  of these public", self.public
        for kind, count in self.kinds.items():
            yield f"  {kind.plural}", count
        yield "Years", self.years
        yield "Tags in use", self.tags_in_use
        yield "Tags in all", self.tags
        yield "Old tag names", self.old_names
        yield "Sources", self.sources
        yield "Series", self.series
        yield "Redirects", self.redirects
        yield "Revisions", self.revisions
        yield "Changes in the log", self.changes
        yield "Changes not yet in the text index", self.unindexed


def overview(services: Services) -> Overview:
    """Count everything."""
    snapshot = services.facets.current()
    months = snapshot.months_newest_first
    with services.sessions.read() as session:
        counts = {
            model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Entry, Tag, Alias, Redirect, Revision, Change)
        }
    return Overview(
        entries=counts["entry"],
        public=len(snapshot.everything),
        kinds={kind: len(snapshot.kinds[kind]) for kind in Kind if kind in snapshot.kinds},
        tags_in_use=len(snapshot.tags),
        tags=counts["tag"],
        old_names=counts["alias"],
        sources=len(snapshot.names.sources),
        series=len(snapshot.names.series),
        redirects=counts["redirect"],
        revisions=counts["revision"],
        changes=counts["change"],
        unindexed=services.search.behind(),
        years=f"{months[-1][0]} to {months[0][0]}" if months else "none",
    )


def is_empty(services: Services) -> bool:
    """Tell whether nothing was ever written; asked of SQL, as reading the facets can take seconds."""
    with services.sessions.read() as session:
        return session.scalar(select(Entry.id).limit(1)) is None


def worth_opening(services: Services) -> list[Link]:
    """Return three pages that show what the blog can do: an intersection, an article, a year.

    There are none for a blog so large that finding them would keep its server from starting.
    """
    with services.sessions.read() as session:
        if (session.scalar(select(func.max(Entry.id))) or 0) > _LARGE:
            return []
    snapshot = services.facets.current()
    found = [_an_intersection(snapshot), _an_article(services, snapshot), _a_year(snapshot)]
    return [link for link in found if link]


def _an_intersection(snapshot: Snapshot) -> Link | None:
    """The intersection, among those of the ten biggest tags, that says most and holds enough to read."""
    best: tuple[float, Filter, int] | None = None
    for tag in snapshot.tags_by_size[:10].tolist():
        matches = snapshot.tags[tag]
        size = len(matches)
        counted = [one for one in top_tags(snapshot, matches, {tag}) if one.entries >= max(5, size // 10)]
        for other, lift in telling_tags(snapshot, matches, counted):
            pair = {snapshot.names.tags_by_id[one].slug for one in (tag, other.tag)}
            if best is None or other.entries * lift > best[0]:
                best = (other.entries * lift, Filter(tags=frozenset(pair)), other.entries)
    if best is None:
        return None
    return Link(f"{best[1].title(snapshot.display_names)}: {best[2]:,}", best[1].url())


def _an_article(services: Services, snapshot: Snapshot) -> Link | None:
    ids = newest(snapshot, snapshot.kinds.get(Kind.ARTICLE, BitMap()), 0, 1)
    with services.sessions.read() as session:
        entries = load_entries(session, snapshot, ids)
    return Link(entries[0].name, entries[0].permalink) if entries else None


def _a_year(snapshot: Snapshot) -> Link | None:
    if not snapshot.months:
        return None
    year = snapshot.months_newest_first[0][0]
    return Link(f"The year {year}", EVERYTHING.in_period(year).url())


def find_faults(services: Services) -> list[str]:
    """Return a sentence for everything that is wrong; an empty list is good news."""
    snapshot = services.facets.current()
    with services.sessions.read() as session:
        faults = _database_faults(session, sqlite=services.sessions.is_sqlite)
        faults += _facet_faults(session, snapshot)
    if not services.search.belongs():
        faults.append(
            "The text index is of another database, or of another state of this one: run “crosstag reindex”."
        )
    behind = services.search.behind()
    if behind:
        faults.append(
            f"The text index misses {behind:,} changes. A running server catches up by itself; "
            "“crosstag reindex” makes it anew."
        )
    return faults


def find_hints(services: Services) -> list[str]:
    """Return a sentence for everything that is not wrong, but could be better."""
    entries = len(services.facets.current().everything)
    if services.settings.search_engine != "whoosh" or entries <= _WHOOSH_SERVES:
        return []
    return [
        f"With {entries:,} entries it is time for the faster search engine: "
        'pip install "crosstag[tantivy]", then search_engine = "tantivy" in the settings.'
    ]


def _database_faults(session: Session, *, sqlite: bool) -> list[str]:
    if not sqlite:
        return []
    said = [row[0] for row in session.execute(text("PRAGMA integrity_check"))]
    faults = [f"The database is damaged: {line}." for line in said if line != "ok"]
    broken = session.execute(text("PRAGMA foreign_key_check")).all()
    return faults + [
        f"Table {row[0]}, row {row[1]}, points to a row of {row[2]} that is gone." for row in broken
    ]


def _facet_faults(session: Session, snapshot: Snapshot) -> list[str]:
    """Compare the bitmaps with what SQL counts."""
    public = Entry.status == Status.PUBLISHED.value
    total = session.scalar(select(func.count()).select_from(Entry).where(public)) or 0
    shown = len(snapshot.everything) + len(snapshot.upcoming)
    faults = [] if total == shown else [f"The facets hold {shown:,} entries and the database {total:,}."]
    if snapshot.upcoming:
        return faults
    pairs = (
        select(entry_tag.c.tag_id, func.count())
        .join(Entry, Entry.id == entry_tag.c.entry_id)
        .where(public)
        .group_by(entry_tag.c.tag_id)
    )
    for tag, count in session.execute(pairs):
        held = snapshot.tags.size(tag)
        if held != count:
            named = snapshot.names.tags_by_id.get(tag)
            faults.append(f"Tag {named.slug if named else tag}: {held:,} in the facets, {count:,} in SQL.")
    return faults
