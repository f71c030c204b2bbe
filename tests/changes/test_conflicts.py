"""What a source says of a field that the author changed is kept, shown with both sides, and settled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from sqlalchemy import select

from blog.changes.conflicts import keep_mine, take_theirs
from blog.changes.entries import delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.changes.restoring import restore_revision
from blog.domain.entry import Markup
from blog.domain.errors import NotThere
from blog.models import Conflict, Entry, Revision
from blog.queries.conflicts import all_open_ids, open_conflicts
from importers.pipeline import run

if TYPE_CHECKING:
    from conftest import Blog

    from blog.domain.entry import Draft


def imported(blog: Blog, *items: Draft) -> dict[str, int]:
    report = run(items, ImportLedger(blog.services))
    return {one.value: count for one, count in report.counts.items() if count}


def rows(blog: Blog) -> list[tuple[str, object, str]]:
    """All conflicts, open ones with an empty end."""
    with blog.services.sessions.read() as session:
        found = session.execute(select(Conflict.field, Conflict.theirs, Conflict.how).order_by(Conflict.id))
        return [tuple(row) for row in found]


def entry(blog: Blog) -> Entry:
    with blog.services.sessions.read() as session:
        return session.scalars(select(Entry)).one()


@pytest.fixture
def theirs() -> Draft:
    return draft("Theirs", "a", source="feed", body="One.")


def edited(blog: Blog, draft: Draft, **fields: object) -> None:
    save_entry(blog.services, replace(draft, **fields), 1)  # type: ignore[arg-type]  # fields by name


def test_both_sides_are_kept_and_the_latest_word_counts(blog: Blog, theirs: Draft) -> None:
    imported(blog, theirs)
    edited(blog, theirs, title="Mine")
    assert imported(blog, replace(theirs, title="Other", body="Two.")) == {"updated": 1}
    assert imported(blog, replace(theirs, title="Another", body="Two.")) == {"kept": 1}
    assert imported(blog, replace(theirs, title="Another", body="Two.")) == {"unchanged": 1}
    assert rows(blog) == [("title", "Another", "")]
    (one,) = open_conflicts(blog.services).conflicts
    assert (one.name, one.source, one.mine, one.theirs) == ("Mine", "Feed", "Mine", "Another")
    assert (entry(blog).title, entry(blog).body) == ("Mine", "Two.")


def test_theirs_is_taken_as_an_edit_that_can_be_undone(blog: Blog, theirs: Draft) -> None:
    imported(blog, theirs)
    edited(blog, theirs, title="Mine", tags=("mine",))
    other = replace(theirs, title="Other", tags=("a", "b"))
    imported(blog, other)
    assert take_theirs(blog.services, all_open_ids(blog.services), by="ada") == len(rows(blog))
    assert entry(blog).title == "Other"
    assert {how for _, _, how in rows(blog)} == {"theirs"}
    assert imported(blog, other) == {"unchanged": 1}
    with blog.services.sessions.read() as session:
        last = session.scalars(select(Revision).order_by(Revision.id.desc())).first()
    assert last is not None
    assert (last.reason, last.by, last.fields["title"]) == ("took theirs", "ada", "Mine")
    restore_revision(blog.services, 1, last.id)
    assert entry(blog).title == "Mine"
    with pytest.raises(NotThere):
        take_theirs(blog.services, [1])


def test_mine_is_kept_until_the_source_says_yet_something_else(blog: Blog, theirs: Draft) -> None:
    imported(blog, theirs)
    edited(blog, theirs, title="Mine")
    imported(blog, replace(theirs, title="Other"))
    assert keep_mine(blog.services, all_open_ids(blog.services)) == 1
    imported(blog, replace(theirs, title="Other"))
    assert rows(blog) == [("title", "Other", "mine")]
    imported(blog, replace(theirs, title="Third"))
    assert rows(blog) == [("title", "Other", "mine"), ("title", "Third", "")]


@pytest.mark.parametrize("by", ["the source", "the author"])
def test_it_is_over_when_both_say_the_same_again(blog: Blog, theirs: Draft, by: str) -> None:
    imported(blog, theirs)
    edited(blog, theirs, title="Mine")
    imported(blog, replace(theirs, title="Other"))
    if by == "the source":
        imported(blog, replace(theirs, title="Mine"))
    else:
        edited(blog, theirs, title="Other")
    assert [how for _, _, how in rows(blog)] == ["over"]


def test_a_text_is_taken_with_what_it_is_written_in(blog: Blog, theirs: Draft) -> None:
    imported(blog, theirs)
    edited(blog, theirs, body="*Mine.*", markup=Markup.TEXT)
    imported(blog, replace(theirs, body="<p>Theirs.</p>", markup=Markup.HTML))
    bodies = [one.id for one in open_conflicts(blog.services).conflicts if one.field == "body"]
    assert take_theirs(blog.services, bodies) == 2
    assert (entry(blog).body, entry(blog).markup) == ("<p>Theirs.</p>", "html")


def test_what_is_deleted_has_no_conflicts_any_more(blog: Blog, theirs: Draft) -> None:
    imported(blog, theirs)
    edited(blog, theirs, title="Mine")
    imported(blog, replace(theirs, title="Other"))
    delete_entry(blog.services, 1)
    assert imported(blog, replace(theirs, title="Third")) == {"kept": 1}
    assert rows(blog) == []
