"""What a feed is called for ever, whatever its address becomes (RFC 4287, section 4.2.6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blog.domain.filters import Filter

# RFC 4151 wants a date at which the authority had its name. That of the software is the same for ever;
# the first entry's would move with what is imported.
_SINCE: Final = "2026"


def feed_id(wanted: Filter, authority: str, tags: Mapping[str, int], source: int = 0, series: int = 0) -> str:
    """Return the ``tag:`` URI (RFC 4151) of a filter's feed, which its archives share.

    It is made of the feed's address, with ids in the place of names that can change: ``tags`` gives those
    of the filter's tags by their slugs, ``source`` and ``series`` are its own, 0 where it has none.
    """
    numbered = replace(
        wanted.renamed({slug: str(number) for slug, number in tags.items()}),
        source=str(source or ""),
        series=str(series or ""),
    )
    return f"tag:{authority},{_SINCE}:{numbered.feed_url('atom')}"
