"""Many entries at once: one operation, undone whole, and robust to what was changed since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import counted, draft
from sqlalchemy import delete, func, select
from tables import tables, tagged

from blog.changes.bulk import AddTags, DeleteEntries, RemoveTags, SetKind, SetSource, SetStatus
from blog.changes.entries import delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.changes.operations import CannotUndo, undo_operation
from blog.changes.plans import Action, NothingToDo, carry_out, preview
from blog.changes.subscriptions import Subscribed, subscribe
from blog.changes.tagging import Imply, Merge, Rename
from blog.domain.entry import Kind, Status
from blog.domain.errors import BadTag, CrosstagError, NotThere
from blog.models import Entry, Operation, Revision, Source
from blog.queries.subscriptions import polled_source
from importers.pipeline import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

ALL = frozenset({1, 2, 3, 4, 99})
IMPORTED_AGAIN = "An import from where they came before would bring them in again."
NO_URL = "it has no URL, and a link needs one"


@pytest.fixture
def written(blog: Blog) -> Blog:
    """Four entries of several kinds and statuses, and an implication: fastapi implies python."""
    blog.write("One", "python web", day="2009-05-25", body="Some *words*.", series="guide", series_order=3)
    blog.write("Two", "python", kind="note", day="2010-05-25", status=Status.DRAFT)
    blog.write("Three", "snakes", kind="article", day="2011-05-25", status=Status.HIDDEN, source="elsewhere")
    blog.write("Four", "snakes web fastapi", day="2012-05-25")
    carry_out(blog.services, Imply("fastapi", "python", existing=True))
    return blog


def column(blog: Blog, name: str) -> list[object]:
    """What the entries have in a field, in the order of their ids."""
    with blog.services.sessions.read() as session:
        return list(session.scalars(select(getattr(Entry, name)).order_by(Entry.id)))


# What it is, what it says, how many entries it touches, what it leaves and why, and its notes.
ACTIONS: list[tuple[str, Action, str, int, dict[str, str], list[str]]] = [
    ("tags", AddTags(ALL, ("Web", "snakes")), "Tag 3 entries “web”, “snakes”", 3, {}, []),
    (
        "a new tag",
        AddTags(ALL, ("Data Base",)),
        "Tag 4 entries “Data Base”",
        4,
        {},
        ["“Data Base” is a new tag."],
    ),
    (
        "a tag that implies another",
        AddTags(frozenset({3, 4}), ("fastapi",)),
        "Tag one entry “fastapi”",
        1,
        {},
        ["“python” comes with it, being implied."],
    ),
    ("tags off", RemoveTags(ALL, ("snakes", "Web")), "Take “snakes”, “web” off 3 entries", 3, {}, []),
    (
        "an implied tag off",
        RemoveTags(ALL, ("python",)),
        "Take “python” off 3 entries",
        3,
        {},
        ["“fastapi” implies “python”: what has it gets that again when it is saved."],
    ),
    ("a kind", SetKind(ALL, Kind.ARTICLE), "Make articles of 3 entries", 3, {}, []),
    ("links", SetKind(ALL, Kind.QUOTATION), "Make quotations of 4 entries", 4, {}, []),
    ("a status", SetStatus(ALL, Status.HIDDEN), "Hide 3 entries", 3, {}, []),
    (
        "published",
        SetStatus(ALL, Status.PUBLISHED),
        "Publish 2 entries",
        2,
        {},
        ["They keep their dates; those whose time has not come wait for it."],
    ),
    (
        "a source",
        SetSource(ALL, "elsewhere"),
        "Make “Elsewhere” the source of 3 entries",
        3,
        {},
        [IMPORTED_AGAIN],
    ),
    ("no source", SetSource(ALL, ""), "Make one entry the blog's own", 1, {}, [IMPORTED_AGAIN]),
    (
        "a new source",
        SetSource(ALL, "The Old Blog"),
        "Make “The Old Blog” the source of 4 entries",
        4,
        {},
        ["“The Old Blog” is a new source.", IMPORTED_AGAIN],
    ),
    (
        "deleted",
        DeleteEntries(ALL),
        "Delete 4 entries",
        4,
        {},
        ["Their pages will be gone, and feed readers keep what they have. An import leaves them deleted."],
    ),
]


@pytest.mark.parametrize(
    ("_name", "action", "summary", "count", "left", "notes"), ACTIONS, ids=[one[0] for one in ACTIONS]
)
def test_what_is_shown_is_what_is_done_and_all_of_it_is_undone(
    written: Blog, _name: str, action: Action, summary: str, count: int, left: dict[str, str], notes: list[str]
) -> None:
    before, public = tables(written), set(written.services.facets.current().everything)
    written.clock.forward(hours=1)
    shown = preview(written.services, action)
    assert tables(written) == before, "a preview writes nothing"
    assert (shown.summary, shown.count, shown.notes) == (summary, count, tuple(notes))
    assert {one.name: why for one, why in shown.left} == left
    done = carry_out(written.services, action, "simon")
    assert (done.summary, done.count) == (summary, count)
    assert tables(written) != before
    undone = undo_operation(written.services, done.operation, "simon")
    assert (undone.summary, undone.notes) == (summary, ())
    assert tables(written) == before
    assert set(written.services.facets.current().everything) == public


def test_only_what_has_a_url_becomes_a_link(written: Blog) -> None:
    carry_out(written.services, SetKind(ALL, Kind.NOTE))
    done = carry_out(written.services, SetKind(ALL, Kind.LINK))
    assert {one.name: why for one, why in done.left} == {"Two": NO_URL, "Three": NO_URL}
    assert column(written, "kind") == ["link", "note", "note", "link"]
    undo_operation(written.services, done.operation, "")
    assert column(written, "kind") == ["note"] * 4


def test_a_change_of_kind_counts_as_a_change_and_one_of_status_does_not(written: Blog) -> None:
    before = column(written, "updated")
    written.clock.forward(days=1)
    carry_out(written.services, SetStatus(ALL, Status.HIDDEN))
    assert column(written, "updated") == before
    carry_out(written.services, SetKind(frozenset({1}), Kind.NOTE))
    assert column(written, "updated") == [written.clock(), *before[1:]]


def test_entries_of_a_source_have_different_ids_there(blog: Blog) -> None:
    for source in ("a", "b", "c"):
        save_entry(blog.services, replace(draft(f"Of {source}"), external_id="same", source=source))
    done = carry_out(blog.services, SetSource(frozenset({1, 2, 3}), "d"))
    assert {one.name: why for one, why in done.left} == dict.fromkeys(
        ("Of b", "Of c"), "another entry there has the same id"
    )
    undo_operation(blog.services, done.operation, "")
    with pytest.raises(NothingToDo, match="None of them can be changed: another entry there has the same id"):
        carry_out(blog.services, SetSource(frozenset({1, 2, 3}), "c"))


REFUSED: list[tuple[Action, type[CrosstagError], str]] = [
    (AddTags(ALL, ("", " ")), BadTag, "Name at least one tag."),
    (AddTags(ALL, ("!!!",)), BadTag, "“!!!” has no letter or digit, so no tag can be named that."),
    (AddTags(frozenset({1}), ("python",)), NothingToDo, "All of them are tagged “python” already."),
    (RemoveTags(frozenset({1}), ("snakes",)), NothingToDo, "None of them is tagged “snakes”."),
    (RemoveTags(ALL, ("nothing",)), NotThere, "There is no tag “nothing”."),
    (SetKind(frozenset({2}), Kind.LINK), NothingToDo, f"None of them can be changed: {NO_URL}."),
    (SetStatus(frozenset({2}), Status.DRAFT), NothingToDo, "That is how they all are already."),
    (DeleteEntries(frozenset({99})), NothingToDo, "They are not there any more."),
]


@pytest.mark.parametrize(("action", "error", "sentence"), REFUSED)
def test_what_would_change_nothing_is_refused_with_a_sentence(
    written: Blog, action: Action, error: type[CrosstagError], sentence: str
) -> None:
    for attempt in (preview, carry_out):
        with pytest.raises(error) as refused:
            attempt(written.services, action)
        assert refused.value.sentence == sentence


def test_undoing_leaves_the_fields_that_were_changed_since(written: Blog) -> None:
    done = carry_out(written.services, SetStatus(ALL, Status.HIDDEN))
    carry_out(written.services, SetStatus(frozenset({1}), Status.INBOX))
    delete_entry(written.services, 2)
    undone = undo_operation(written.services, done.operation, "")
    assert undone.notes == ("Changed again since, and left so: “One”.", "Not there any more: 1 of the entries.")
    assert column(written, "status") == ["inbox", "hidden", "published"]


def test_undoing_puts_nothing_under_a_source_that_came_after_theirs(written: Blog) -> None:
    done = carry_out(written.services, SetSource(ALL, ""))
    with written.services.sessions.write() as session:
        session.execute(delete(Source))
        session.add(Source(slug="stranger", name="Stranger"))
    (note,) = undo_operation(written.services, done.operation, "").notes
    assert note.startswith("The source they came from is not there any more: ")
    assert set(column(written, "source_id")) == {None}


def test_undoing_leaves_a_source_that_is_polled_by_now(written: Blog) -> None:
    done = carry_out(written.services, SetSource(ALL, "Afar"))
    subscribe(written.services, Subscribed(name="Afar", feed_url="https://afar.example/feed"))
    assert undo_operation(written.services, done.operation, "").notes == ()
    assert polled_source(written.services, "afar").entries == 0


def test_undoing_takes_off_only_what_was_put_on(written: Blog) -> None:
    done = carry_out(written.services, AddTags(ALL, ("web", "new")))
    carry_out(written.services, Rename("new", "Newer"))
    carry_out(written.services, AddTags(frozenset({1}), ("snakes",)))
    later = written.write("Five", "newer")
    undone = undo_operation(written.services, done.operation, "")
    assert undone.notes == ("The tag “Newer” stays, for it is in use by now.",)
    assert tagged(written) == {
        "python": {1, 2, 4},
        "web": {1, 4},
        "snakes": {1, 3, 4},
        "fastapi": {4},
        "newer": {later},
    }


def test_what_was_taken_off_comes_back_under_the_name_that_the_tag_has_now(written: Blog) -> None:
    done = carry_out(written.services, RemoveTags(ALL, ("web",)))
    carry_out(written.services, Merge("web", "snakes"))
    delete_entry(written.services, 1)
    undone = undo_operation(written.services, done.operation, "")
    assert undone.notes == ("Not there any more: one entry.",)
    assert tagged(written) == {"python": {2, 4}, "snakes": {3, 4}, "fastapi": {4}}


def test_an_entry_comes_back_at_a_free_address_and_under_living_tags(written: Blog) -> None:
    done = carry_out(written.services, DeleteEntries(frozenset({1, 4})))
    written.write("One", day="2009-05-25")
    carry_out(written.services, Rename("web", "The Web"))
    undone = undo_operation(written.services, done.operation, "")
    assert undone.notes == ("“One” is at “one-2” now, for its address was taken.",)
    assert tagged(written)["the-web"] == {1, 4}
    assert column(written, "slug") == ["one-2", "two", "three", "four", "one"]


def test_an_entry_that_was_written_again_does_not_come_back_twice(blog: Blog) -> None:
    one = draft("One", "python")
    first = save_entry(blog.services, one)
    done = carry_out(blog.services, DeleteEntries(frozenset({first})))
    again = save_entry(blog.services, one)
    assert undo_operation(blog.services, done.operation, "").notes == (
        "Imported or written again since, so not brought back: One.",
    )
    assert column(blog, "id") == [again]


def test_a_deletion_knows_who_did_it_and_an_import_respects_it(blog: Blog) -> None:
    drafts = [replace(draft(f"Entry {number}", "python"), source="there") for number in range(3)]
    run(drafts, ImportLedger(blog.services))
    done = carry_out(blog.services, DeleteEntries(frozenset({2})), "simon")
    with blog.services.sessions.read() as session:
        assert session.execute(select(Revision.entry_id, Revision.by, Revision.reason)).all() == [
            (2, "simon", "deleted")
        ]
    assert run(drafts, ImportLedger(blog.services)).counts == {Outcome.UNCHANGED: 2, Outcome.KEPT: 1}
    undo_operation(blog.services, done.operation, "simon")
    assert run(drafts, ImportLedger(blog.services)).counts == {Outcome.UNCHANGED: 3}


def test_an_operation_is_undone_once_and_for_thirty_days(written: Blog) -> None:
    first = carry_out(written.services, SetStatus(frozenset({1}), Status.HIDDEN)).operation
    second = carry_out(written.services, SetStatus(frozenset({4}), Status.HIDDEN)).operation
    undo_operation(written.services, first, "")
    with pytest.raises(CannotUndo, match="This was undone on 23 November 2026 already: Hide one entry"):
        undo_operation(written.services, first, "")
    written.clock.forward(days=30, seconds=1)
    with pytest.raises(CannotUndo, match="This was on 23 November 2026; only 30 days back can be undone"):
        undo_operation(written.services, second, "")
    with pytest.raises(NotThere):
        undo_operation(written.services, 99, "")
    carry_out(written.services, SetStatus(frozenset({1}), Status.DRAFT))
    with written.services.sessions.read() as session:
        kept: dict[int, object] = dict(iter(session.execute(select(Operation.id, Operation.undo))))
    assert kept[second] == {}, "what is too old to be undone takes no more room"


def statements_of(blog: Blog, do: Callable[[], object]) -> int:
    with counted(blog) as statements:
        do()
    return len(statements)


def test_two_hundred_entries_take_as_many_statements_as_twenty(blog: Blog) -> None:
    run([draft(f"Entry {number}", "python") for number in range(220)], ImportLedger(blog.services))
    few, many = frozenset(range(1, 21)), frozenset(range(21, 221))

    def both(make: Callable[[frozenset[int]], Action]) -> tuple[int, int]:
        return statements_of(blog, lambda: carry_out(blog.services, make(few))), statements_of(
            blog, lambda: carry_out(blog.services, make(many))
        )

    carry_out(blog.services, AddTags(frozenset({1}), ("web",)))
    carry_out(blog.services, SetSource(frozenset({1}), "there"))
    actions: list[Callable[[frozenset[int]], Action]] = [
        lambda ids: AddTags(ids, ("web",)),
        lambda ids: RemoveTags(ids, ("python",)),
        lambda ids: SetKind(ids, Kind.NOTE),
        lambda ids: SetStatus(ids, Status.DRAFT),
        lambda ids: SetSource(ids, "there"),
        DeleteEntries,
    ]
    for make in actions:
        one, other = both(make)
        assert one == other < 22
    with blog.services.sessions.read() as session:
        assert session.scalar(select(func.count(Entry.id))) == 0
        assert session.scalar(select(func.count(Operation.id))) == 2 + 2 * len(actions)
