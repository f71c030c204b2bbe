"""What pages are made from, as the page cache wants to know it: values that change when that does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

    from blog.facets.snapshot import Snapshot
    from blog.services import Services

TEXT: Final = "text"
TODAY: Final = "today"


class BlogStates:
    """Implements ``blog.pagecache.middleware.States``.

    The blog's own state is the last change of the log and how many scheduled entries wait: one whose
    time comes is a change that nobody wrote. With it go the settings, which another process may have
    got to know of earlier or later. The text index follows the log a moment later, so pages
    that show what it found depend on its position, too; and some pages say which day it is.
    """

    names: tuple[str, ...] = (TEXT, TODAY)

    def __init__(self, services: Services) -> None:
        self._services = services
        self._held: tuple[Snapshot | None, Hashable] = (None, None)

    def blog(self) -> Hashable:
        """Return the state of what is written; some microseconds while nothing changes."""
        snapshot = self._services.facets.current()
        held, state = self._held
        if held is not snapshot:
            state = (snapshot.state, self._services.site.follow())
            self._held = (snapshot, state)
        return state

    def part(self, name: str) -> Hashable:
        """Return the position of the text index, or the day on the blog's calendar."""
        if name == TEXT:
            return self._services.search.engine.position()
        return self._services.clock().astimezone(self._services.settings.zone).date()
