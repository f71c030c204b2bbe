"""An item that is the same link as an entry of another source: what it adds to that, decided purely.

It adds its tags, and a title, a text and where it was found where the entry has none. It changes nothing
else and never takes anything away: what stands there is another source's word, or the author's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each with what goes with it: a text is nothing without its markup.
FILLED: Final = {"title": ("title",), "body": ("body", "markup"), "via_url": ("via_url", "via_title")}


@dataclass(frozen=True, slots=True)
class Standing:
    """Who may see a new item: ``said`` is its status at its source, ``begins`` that of its entry."""

    said: Status = Status.PUBLISHED
    begins: Status = Status.PUBLISHED

    def may_join(self, there: Status) -> bool:
        """Tell whether it may be one with an entry of this status: who sees the one has to see the other.

        What everybody sees at its source may join what everybody sees here, even if it would wait itself.
        """
        return there is self.begins or there is self.said is Status.PUBLISHED

    def may_add(self, there: Status) -> bool:
        """Tell whether it may say more of an entry that it has joined: not what is private since, in public."""
        return there is not Status.PUBLISHED or self.may_join(there)

    def waits(self, there: Status) -> bool:
        """Tell whether its texts wait for the author's word, where readers would see them unread."""
        return there in (Status.PUBLISHED, Status.HIDDEN) and self.begins not in (Status.PUBLISHED, there)


@dataclass(frozen=True, slots=True)
class SameLink:
    """An entry that an item is the same link as.

    ``tags`` are those it has, with all that they imply, and ``empty`` which of ``FILLED`` it has none of.
    ``said`` are the digests of what the item said when it was read last; None where it has not joined yet.
    ``version`` is the entry's last change: what is decided on one holds for that only. ``status`` says
    who sees it.
    """

    entry_id: int
    name: str
    tags: frozenset[str]
    empty: frozenset[str]
    said: Mapping[str, str] | None = None
    version: int = 0
    status: Status = Status.PUBLISHED


def added_fields(said: Mapping[str, str], same: SameLink, standing: Standing) -> frozenset[str]:
    """Return the fields of the entry that the item adds something to; ``said`` are its digests.

    Of one that has joined before, only what it did not say then is news; where it had a text then, and the
    entry has none, the author took it off. Where new entries of its source wait for the author's word, its
    texts do so too.
    """
    if not standing.may_add(same.status):
        return frozenset()
    before = same.said or {}
    empty = frozenset() if standing.waits(same.status) else same.empty
    news = {name for name in empty if said[name] and not before.get(name)}
    fields = {field for name in news for field in FILLED[name]}
    return frozenset(fields | {"tags"} if new_tags(said, same) else fields)


def new_tags(said: Mapping[str, str], same: SameLink) -> set[str]:
    """Return the tags that the item adds."""
    before = (same.said or {}).get("tags", "")
    return set(said["tags"].split()) - set(before.split()) - same.tags
