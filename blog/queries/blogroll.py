"""The blogroll: the polled sources that the author shows, by their tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sqlalchemy import func, select

from blog.domain.errors import BadTag
from blog.domain.filters import source_url
from blog.domain.tags import slugify
from blog.facets.select import newest
from blog.models import Source, Subscription
from blog.queries.entries import EntryView, load_entries

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from blog.facets.snapshot import Snapshot
    from blog.services import Services

_OTHERS: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogrollEntry:
    """A blog that is read here.

    ``url`` is its own page, empty where that is not known. ``page_url`` lists what is published of it here,
    with ``count`` of them and the ``latest``, empty and None where nothing is.
    """

    name: str
    url: str
    feed_url: str
    tags: tuple[str, ...]
    page_url: str
    count: int
    latest: EntryView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogrollGroup:
    """The blogs of one tag, by name; ``label`` is empty for those of none."""

    label: str
    blogs: tuple[BlogrollEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blogroll:
    """All that is shown, and when the last of it was added."""

    groups: tuple[BlogrollGroup, ...]
    total: int
    added: datetime | None


def blogroll(services: Services) -> Blogroll:
    """Return the blogroll: each source once, under the first of the tags that all its items get.

    Left out are what the author leaves out, what is not polled any more, and feeds whose address has a
    password in it.
    """
    statement = (
        select(Subscription, Source)
        .join(Source, Source.id == Subscription.source_id)
        .where(Subscription.in_blogroll, Subscription.disabled == "")
        .order_by(func.lower(Source.name), Source.id)
    )
    snapshot = services.facets.current()
    with services.sessions.read() as session:
        rows = [(one, source) for one, source in session.execute(statement) if _is_public(one.feed_url)]
        latest = _latest(snapshot, (source.id for _, source in rows))
        entries = {one.id: one for one in load_entries(session, snapshot, list(latest.values()))}
    blogs = [_blog(snapshot, *row, entries.get(latest.get(row[1].id, 0))) for row in rows]
    added = max((one.created for one, _ in rows), default=None)
    return Blogroll(groups=_grouped(blogs), total=len(blogs), added=added)


def _is_public(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and "@" not in parts.netloc


def _latest(snapshot: Snapshot, source_ids: Iterable[int]) -> dict[int, int]:
    """The newest entry of each of these sources that readers see any of."""
    return {
        one: newest(snapshot, snapshot.sources[one], 0, 1)[0] for one in source_ids if one in snapshot.sources
    }


def _blog(snapshot: Snapshot, row: Subscription, source: Source, latest: EntryView | None) -> BlogrollEntry:
    count = len(snapshot.sources.get(source.id, ()))
    return BlogrollEntry(
        name=source.name,
        url=source.url if source.url != row.feed_url else "",
        feed_url=row.feed_url,
        tags=tuple(_tag_name(snapshot, tag) for tag in row.tags),
        page_url=source_url(source.slug) if count else "",
        count=count,
        latest=latest,
    )


def _tag_name(snapshot: Snapshot, tag: str) -> str:
    """The tag as the blog calls it now; it may have been renamed since the source was taken up."""
    try:
        slug = slugify(tag)
    except BadTag:
        return tag
    named = snapshot.names.tags.get(snapshot.names.renames([slug]).get(slug, slug))
    return named.name if named else tag


def _grouped(blogs: Iterable[BlogrollEntry]) -> tuple[BlogrollGroup, ...]:
    by_tag: dict[str, list[BlogrollEntry]] = {}
    for blog in blogs:
        by_tag.setdefault(blog.tags[0] if blog.tags else _OTHERS, []).append(blog)
    labels = sorted(by_tag, key=lambda one: (one == _OTHERS, one.casefold()))
    return tuple(BlogrollGroup(label=label, blogs=tuple(by_tag[label])) for label in labels)
