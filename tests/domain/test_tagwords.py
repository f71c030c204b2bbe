"""A text speaks of a tag when its words would have the tag's slug."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.tags import slugify
from blog.domain.tagwords import MAX_WORDS, slugs_in

TEXTS = {
    "Using Python": {"using", "python", "using-python"},
    "C++, C# and .NET": {
        "cplusplus",
        "csharp",
        "and",
        "dotnet",
        "csharp-and",
        "and-dotnet",
        "csharp-and-dotnet",
    },
    "node.js!": {"nodejs"},
    "(ASP.NET)": {"asp", "net", "asp-net"},
    "python/django": {"python", "django", "python-django"},
    "Python's": {"python"},
    "#hashtag": {"hashtag"},
    "One. Two": {"one", "two"},
    "One … Two": {"one", "two"},
    "Web 2.0": {"web", "2", "0", "web-2", "2-0", "web-2-0"},
    "日本語": {"日本語"},
    "": set(),
    "...": set(),
}


@pytest.mark.parametrize(("text", "slugs"), TEXTS.items())
def test_words_and_words_in_a_row_are_found(text: str, slugs: set[str]) -> None:
    assert slugs_in(text) == slugs


NAMES = "Python|C++|C#|F#|.NET|ASP.NET|node.js|Web 2.0|R&D|mod_rewrite|machine learning|open source software|日本語|café|self-hosting"


@pytest.mark.parametrize("name", NAMES.split("|"))
def test_a_text_that_names_a_tag_speaks_of_it(name: str) -> None:
    for text in (
        name,
        f"About {name}",
        f"({name})",
        f"{name}: what it is",
        f"“{name}”, again",
        f"On\n{name.upper()}\tnow",
    ):
        assert slugify(name) in slugs_in(text), text


@given(st.text(max_size=300))
def test_what_is_found_is_no_longer_than_four_words(text: str) -> None:
    found = slugs_in(text)
    assert all(slug and slug.count("-") < 4 for slug in found)


def test_a_long_text_is_read_as_far_as_it_matters() -> None:
    start = time.process_time()
    found = slugs_in("word.s " * MAX_WORDS + "python " * 1_000_000)
    assert time.process_time() - start < 2
    assert "python" not in found
    assert slugs_in("x" * 1_000_000) == {"x" * 1_000_000}
