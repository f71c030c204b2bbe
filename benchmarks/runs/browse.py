"""Everything a filter's page needs (entries, all facets with counts and addresses, snippets, paging),
without its template.

The limit is what it costs SQLite alone to read a page of such entries by their keys.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.limits import Rows
from benchmarks.measuring import REQUESTS, measure
from benchmarks.sample import Sample
from benchmarks.subject import opened, page_of
from blog.domain.filters import EVERYTHING, Filter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.grounds import Ground
    from benchmarks.measuring import Measured
    from blog.services import Services

# On a million entries, twenty to a page: page 45,000.
_DEEP: Final = 0.9


def run(ground: Ground) -> Iterator[Measured]:
    """Measure each kind of filter."""
    with opened(ground.data) as services:
        sample = Sample(services)
        for kind in sample.kinds():
            yield measure(kind, (partial(page_of, services, one) for one in sample.draw(kind, REQUESTS)))
        yield _deep(services, EVERYTHING, "everything, a page nine tenths down")
        yield _deep(services, Filter(tags=_biggest(sample)), "the biggest tag, a page nine tenths down")
        yield from _limits(ground, services, sample)


def _deep(services: Services, wanted: Filter, name: str) -> Measured:
    last = page_of(services, wanted).pages
    first = max(1, min(last, round(last * _DEEP)))
    pages = (first + step for step in range(min(REQUESTS, last - first + 1)))
    return measure(name, (partial(page_of, services, wanted, page) for page in pages))


def _biggest(sample: Sample) -> frozenset[str]:
    """The tag that most of the entries drawn have."""
    tags = [tag for one in sample.entries for tag in one.tags]
    return frozenset({max(sorted(set(tags)), key=tags.count)})


def _limits(ground: Ground, services: Services, sample: Sample) -> Iterator[Measured]:
    pages = [
        [one.id for one in page_of(services, wanted).entries] for wanted in sample.draw("one tag", REQUESTS)
    ]
    with closing(Rows(ground.data)) as rows:
        full = [ids for ids in pages if len(ids) == services.settings.page_size]
        yield measure(
            "SQLite: the entries of a tag's page",
            (partial(rows.read, ids) for ids in full),
            is_limit=True,
        )
