"""The settings of the blog as they are now, with what the author set in the browser; and its menu.

What the author sets lies in the database and holds for every process. Its changes are in the log, so
whoever looks at the log first (``BlogStates``) knows when to follow.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import select

from blog.config import AMENDABLE, amended
from blog.domain.errors import BadSettings
from blog.models import Setting, StaticPage

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from sqlalchemy.orm import Session

    from blog.config import Settings
    from blog.db import Sessions


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A static page in the menu of every page."""

    title: str
    url: str


class Site:
    """Holds the settings of one blog; safe to share between threads."""

    def __init__(self, sessions: Sessions, given: Settings) -> None:
        self.given = given
        self._sessions = sessions
        self._lock = threading.Lock()
        self._pulse: Hashable = None
        self._said: Mapping[str, Any] = {}
        self.settings = given
        self.menu: tuple[MenuItem, ...] = ()
        self.follow()

    def follow(self) -> Settings:
        """Read anew what the author set, if anything was written since the last time."""
        pulse = self._sessions.pulse()
        if pulse == self._pulse:
            return self.settings
        with self._lock, self._sessions.read() as session:
            rows = session.execute(select(Setting.name, Setting.value).where(Setting.name.in_(AMENDABLE)))
            said: dict[str, Any] = dict(rows.all())
            if said != self._said:
                self._said, self.settings = said, _amended(self.given, said)
            self.menu = _menu(session)
            self._pulse = pulse
        return self.settings


def _menu(session: Session) -> tuple[MenuItem, ...]:
    columns = select(StaticPage.title, StaticPage.slug).where(StaticPage.in_menu).order_by(StaticPage.title)
    return tuple(MenuItem(row.title, f"/{quote(row.slug)}/") for row in session.execute(columns))


def _amended(given: Settings, said: Mapping[str, Any]) -> Settings:
    """The settings with each value that still is one: a newer version may be stricter."""
    for name, value in said.items():
        try:
            given = amended(given, {name: value})
        except BadSettings:
            continue
    return given
