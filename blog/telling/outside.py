"""How the rest of the web is reached: a page fetched, a form sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.fetch import fetch, post, user_agent_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from blog.config import Settings
    from blog.fetch import Fetched

_SECONDS: Final = 20
_MOST_OF_PAGE: Final = 2_000_000
# Of a page that a stranger has named, all is read, its structure too.
MOST_OF_MENTION: Final = 500_000
_MOST_OF_ANSWER: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The web. ``resolve`` and ``tls`` are those of ``fetch``: for a network of one's own."""

    settings: Settings
    resolve: Callable[[str, int], list[str]] | None = None
    tls: ssl.SSLContext | None = None

    def page(self, url: str, most: int = _MOST_OF_PAGE) -> Fetched:
        """Fetch a page of at most so many bytes.

        Raises:
            BadStatus: the answer is a 4xx or 5xx.
            FetchRefused: the address is not one to fetch from, or there is no good answer.
        """
        return fetch(
            url,
            timeout=min(self.settings.fetch_timeout, _SECONDS),
            cap=most,
            allow_private=self.settings.fetch_private,
            user_agent=self._agent,
            resolve=self.resolve,
            tls=self.tls,
        )

    def send(self, url: str, fields: Sequence[tuple[str, str]]) -> Fetched:
        """Send a form.

        Raises:
            BadStatus: the answer is a 4xx or 5xx.
            FetchRefused: the address is not one to send to, or there is no good answer.
        """
        return post(
            url,
            fields,
            timeout=min(self.settings.fetch_timeout, _SECONDS),
            cap=_MOST_OF_ANSWER,
            allow_private=self.settings.fetch_private,
            user_agent=self._agent,
            resolve=self.resolve,
            tls=self.tls,
        )

    @property
    def _agent(self) -> str:
        return user_agent_of(self.settings.base_url)
