"""What a token may be used for: the words that a token carries, and what each of them grants.

The words are those of Micropub and IndieAuth, with ``read`` for the API; one list serves them all.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SCOPES: Final = {
    "read": "Read everything, what is not published too",
    "create": "Write and publish new entries, and upload pictures",
    "draft": "Write new entries as drafts only",
    "update": "Change entries",
    "delete": "Delete entries, and bring them back",
    "undelete": "Bring deleted entries back",
    "media": "Upload pictures",
    "profile": "See the name and the address of the blog",
}
"""Every scope, with what it means to the author who grants it."""


class Right(StrEnum):
    """What somebody may be about to do with a token."""

    ANY = "any"
    READ = "read"
    SOURCE = "source"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNDELETE = "undelete"
    MEDIA = "media"
    PROFILE = "profile"


# The first of each is what a refusal names. Whoever edits an entry has to see it first, whoever
# publishes may publish pictures, and whoever deletes may say that it was a mistake.
GRANTED_BY: Final[dict[Right, tuple[str, ...]]] = {
    Right.ANY: tuple(SCOPES),
    Right.READ: ("read",),
    Right.SOURCE: ("read", "update"),
    Right.CREATE: ("create", "draft"),
    Right.UPDATE: ("update",),
    Right.DELETE: ("delete",),
    Right.UNDELETE: ("undelete", "delete"),
    Right.MEDIA: ("media", "create"),
    Right.PROFILE: ("profile",),
}


def parse_scopes(text: str) -> frozenset[str]:
    """Read scopes with spaces between them; words that are none here are left out, as OAuth wants it."""
    return frozenset(SCOPES).intersection(text.split())


def spelled(scopes: Iterable[str]) -> str:
    """Return scopes as one text, in the order of the list."""
    wanted = set(scopes)
    return " ".join(one for one in SCOPES if one in wanted)


def allows(scopes: frozenset[str], right: Right) -> bool:
    """Tell whether one of the scopes grants the right."""
    return not scopes.isdisjoint(GRANTED_BY[right])


def may_publish(scopes: frozenset[str]) -> bool:
    """Tell whether readers may see what is written with these scopes: not where they say drafts only."""
    return "create" in scopes or "draft" not in scopes
