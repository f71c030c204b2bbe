"""A feed's entries come in the order in which they entered its filter: published, or tagged later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
from conftest import DATABASES, draft
from feedreading import fetch
from sqlalchemy import select

from blog.changes.bulk import AddTags, DeleteEntries, RemoveTags
from blog.changes.entries import delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.changes.making_one import MakeOne
from blog.changes.operations import undo_operation
from blog.changes.plans import carry_out
from blog.changes.restoring import restore_revision
from blog.changes.tagging import Imply, Merge, Rename, Split
from blog.domain.entry import Status
from blog.models import Operation, Revision, Tag, entry_tag
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from flask.testing import FlaskClient

OLD: Final = draft("Old", "web", day="2009-05-25")


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    """An empty blog; what reads and writes times in SQL is tested on both databases, below."""
    return make_blog("sqlite")


@pytest.fixture
def old(blog: Blog) -> int:
    """An old entry tagged web, beside newer ones that are tagged python and ruby; its id."""
    entry_id = save_entry(blog.services, OLD)
    blog.write("Middle", "python", day="2015-01-01")
    blog.write("New", "python ruby", day="2020-01-01")
    return entry_id


def tag(blog: Blog, entry_id: int, tags: str) -> None:
    """Tag an entry as the author's form does, a minute later."""
    blog.clock.forward(minutes=1)
    save_entry(blog.services, replace(OLD, tags=tuple(tags.split())), entry_id)


def order(client: FlaskClient, address: str) -> list[str]:
    return fetch(client, address).titles


def late(blog: Blog) -> dict[tuple[int, str], datetime]:
    """When entries got tags, of those that came late."""
    statement = select(entry_tag.c.entry_id, Tag.slug, entry_tag.c.at).join(Tag, Tag.id == entry_tag.c.tag_id)
    with blog.services.sessions.read() as session:
        return {(one, slug): at for one, slug, at in session.execute(statement) if at is not None}


def test_what_is_tagged_today_comes_first_with_its_own_date(blog: Blog, old: int) -> None:
    client = blog.client()
    assert order(client, "/tags/python.atom") == ["New", "Middle"]
    tag(blog, old, "web python")
    document = fetch(client, "/tags/python.atom")
    assert document.titles == ["Old", "New", "Middle"]
    assert (
        b"<published>2009-05-25T12:00:00Z</published><updated>2009-05-25T12:00:00Z</updated>" in document.body
    )
    assert order(client, "/feed.atom") == order(client, "/links.atom") == ["New", "Middle", "Old"]
    page = client.get("/tags/python/").text
    page = page[page.index('class="entry ') :]
    assert page.index(">New<") < page.index(">Middle<") < page.index(">Old<")
    assert late(blog) == {(old, "python"): blog.clock.now}


ORDERS = {
    "/tags/python.atom": ["Old", "New", "Middle"],
    "/tags/web.atom": ["Old"],
    "/tags/python+web.atom": ["Old"],
    # It was in this one from the first.
    "/tags/python,web.atom": ["New", "Middle", "Old"],
    "/tags/python,ruby.atom": ["Old", "New", "Middle"],
    "/tags/python+-ruby.atom": ["Old", "Middle"],
    "/search.atom?tag=python&type=link": ["Old", "New", "Middle"],
    "/2009.atom": ["Old"],
}


def test_each_filter_goes_by_its_own_tags(blog: Blog, old: int) -> None:
    tag(blog, old, "web python")
    client = blog.client()
    assert {address: order(client, address) for address in ORDERS} == ORDERS


def test_of_two_late_tags_the_last_one_counts_and_of_a_choice_the_first(blog: Blog, old: int) -> None:
    tag(blog, old, "web python")
    other = blog.write("Other", "python", published=blog.clock.now + timedelta(seconds=30))
    blog.clock.forward(seconds=30)
    tag(blog, old, "web python ruby")
    client = blog.client()
    assert order(client, "/tags/python.atom")[:2] == ["Other", "Old"]
    assert order(client, "/tags/python+ruby.atom") == ["Old", "New"]
    assert order(client, "/tags/python,ruby.atom")[:2] == ["Other", "Old"]
    delete_entry(blog.services, other)
    assert order(client, "/tags/python.atom")[:2] == ["Old", "New"]


def test_what_stays_tagged_keeps_its_time(blog: Blog, old: int) -> None:
    tag(blog, old, "web python")
    before = late(blog)
    tag(blog, old, "python web ruby")
    carry_out(blog.services, Rename("python", "Python language"))
    save_entry(blog.services, replace(OLD, body="Other.", tags=("python-language",)), old)
    assert late(blog) == {(old, "python-language"): before[old, "python"]}


def test_what_readers_had_not_seen_yet_came_with_its_tags(blog: Blog) -> None:
    hidden = save_entry(blog.services, replace(OLD, status=Status.DRAFT))
    due = replace(draft("Due", "web"), published=blog.clock.now + timedelta(hours=1))
    due_id = save_entry(blog.services, due)
    save_entry(blog.services, replace(OLD, status=Status.DRAFT, tags=("python",)), hidden)
    save_entry(blog.services, replace(OLD, tags=("python", "web")), hidden)
    save_entry(blog.services, replace(due, tags=("python",)), due_id)
    carry_out(blog.services, AddTags(frozenset({due_id}), ("ruby",)))
    assert late(blog) == {}


@pytest.mark.parametrize("many", [True, False])
def test_a_tag_that_an_entry_got_while_it_was_hidden_lets_it_enter(blog: Blog, old: int, many: bool) -> None:
    hidden = replace(OLD, status=Status.HIDDEN)
    save_entry(blog.services, hidden, old)
    blog.clock.forward(minutes=1)
    if many:
        carry_out(blog.services, AddTags(frozenset({old}), ("python",)))
    else:
        save_entry(blog.services, replace(hidden, tags=("web", "python")), old)
    save_entry(blog.services, replace(OLD, tags=("web", "python")), old)
    assert late(blog) == {(old, "python"): blog.clock.now}
    assert order(blog.client(), "/tags/python.atom") == ["Old", "New", "Middle"]


def make_one(blog: Blog, *ids: int) -> int:
    blog.clock.forward(days=1)
    done = carry_out(blog.services, MakeOne(blog.services, (ids,)))
    return done.operation or 0


def same_link(blog: Blog, title: str, tags: str, **values: object) -> int:
    return blog.write(title, tags, url="https://example.com/same", **values)


def test_what_is_made_one_floods_nobody_and_comes_back_with_its_times(blog: Blog, old: int) -> None:
    keep = same_link(blog, "Keep", "mine", day="2012-01-01")
    gone = same_link(blog, "Gone", "python", day="2010-01-01", source="there")
    blog.clock.forward(days=1)
    carry_out(blog.services, AddTags(frozenset({gone}), ("ruby",)))
    before = late(blog)
    operation = make_one(blog, keep, gone)
    assert late(blog) == {(keep, "ruby"): before[gone, "ruby"]}
    client = blog.client()
    assert order(client, "/tags/python.atom") == ["New", "Middle", "Keep"]
    assert order(client, "/tags/ruby.atom") == ["Keep", "New"]
    undo_operation(blog.services, operation, "")
    assert late(blog) == before


def test_what_was_published_later_than_the_one_that_stays_counts_from_then(blog: Blog) -> None:
    keep = same_link(blog, "Keep", "mine", day="2012-01-01")
    gone = same_link(blog, "Gone", "python", day="2014-01-01", source="there")
    make_one(blog, keep, gone)
    assert late(blog) == {(keep, "python"): datetime(2014, 1, 1, 12, tzinfo=UTC)}


def test_many_tagged_at_once_enter_at_once_the_newest_of_them_first(blog: Blog) -> None:
    ids = [blog.write(f"{number}", day=f"2010-01-{number:02}") for number in range(1, 10)]
    blog.write("Python", "python", day="2020-01-01")
    carry_out(blog.services, AddTags(frozenset(ids), ("python",)))
    assert order(blog.client(), "/tags/python.atom") == [*(f"{number}" for number in range(9, 0, -1)), "Python"]


def test_an_implication_lets_what_is_there_enter(blog: Blog, old: int) -> None:
    carry_out(blog.services, Imply("web", "python", existing=True))
    assert order(blog.client(), "/tags/python.atom") == ["Old", "New", "Middle"]
    assert late(blog) == {(old, "python"): blog.clock.now}


def test_a_merge_floods_nobody(blog: Blog, old: int) -> None:
    tag(blog, old, "web late")
    first = blog.clock.now
    blog.clock.forward(days=1)
    client = blog.client()
    carry_out(blog.services, Merge("web", "python"))
    assert order(client, "/tags/python.atom") == ["New", "Middle", "Old"]
    carry_out(blog.services, Merge("late", "ruby"))
    assert late(blog) == {(old, "ruby"): first}
    assert order(client, "/tags/ruby.atom") == ["Old", "New"]


def test_of_two_merged_tags_the_earlier_time_stays(blog: Blog, old: int) -> None:
    tag(blog, old, "web python")
    first = blog.clock.now
    tag(blog, old, "web python ruby")
    carry_out(blog.services, Merge("python", "ruby"))
    assert late(blog) == {(old, "ruby"): first}
    carry_out(blog.services, Merge("web", "ruby"))
    assert late(blog) == {}


def test_a_split_lets_entries_enter_the_new_tag(blog: Blog, old: int) -> None:
    carry_out(blog.services, Split("web", "python", frozenset({old})))
    assert order(blog.client(), "/tags/python.atom") == ["Old", "New", "Middle"]


def last_operation(blog: Blog) -> int:
    with blog.services.sessions.read() as session:
        return max(session.scalars(select(Operation.id)))


UNDONE = {
    "removed": lambda entry: RemoveTags(frozenset({entry}), ("python", "web")),
    "merged": lambda _: Merge("python", "ruby"),
    "deleted": lambda entry: DeleteEntries(frozenset({entry})),
}


@pytest.mark.parametrize("action", UNDONE.values(), ids=UNDONE)
def test_what_is_undone_was_never_away(blog: Blog, old: int, action: Callable[[int], object]) -> None:
    tag(blog, old, "web python")
    before = late(blog)
    client = blog.client()
    said = fetch(client, "/tags/python.atom").titles
    blog.clock.forward(days=1)
    carry_out(blog.services, action(old))  # type: ignore[arg-type]  # each is an action
    undo_operation(blog.services, last_operation(blog), "")
    assert late(blog) == before
    assert fetch(client, "/tags/python.atom").titles == said


def test_a_deleted_entry_comes_back_with_its_times(blog: Blog, old: int) -> None:
    tag(blog, old, "web python")
    before = late(blog)
    blog.clock.forward(days=1)
    delete_entry(blog.services, old)
    carry_out(blog.services, Rename("python", "Snakes"))
    with blog.services.sessions.read() as session:
        revision = max(session.scalars(select(Revision.id)))
    restore_revision(blog.services, old, revision)
    assert late(blog) == {(old, "snakes"): before[old, "python"]}


def test_an_import_that_tags_later_lets_entries_enter(blog: Blog) -> None:
    one = replace(draft("Imported", "web"), source="there")
    run([one], ImportLedger(blog.services))
    blog.clock.forward(days=1)
    run([replace(one, tags=("web", "python"))], ImportLedger(blog.services))
    assert list(late(blog).values()) == [blog.clock.now]


@pytest.mark.parametrize("kind", DATABASES)
def test_both_databases_tell_when_a_tag_came(make_blog: Callable[..., Blog], kind: str) -> None:
    blog = make_blog(kind)
    first, second = (
        save_entry(blog.services, replace(OLD, external_id=name, title=name)) for name in ("a", "b")
    )
    blog.write("New", "python ruby", day="2020-01-01")
    blog.clock.forward(microseconds=1)
    carry_out(blog.services, AddTags(frozenset({second}), ("python",)))
    client = blog.client()
    blog.clock.forward(microseconds=1)
    carry_out(blog.services, AddTags(frozenset({first}), ("python",)))
    assert order(client, "/tags/python.atom") == ["a", "b", "New"]
    assert order(blog.client(), "/tags/python.atom") == ["a", "b", "New"]
    carry_out(blog.services, Merge("python", "ruby"))
    assert order(client, "/tags/ruby.atom") == ["a", "b", "New"]
    undo_operation(blog.services, last_operation(blog), "")
    assert len(late(blog)) == 2
    delete_entry(blog.services, first)
    assert order(client, "/tags/python.atom") == ["b", "New"]
