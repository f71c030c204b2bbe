"""One question to a source over the network, as this blog asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from blog.fetch import fetch, post, user_agent_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from blog.config import Settings
    from blog.fetch import Fetched

# A feed of ten years with whole texts has some megabytes.
MOST_BYTES: Final = 5_000_000
# What a hub says beside its status is for people.
_MOST_OF_A_HUB: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How to reach sources. ``resolve`` and ``tls`` are those of ``fetch``: for a network of one's own."""

    settings: Settings
    resolve: Callable[[str, int], list[str]] | None = None
    tls: ssl.SSLContext | None = None

    def ask(self, url: str, **conditions: str) -> Fetched:
        """Fetch what is at ``url``; ``etag`` and ``last_modified`` are conditions.

        Raises:
            FetchRefused: as ``fetch`` does.
        """
        given: dict[str, Any] = {**conditions}
        return fetch(
            url,
            timeout=self.settings.fetch_timeout,
            cap=MOST_BYTES,
            allow_private=self.settings.fetch_private,
            user_agent=user_agent_of(self.settings.base_url),
            resolve=self.resolve,
            tls=self.tls,
            **given,
        )

    def send(self, url: str, fields: Sequence[tuple[str, str]]) -> Fetched:
        """Send a form to ``url``.

        Raises:
            FetchRefused: as ``post`` does.
        """
        return post(
            url,
            fields,
            timeout=self.settings.fetch_timeout,
            cap=_MOST_OF_A_HUB,
            allow_private=self.settings.fetch_private,
            user_agent=user_agent_of(self.settings.base_url),
            resolve=self.resolve,
            tls=self.tls,
        )
