"""What GitHub's API says: the repositories somebody starred, and the releases of one.

A star becomes a link to the repository, dated when it was given. A release becomes activity.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Item, Kind, LeftOut, Markup
from importers.bookmarks import Bookmark, Read, quoted
from importers.json_stream import shape
from importers.records import Record, bookmarks_of, marks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from importers.material import Material

_STARS: Final = frozenset({"[].starred_at", "[].repo"})
_REPOSITORIES: Final = frozenset({"[].full_name", "[].stargazers_url", "[].html_url"})
_RELEASES: Final = frozenset({"[].tag_name", "[].html_url", "[].prerelease"})
_REPOSITORY: Final = re.compile(r"https?://[^/]+/[^/]+/([^/]+)/releases/")


def detect_stars(material: Material) -> bool:
    """Tell whether it is a list of stars, or of repositories, which is how stars come without dates."""
    keys = shape(material).keys()
    return keys >= _STARS or keys >= _REPOSITORIES


def count_stars(material: Material) -> int:
    """How many repositories there seem to be."""
    return marks(material, "full_name")


def parse_stars(material: Material) -> Iterator[Item]:
    """Yield a link for each repository; topics are tags, and private ones are hidden."""
    return bookmarks_of(material, _star)


def _star(star: Record, now: datetime) -> Bookmark:
    repository = star.record("repo") if star.values.get("repo") else star
    return Bookmark(
        url=repository.text("html_url"),
        title=repository.text("full_name", "name"),
        body=quoted(repository.text("description")),
        markup=Markup.MARKDOWN,
        tags=tuple(repository.names("topics")),
        added=star.time(now, "starred_at"),
        is_private=repository.flag("private"),
    )


def detect_releases(material: Material) -> bool:
    """Tell whether it is a list of releases."""
    return shape(material).keys() >= _RELEASES


def count_releases(material: Material) -> int:
    """How many releases there seem to be."""
    return marks(material, "tag_name")


def parse_releases(material: Material) -> Iterator[Item]:
    """Yield activity for each release but drafts."""
    return bookmarks_of(material, _release)


def _release(release: Record, now: datetime) -> Read:
    url, name = release.text("html_url"), release.line("name", "tag_name")
    if release.flag("draft"):
        return LeftOut(external_id=url or name, reason="It is a draft, which GitHub shows to nobody else.")
    return Bookmark(
        url=url,
        kind=Kind.ACTIVITY,
        own_id=f"github-release:{release.text('id', 'node_id', 'html_url')}",
        title=_title(name, url),
        body=release.text("body"),
        markup=Markup.MARKDOWN,
        added=release.time(now, "published_at", "created_at"),
    )


def _title(name: str, url: str) -> str:
    """The name with that of the repository, because most are called "1.0"."""
    found = _REPOSITORY.match(url)
    return f"{found[1]} {name}" if found and found[1].lower() not in name.lower() else name
