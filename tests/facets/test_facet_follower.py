"""The follower keeps the snapshot in step with the log, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from conftest import draft
from sqlalchemy import delete, func, insert, select, update

from blog.changes.entries import delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.entry import Kind, Status
from blog.facets.follower import FacetFollower
from blog.models import Change, Entry
from importers.pipeline import run

if TYPE_CHECKING:
    import pytest
    from conftest import Blog


def fresh(blog: Blog) -> FacetFollower:
    return FacetFollower(blog.services.sessions, blog.clock)


def assert_in_step(blog: Blog) -> None:
    """What was followed equals what is read anew."""
    followed, read = blog.services.facets.current(), fresh(blog).current()
    assert followed.position == read.position
    assert followed.names == read.names
    for name in ("everything", "tags", "kinds", "sources", "series", "domains", "months", "upcoming"):
        assert getattr(followed, name) == getattr(read, name), name


def test_every_change_reaches_the_snapshot(blog: Blog) -> None:
    blog.services.facets.current()
    one = blog.write("One", "python scaling", source="github", series="lite")
    two = blog.write("Two", "python", kind="note", body="text")
    assert set(blog.services.facets.current().tag("python")) == {one, two}
    assert_in_step(blog)
    save_entry(blog.services, draft("One", "ruby", day="2011-02-03"), one)
    assert set(blog.services.facets.current().tag("python")) == {two}
    assert set(blog.services.facets.current().months) == {(2009, 5), (2011, 2)}
    assert_in_step(blog)
    delete_entry(blog.services, two)
    assert set(blog.services.facets.current().everything) == {one}
    assert Kind.NOTE not in blog.services.facets.current().kinds
    assert_in_step(blog)


def test_an_entry_is_in_each_of_its_sources(blog: Blog) -> None:
    blog.services.facets.current()
    page = "https://example.com/page"
    run([draft("One", url=page, source="pinboard")], ImportLedger(blog.services))
    run([draft("Two", url=page, source="mastodon"), draft("Three", source="til")], ImportLedger(blog.services))
    snapshot = blog.services.facets.current()
    ids = {slug: set(snapshot.sources.get(one.id, ())) for slug, one in snapshot.names.sources.items()}
    assert ids == {"pinboard": {1}, "mastodon": {1}, "til": {2}}
    assert_in_step(blog)
    assert snapshot.rows.get(1) == fresh(blog).current().rows.get(1)
    delete_entry(blog.services, 1)
    assert_in_step(blog)
    assert blog.services.facets.current().rows.also == {}


def test_a_write_of_another_process_is_seen_by_the_next_request(blog: Blog) -> None:
    other = fresh(blog)
    assert set(other.current().everything) == set()
    one = blog.write("One", "python")
    assert set(other.current().everything) == {one}
    rename_tag(blog.services, "python", "Snakes")
    assert set(other.current().tag("snakes")) == {one}
    assert other.current().names.aliases == {"python": "snakes"}


def test_a_merge_moves_all_entries_and_all_old_names(blog: Blog) -> None:
    one = blog.write("One", "js")
    two = blog.write("Two", "javascript js")
    rename_tag(blog.services, "js", "ecmascript")
    merge_tags(blog.services, "ecmascript", "javascript")
    snapshot = blog.services.facets.current()
    assert set(snapshot.tag("javascript")) == {one, two}
    assert snapshot.names.aliases == {"js": "javascript", "ecmascript": "javascript"}
    assert_in_step(blog)


def test_hidden_draft_and_scheduled_entries_are_in_no_bitmap(blog: Blog) -> None:
    blog.write("Draft", "python", status=Status.DRAFT)
    blog.write("Hidden", "python", status=Status.HIDDEN)
    soon = blog.write("Soon", "python", published=blog.clock.now + timedelta(hours=1))
    snapshot = blog.services.facets.current()
    assert (set(snapshot.everything), dict(snapshot.tags), snapshot.months) == (set(), {}, {})
    assert [one for _, one in snapshot.upcoming] == [soon]


def test_a_scheduled_entry_appears_when_its_time_has_come_and_nothing_is_written(blog: Blog) -> None:
    soon = blog.write("Soon", "python", published=blog.clock.now + timedelta(hours=1))
    later = blog.write("Later", "python", published=blog.clock.now + timedelta(days=1))
    assert set(blog.services.facets.current().tag("python")) == set()
    blog.clock.forward(minutes=61)
    assert set(blog.services.facets.current().tag("python")) == {soon}
    blog.clock.forward(days=1)
    assert set(blog.services.facets.current().tag("python")) == {soon, later}
    assert blog.services.facets.current().upcoming == ()


def test_a_scheduled_entry_that_is_taken_back_never_appears(blog: Blog) -> None:
    planned = replace(draft("Soon", "python"), published=blog.clock.now + timedelta(hours=1))
    soon = save_entry(blog.services, planned)
    blog.services.facets.current()
    save_entry(blog.services, replace(planned, status=Status.DRAFT), soon)
    blog.clock.forward(hours=2)
    assert set(blog.services.facets.current().everything) == set()


def test_many_changes_at_once_are_read_in_one_scan_with_the_same_result(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.facets.follower._RELOAD_FROM", 3)
    blog.services.facets.current()
    for number in range(6):
        blog.write(f"Entry {number}", "python")
    assert len(blog.services.facets.current().tag("python")) == 6
    assert_in_step(blog)


def test_a_request_that_took_a_snapshot_keeps_it_whatever_is_written(blog: Blog) -> None:
    one = blog.write("One", "python")
    taken = blog.services.facets.current()
    blog.write("Two", "python")
    delete_entry(blog.services, one)
    blog.services.facets.current()
    assert set(taken.tag("python")) == {one}
    assert taken.rows.get(one) is not None


def test_a_database_put_back_from_a_backup_is_read_anew_even_where_its_log_is_as_long(blog: Blog) -> None:
    blog.write("Kept", "python")
    other = fresh(blog)
    last = blog.write("Lost", "ruby")
    assert set(other.current().tag("ruby")) == {last}
    with blog.services.sessions.write() as session:
        # What a backup would hold instead: as many changes, and the last of them another one.
        session.execute(delete(Entry).where(Entry.id == last))
        newest = session.scalar(select(func.max(Change.id)))
        earlier = blog.clock.now - timedelta(days=1)
        session.execute(update(Change).where(Change.id == newest).values(at=earlier))
        session.execute(insert(Change).values(at=earlier, what="updated", entry_id=None))
    assert set(other.current().tag("ruby")) == set()


def test_an_entry_of_a_kind_that_this_version_does_not_know_is_nowhere(blog: Blog) -> None:
    one = blog.write("One", "python")
    blog.services.facets.current()
    with blog.services.sessions.write() as session:
        session.execute(update(Entry).where(Entry.id == one).values(kind="podcast"))
        session.execute(insert(Change).values(at=blog.clock.now, what="updated", entry_id=one))
    assert set(blog.services.facets.current().everything) == set(fresh(blog).current().everything) == set()
