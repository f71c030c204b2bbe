"""Slugs of tags, and the names a wrong one may have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.errors import BadTag
from blog.domain.tags import MAX_SLUG_LENGTH, is_slug, near_names, slugify

SLUGS = {
    "Python": "python",
    "C++": "cplusplus",
    "C#": "csharp",
    "F#": "fsharp",
    ".NET": "dotnet",
    "ASP.NET": "asp-net",
    "node.js": "nodejs",
    "Web 2.0": "web-2-0",
    "日本語": "日本語",
    "café": "café",
    "R&D": "r-and-d",
    "#hashtag": "hashtag",
    "it's": "its",
    "mod_rewrite": "mod_rewrite",
    "  spaces  around ": "spaces-around",
    "a+b": "aplusb",
    "a/b,c": "a-b-c",
    "-leading": "leading",
    "Ｆｕｌｌｗｉｄｔｈ": "fullwidth",
    "दिन": "दिन",
    "กิน": "กิน",
}


@pytest.mark.parametrize(("name", "slug"), SLUGS.items())
def test_a_name_has_one_readable_slug(name: str, slug: str) -> None:
    assert slugify(name) == slug


@pytest.mark.parametrize("name", ["", "   ", "+++", "!?", "-", "___"])
def test_a_name_without_letters_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(BadTag, match="no letter or digit"):
        slugify(name)


@given(st.text(max_size=200))
def test_a_slug_is_its_own_slug_and_holds_none_of_the_grammar(name: str) -> None:
    try:
        slug = slugify(name)
    except BadTag:
        return
    assert slugify(slug) == slug
    assert is_slug(slug)
    assert not set(slug) & set("+,/.?#% ")
    assert not slug.startswith("-")
    assert len(slug) <= MAX_SLUG_LENGTH


def test_near_names_are_those_that_differ_by_little_best_first() -> None:
    slugs = ["python", "python3", "pytorch", "javascript", "java", "sqlite", "postgresql"]
    assert near_names("pyhton", slugs)[0] == "python"
    assert near_names("sqlit", slugs) == ["sqlite"]
    assert near_names("postgres", slugs) == ["postgresql"]
    assert near_names("zzzzzz", slugs) == []
