"""What has vanished from a feed, and what has only rolled off its end.

A feed shows the newest of what there is. What was in it, is not any more, and stood before something that
still is there, was taken out; what stood behind all that is still there has made room for newer items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# An id, and when it was published as ISO 8601 has it, in UTC.
Listed = tuple[str, str]


def vanished_from(before: Sequence[Listed], here: Collection[str]) -> list[str]:
    """Return the ids of what was listed before and has vanished; ``here`` are those that are there now.

    A feed that begins with its oldest item is read from its end. An item counts as older only if its time
    does not say otherwise: some feeds are in no order at all.
    """
    listed = list(reversed(before)) if before and before[0][1] < before[-1][1] else before
    gone: list[str] = []
    # The oldest time of what is still there, seen from the end of the feed.
    oldest = ""
    for name, published in reversed(listed):
        if name in here:
            oldest = min(oldest or published, published)
        elif oldest and oldest <= published:
            gone.append(name)
    return gone[::-1]
