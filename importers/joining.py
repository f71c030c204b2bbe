"""An item that is the same link as an entry of another source: what it adds to that, decided purely.

It adds its tags, and a title, a text and where it was found where the entry has none. It changes nothing
else and never takes anything away: what stands there is another source's word, or the author's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each with what goes with it: a text is nothing without its markup.
FILLED: Final = {"title": ("title",), "body": ("body", "markup"), "via_url": ("via_url", "via_title")}


@dataclass(frozen=True, slots=True)
class SameLink:
    """An entry that an item is the same link as.

    ``tags`` are those it has, with all that they imply, and ``empty`` which of ``FILLED`` it has none of.
    ``said`` are the digests of what the item said when it was read last; None where it has not joined yet.
    ``version`` is the entry's last change: what is decided on one holds for that only. ``is_public`` says
    that readers see it.
    """

    entry_id: int
    name: str
    tags: frozenset[str]
    empty: frozenset[str]
    said: Mapping[str, str] | None = None
    version: int = 0
    is_public: bool = False


def added_fields(said: Mapping[str, str], same: SameLink, *, waits: bool = False) -> frozenset[str]:
    """Return the fields of the entry that the item adds something to; ``said`` are its digests.

    Of one that has joined before, only what it did not say then is news. Where new entries of its source
    wait for the author's word (``waits``), its texts do so too: readers see none of them unread.
    """
    before = same.said or {}
    empty = frozenset() if waits and same.is_public else same.empty
    news = {name for name in empty if said[name] and said[name] != before.get(name, "")}
    fields = {field for name in news for field in FILLED[name]}
    return frozenset(fields | {"tags"} if new_tags(said, same) else fields)


def new_tags(said: Mapping[str, str], same: SameLink) -> set[str]:
    """Return the tags that the item adds."""
    before = (same.said or {}).get("tags", "")
    return set(said["tags"].split()) - set(before.split()) - same.tags
