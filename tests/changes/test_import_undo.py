"""Undoing an import: as if it had not been, but for what somebody has changed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from conftest import draft
from sqlalchemy import select
from test_import_runs import entry_named, imported, told

from blog.changes.bulk import SetSource
from blog.changes.entries import delete_entry, save_entry
from blog.changes.import_runs import Wanted
from blog.changes.import_undo import AlreadyUndone, undo_run
from blog.changes.plans import carry_out
from blog.changes.subscriptions import Subscribed, subscribe
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.entry import AliasDraft, Draft, Kind, RedirectDraft, SeriesDraft, SourceDraft, Status, TagDraft
from blog.domain.errors import NotThere
from blog.models import Base, Entry, Redirect, Revision, Source, Tag
from blog.queries.import_runs import import_run, undo_outlook
from blog.queries.subscriptions import polled_source

if TYPE_CHECKING:
    from conftest import Blog

    from blog.domain.entry import Item

# What tells of what was done, and is not what is there: what was public and has left has to be told of.
_HISTORY = {"change", "departure", "import_run", "import_item", "setting"}


def content(blog: Blog) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that is content."""
    with blog.services.sessions.read() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=str)
            for name, table in Base.metadata.tables.items()
            if name not in _HISTORY
        }


def texts(blog: Blog) -> dict[str, dict[str, Any]]:
    """What entries say, by their ids at the source."""
    with blog.services.sessions.read() as session:
        columns = (Entry.external_id, Entry.title, Entry.body, Entry.html, Entry.status, Entry.url, Entry.slug)
        return {row.external_id: row._asdict() for row in session.execute(select(*columns))}


FILE: list[Item] = [
    TagDraft(name="Python", description="A *language*."),
    TagDraft(name="C++"),
    AliasDraft(old="py", tag="python"),
    SeriesDraft(slug="inside", title="Inside", description="Deep."),
    SourceDraft(slug="til", name="Today", url="https://til.example/"),
    RedirectDraft(path="/old/", target="/2009/May/25/one/"),
    RedirectDraft(path="/there/", target="/here/", host="old.example"),
    replace(draft("One", "python sql"), external_id="1", slug="one", series="inside"),
    replace(draft("Two", "C++ py"), external_id="2", source="til", body="*Words*."),
    replace(draft("Three"), external_id="3", source="another place"),
]


def test_an_import_into_an_empty_blog_undone_leaves_the_blog_empty(blog: Blog) -> None:
    before = content(blog)
    imported(blog, FILE)
    assert undo_run(blog.services, 1) == {"gone": 3}
    assert content(blog) == before
    snapshot = blog.services.facets.current()
    assert (len(snapshot.everything), dict(snapshot.names.tags)) == (0, {})
    run = import_run(blog.services, 1)
    assert (run.state, run.can_be_undone) == ("undone", False)


def test_imported_again_after_that_it_is_the_same_again(blog: Blog) -> None:
    imported(blog, FILE)
    before = texts(blog)
    undo_run(blog.services, 1)
    assert imported(blog, FILE).counts == {"created": 3}
    assert texts(blog) == before


def test_what_was_there_before_is_as_it_was(blog: Blog) -> None:
    imported(blog, FILE, label="before")
    blog.write("Mine", "own", day="2010-01-01")
    before = content(blog)
    more: list[Item] = [
        TagDraft(name="C++", description="Another *language*."),
        TagDraft(name="py", description="Now a tag"),
        SeriesDraft(slug="inside", title="Inside out", description="Deeper."),
        SourceDraft(slug="til", name="Tomorrow"),
        RedirectDraft(path="/old/", target="/elsewhere/"),
        replace(draft("Four", "own new"), external_id="4"),
        replace(draft("Five"), external_id="5", source="another place"),
    ]
    imported(blog, more, label="more")
    assert content(blog) != before
    undo_run(blog.services, 2)
    assert content(blog) == before


def test_an_update_is_put_back_field_by_field(blog: Blog) -> None:
    first = replace(draft("Title", "python", body="Body."), series="inside", series_order=1)
    imported(blog, [first], label="one")
    before = texts(blog)
    news = replace(
        first, title="New", body="*New.*", tags=("ruby",), status=Status.HIDDEN, series="other", kind=Kind.NOTE
    )
    imported(blog, [news], label="two")
    assert texts(blog) != before
    assert undo_run(blog.services, 2) == {"back": 1}
    assert texts(blog) == before
    entry = entry_named(blog, "Title")
    assert set(blog.services.facets.current().names.tags) == {"python"}
    with blog.services.sessions.read() as session:
        reasons = session.scalars(select(Revision.reason).order_by(Revision.id)).all()
    assert (reasons, entry.series_order) == (["imported", "import undone"], 1)
    assert imported(blog, [news], label="three").counts == {"updated": 1}, "and what is undone is news again"


def test_what_was_edited_since_stays_and_is_named_with_the_reason(blog: Blog) -> None:
    kept, gone, tagged = (
        replace(draft(name, "python"), external_id=name) for name in ("kept", "gone", "tagged")
    )
    imported(blog, [kept, gone, tagged])
    save_entry(blog.services, replace(kept, body="Mine.", slug="mine"), entry_named(blog, "kept").id)
    save_entry(blog.services, replace(tagged, tags=("python", "mine")), entry_named(blog, "tagged").id)
    assert undo_outlook(blog.services, 1).edited == 2
    assert undo_run(blog.services, 1) == {"gone": 1, "stays": 3}
    assert set(told(blog)) == {
        ("gone", "gone", ""),
        ("stays", "kept", "Changed since: body, slug."),
        ("stays", "tagged", "Changed since: tags."),
        ("stays", "python", "The tag python stays: It is in use."),
    }
    assert sorted(texts(blog)) == ["kept", "tagged"]


def test_an_edit_of_a_field_that_the_import_changed_too_stays_and_the_other_goes_back(blog: Blog) -> None:
    first = draft("Old title", body="Old body.")
    imported(blog, [first], label="one")
    news = replace(first, title="Their title", body="Their body.")
    imported(blog, [news], label="two")
    save_entry(blog.services, replace(news, title="My title"), entry_named(blog, "Their title").id)
    assert undo_run(blog.services, 2) == {"back": 1}
    (entry,) = texts(blog).values()
    assert (entry["title"], entry["body"]) == ("My title", "Old body.")
    assert told(blog, 2) == [("back", first.external_id, "Changed since, and left so: title.")]


def test_an_entry_edited_and_put_back_by_hand_is_not_taken_for_edited(blog: Blog) -> None:
    first = draft("Title")
    imported(blog, [first])
    entry = entry_named(blog, "Title").id
    save_entry(blog.services, replace(first, title="Mine"), entry)
    save_entry(blog.services, first, entry)
    assert undo_run(blog.services, 1) == {"gone": 1}


def test_tags_renamed_and_merged_since_are_no_edit_of_the_entries(blog: Blog) -> None:
    imported(blog, [draft("One", "js web"), draft("Two", "www")])
    rename_tag(blog.services, "js", "JavaScript")
    merge_tags(blog.services, "www", "web")
    assert undo_run(blog.services, 1) == {"gone": 2, "stays": 1}
    assert texts(blog) == {}
    assert ("stays", "web", "The tag web stays: It is in use.") in told(blog), "an old name leads to it"


def test_what_the_author_deleted_stays_deleted_when_it_is_imported_again(blog: Blog) -> None:
    items = [draft("One"), draft("Two")]
    imported(blog, items)
    delete_entry(blog.services, entry_named(blog, "One").id)
    assert undo_run(blog.services, 1) == {"gone": 2}
    assert imported(blog, items).counts == {"kept": 1, "created": 1}


def test_the_later_of_two_imports_is_undone_first(blog: Blog) -> None:
    first = draft("Old")
    imported(blog, [first], label="one")
    imported(blog, [replace(first, title="New")], label="two")
    assert undo_run(blog.services, 1) == {"stays": 1}
    assert told(blog, 1)[0][2] == "Import number 2 has changed it since. Undo that one first."


def test_both_undone_in_their_order_leave_nothing(blog: Blog) -> None:
    before = content(blog)
    first = draft("Old", "python")
    imported(blog, [first], label="one")
    imported(blog, [replace(first, title="New", tags=("ruby",))], label="two")
    assert undo_run(blog.services, 2) == {"back": 1}
    assert undo_run(blog.services, 1) == {"gone": 1}
    assert content(blog) == before


def test_the_same_id_twice_in_one_file_is_undone_as_one(blog: Blog) -> None:
    first = draft("First")
    before = content(blog)
    imported(blog, [first, replace(first, title="Second"), replace(first, title="Third")])
    undo_run(blog.services, 1)
    assert content(blog) == before


def test_the_same_id_twice_of_an_entry_that_was_there_goes_back_to_the_beginning(blog: Blog) -> None:
    first = draft("First")
    imported(blog, [first], label="one")
    imported(blog, [replace(first, title="Second"), replace(first, title="Third")], label="two")
    undo_run(blog.services, 2)
    assert [one["title"] for one in texts(blog).values()] == ["First"]


def test_an_entry_that_the_import_moved_moves_back(blog: Blog) -> None:
    first = draft("Title", slug="slug")
    imported(blog, [first], label="one")
    imported(blog, [replace(first, published=datetime(2009, 6, 1, tzinfo=UTC))], label="two")
    undo_run(blog.services, 2)
    client = blog.client()
    assert client.get("/2009/May/25/slug/").status_code == 200
    assert client.get("/2009/Jun/1/slug/").location == "/2009/May/25/slug/"


def test_what_was_put_into_the_inbox_and_published_since_stays(blog: Blog) -> None:
    first, second = draft("One", "a"), draft("Two", "a")
    imported(blog, [first, second], Wanted(status=Status.INBOX))
    merge_tags(blog.services, "a", imported_tag(blog))
    save_entry(blog.services, replace(first, status=Status.PUBLISHED), entry_named(blog, "One").id)
    assert undo_run(blog.services, 1) == {"gone": 1, "stays": 1}
    assert told(blog)[0] == ("stays", first.external_id, "Changed since: status.")


def imported_tag(blog: Blog) -> str:
    """Another tag, of an entry of the author's."""
    blog.write("Mine", "mine")
    return "mine"


def test_names_that_were_changed_or_are_used_since_stay(blog: Blog) -> None:
    imported(
        blog,
        [
            TagDraft(name="used"),
            TagDraft(name="described"),
            SourceDraft(slug="s", name="S"),
            RedirectDraft(path="/a/", target="/b/"),
        ],
    )
    blog.write("Mine", "used")
    with blog.services.sessions.write() as session:
        session.scalars(select(Tag).where(Tag.slug == "described")).one().description = "Mine"
        session.scalars(select(Redirect)).one().target = "/c/"
        session.scalars(select(Source)).one().name = "Another"
    assert undo_run(blog.services, 1) == {"stays": 4}
    assert sorted(reason for _, _, reason in told(blog)) == [
        "The redirect /a/ stays: It was changed since.",
        "The source s stays: It was changed since.",
        "The tag described stays: It was changed since.",
        "The tag used stays: It is in use.",
    ]


def test_a_source_that_is_polled_by_now_stays(blog: Blog) -> None:
    imported(blog, [SourceDraft(slug="s", name="S")])
    subscribe(blog.services, Subscribed(name="S", feed_url="https://s.example/feed"))
    assert undo_run(blog.services, 1) == {"stays": 1}
    assert told(blog) == [("stays", "s", "The source s stays: It is in use.")]
    assert polled_source(blog.services, "s").feed_url == "https://s.example/feed"


@pytest.mark.parametrize(("came_from", "given"), [("", "mine"), ("There too", ""), ("there", "mine")])
def test_an_entry_that_was_given_another_source_stays(blog: Blog, came_from: str, given: str) -> None:
    items = [replace(draft(name), external_id=name, source=came_from) for name in ("taken over", "left")]
    imported(blog, items)
    carry_out(blog.services, SetSource(frozenset({entry_named(blog, "taken over").id}), given))
    undo_run(blog.services, 1)
    assert ("stays", "taken over", "Changed since: source.") in told(blog)
    assert sorted(texts(blog)) == ["taken over"]


def test_an_undoing_that_was_cut_off_goes_on(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blog.changes.import_undo.BATCH", 4)
    before = content(blog)
    imported(blog, [draft(tags="python") for _ in range(10)])
    progress: list[int] = []

    def stop(count: int) -> None:
        progress.append(count)
        if len(progress) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undo_run(blog.services, 1, on_progress=stop)
    run = import_run(blog.services, 1)
    assert (run.state_in_words, run.done, run.expected) == ("broken off while it was undone", 8, 11)
    assert undo_run(blog.services, 1) == {"gone": 10}
    assert content(blog) == before


def test_what_is_undone_cannot_be_undone_again(blog: Blog) -> None:
    imported(blog, [draft()])
    undo_run(blog.services, 1)
    with pytest.raises(AlreadyUndone):
        undo_run(blog.services, 1)
    with pytest.raises(NotThere):
        undo_run(blog.services, 2)


def test_an_entry_that_the_import_left_alone_is_left_alone(blog: Blog) -> None:
    mine: Draft = draft("Mine")
    imported(blog, [mine], label="one")
    imported(blog, [mine, draft("New")], label="two")
    assert undo_run(blog.services, 2) == {"gone": 1}
    assert [one["title"] for one in texts(blog).values()] == ["Mine"]
