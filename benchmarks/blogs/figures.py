"""What is known of a real blog's distribution: numbers, and no word, tag or host of it.

``figures.json`` beside this file holds those of the blog in ../shared/corpus, written by
``python -m benchmarks.generate --learn`` (see learn.py), so that blogs can be generated, the
very same ones, where the corpus is not.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.blogs.laws import Law

if TYPE_CHECKING:
    from collections.abc import Mapping

STORED: Final = Path(__file__).with_name("figures.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFigures:
    """The entries of one kind.

    ``tag_counts`` are rows of (tags of the head, other tags, entries with so many of each);
    ``head`` says on how many each tag of the head is, by its rank in the whole blog. ``words``
    and ``title_words`` are the 101 percentiles of their numbers. ``links`` are there to a
    paragraph. ``linked``, ``via`` and ``in_series`` are shares.
    """

    entries: int
    sources: tuple[int, ...]
    tag_counts: tuple[tuple[int, int, int], ...]
    head: tuple[int, ...]
    words: tuple[int, ...]
    title_words: tuple[int, ...]
    links: float
    linked: float
    via: float
    in_series: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A whole blog.

    ``pairs`` are rows of (rank, rank, entries with both) for tags of the head that stand
    together more than once, ``chance`` the share of pairs that do so once. ``months`` counts
    entries by month from ``first_month`` (months since year 0) on, the last of them has
    ``last_days`` days; ``hours`` counts them by hour.
    """

    kinds: Mapping[str, KindFigures]
    tags: Law
    pairs: tuple[tuple[int, int, int], ...]
    chance: float
    domains: Law
    words: Law
    paragraph_words: float
    series_length: float
    first_month: int
    months: tuple[int, ...]
    last_days: int
    hours: tuple[int, ...]

    @property
    def entries(self) -> int:
        """How many entries all this was learned from."""
        return sum(kind.entries for kind in self.kinds.values())


def load_figures(path: Path = STORED) -> Figures:
    """Read figures that were stored."""
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    kinds = {name: KindFigures(**_frozen(values)) for name, values in read.pop("kinds").items()}
    tags, domains, words = (Law(**_frozen(read.pop(name))) for name in ("tags", "domains", "words"))
    return Figures(kinds=kinds, tags=tags, domains=domains, words=words, **_frozen(read))


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists, which is what JSON has, as the tuples they were."""
    return {name: _tuple(value) for name, value in values.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(one) for one in value) if isinstance(value, list) else value


def store_figures(figures: Figures, path: Path = STORED) -> None:
    """Write figures, a line for each, so that a difference can be read."""
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in asdict(figures).items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
