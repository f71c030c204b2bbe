"""What everything above works with: one frozen value, made once per process.

No Flask here: the web app, the command line, benchmarks and tests use the very same object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from blog.audience import Audience
from blog.db import Sessions, migrate
from blog.facets.follower import FacetFollower
from blog.search.engines import open_engine
from blog.search.follower import SearchFollower
from blog.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from blog.config import Settings


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """The blog, opened: its settings, its database, and the followers of its log."""

    site: Site
    sessions: Sessions
    facets: FacetFollower
    search: SearchFollower
    clock: Callable[[], datetime]
    audience: Audience = field(default_factory=Audience)

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self.site.settings

    def close(self) -> None:
        """Give everything back."""
        self.search.close()
        self.sessions.close()


def open_services(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Services:
    """Open the blog in the data directory, making and migrating it as needed."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.search_engine, settings.search_dir)
    sessions = Sessions(settings.database_url)
    migrate(sessions)
    return Services(
        site=Site(sessions, settings),
        sessions=sessions,
        facets=FacetFollower(sessions, clock),
        search=SearchFollower(sessions, engine, settings.search_dir.with_suffix(".lock")),
        clock=clock,
    )
