"""Writing entries: what is stored, what is kept of before, what the log says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from conftest import draft
from sqlalchemy import select

from blog.changes.columns import BadDraft
from blog.changes.entries import delete_entry, draft_of, save_entry
from blog.changes.names import write_names
from blog.domain.entry import Markup, SeriesDraft, SourceDraft, Status, TagDraft
from blog.domain.errors import NotThere
from blog.models import Change, Entry, Redirect, Revision, Series, Source, Tag
from blog.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

    from blog.domain.entry import Item


def column(blog: Blog, what: Any) -> list[Any]:
    with blog.services.sessions.read() as session:
        return list(session.scalars(select(what).order_by(what)))


def stored(blog: Blog, entry_id: int) -> Entry:
    with blog.services.sessions.read() as session:
        entry = session.get(Entry, entry_id)
        assert entry is not None
        return entry


def test_an_entry_is_stored_rendered_counted_and_with_its_place_in_time(blog: Blog) -> None:
    entry = stored(blog, blog.write("On *time*", body="Some **bold** words.", url="https://www.Example.com/x"))
    assert (entry.title, entry.html, entry.text, entry.words) == (
        "On *time*",
        "<p>Some <strong>bold</strong> words.</p>",
        "Some bold words.",
        3,
    )
    assert (entry.domain, entry.slug, entry.day) == ("example.com", "on-time", date(2009, 5, 25))
    assert (entry.url, entry.canonical) == ("https://www.Example.com/x", "https://example.com/x")
    assert entry.updated == entry.published == datetime(2009, 5, 25, 12, tzinfo=UTC)


def test_every_write_appends_to_the_log_in_its_order(blog: Blog) -> None:
    one = blog.write("One", "python")
    two = blog.write("Two", "python")
    save_entry(blog.services, draft("One again", "python"), one)
    delete_entry(blog.services, two)
    with blog.services.sessions.read() as session:
        log = [(row.what, row.entry_id) for row in session.scalars(select(Change).order_by(Change.id))]
    assert log == [("new names", None), ("created", one), ("created", two), ("updated", one), ("deleted", two)]


def test_a_change_keeps_how_the_entry_was_and_so_does_a_deletion(blog: Blog) -> None:
    one = blog.write("First", "python", body="Old words.")
    save_entry(blog.services, draft("Second", "ruby", body="New words."), one)
    delete_entry(blog.services, one)
    with blog.services.sessions.read() as session:
        kept = [
            (row.reason, row.fields["title"], row.fields["body"], row.fields["tags"])
            for row in session.scalars(select(Revision).order_by(Revision.id))
        ]
    assert kept == [
        ("edited", "First", "Old words.", ["python"]),
        ("deleted", "Second", "New words.", ["ruby"]),
    ]
    assert column(blog, Entry.id) == []


def test_an_entry_that_moves_leaves_a_redirect_and_keeps_its_atom_id(blog: Blog) -> None:
    first = draft("A title", slug="here")
    one = save_entry(blog.services, first)
    before = stored(blog, one).atom_id
    save_entry(blog.services, replace(first, slug="there", published=datetime(2010, 1, 2, tzinfo=UTC)), one)
    with blog.services.sessions.read() as session:
        redirects = [(row.path, row.target) for row in session.scalars(select(Redirect))]
    assert redirects == [("/2009/May/25/here/", "/2010/Jan/2/there/")]
    assert stored(blog, one).atom_id == before


def test_retagging_does_not_move_updated_and_new_words_do(blog: Blog) -> None:
    first = draft("A title", "python", body="Words.")
    one = save_entry(blog.services, first)
    before = stored(blog, one).updated
    same = replace(first, tags=("ruby",))
    save_entry(blog.services, same, one)
    assert [tag.slug for tag in tags_of(blog, one)] == ["ruby"]
    save_entry(blog.services, replace(same, body="Other words."), one)
    assert stored(blog, one).updated == blog.clock.now > before


def test_an_edit_made_of_the_entry_as_it_is_counts_as_of_now(blog: Blog) -> None:
    one = save_entry(blog.services, draft("A title", body="Words."))
    blog.clock.forward(days=1)
    as_it_is = draft_of(stored(blog, one), ())
    save_entry(blog.services, replace(as_it_is, body="Other words."), one)
    assert stored(blog, one).updated == blog.clock.now


def tags_of(blog: Blog, entry_id: int) -> list[Tag]:
    with blog.services.sessions.read() as session:
        return list(session.scalars(select(Tag).join(Entry.tags.of_type(Tag)).where(Entry.id == entry_id)))


SLUGS = [
    ({"title": "A Long Title: with — things"}, "a-long-title-with-things"),
    ({"slug": "camelCase_kept"}, "camelCase_kept"),
    ({"slug": "/../evil?x=1#y"}, "evil-x-1-y"),
    ({"kind": "quotation", "title": "", "citation": "Ada Lovelace", "body": "Words"}, "ada-lovelace"),
    ({"kind": "note", "title": "", "body": "Just some words of a note"}, "just-some-words-of-a-note"),
    ({"kind": "note", "title": "", "body": "!!!"}, "note"),
    ({"title": "x" * 300}, "x" * 50),
    ({"title": "日本語の題"}, "日本語の題"),
]


@pytest.mark.parametrize(("values", "slug"), SLUGS)
def test_a_slug_is_made_of_what_there_is(
    make_blog: Callable[..., Blog], values: dict[str, str], slug: str
) -> None:
    blog = make_blog("sqlite")
    made = draft("anything", kind=values.get("kind", "link"))
    made = replace(made, **{name: value for name, value in values.items() if name != "kind"})  # type: ignore[arg-type]
    assert stored(blog, save_entry(blog.services, made)).slug == slug


def test_the_same_slug_on_the_same_day_gets_a_number(blog: Blog) -> None:
    ids = [blog.write("Same title") for _ in range(3)]
    assert [stored(blog, one).slug for one in ids] == ["same-title", "same-title-2", "same-title-3"]
    assert stored(blog, blog.write("Same title", day="2009-05-26")).slug == "same-title"


REFUSED = [
    ({"url": "javascript:alert(1)"}, "not an http or https address"),
    ({"url": ""}, "not an http or https address"),
    ({"kind": "note", "title": "", "body": "  "}, "no title, no text, no link and no picture"),
]


@pytest.mark.parametrize(("values", "why"), REFUSED)
def test_a_draft_that_cannot_be_an_entry_is_refused_and_nothing_is_written(
    blog: Blog, values: dict[str, str], why: str
) -> None:
    made = draft("T", kind=values.get("kind", "link"))
    made = replace(made, **{name: value for name, value in values.items() if name != "kind"})  # type: ignore[arg-type]
    with pytest.raises(BadDraft, match=why):
        save_entry(blog.services, made)
    assert (column(blog, Entry.id), column(blog, Change.id)) == ([], [])


def test_changing_or_deleting_what_is_not_there_is_an_error_with_a_sentence(blog: Blog) -> None:
    with pytest.raises(NotThere, match="no entry number 99"):
        delete_entry(blog.services, 99)
    with pytest.raises(NotThere, match="no entry number 99"):
        save_entry(blog.services, draft("x"), 99)


def test_old_tag_names_are_understood_when_writing(blog: Blog) -> None:
    blog.write("One", "javascript")
    with blog.services.sessions.write() as session:
        session.connection().exec_driver_sql("INSERT INTO alias (slug, tag_id) SELECT 'js', id FROM tag")
    two = blog.write("Two", "js")
    assert [tag.slug for tag in tags_of(blog, two)] == ["javascript"]


def test_the_day_is_that_of_the_blogs_own_time_zone(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", time_zone="America/Los_Angeles")
    late = replace(draft("Late"), published=datetime(2009, 5, 25, 3, 0, tzinfo=UTC))
    assert stored(blog, save_entry(blog.services, late)).day == date(2009, 5, 24)


def test_a_change_of_the_time_zone_moves_no_address(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    late = replace(draft("Late"), published=datetime(2009, 5, 25, 23, 30, tzinfo=UTC))
    one = save_entry(blog.services, late)
    site = Site(blog.services.sessions, replace(blog.services.settings, time_zone="Europe/Berlin"))
    elsewhere = replace(blog.services, site=site)
    save_entry(elsewhere, replace(late, title="Later"), one)
    assert (stored(blog, one).title, stored(blog, one).day) == ("Later", date(2009, 5, 25))


def test_hostile_markup_is_never_stored_as_html(blog: Blog) -> None:
    attack = '<img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a><script>alert(1)</script>'
    for markup in Markup:
        entry = stored(blog, blog.write("T", body=attack, markup=markup))
        assert "<script" not in entry.html
        assert "<img src=x onerror" not in entry.html
        assert '<a href="javascript' not in entry.html


def test_statuses_are_stored_as_given(blog: Blog) -> None:
    for status in Status:
        assert stored(blog, blog.write("T", status=status)).status == status.value


def test_names_are_stored_without_what_no_database_takes(blog: Blog) -> None:
    made = replace(draft("T\0"), body="B\0", tags=("C++\0",), series="How it's\0 made", source="Over\0 there")
    save_entry(blog.services, made)
    for what, names in ((Tag.name, ["C++"]), (Series.title, ["How it's made"]), (Source.name, ["Over there"])):
        assert column(blog, what) == names
    drafts: list[Item] = [
        TagDraft(name="C++\0", description="Words\0"),
        TagDraft(name="new\0", slug="new"),
        SeriesDraft(slug="how-it-s-made", title="Made\0", description="So\0"),
        SourceDraft(slug="there", name="There\0"),
    ]
    with blog.services.sessions.write() as session:
        write_names(session, drafts)
    assert column(blog, Tag.name) == ["C++", "new"]
    assert "Made" in column(blog, Series.title)
    assert "There" in column(blog, Source.name)
