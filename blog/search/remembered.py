"""What a text found, for the next who asks: a page, its feed, its next page, a facet of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from pyroaring import BitMap

# A set of a million entries is 125 kB at most, so all of them are some megabytes.
_MOST: Final = 64


class RememberedMatches:
    """The sets that the last few texts found. Safe to share between threads.

    A key holds all that the set depends on, so nothing remembered is ever wrong; what nobody can
    ask for any more is pushed out by what comes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, BitMap] = OrderedDict()

    def get(self, key: Hashable, find: Callable[[], BitMap]) -> BitMap:
        """Return the set of a key, found now where it is not known. Do not change it."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = find()
        with self._lock:
            self._found[key] = found
            if len(self._found) > _MOST:
                self._found.popitem(last=False)
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()
