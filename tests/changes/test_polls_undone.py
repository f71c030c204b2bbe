"""A poll that is undone stays undone: what it had joined to an entry, and the tags that it had brought."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from sqlalchemy import select

from blog.changes.import_runs import Wanted
from blog.changes.import_undo import undo_run
from blog.changes.importing import import_material
from blog.changes.imports import ImportLedger
from blog.changes.poll_runs import PollRecorder
from blog.changes.rules import add_rule
from blog.changes.sources import merge_sources
from blog.changes.subscriptions import Subscribed, subscribe
from blog.changes.tagging import rename_tag
from blog.domain.entry import Status
from blog.models import Appearance, Entry, Source, Tag, entry_tag
from importers.material import Material
from importers.pipeline import run
from importers.registry import Importer

if TYPE_CHECKING:
    from conftest import Blog

    from blog.domain.entry import Draft

PAGE = "https://example.com/page"


def listen(blog: Blog) -> None:
    subscribe(blog.services, Subscribed(name="feed", feed_url="https://feed.example/"))


def polled(blog: Blog, item: Draft) -> tuple[int, dict[str, int]]:
    """Take in what a source says, as a poll does; return the number of the run, 0 where nothing came of it."""
    ledger, recorder = (
        ImportLedger(blog.services),
        PollRecorder(blog.services, Wanted(item.source, None, Status.PUBLISHED)),
    )
    ledger.record_with(recorder)
    report = run([item], ledger, status=Status.PUBLISHED, on_told=recorder.tell)
    recorder.end()
    return recorder.run_id, {one.value: count for one, count in report.counts.items() if count}


def imported(blog: Blog, item: Draft) -> None:
    importer = Importer("test", "a test", lambda _: True, lambda _: iter([item]), lambda _: None)
    import_material(blog.services, Material.of_bytes(b"", "a file"), Wanted(), importer=importer)


def link(source: str, tags: str = "", **values: object) -> Draft:
    return draft(**({"title": f"From {source or 'me'}", "tags": tags, "url": PAGE, "source": source} | values))  # type: ignore[arg-type]


def tags_here(blog: Blog) -> set[str]:
    return blog_holds(blog)[0][2]


def blog_holds(blog: Blog) -> list[tuple[str, str, set[str], int]]:
    """Each entry: its title, its text, its tags, and how many items have joined it."""
    with blog.services.sessions.read() as session:
        tags = select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
        tagged = session.execute(tags).all()
        joined = session.scalars(select(Appearance.entry_id)).all()
        return [
            (one.title, one.body, {tag for entry, tag in tagged if entry == one.id}, joined.count(one.id))
            for one in session.scalars(select(Entry).order_by(Entry.id))
        ]


def source_id(blog: Blog, slug: str) -> int:
    with blog.services.sessions.read() as session:
        return session.scalars(select(Source.id).where(Source.slug == slug)).one()


@pytest.mark.parametrize("item", [link("feed", "spam", body="Promotion."), link("feed", "own", body="")])
def test_what_has_joined_an_entry_leaves_it_for_good(blog: Blog, item: Draft) -> None:
    imported(blog, link("", "own", body=""))
    listen(blog)
    before = blog_holds(blog)
    number, counts = polled(blog, item)
    assert counts == {"joined": 1}
    assert blog_holds(blog) != before
    assert undo_run(blog.services, number) == {"back": 1}
    assert blog_holds(blog) == before
    assert polled(blog, item) == (0, {"kept": 1})
    assert polled(blog, replace(item, body="More promotion.", tags=("more",))) == (0, {"kept": 1})
    assert blog_holds(blog) == before


def test_it_stays_away_when_its_source_or_the_entry_is_another_one(blog: Blog) -> None:
    imported(blog, link("", "own", body=""))
    imported(blog, link("other", url="https://example.com/another"))
    listen(blog)
    item = link("feed", "spam")
    number, _ = polled(blog, item)
    undo_run(blog.services, number)
    merge_sources(blog.services, source_id(blog, "feed"), source_id(blog, "other"))
    assert polled(blog, replace(item, source="other")) == (0, {"kept": 1})
    # Of what an import that is undone had made, nothing else is remembered.
    assert undo_run(blog.services, 1) == {"gone": 1}
    assert polled(blog, replace(item, source="other")) == (0, {"kept": 1})


def test_an_import_that_is_undone_may_join_again(blog: Blog) -> None:
    imported(blog, link("", "own", body=""))
    imported(blog, link("feed", "theirs"))
    joined = blog_holds(blog)
    assert undo_run(blog.services, 2) == {"back": 1}
    imported(blog, link("feed", "theirs"))
    assert blog_holds(blog) == joined


def test_tags_that_were_undone_stay_away_while_others_come_and_go(blog: Blog) -> None:
    listen(blog)
    first = link("feed", "t1 gone")
    polled(blog, first)
    second = replace(first, tags=("t1", "t2"))
    number, _ = polled(blog, second)
    assert undo_run(blog.services, number) == {"back": 1}
    assert tags_here(blog) == {"t1", "gone"}
    polled(blog, replace(second, body="Other words."))
    assert tags_here(blog) == {"t1", "gone"}
    add_rule(blog.services, "always → tag ruled")
    polled(blog, replace(second, tags=("t1", "t2", "t3")))
    assert tags_here(blog) == {"t1", "gone", "t3", "ruled"}
    imported(blog, link("elsewhere", "t2", url="https://example.com/elsewhere"))
    rename_tag(blog.services, "t2", "Two")
    polled(blog, replace(second, tags=("t1", "t2", "t3"), title="Other"))
    assert tags_here(blog) == {"t1", "gone", "t3", "ruled"}
    # A source that takes them back, and says them again, is followed.
    polled(blog, replace(second, tags=("gone",)))
    assert tags_here(blog) == {"gone", "ruled"}
    polled(blog, second)
    assert tags_here(blog) == {"t1", "two", "ruled"}


def test_tags_of_rules_that_were_undone_stay_away_too(blog: Blog) -> None:
    listen(blog)
    first = link("feed", "t1")
    polled(blog, first)
    add_rule(blog.services, "always → tag ruled")
    number, _ = polled(blog, replace(first, tags=("t1", "t2")))
    assert tags_here(blog) == {"t1", "t2", "ruled"}
    undo_run(blog.services, number)
    polled(blog, replace(first, tags=("t1", "t2"), body="Other words."))
    assert tags_here(blog) == {"t1"}
