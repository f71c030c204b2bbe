"""Saving what an author typed: never over what somebody else made of the entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from conftest import draft
from sqlalchemy import func, select

from blog.accounts import Autosave
from blog.changes.autosaves import (
    SavedAlready,
    Typed,
    TypedElsewhere,
    forget_own,
    forget_typed,
    keep_typed,
    own_id,
)
from blog.changes.bulk import SetStatus
from blog.changes.entries import EditedMeanwhile, delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.changes.plans import carry_out
from blog.changes.users import create_user
from blog.changes.writing import save_typed
from blog.domain.entry import SeriesDraft, Status, TagDraft
from blog.domain.entryform import EntryForm
from blog.domain.errors import NotThere
from blog.models import Change, Entry, Redirect, Revision, Series
from blog.queries.autosaves import being_written, typed_into
from blog.queries.versions import entry_version
from blog.queries.writing import last_edit, open_entry

if TYPE_CHECKING:
    from conftest import Blog


@pytest.fixture
def ada(blog: Blog) -> int:
    return create_user(blog.services, "ada", "correct horse battery")


def version(blog: Blog, entry_id: int) -> int:
    with blog.services.sessions.read() as session:
        return entry_version(session, entry_id)


def count(blog: Blog, what: Any) -> int:
    with blog.services.sessions.read() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def addresses(blog: Blog) -> dict[str, str]:
    with blog.services.sessions.read() as session:
        return {row.path: row.target for row in session.scalars(select(Redirect))}


def typed(user: int, **values: Any) -> Typed:
    return Typed(**{"form_id": "a-new-form", "user_id": user, "form": EntryForm(title="T"), **values})


def test_the_version_of_an_entry_is_its_last_change(blog: Blog) -> None:
    one = blog.write("One", "python")
    first = version(blog, one)
    blog.write("Two", "python")
    assert version(blog, one) == first == open_entry(blog.services, one).version
    save_entry(blog.services, draft("One again"), one, seen=first)
    assert version(blog, one) > first


def test_a_save_of_another_version_changes_nothing(blog: Blog) -> None:
    one = blog.write("One")
    seen = version(blog, one)
    save_entry(blog.services, draft("Theirs"), one, by="bob")
    with pytest.raises(EditedMeanwhile) as error:
        save_entry(blog.services, draft("Mine"), one, by="ada", seen=seen)
    assert error.value.entry_id == one
    with pytest.raises(EditedMeanwhile):
        delete_entry(blog.services, one, seen=seen)
    assert open_entry(blog.services, one).draft.title == "Theirs"
    edit = last_edit(blog.services, one)
    assert edit is not None
    assert (edit.by, edit.reason, edit.at) == ("bob", "edited", blog.clock.now)


def test_what_nobody_could_see_leaves_no_redirect(blog: Blog) -> None:
    first = draft("A title", status=Status.DRAFT, slug="first")
    one = save_entry(blog.services, first)
    save_entry(blog.services, replace(first, slug="second"), one)
    assert addresses(blog) == {}
    save_entry(blog.services, replace(first, slug="third", status=Status.PUBLISHED), one)
    assert addresses(blog) == {}
    save_entry(blog.services, replace(first, slug="fourth", status=Status.HIDDEN), one)
    assert addresses(blog) == {"/2009/May/25/third/": "/2009/May/25/fourth/"}
    # It is hidden now, but its address is known.
    save_entry(blog.services, replace(first, slug="fifth", status=Status.HIDDEN), one)
    assert addresses(blog)["/2009/May/25/fourth/"] == "/2009/May/25/fifth/"


def test_what_was_scheduled_and_never_seen_leaves_no_redirect(blog: Blog) -> None:
    later = draft("A title", slug="first", published=blog.clock.now + timedelta(days=1))
    one = save_entry(blog.services, later)
    save_entry(blog.services, replace(later, slug="second"), one)
    assert addresses(blog) == {}
    assert not open_entry(blog.services, one).standing.was_public
    blog.clock.forward(days=2)
    assert open_entry(blog.services, one).standing.was_public
    save_entry(blog.services, replace(later, slug="third"), one)
    assert list(addresses(blog)) == ["/2026/Nov/24/second/"]


def test_a_new_entry_is_saved_once_however_often_its_form_is_sent(blog: Blog, ada: int) -> None:
    made = draft("T", "python", external_id=own_id("a-new-form"), series="My Series")
    one = save_typed(blog.services, typed(ada), made, by="ada")
    blog.clock.forward(seconds=3)
    again = replace(made, published=blog.clock.now)
    assert save_typed(blog.services, typed(ada), again, by="ada") == one
    assert count(blog, Revision) == 0
    with pytest.raises(EditedMeanwhile) as error:
        save_typed(blog.services, typed(ada), replace(again, title="Another"), by="ada")
    assert error.value.entry_id == one


def test_what_changes_nothing_is_no_revision(blog: Blog, ada: int) -> None:
    made = draft("T", "C++ python", series="My Series", body="Words")
    one = save_entry(blog.services, made)
    entry = open_entry(blog.services, one)
    same = typed(ada, entry_id=one, seen=entry.version)
    save_typed(blog.services, same, entry.draft, by="ada")
    assert count(blog, Revision) == 0
    assert version(blog, one) == entry.version
    with pytest.raises(EditedMeanwhile):
        save_typed(blog.services, replace(same, seen=1), entry.draft, by="ada")
    save_typed(blog.services, same, replace(entry.draft, tags=("C++",)), by="ada")
    assert count(blog, Revision) == 1


def test_a_series_is_called_as_it_was_typed(blog: Blog) -> None:
    one = blog.write("One", series="How it's made, twice")
    blog.write("Two", series="how-its-made-twice")
    with blog.services.sessions.read() as session:
        rows = [(row.slug, row.title) for row in session.scalars(select(Series))]
    assert rows == [("how-its-made-twice", "How it's made, twice")]
    assert open_entry(blog.services, one).draft.series == "How it's made, twice"


def test_an_entry_is_opened_with_the_names_of_its_tags(blog: Blog) -> None:
    one = blog.write("One", source="there", series="a-series")
    two = save_entry(blog.services, replace(draft("Two"), tags=("C++", "Web, 2.0", "python")))
    entry = open_entry(blog.services, two)
    # A name that has a comma cannot stand in a line of names with commas between them.
    assert entry.draft.tags == ("C++", "python", "web-2-0")
    assert (entry.source, open_entry(blog.services, one).source) == ("", "There")
    assert (entry.is_public, entry.is_scheduled, entry.permalink) == (True, False, "/2009/May/25/two/")
    with pytest.raises(NotThere):
        open_entry(blog.services, 999)


def test_what_is_typed_is_kept_and_counted(blog: Blog, ada: int) -> None:
    assert keep_typed(blog.services, typed(ada)) == (1, blog.clock.now)
    blog.clock.forward(seconds=2)
    second = typed(ada, form=EntryForm(title="Title", body="b"), version=1)
    assert keep_typed(blog.services, second) == (2, blog.clock.now)
    kept = typed_into(blog.services, ada, "a-new-form")
    assert kept is not None
    assert (kept.form, kept.version, kept.name) == (second.form, 2, "Title")
    assert being_written(blog.services, ada) == [kept]
    forget_typed(blog.services, ada, "a-new-form")
    assert being_written(blog.services, ada) == []


def test_what_another_tab_kept_is_not_overwritten(blog: Blog, ada: int) -> None:
    keep_typed(blog.services, typed(ada))
    at = blog.clock.now
    blog.clock.forward(seconds=2)
    for stale in (0, 2):
        with pytest.raises(TypedElsewhere) as error:
            keep_typed(blog.services, typed(ada, form=EntryForm(title="Other"), version=stale))
        assert (error.value.version, error.value.at) == (1, at)
    assert [one.name for one in being_written(blog.services, ada)] == ["T"]


def test_who_never_heard_that_it_was_kept_may_send_it_again(blog: Blog, ada: int) -> None:
    keep_typed(blog.services, typed(ada))
    assert keep_typed(blog.services, typed(ada))[0] == 2


def test_whatever_is_typed_is_kept(blog: Blog, ada: int) -> None:
    odd = typed(ada, form=EntryForm(title="T\0", body="\x01 \ud7ff \U0001f600"))
    keep_typed(blog.services, odd)
    assert [kept.form for kept in being_written(blog.services, ada)] == [odd.form]


def test_nobody_sees_what_another_author_types(blog: Blog, ada: int) -> None:
    bob = create_user(blog.services, "bob", "correct horse battery")
    keep_typed(blog.services, typed(ada))
    assert typed_into(blog.services, bob, "a-new-form") is None
    assert being_written(blog.services, bob) == []
    forget_typed(blog.services, bob, "a-new-form")
    assert len(being_written(blog.services, ada)) == 1


def test_saving_drops_what_was_kept_but_not_what_another_tab_typed_since(blog: Blog, ada: int) -> None:
    one = blog.write("One")
    mine = typed(ada, form_id="entry-1-1", entry_id=one, seen=version(blog, one))
    keep_typed(blog.services, mine)
    keep_typed(blog.services, replace(mine, version=1, form=EntryForm(title="More")))
    save_typed(blog.services, replace(mine, version=1), draft("Mine"), by="ada")
    assert [kept.name for kept in being_written(blog.services, ada)] == ["More"]
    seen = version(blog, one)
    save_typed(blog.services, replace(mine, version=2, seen=seen), draft("More"), by="ada")
    assert being_written(blog.services, ada) == []


def test_a_save_under_way_to_the_server_is_dropped_where_it_holds_what_was_saved(blog: Blog, ada: int) -> None:
    one = blog.write("One")
    form = EntryForm(title="More")
    mine = typed(ada, form_id="entry-1-1", entry_id=one, seen=version(blog, one), form=form)
    keep_typed(blog.services, mine)
    save_typed(blog.services, replace(mine, version=0), draft("More"), by="ada")
    assert being_written(blog.services, ada) == []


def test_saving_over_a_conflict_drops_only_the_very_save_that_was_seen(blog: Blog, ada: int) -> None:
    one = blog.write("One")
    mine = typed(ada, form_id="entry-1-1", entry_id=one, seen=version(blog, one))
    last = 0
    for title in ("a", "ab", "abc"):
        last, _ = keep_typed(blog.services, replace(mine, version=last, form=EntryForm(title=title)))
    # The other tab takes that up, saves it, and types on; this one, which holds the last of the three,
    # is told of the conflict, and saves over it.
    save_typed(blog.services, replace(mine, version=last), draft("abc"), by="ada")
    theirs = replace(mine, form=EntryForm(title="Unseen"), seen=version(blog, one))
    assert keep_typed(blog.services, theirs)[0] == last + 2
    save_typed(blog.services, replace(theirs, version=last, form=mine.form), draft("Mine"), by="ada")
    assert [kept.name for kept in being_written(blog.services, ada)] == ["Unseen"]


def test_the_saves_of_a_form_are_numbered_for_ever(blog: Blog, ada: int) -> None:
    one = blog.write("One")
    mine = typed(ada, form_id="entry-1-1", entry_id=one)
    assert keep_typed(blog.services, mine)[0] == 1
    forget_typed(blog.services, ada, mine.form_id)
    forget_typed(blog.services, ada, mine.form_id)
    assert typed_into(blog.services, ada, mine.form_id) is None
    assert being_written(blog.services, ada) == []
    assert keep_typed(blog.services, replace(mine, form=EntryForm(title="Theirs")))[0] == 3
    with pytest.raises(TypedElsewhere):
        keep_typed(blog.services, replace(mine, version=1, form=EntryForm(title="Mine")))
    with pytest.raises(TypedElsewhere):
        forget_own(blog.services, replace(mine, version=1))
    forget_own(blog.services, replace(mine, version=3))
    assert being_written(blog.services, ada) == []


def test_a_form_whose_entry_was_saved_keeps_nothing_more(blog: Blog, ada: int) -> None:
    one = save_typed(blog.services, typed(ada), draft("T", external_id=own_id("a-new-form")), by="ada")
    with pytest.raises(SavedAlready) as error:
        keep_typed(blog.services, typed(ada, version=3))
    assert error.value.entry_id == one
    assert count(blog, Autosave) == 0


def test_a_conflict_drops_nothing(blog: Blog, ada: int) -> None:
    one = blog.write("One")
    mine = typed(ada, form_id="entry-1-1", entry_id=one, seen=1)
    keep_typed(blog.services, mine)
    blog.write("Two")
    save_entry(blog.services, draft("Theirs"), one)
    before = count(blog, Change)
    with pytest.raises(EditedMeanwhile):
        save_typed(blog.services, replace(mine, version=1), draft("Mine"), by="ada")
    assert (count(blog, Autosave), count(blog, Change)) == (1, before)


@pytest.mark.parametrize(
    ("tag", "spelled"),
    [
        (TagDraft(name="C++", slug="cpp"), "cpp"),
        (TagDraft(name="Python", slug="python"), "Python"),
        (TagDraft(name="Python, the language", slug="python"), "python"),
    ],
)
def test_a_form_that_is_saved_untouched_moves_an_entry_to_no_other_tag(
    blog: Blog, ada: int, tag: TagDraft, spelled: str
) -> None:
    ledger = ImportLedger(blog.services)
    ledger.apply_names([tag, SeriesDraft(slug="llms-2024", title="LLMs in 2024: a review")])
    one = save_entry(blog.services, replace(draft("One", tag.slug), series="llms-2024"))
    opened = open_entry(blog.services, one)
    assert (opened.draft.tags, opened.draft.series) == ((spelled,), "llms-2024")
    values = {"form_id": f"entry-{one}-{ada}", "entry_id": one, "seen": opened.version}
    save_typed(blog.services, typed(ada, **values), replace(opened.draft, title="Another title"), by="ada")
    again = open_entry(blog.services, one).draft
    assert (again.title, again.tags, again.series) == ("Another title", (spelled,), "llms-2024")
    assert set(blog.services.facets.current().names.tags) == {tag.slug}
    assert count(blog, Series) == 1


def test_publishing_is_a_change_that_feed_readers_see(blog: Blog) -> None:
    one = save_entry(blog.services, replace(draft("One", status=Status.DRAFT), published=blog.clock.now))
    blog.clock.forward(hours=5)
    published = replace(open_entry(blog.services, one).draft, status=Status.PUBLISHED, published=blog.clock.now)
    save_entry(blog.services, published, one)
    with blog.services.sessions.read() as session:
        assert session.get_one(Entry, one).updated == blog.clock.now
        before = blog.clock.now
    # Tagging it later is none, nor is hiding it and showing it again.
    blog.clock.forward(hours=1)
    for status in (Status.PUBLISHED, Status.HIDDEN, Status.PUBLISHED):
        save_entry(blog.services, replace(published, tags=("late",), status=status), one)
    with blog.services.sessions.read() as session:
        assert session.get_one(Entry, one).updated == before


def test_what_was_scheduled_and_is_published_sooner_is_not_dated_in_the_future(blog: Blog) -> None:
    later = blog.clock.now + timedelta(days=900)
    one = save_entry(blog.services, replace(draft("One"), published=later))
    save_entry(blog.services, replace(open_entry(blog.services, one).draft, published=blog.clock.now), one)
    with blog.services.sessions.read() as session:
        entry = session.get_one(Entry, one)
        assert (entry.published, entry.updated) == (blog.clock.now, blog.clock.now)


def test_what_was_published_and_taken_back_in_bulk_is_remembered_at_its_address(blog: Blog) -> None:
    one = save_entry(blog.services, draft("One", slug="here", status=Status.DRAFT))
    for status in (Status.PUBLISHED, Status.DRAFT):
        carry_out(blog.services, SetStatus(frozenset([one]), status), by="ada")
        blog.clock.forward(days=3)
    opened = open_entry(blog.services, one)
    assert opened.standing.was_public
    save_entry(blog.services, replace(opened.draft, slug="there", status=Status.PUBLISHED), one)
    assert addresses(blog) == {"/2009/May/25/here/": "/2009/May/25/there/"}
