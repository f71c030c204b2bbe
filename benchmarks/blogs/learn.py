"""Learns the figures of a blog's distribution from its database.

What is kept are counts: tags go by their rank, kinds by Crosstag's own names, and texts leave
nothing but how many words they had and how often the most frequent words, whichever they are,
came.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from sqlalchemy import select

from benchmarks.blogs.figures import Figures, KindFigures
from benchmarks.blogs.laws import Law
from blog.domain.entry import Kind
from blog.models import Entry, entry_tag
from blog.rendering import count_words

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

# So many of the biggest tags are known one by one, and in pairs; the others by their sizes.
HEAD: Final = 256
_HEAD_DOMAINS: Final = 64
_HEAD_WORDS: Final = 512
# Heaps' law is fitted from here on: before, a history is chance.
_FIT_FROM: Final = 1_000
_WORD: Final = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")


class _Learned(NamedTuple):
    """One entry, as far as figures are made of it."""

    kind: str
    published: datetime
    day: date
    title: str
    text: str
    html: str
    domain: str
    via_url: str
    source_id: int | None
    series_id: int | None
    id: int


def learn(session: Session) -> Figures:
    """Return the figures of the blog in this database."""
    columns = [getattr(Entry, name) for name in _Learned._fields]
    order = select(*columns).order_by(Entry.published, Entry.id)
    entries = [_Learned(*row) for row in session.execute(order)]
    tags = _tags(session)
    history = [tag for one in entries for tag in tags.get(one.id, ())]
    ranks = {tag: rank for rank, (tag, _) in enumerate(Counter(history).most_common())}
    ranked = {entry: [ranks[tag] for tag in own] for entry, own in tags.items()}
    pairs = _pairs(ranked.values())
    return Figures(
        kinds={kind: _kind([one for one in entries if one.kind == kind], ranked) for kind in Kind},
        tags=_law(history, HEAD),
        pairs=tuple((*pair, count) for pair, count in sorted(pairs.items()) if count > 1),
        chance=round(sum(count == 1 for count in pairs.values()) / max(1, sum(pairs.values())), 4),
        domains=_law([one.domain for one in entries if one.domain], _HEAD_DOMAINS),
        words=_law(_WORD.findall("\n".join(one.text for one in entries).lower()), _HEAD_WORDS),
        paragraph_words=_paragraph_words([one.text for one in entries if "\n" in one.text]),
        series_length=_mean(list(Counter(one.series_id for one in entries if one.series_id).values())),
        **_calendar(entries),
    )


def _tags(session: Session) -> dict[int, list[int]]:
    tags: dict[int, list[int]] = {}
    pairs = select(entry_tag.c.entry_id, entry_tag.c.tag_id)
    for entry, tag in session.execute(pairs.order_by(entry_tag.c.entry_id, entry_tag.c.tag_id)):
        tags.setdefault(entry, []).append(tag)
    return tags


def _law(history: Sequence[Hashable], head: int) -> Law:
    """The law of things that were used in this order."""
    sizes = [size for _, size in Counter(history).most_common()]
    return Law(
        count=len(sizes),
        total=len(history),
        once=round(sizes.count(1) / len(sizes), 4),
        heaps=_heaps(history),
        head=tuple(sizes[:head]),
    )


def _heaps(history: Sequence[Hashable]) -> float:
    """Fit the exponent to how many different ones there were as the history grew, in logarithms."""
    at = {round(point) for point in np.geomspace(min(_FIT_FROM, len(history) / 10), len(history), 40)}
    seen: set[Hashable] = set()
    useds, differents = [], []
    for used, one in enumerate(history, start=1):
        seen.add(one)
        if used in at:
            useds.append(math.log(used))
            differents.append(math.log(len(seen)))
    slope, _ = np.polyfit(useds, differents, 1)
    return round(float(slope), 4)


def _pairs(tagged: Iterable[Sequence[int]]) -> Counter[tuple[int, int]]:
    """How often tags of the head stand together."""
    pairs: Counter[tuple[int, int]] = Counter()
    for ranks in tagged:
        pairs.update(combinations(sorted(rank for rank in ranks if rank < HEAD), 2))
    return pairs


def _kind(entries: Sequence[_Learned], ranked: Mapping[int, Sequence[int]]) -> KindFigures:
    tags = [ranked.get(one.id, ()) for one in entries]
    head = Counter(rank for own in tags for rank in own if rank < HEAD)
    counts = Counter((sum(rank < HEAD for rank in own), sum(rank >= HEAD for rank in own)) for own in tags)
    sources = Counter(one.source_id for one in entries if one.source_id)
    paragraphs = sum(one.text.count("\n") + 1 for one in entries if one.text)
    return KindFigures(
        entries=len(entries),
        sources=tuple(count for _, count in sources.most_common()),
        tag_counts=tuple((*both, count) for both, count in sorted(counts.items())),
        head=tuple(head[rank] for rank in range(HEAD)),
        words=_percentiles([count_words(one.text) for one in entries]),
        title_words=_percentiles([count_words(one.title) for one in entries]),
        links=round(sum(one.html.count("<a ") for one in entries) / max(1, paragraphs), 4),
        linked=_mean([bool(one.domain) for one in entries]),
        via=_mean([bool(one.via_url) for one in entries]),
        in_series=_mean([bool(one.series_id) for one in entries]),
    )


def _percentiles(counts: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(one) for one in np.percentile(counts or [0], range(101)))


def _paragraph_words(texts: Sequence[str]) -> float:
    return _mean([count_words(text) / (text.count("\n") + 1) for text in texts])


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / max(1, len(values)), 4)


def _calendar(entries: Sequence[_Learned]) -> dict[str, Any]:
    months = Counter(one.day.year * 12 + one.day.month - 1 for one in entries)
    hours = Counter(one.published.hour for one in entries)
    first, last = min(months), max(months)
    return {
        "first_month": first,
        "months": tuple(months[month] for month in range(first, last + 1)),
        "last_days": max(one.day for one in entries).day,
        "hours": tuple(hours[hour] for hour in range(24)),
    }
