"""Renaming and merging tags: nothing that led to them stops leading there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blog.changes.imports import ImportLedger
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.entry import AliasDraft, TagDraft
from blog.domain.errors import BadTag, NotThere

if TYPE_CHECKING:
    from conftest import Blog


def aliases(blog: Blog) -> dict[str, str]:
    return dict(blog.services.facets.current().names.aliases)


def names(blog: Blog) -> dict[str, str]:
    return {tag.slug: tag.name for tag in blog.services.facets.current().names.tags.values()}


def test_a_renamed_tag_keeps_its_entries_and_its_old_name(blog: Blog) -> None:
    one = blog.write("One", "cpp")
    assert rename_tag(blog.services, "cpp", "C++") == "cplusplus"
    assert set(blog.services.facets.current().tag("cplusplus")) == {one}
    assert (names(blog), aliases(blog)) == ({"cplusplus": "C++"}, {"cpp": "cplusplus"})


def test_a_tag_renamed_back_has_its_name_again(blog: Blog) -> None:
    blog.write("One", "first")
    rename_tag(blog.services, "first", "second")
    rename_tag(blog.services, "second", "first")
    assert (names(blog), aliases(blog)) == ({"first": "first"}, {"second": "first"})


def test_a_tag_renamed_to_one_that_lives_is_merged_into_it(blog: Blog) -> None:
    one, two = blog.write("One", "js"), blog.write("Two", "javascript js")
    assert rename_tag(blog.services, "js", "JavaScript") == "javascript"
    assert set(blog.services.facets.current().tag("javascript")) == {one, two}
    assert aliases(blog) == {"js": "javascript"}


def test_only_the_display_name_may_change(blog: Blog) -> None:
    blog.write("One", "python")
    rename_tag(blog.services, "python", "Python")
    assert (names(blog), aliases(blog)) == ({"python": "Python"}, {})


def test_what_is_no_tag_cannot_be_renamed(blog: Blog) -> None:
    blog.write("One", "python")
    with pytest.raises(NotThere, match="no tag “nothing”"):
        rename_tag(blog.services, "nothing", "x")
    with pytest.raises(NotThere, match="no tag “nothing”"):
        merge_tags(blog.services, "python", "nothing")
    with pytest.raises(BadTag, match="into itself"):
        merge_tags(blog.services, "python", "python")
    with pytest.raises(BadTag):
        rename_tag(blog.services, "python", "!!!")
    assert names(blog) == {"python": "python"}


ALIASES = [
    ("a living tag wins over an old name", AliasDraft(old="python", tag="snakes"), {}),
    ("a name is no old name of itself", AliasDraft(old="snakes", tag="snakes"), {}),
    ("an old name leads to its tag", AliasDraft(old="py", tag="python"), {"py": "python"}),
    ("an old name may lead to a tag nobody uses", AliasDraft(old="py", tag="unused"), {"py": "unused"}),
    ("an old name of a tag not there yet makes it", AliasDraft(old="py", tag="brand new"), {"py": "brand-new"}),
]


@pytest.mark.parametrize(("_truth", "alias", "expected"), ALIASES)
def test_old_names_of_an_import(blog: Blog, _truth: str, alias: AliasDraft, expected: dict[str, str]) -> None:
    blog.write("One", "python snakes")
    ledger = ImportLedger(blog.services)
    ledger.apply_names([TagDraft(name="unused"), alias, alias])
    assert aliases(blog) == expected


def test_an_old_name_of_an_old_name_leads_to_the_living_tag(blog: Blog) -> None:
    ledger = ImportLedger(blog.services)
    ledger.apply_names(
        [TagDraft(name="python"), AliasDraft(old="py", tag="python"), AliasDraft(old="p", tag="py")]
    )
    assert aliases(blog) == {"py": "python", "p": "python"}


def test_a_tag_that_comes_to_live_under_an_old_name_takes_it(blog: Blog) -> None:
    ImportLedger(blog.services).apply_names([TagDraft(name="python"), AliasDraft(old="py", tag="python")])
    ImportLedger(blog.services).apply_names([TagDraft(name="py")])
    assert aliases(blog) == {}
