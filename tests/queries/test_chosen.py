"""What somebody types as a tag is one that is there, by any of its names, or a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blog.changes.imports import ImportLedger
from blog.domain.entry import AliasDraft
from blog.queries.chosen import ChosenTag, chosen_tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


def test_a_name_is_a_tag_or_an_old_name_or_new_or_none_at_all(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog()
    blog.write("", "C++ sqlite")
    blog.write("", "sqlite")
    ImportLedger(blog.services).apply_names([AliasDraft(old="sqlite3", tag="sqlite")])
    assert chosen_tags(blog.services, ["c++", "SQLite3", " Zig ", "!?"]) == (
        ChosenTag("c++", "C++", "cplusplus", 1),
        ChosenTag("SQLite3", "sqlite", "sqlite", 2, is_old_name=True),
        ChosenTag(" Zig ", "Zig", "zig", is_new=True),
        ChosenTag("!?", "!?", problem="“!?” has no letter or digit, so no tag can be named that."),
    )
    assert len(chosen_tags(blog.services, ["x"] * 10_000)) == 200
