"""Time of ``browse``, facets and all, without the template, for every kind of filter.

    python -m benchmarks.browse [--data DIR] [--json FILE]

Without ``--data`` the real blog of ../shared/corpus is imported into a temporary directory,
or the demo blog where that is absent. Filters are drawn, with a fixed seed, from what
entries really carry, so that big and small tags come as often as a reader meets them. Each
filter is asked once to warm up and then five times; a line gives the median and the 95th
percentile over all filters of its kind, of the median of each.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from blog.changes.imports import ImportLedger
from blog.config import DEMO, load
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.filters import EVERYTHING, Filter, Sort
from blog.models import Entry
from blog.queries.browse import browse
from blog.search.analysis import terms
from blog.services import open_services
from importers import registry
from importers.material import Material
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from blog.services import Services

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "simonwillisonblog"
PER_KIND = 60
REPEATS = 5


class Line(NamedTuple):
    """One line of the table; times in milliseconds."""

    name: str
    filters: int
    median: float
    p95: float
    worst: float


class Sample:
    """Filters as readers of this very blog would ask them."""

    def __init__(self, services: Services) -> None:
        self._choose = random.Random(1)
        self._snapshot = services.facets.current()
        self._ids = list(self._snapshot.everything)
        with services.sessions.read() as session:
            texts = session.scalars(select(Entry.text).where(Entry.text != "").limit(4_000))
            self._words = [word for text in texts for word in text.split()]

    def _tags(self, count: int) -> frozenset[str]:
        """Tags that stand together on some entry."""
        while True:
            tags = self._snapshot.rows.tags(self._choose.choice(self._ids))
            if len(tags) >= count:
                named = self._snapshot.names.tags_by_id
                return frozenset(named[tag].slug for tag in self._choose.sample(tags, count))

    def _word(self) -> str:
        while True:
            word = self._choose.choice(self._words).strip(".,;:()[]\"'“”").lower()
            if word.isalpha() and len(word) > 2 and list(terms(word)):
                return word

    def kinds(self) -> dict[str, Callable[[], Filter]]:
        """Each kind of filter, with a function that draws one."""
        tags, word = self._tags, self._word

        def year() -> int:
            return self._choose.randint(2003, 2025)

        return {
            "everything": lambda: EVERYTHING,
            "one tag": lambda: Filter(tags=tags(1)),
            "two tags": lambda: Filter(tags=tags(2)),
            "three tags": lambda: Filter(tags=tags(3)),
            "a tag without another": lambda: Filter(tags=tags(1)).excluding(*tags(1)),
            "one of three tags": lambda: Filter(any_of=frozenset({tags(3)})),
            "a kind": lambda: Filter(kinds=frozenset({self._choose.choice(list(Kind))})),
            "a year": lambda: Filter(year=year()),
            "a month": lambda: Filter(year=year(), month=self._choose.randint(1, 12)),
            "tag, kind and year": lambda: Filter(tags=tags(1), kinds=frozenset({Kind.LINK}), year=year()),
            "a word": lambda: Filter(text=word()),
            "two words": lambda: Filter(text=f"{word()} {word()}"),
            "a phrase": self._phrase,
            "a word, newest first": lambda: Filter(text=word(), sort=Sort.DATE),
            "a word and a tag": lambda: Filter(text=word(), tags=tags(1)),
            "a prefix": lambda: Filter(text=word()[:4] + "*"),
            "a word without another": lambda: Filter(text=f"{word()} -{word()}"),
            "one word or another": lambda: Filter(text=f"{word()} OR {word()}"),
        }

    def _phrase(self) -> Filter:
        at = self._choose.randrange(len(self._words) - 2)
        return Filter(text=f'"{self._words[at]} {self._words[at + 1]}"'.replace('""', '"'))


def draw(make: Callable[[], Filter], count: int) -> Iterator[Filter]:
    """Draw filters, leaving out those that contradict themselves."""
    made = 0
    while made < count:
        try:
            yield make()
        except BadFilter:
            continue
        made += 1


def measure(services: Services, name: str, make: Callable[[], Filter]) -> Line:
    """Time one kind of filter."""
    times = []
    for wanted in draw(make, PER_KIND):
        browse(services, wanted)
        times.append(statistics.median(_timed(services, wanted) for _ in range(REPEATS)))
    times.sort()
    return Line(name, len(times), statistics.median(times), times[int(len(times) * 0.95)], times[-1])


def _timed(services: Services, wanted: Filter) -> float:
    start = time.perf_counter()
    browse(services, wanted)
    return (time.perf_counter() - start) * 1_000


def last_page(services: Services) -> Line:
    """Time the very last page of everything."""
    pages = browse(services, EVERYTHING).pages
    times = []
    for _ in range(50):
        start = time.perf_counter()
        browse(services, EVERYTHING, pages)
        times.append((time.perf_counter() - start) * 1_000)
    times.sort()
    return Line(f"everything, page {pages:,}", 1, statistics.median(times), times[47], times[-1])


def open_blog(data: Path | None, stack: ExitStack) -> Services:
    """Open the blog to measure, importing one where none is named."""
    if data is not None:
        return stack.enter_context(closing(open_services(load(data, {}))))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    services = stack.enter_context(closing(open_services(load(folder, {}))))
    material = Material.of_path(CORPUS if CORPUS.is_dir() else DEMO)
    start = time.perf_counter()
    report = run(registry.detect(material).parse(material), ImportLedger(services))
    middle = time.perf_counter()
    services.search.catch_up()
    end = time.perf_counter()
    spent = f"imported in {middle - start:.1f} s, indexed in {end - middle:.1f} s"
    print(f"{report.counts.total():,} entries: {spent}.")
    return services


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, help="the data directory of a blog")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    with ExitStack() as stack:
        services = open_blog(given.data, stack)
        entries = len(services.facets.current().everything)
        print(f"{entries:,} entries · Python {platform.python_version()} · {platform.machine()}\n", flush=True)
        print(f"{'filter':28}{'median':>10}{'p95':>10}{'worst':>10}   ms")
        lines = []
        for name, make in Sample(services).kinds().items():
            lines.append(measure(services, name, make))
            _show(lines[-1])
        lines.append(last_page(services))
        _show(lines[-1])
    if given.json:
        given.json.write_text(json.dumps([line._asdict() for line in lines], indent=1))


def _show(line: Line) -> None:
    print(f"{line.name:28}{line.median:10.2f}{line.p95:10.2f}{line.worst:10.2f}", flush=True)


if __name__ == "__main__":
    main()
