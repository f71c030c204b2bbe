"""Tag algebra by itself: all entries a filter means, and all facets of these with counts and addresses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.measuring import REQUESTS, measure
from benchmarks.sample import Sample
from benchmarks.subject import facets_of, matches_of, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.grounds import Ground
    from benchmarks.measuring import Measured

_MEANT: Final = ("two tags", "six tags", "a tag without another", "one of three tags", "tag, kind and year")
_COUNTED: Final = ("everything", "one tag", "two tags", "one of three tags", "a kind", "a domain", "a year")


def run(ground: Ground) -> Iterator[Measured]:
    """Measure intersections, and facets."""
    with opened(ground.data) as services:
        sample = Sample(services)
        for kind in _MEANT:
            wanted = sample.draw(kind, REQUESTS)
            yield measure(f"entries: {kind}", (partial(matches_of, services, one) for one in wanted))
        for kind in _COUNTED:
            wanted = sample.draw(kind, REQUESTS)
            yield measure(f"facets: {kind}", (partial(facets_of, services, one) for one in wanted))
