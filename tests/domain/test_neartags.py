"""Which tags may be one: each pair of a table is found, each of the other is not, and it is fast."""

from __future__ import annotations

import pytest

from blog.domain import neartags
from blog.domain.neartags import Nearness, near_tags, near_to, singular

NEAR = [
    ("web-site", "website", Nearness.SPELLING),
    ("node-js", "nodejs", Nearness.SPELLING),
    ("machine-learning", "machinelearning", Nearness.SPELLING),
    ("llm", "llms", Nearness.NUMBER),
    ("database", "databases", Nearness.NUMBER),
    ("library", "libraries", Nearness.NUMBER),
    ("web-site", "websites", Nearness.NUMBER),
    ("postgres", "postgresql", Nearness.ENDING),
    ("design", "designer", Nearness.ENDING),
    ("color", "colour", Nearness.LETTER),
    ("security", "secuirty", Nearness.LETTER),
    ("accessibility", "accessibilty", Nearness.LETTER),
    ("gray-hat", "grey-hat", Nearness.LETTER),
]
FAR = [
    ("python-2", "python-3"),
    ("python", "python3"),
    ("ipv4", "ipv6"),
    ("2023", "2024"),
    ("rust", "dust"),
    ("css", "cs"),
    ("java", "javascript"),
    ("django", "flask"),
]


@pytest.mark.parametrize(("one", "other", "why"), NEAR)
def test_these_may_be_one(one: str, other: str, why: Nearness) -> None:
    assert near_tags({one: 1, other: 2}) == [(one, other, why)]
    assert near_tags({other: 1, one: 2}) == [(other, one, why)]


@pytest.mark.parametrize(("one", "other"), FAR)
def test_these_are_different_things(one: str, other: str) -> None:
    assert near_tags({one: 1, other: 2}) == []


def test_the_surest_and_biggest_come_first() -> None:
    counts = {
        "web-site": 1,
        "website": 5,
        "llm": 9,
        "llms": 90,
        "colour": 300,
        "color": 200,
        "nodejs": 3,
        "node-js": 8,
    }
    assert [pair[:2] for pair in near_tags(counts)] == [
        ("nodejs", "node-js"),
        ("web-site", "website"),
        ("llm", "llms"),
        ("color", "colour"),
    ]


@pytest.mark.parametrize(
    ("plural", "expected"),
    [("classes", "class"), ("status", "status"), ("caches", "cache"), ("gas", "gas"), ("its", "its")],
)
def test_the_singular_is_good_enough(plural: str, expected: str) -> None:
    assert singular(plural) == expected


def test_the_pairs_of_one_tag_are_those_of_all_that_have_it() -> None:
    counts = {
        slug: place
        for place, slug in enumerate(sorted({slug for one, other, _ in NEAR for slug in (one, other)}))
    }
    for slug in counts:
        assert near_to(slug, counts) == [pair for pair in near_tags(counts) if slug in pair[:2]]


def test_ten_thousand_tags_that_are_much_alike_lead_to_few_comparisons() -> None:
    alike = {f"release-{number:05}": 1 for number in range(5_000)}
    letters = "abcdefghijklmnopqrst"
    words = {f"word-{a}{b}{c}": 1 for a in letters for b in letters for c in letters[:12]}
    counts = alike | words
    assert sum(1 for _ in neartags._candidates(counts)) < 20 * len(counts)
