"""Which words of a text tell what it is about: such as are frequent in it and rare elsewhere."""

from __future__ import annotations

from collections import Counter
from heapq import nlargest
from itertools import islice
from math import log
from typing import TYPE_CHECKING, Final, Protocol

from whoosh.lang.stopwords import stoplists

from blog.search.analysis import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

_READ: Final = 2_000  # words of a text that are looked at for its telling ones
_ASKED: Final = 64  # of these, how many are looked up in the index
_TELLING: Final = 12  # and of these, how many are searched for
_STOPPED: Final = frozenset(stoplists["en"])


class Frequencies(Protocol):
    """What an index knows of its words."""

    documents: int

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a term is."""


def telling_terms(text: str, index: Frequencies) -> Sequence[str]:
    """The most telling terms of ``text``, a bounded number, so a long text costs no more than a short one."""
    words = (token for token in islice(tokens(text), _READ) if token.surface not in _STOPPED)
    counts = Counter(token.term for token in words if len(token.surface) > 2 or not token.surface)
    asked = nlargest(_ASKED, counts, key=lambda term: (counts[term], len(term), term))
    telling: dict[str, float] = {}
    for term in asked:
        frequency = index.frequency("text", term)
        # Once is this very text; in a quarter of all it tells nothing.
        if 1 < frequency <= max(2, index.documents / 4):
            telling[term] = counts[term] * log(index.documents / frequency)
    return nlargest(_TELLING, telling, key=lambda term: (telling[term], term))
