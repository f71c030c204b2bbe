"""Files that break off or are broken in the middle: what came before is read, and the rest is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from blog.domain.entry import Rejected
from blog.domain.errors import BadImport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_Item = TypeVar("_Item")


class BrokenFile(ValueError):
    """A file cannot be read any further; the message says where and why."""


def until_it_breaks(items: Iterable[_Item], label: str) -> Iterator[_Item | Rejected]:
    """The items as far as they can be read, and one more that says so if that is not to the end.

    Raises:
        BadImport: nothing at all could be read.
    """
    has_any = False
    try:
        for item in items:
            has_any = True
            yield item
    except BrokenFile as error:
        if not has_any:
            raise BadImport(f"{label} cannot be read: {error}.") from error
        reason = f"It is broken: {error}; nothing behind that was read."
        yield Rejected(external_id="the rest of the file", reason=reason)
