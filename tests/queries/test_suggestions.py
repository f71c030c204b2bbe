"""The form for an entry: a tag completed, tags suggested, and what was linked before."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

import pytest
from conftest import draft

from blog.changes.entries import delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.changes.tagging import rename_tag
from blog.domain.entry import AliasDraft, Status
from blog.queries.suggestions import (
    MAX_COMPLETIONS,
    MAX_SUGGESTIONS,
    Completion,
    LinkedBefore,
    Suggestion,
    complete_tag,
    linked_before,
    suggest_tags,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


@pytest.fixture
def tagged(make_blog: Callable[..., Blog]) -> Blog:
    """A blog whose tags are used as often as is said here."""
    blog = make_blog()
    uses = {
        "Python": 3,
        "PyPI": 2,
        "pytest": 1,
        "machine-learning": 2,
        "C++": 1,
        "C#": 2,
        "CSS": 3,
        "日本語": 1,
    }
    for tag, times in uses.items():
        for _ in range(times):
            blog.write("", tag)
    rename_tag(blog.services, "machine-learning", "Machine Learning")
    ImportLedger(blog.services).apply_names(
        [AliasDraft(old="snakes", tag="python"), AliasDraft(old="ml", tag="machine-learning")]
    )
    return blog


def completed(blog: Blog, typed: str, text: str = "", chosen: tuple[str, ...] = ()) -> list[str]:
    return [one.name for one in complete_tag(blog.services, typed, text, chosen)]


def test_a_completion_says_how_often_it_is_used_and_by_which_old_name_it_was_found(tagged: Blog) -> None:
    assert complete_tag(tagged.services, "c+") == (Completion("cplusplus", "C++", 1),)
    assert complete_tag(tagged.services, "snak") == (Completion("python", "Python", 3, "snakes"),)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("py", ["Python", "PyPI", "pytest"]),
        (" PY ", ["Python", "PyPI", "pytest"]),
        ("pyt", ["Python", "pytest"]),
        ("pypi", ["PyPI"]),
        ("c", ["CSS", "C#", "C++"]),
        ("c++", ["C++"]),
        ("C#", ["C#"]),
        ("cplus", ["C++"]),
        ("learn", ["Machine Learning"]),
        ("machine l", ["Machine Learning"]),
        ("machine-l", ["Machine Learning"]),
        ("ml", ["Machine Learning"]),
        ("日", ["日本語"]),
        ("thon", []),
        ("zzz", []),
        ("%_", []),
        ("+", []),
        ("x" * 10_000, []),
    ],
)
def test_names_slugs_and_old_names_are_completed_those_in_use_most_first(
    tagged: Blog, typed: str, names: list[str]
) -> None:
    assert completed(tagged, typed) == names


def test_what_the_text_speaks_of_comes_first_but_for_what_was_typed_in_full(tagged: Blog) -> None:
    assert completed(tagged, "py", "I use pytest.") == ["pytest", "Python", "PyPI"]
    assert completed(tagged, "c", "with C++") == ["C++", "CSS", "C#"]
    assert completed(tagged, "pypi", "I use pytest.") == ["PyPI"]


def test_a_word_in_the_text_does_not_push_aside_what_is_used_all_the_time(blog: Blog) -> None:
    for _ in range(50):
        blog.write("", "python")
    blog.write("", "py")
    blog.write("", "pyxis")
    assert completed(blog, "p", "pyxis") == ["python", "pyxis", "py"]


def test_nothing_typed_offers_what_the_text_speaks_of_and_then_what_is_in_use_most(tagged: Blog) -> None:
    assert completed(tagged, "", "On C++ and machine learning")[:4] == [
        "Machine Learning",
        "C++",
        "CSS",
        "Python",
    ]


def test_what_is_chosen_is_not_offered_again_by_whatever_name(tagged: Blog) -> None:
    assert completed(tagged, "py", chosen=("python",)) == ["PyPI", "pytest"]
    assert completed(tagged, "py", chosen=("Snakes", "", "no such", "PYPI")) == ["pytest"]


def test_a_tag_that_only_a_draft_has_is_completed_too(blog: Blog) -> None:
    blog.write("Secret", "python", status=Status.DRAFT)
    assert complete_tag(blog.services, "py") == (Completion("python", "python", 0),)


def test_ten_thousand_tags_are_completed_in_a_moment(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog()
    for start in range(0, 10_000, 200):
        blog.write("", " ".join(f"tag-{number}" for number in range(start, start + 200)))
    text = "About tag 77 and others. " * 300
    assert complete_tag(blog.services, "tag-77", text)[0].slug == "tag-77"
    start_time = time.process_time()
    for _ in range(10):
        assert len(complete_tag(blog.services, "tag-7", text)) == MAX_COMPLETIONS
    assert (time.process_time() - start_time) / 10 < 0.1


def suggested(blog: Blog, title: str = "", text: str = "", url: str = "", chosen: tuple[str, ...] = ()) -> dict[str, str]:  # fmt: skip
    return {one.name: one.reason for one in suggest_tags(blog.services, title, text, url, chosen)}


def test_tags_are_suggested_that_occur_in_the_title_the_site_and_the_text(tagged: Blog) -> None:
    found = suggest_tags(
        tagged.services, "Testing C++ with pytest", "Like Python, pytest does C#.", "https://www.pypi.org/x", ()
    )
    assert found == (
        Suggestion("cplusplus", "C++", 1, "occurs in the title"),
        Suggestion("pytest", "pytest", 1, "occurs in the title"),
        Suggestion("pypi", "PyPI", 2, "is the site"),
        Suggestion("csharp", "C#", 2, "occurs in the text"),
        Suggestion("python", "Python", 3, "occurs in the text"),
    )


def test_words_that_seldom_mean_their_tag_do_not_suggest_it(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog()
    for number in range(24):
        blog.write(f"Fun with flags {number}", "with flags" if number == 0 else "flags")
    assert suggested(blog, "With flags") == {"flags": "occurs in the title", "with": "occurs in the title"}
    blog.services.search.catch_up()
    assert suggested(blog, "With flags") == {"flags": "occurs in the title"}


def test_what_is_called_by_an_old_name_is_suggested_and_says_so(tagged: Blog) -> None:
    assert suggested(tagged, "ML today") == {"Machine Learning": "its old name “ml” occurs in the title"}
    assert suggested(tagged, "Machine learning, or ML") == {"Machine Learning": "occurs in the title"}


def test_words_of_scripts_without_spaces_are_found_within_others(tagged: Blog) -> None:
    assert suggested(tagged, text="これは日本語です") == {"日本語": "occurs in the text"}


def test_nothing_is_suggested_that_is_chosen_or_not_spoken_of(tagged: Blog) -> None:
    assert suggested(tagged, "Python", chosen=("snakes",)) == {}
    assert suggested(tagged, "Pythonic pythons", "cssx", "https://example.com/python/") == {}
    assert suggested(tagged) == {}


@pytest.fixture
def company(make_blog: Callable[..., Blog]) -> Blog:
    """Eight entries on sqlite, of which four are on datasette; python is everywhere."""
    blog = make_blog()
    for number in range(8):
        blog.write("", "sqlite python datasette" if number % 2 else "sqlite python")
        blog.write("", "python css" if number else "python rare")
    return blog


def test_the_usual_companions_of_what_is_chosen_or_spoken_of_are_suggested(company: Blog) -> None:
    assert suggested(company, chosen=("sqlite",)) == {"datasette": "usually with sqlite"}
    assert suggested(company, "Datasette grows") == {
        "datasette": "occurs in the title",
        "sqlite": "usually with datasette",
    }
    assert suggested(company, "Datasette grows", chosen=("SQLite",)) == {"datasette": "occurs in the title"}
    assert suggested(company, chosen=("rare",)) == {}


def test_suggestions_are_few(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog()
    words = [f"w{number}" for number in range(100)]
    blog.write("", " ".join(words))
    blog.write("", " ".join(words))
    blog.write("", "other")
    assert 0 < len(suggest_tags(blog.services, " ".join(words), "", "")) <= MAX_SUGGESTIONS


def test_the_same_page_linked_before_is_found_by_any_spelling(blog: Blog) -> None:
    url = "https://www.example.com/page/?utm_source=feed"
    one = blog.write("Once", day="2008-04-08", url=url)
    two = blog.write("Again", day="2019-05-01", url="http://example.com/page#part", status=Status.DRAFT)
    blog.write("Another", url="https://example.com/page/2")
    found = (
        LinkedBefore(two, "Again", date(2019, 5, 1), "/2019/May/1/again/", Status.DRAFT),
        LinkedBefore(one, "Once", date(2008, 4, 8), "/2008/Apr/8/once/", Status.PUBLISHED),
    )
    assert linked_before(blog.services, "https://m.example.com/page") == found
    assert linked_before(blog.services, url, but=two) == found[1:]
    delete_entry(blog.services, one)
    assert linked_before(blog.services, url, but=two) == ()


def test_an_entry_that_links_elsewhere_now_is_found_there(blog: Blog) -> None:
    one = blog.write("Once", url="https://example.com/old")
    stored = draft("Once", url="https://example.com/new")
    save_entry(blog.services, stored, one)
    assert linked_before(blog.services, "https://example.com/old") == ()
    assert [found.id for found in linked_before(blog.services, "https://example.com/new")] == [one]


def test_five_links_to_one_page_are_enough_and_each_has_a_title(blog: Blog) -> None:
    for day in range(1, 8):
        blog.write(
            kind="note",
            day=f"2009-05-0{day}",
            title=" ",
            slug=f"note-{day}",
            url="https://example.com/",
            body="Some words",
        )
    found = linked_before(blog.services, "https://example.com")
    assert [(one.day.day, one.title) for one in found] == [(day, "Some words") for day in (7, 6, 5, 4, 3)]


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "no address"])
def test_what_is_no_address_was_never_linked(blog: Blog, url: str) -> None:
    blog.write("Text", kind="note")
    assert linked_before(blog.services, url) == ()
