"""The search engine by itself: all entries that a text finds, which facets need, and the best thirty.

The limit is SQLite's FTS5 on the same texts, asked for the same: how many match, and the best
thirty of them by BM25.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.limits import FullText
from benchmarks.measuring import REQUESTS, measure
from benchmarks.sample import Sample
from benchmarks.subject import best_of, found_by, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.grounds import Ground
    from benchmarks.measuring import Measured

_KINDS: Final = ("a word", "two words", "a phrase", "a prefix", "one word or another")
_BEST: Final = 30


def run(ground: Ground) -> Iterator[Measured]:
    """Measure each kind of text, by our engine and by FTS5."""
    with opened(ground.data) as services, closing(FullText(ground.data)) as limit:
        sample = Sample(services)
        for kind in _KINDS:
            texts = [one.text for one in sample.draw(kind, REQUESTS)]
            yield measure(f"{kind}: all", (partial(found_by, services, text) for text in texts))
            yield measure(f"{kind}: the best", (partial(best_of, services, text, _BEST) for text in texts))
            same = [_for_fts5(text) for text in texts]
            yield measure(f"FTS5, {kind}: all", (partial(limit.count, text) for text in same), is_limit=True)
            yield measure(
                f"FTS5, {kind}: the best", (partial(limit.best, text, _BEST) for text in same), is_limit=True
            )


def _for_fts5(text: str) -> str:
    """The same question in FTS5's own language: a prefix has its star outside of the quotation marks."""
    if text.startswith('"'):
        return text
    words = (
        word if word == "OR" else f'"{word.rstrip("*")}"{"*" * word.endswith("*")}' for word in text.split()
    )
    return " ".join(words)
