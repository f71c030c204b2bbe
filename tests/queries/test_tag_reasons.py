"""Why an entry has a tag: written, said by its source, given by a rule or an operation, implied."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import draft

from blog.changes.bulk import AddTags
from blog.changes.entries import save_entry
from blog.changes.imports import ImportLedger
from blog.changes.operations import undo_operation
from blog.changes.plans import carry_out
from blog.changes.rules import add_rule, delete_rule
from blog.changes.rules_applied import ApplyRules
from blog.changes.tagging import Imply, rename_tag
from blog.domain.errors import NotThere
from blog.queries.tag_reasons import tag_reasons
from importers.pipeline import run

if TYPE_CHECKING:
    from conftest import Blog


def why(blog: Blog, entry_id: int = 1) -> dict[str, list[str]]:
    return {one.name: [reason.words for reason in one.reasons] for one in tag_reasons(blog.services, entry_id)}


def test_every_tag_says_where_it_is_from(blog: Blog) -> None:
    add_rule(blog.services, 'title contains "post" → tag PostgreSQL')
    carry_out_imply(blog)
    item = draft("Posts", "js", source="feed")
    run([item], ImportLedger(blog.services))
    blog.clock.forward(days=1)
    carry_out(blog.services, AddTags(frozenset({2}), ("many",)), "ada")
    blog.clock.forward(days=1)
    mine = replace(item, tags=("js", "PostgreSQL", "many", "mine", "fastapi"))
    save_entry(blog.services, mine, 2, by="ada")
    rename_tag(blog.services, "js", "JavaScript")
    assert why(blog, 2) == {
        "fastapi": ["written by ada"],
        "JavaScript": ["Feed says so"],
        "many": ["Tag one entry “many”, by ada"],
        "mine": ["written by ada"],
        "PostgreSQL": ['by the rule “title contains "post" → tag PostgreSQL”'],
        "python": ["implied by fastapi"],
    }
    run([replace(item, tags=("js", "news"))], ImportLedger(blog.services))
    assert why(blog, 2)["news"] == ["Feed says so"]


def carry_out_imply(blog: Blog) -> None:
    blog.write("Before", "fastapi")
    carry_out(blog.services, Imply("fastapi", "python"))


def test_a_rule_on_demand_is_the_reason_until_it_is_undone(blog: Blog) -> None:
    blog.write("One", "js")
    number = add_rule(blog.services, "js → javascript")
    done = carry_out(blog.services, ApplyRules(), "ada")
    (tag,) = tag_reasons(blog.services, 1)
    assert [(one.words, one.rule_id) for one in tag.reasons] == [("by the rule “js → javascript”", number)]
    delete_rule(blog.services, number)
    assert why(blog) == {"javascript": ["by the rule “js → javascript”, which is gone"]}
    undo_operation(blog.services, done.operation, "ada")
    assert why(blog) == {"js": ["written here"]}


def test_what_was_removed_and_written_again_is_from_who_wrote_it_last(blog: Blog) -> None:
    item = draft("One", "a")
    entry_id = save_entry(blog.services, item, by="ada")
    for tags, by in (((), "ada"), (("a",), "bob")):
        blog.clock.forward(days=1)
        save_entry(blog.services, replace(item, tags=tags), entry_id, by=by)
    assert why(blog) == {"a": ["written by bob"]}


def test_an_entry_that_is_not_there_is_not_found(blog: Blog) -> None:
    with pytest.raises(NotThere):
        tag_reasons(blog.services, 1)
    blog.write("None")
    assert why(blog) == {}
