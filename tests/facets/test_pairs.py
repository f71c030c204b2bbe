"""Pairs of tags: counted as a loop over the entries counts them."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from blog.facets import pairs
from blog.facets.pairs import telling_pairs
from blog.queries.indexes import telling_intersections

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


@pytest.fixture
def sqlite(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite")


def test_pairs_are_counted_as_a_loop_counts_them(sqlite: Blog) -> None:
    random = Random(7)
    for number in range(60):
        sqlite.write(f"E{number}", " ".join(random.sample("abcdefgh", random.randrange(6))))
    snapshot = sqlite.services.facets.current()
    tags, public = snapshot.tags_by_size, snapshot.rows.public()
    found = pairs._counted(snapshot, tags, public)
    place = {int(tag): at for at, tag in enumerate(tags)}
    expected: Counter[tuple[int, ...]] = Counter()
    for entry in public.tolist():
        expected.update(combinations(sorted(place[tag] for tag in snapshot.rows.tags(entry)), 2))
    assert {
        (a, b): int(found[a, b]) for a, b in zip(*map(np.ndarray.tolist, np.nonzero(found)), strict=True)
    } == expected


def test_a_surprising_pair_is_neither_chance_nor_a_part_of_the_other(sqlite: Blog) -> None:
    for number in range(4):
        sqlite.write(f"Both {number}", "tea code")
        sqlite.write(f"Part {number}", "flask python")
    for word in ("tea", "code", "python"):
        for number in range(8):
            sqlite.write(f"{word} {number}", word)
    for number in range(60):
        sqlite.write(f"Else {number}", "misc")
    found = telling_intersections(sqlite.services)
    assert [(one.labels, one.url, one.count) for one in found.surprising] == [
        (("tea", "code"), "/tags/code+tea/", 4)
    ]
    assert found.surprising[0].lift == pytest.approx(4 / 12 / (12 / 92))


def test_a_rising_pair_leads_to_its_entries_of_the_last_twelve_months(sqlite: Blog) -> None:
    for year in range(2010, 2020):
        sqlite.write(f"Old {year}", "ai web", day=f"{year}-03-01")
        sqlite.write(f"New {year}", "css web", day=f"{year}-03-01")
    for month in range(1, 5):
        sqlite.write(f"Now {month}", "ai code", day=f"2020-0{month}-01")
    (found,) = telling_intersections(sqlite.services).rising
    assert (found.labels, found.count) == (("ai", "code"), 4)
    page = sqlite.client().get(found.url)
    assert found.url == "/search/?tag=ai&tag=code&from=2019-05-01"
    assert page.text.count('class="entry ') == found.count


def test_an_empty_blog_has_no_pairs(sqlite: Blog) -> None:
    assert telling_pairs(sqlite.services.facets.current()) == ((), ())
