"""Bringing back what an entry said, and entries that were deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from conftest import draft

from blog.changes.entries import delete_entry, save_entry
from blog.changes.restoring import CannotRestore, restore_revision
from blog.domain.diffs import GONE, NEW, FieldDiff, Piece
from blog.domain.entry import Status
from blog.domain.errors import NotThere
from blog.models import Entry
from blog.queries.revisions import deleted_entries, history
from blog.queries.writing import open_entry

if TYPE_CHECKING:
    from conftest import Blog

FULL = draft(
    "First",
    "C++ python",
    body="Old words.",
    url="https://example.com/",
    series="My series",
    series_order=2,
    via_url="https://via.example/",
    image_url="https://example.com/i.png",
    status=Status.PUBLISHED,
)


def test_the_history_says_who_changed_what_and_when(blog: Blog) -> None:
    created = blog.clock.now
    one = save_entry(blog.services, FULL)
    blog.clock.forward(hours=1)
    save_entry(
        blog.services, replace(FULL, title="Second", status=Status.HIDDEN, tags=("python",)), one, by="ada"
    )
    found = history(blog.services, one)
    (step,) = found.steps
    assert (found.name, found.is_deleted, found.created, found.earlier) == ("Second", False, created, 0)
    assert (step.reason, step.by, step.at) == ("edited", "ada", blog.clock.now)
    assert step.diffs == [
        FieldDiff("status", pieces=(Piece(GONE, "published"), Piece(NEW, "hidden"))),
        FieldDiff("title", pieces=(Piece(GONE, "First"), Piece(NEW, "Second"))),
        FieldDiff("tags", pieces=(Piece(GONE, "cplusplus, "), Piece("same", "python"))),
    ]
    with pytest.raises(NotThere):
        history(blog.services, 999)


def test_what_an_entry_said_is_brought_back_and_where_it_is_stays(blog: Blog) -> None:
    one = save_entry(blog.services, FULL)
    before = open_entry(blog.services, one).draft
    changed = draft(
        "Second", "ruby", kind="note", body="New.", slug="elsewhere", published=datetime(2010, 1, 1, tzinfo=UTC)
    )
    save_entry(blog.services, changed, one, by="ada")
    (step,) = history(blog.services, one).steps
    restore_revision(blog.services, one, step.id, by="bob")
    now = open_entry(blog.services, one).draft
    assert now == replace(before, slug="elsewhere", published=changed.published, updated=now.updated)
    assert [(step.reason, step.by) for step in history(blog.services, one).steps] == [
        ("restored", "bob"),
        ("edited", "ada"),
    ]
    # And that can be undone, too.
    restore_revision(blog.services, one, history(blog.services, one).steps[0].id)
    assert open_entry(blog.services, one).draft.title == "Second"


def test_a_deleted_entry_comes_back_whole_with_its_number_and_its_uri(blog: Blog) -> None:
    one = save_entry(blog.services, replace(FULL, source="there"))
    with blog.services.sessions.read() as session:
        known = session.get(Entry, one)
    assert known is not None
    before = open_entry(blog.services, one)
    delete_entry(blog.services, one, by="ada")
    other = blog.write("Another")
    assert [row.id for row in blog.services.facets.current().names.tags.values()] != []
    assert list(blog.services.facets.current().everything) == [other]
    (gone,) = deleted_entries(blog.services)
    assert (gone.entry_id, gone.name, gone.kind, gone.by) == (one, "First", "link", "ada")
    restore_revision(blog.services, one, gone.revision_id, by="ada")
    assert open_entry(blog.services, one).draft == before.draft
    with blog.services.sessions.read() as session:
        entry = session.get(Entry, one)
    assert entry is not None
    assert (entry.atom_id, entry.day, entry.canonical) == (known.atom_id, known.day, known.canonical)
    assert deleted_entries(blog.services) == []
    assert list(blog.services.facets.current().everything) == [one, other]
    assert [(step.reason, step.diffs) for step in history(blog.services, one).steps] == [
        ("restored", []),
        ("deleted", []),
    ]
    # What is written next gets another number.
    assert blog.write("Next") > other


def test_a_place_that_was_taken_meanwhile_stays_taken(blog: Blog) -> None:
    one = save_entry(blog.services, replace(FULL, slug="here"))
    delete_entry(blog.services, one)
    other = save_entry(blog.services, draft("Other", slug="here"))
    restore_revision(blog.services, one, deleted_entries(blog.services)[0].revision_id)
    assert open_entry(blog.services, one).permalink == "/2009/May/25/here-2/"
    assert open_entry(blog.services, other).permalink == "/2009/May/25/here/"


@pytest.mark.parametrize("source", ["", "there"])
def test_what_was_imported_anew_is_not_there_twice(blog: Blog, source: str) -> None:
    one = save_entry(blog.services, replace(FULL, source=source))
    delete_entry(blog.services, one)
    again = save_entry(blog.services, replace(FULL, source=source))
    with pytest.raises(CannotRestore):
        restore_revision(blog.services, one, deleted_entries(blog.services)[0].revision_id)
    assert list(blog.services.facets.current().everything) == [again]


def test_a_revision_belongs_to_its_entry(blog: Blog) -> None:
    one, other = save_entry(blog.services, FULL), blog.write("Other")
    save_entry(blog.services, draft("Second"), one)
    (step,) = history(blog.services, one).steps
    with pytest.raises(NotThere):
        restore_revision(blog.services, other, step.id)
