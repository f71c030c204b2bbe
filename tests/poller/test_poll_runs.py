"""A poll that changed something is recorded, and can be undone for good."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from conftest import DATABASES
from feedserver import Page, Radio, broadcasting, rss
from sqlalchemy import func, select

from blog.changes.entries import save_entry
from blog.changes.import_runs import Wanted
from blog.changes.import_undo import AlreadyUndone, TooOld, undo_run
from blog.changes.importing import import_material
from blog.changes.restoring import restore_revision
from blog.domain.entry import Kind, Status
from blog.importlock import import_lock
from blog.models import Entry, ImportItem, Revision, Tag
from blog.poller.readers import Readers
from blog.queries.import_runs import import_run, import_runs, item_page
from importers.material import Material

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from feedserver import FeedServer


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers(1)) as readers:
        yield readers


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        yield server


@pytest.fixture(params=DATABASES)
def radio(
    request: pytest.FixtureRequest, make_blog: Callable[..., object], server: FeedServer, readers: Readers
) -> Radio:
    found = Radio(make_blog(request.param, fetch_private=True), server, readers)  # type: ignore[arg-type]
    found.add("feed")
    return found


def say(radio: Radio, data: bytes) -> None:
    """Let the source say this, and be polled."""
    radio.server.pages["/feed"] = Page(data)
    radio.blog.clock.forward(days=2)
    radio.poll()


def entries(radio: Radio) -> dict[str, str]:
    with radio.services.sessions.read() as session:
        return dict(session.execute(select(Entry.title, Entry.body).order_by(Entry.id)).all())


def polls(radio: Radio) -> list[tuple[int, str, dict[str, int]]]:
    return [(one.id, one.label, one.counts) for one in import_runs(radio.services, polls=True).runs]


def test_a_poll_that_changed_something_is_a_run_and_any_other_is_none(radio: Radio) -> None:
    say(radio, rss("one", "two"))
    say(radio, rss("one", "two") + b"<!-- the same -->")
    say(radio, rss("one", "two", "three", text="Other words."))
    assert polls(radio) == [(2, "feed", {"created": 1, "updated": 2}), (1, "feed", {"created": 2})]
    assert import_runs(radio.services).runs == [], "and no import"
    assert [one.name for one in item_page(radio.services, 2, "created").items] == ["three"]
    found = import_run(radio.services, 1)
    assert (found.state, found.goes_on, found.is_poll) == ("done", False, True)


def test_what_went_wrong_in_a_poll_is_recorded_if_it_changed_something_too(radio: Radio) -> None:
    bad = rss("bad").replace(b"Mon, 25 May 2009", b"Some day")
    say(radio, bad)
    assert polls(radio) == []
    say(radio, rss("bad", "one").replace(b"Mon, 25 May 2009", b"Some day", 1))
    assert polls(radio) == [(1, "feed", {"created": 1, "failed": 1})]
    assert item_page(radio.services, 1).by_outcome == {"failed": 1, "created": 1}


def test_imports_and_polls_are_listed_apart_and_polls_by_source(radio: Radio) -> None:
    say(radio, rss("one"))
    import_material(radio.services, Material.of_bytes(rss("two"), "a file"), Wanted())
    radio.server.pages["/other"] = Page(rss("three"))
    radio.add("other")
    radio.poll()
    listed = {
        "imports": import_runs(radio.services),
        "polls": import_runs(radio.services, polls=True),
        "of one": import_runs(radio.services, polls=True, source="other"),
    }
    assert {name: [one.label for one in page.runs] for name, page in listed.items()} == {
        "imports": ["a file"],
        "polls": ["other", "feed"],
        "of one": ["other"],
    }


def test_what_an_undone_poll_brought_does_not_come_back(radio: Radio) -> None:
    say(radio, rss("one"))
    say(radio, rss("one", "two"))
    assert undo_run(radio.services, 2, by="ada") == {"gone": 1}
    assert list(entries(radio)) == ["one"]
    say(radio, rss("one", "two", "three", text="Other words."))
    assert list(entries(radio)) == ["one", "three"]
    with pytest.raises(AlreadyUndone):
        undo_run(radio.services, 2)


def test_what_an_undone_poll_brought_can_be_brought_back_by_hand(radio: Radio) -> None:
    say(radio, rss("one"))
    with radio.services.sessions.read() as session:
        entry_id = session.scalars(select(Entry.id)).one()
    undo_run(radio.services, 1)
    assert entries(radio) == {}
    with radio.services.sessions.read() as session:
        revision_id = session.scalars(select(Revision.id).where(Revision.entry_id == entry_id)).one()
    restore_revision(radio.services, entry_id, revision_id)
    say(radio, rss("one", text="Other words."))
    assert entries(radio) == {"one": "Other words."}


def test_an_undone_change_is_not_made_again_until_the_source_says_something_new(radio: Radio) -> None:
    say(radio, rss("one", text="First."))
    say(radio, rss("one", text="Second."))
    assert undo_run(radio.services, 2) == {"back": 1}
    assert entries(radio) == {"one": "First."}
    # Read again, because there is something else in it.
    say(radio, rss("one", "two", text="Second."))
    assert entries(radio) == {"one": "First.", "two": "Second."}
    say(radio, rss("one", "two", "three", text="Second."))
    assert entries(radio)["one"] == "First."
    say(radio, rss("one", text="Third."))
    assert entries(radio)["one"] == "Third."


def test_a_source_that_takes_an_undone_change_back_and_makes_it_again_is_followed(radio: Radio) -> None:
    say(radio, rss("one", text="First."))
    say(radio, rss("one", text="Second."))
    undo_run(radio.services, 2)
    say(radio, rss("one", text="First."))
    assert entries(radio) == {"one": "First."}
    say(radio, rss("one", text="Second."))
    assert entries(radio) == {"one": "Second."}


def test_tags_that_an_undone_poll_brought_stay_away_too(radio: Radio) -> None:
    def tags() -> list[str]:
        with radio.services.sessions.read() as session:
            return list(session.scalars(select(Tag.slug).order_by(Tag.slug)))

    say(radio, rss("one"))
    say(radio, rss("one").replace(b"sets", b"maps"))
    assert tags() == ["maps", "sets"]
    undo_run(radio.services, 2)
    assert tags() == ["sets"]
    say(radio, rss("one", "two").replace(b"sets", b"maps"))
    undo_run(radio.services, 3)
    assert tags() == ["sets"]


def test_what_the_author_changed_since_stays_when_a_poll_is_undone(radio: Radio) -> None:
    say(radio, rss("one", "two"))
    say(radio, rss("one", "two", text="Other words."))
    with radio.services.sessions.read() as session:
        one = session.scalars(select(Entry).where(Entry.title == "one")).one()
    save_entry(radio.services, one.draft(), one.id)
    with radio.services.sessions.write() as session:
        session.get_one(Entry, one.id).body = "Mine."
    undo_run(radio.services, 2)
    assert entries(radio) == {"one": "Mine.", "two": "Words."}
    say(radio, rss("one", "two", "three", text="Other words."))
    assert entries(radio) == {"one": "Mine.", "two": "Words.", "three": "Other words."}


def test_a_source_with_a_kind_and_published_is_undone_as_it_was_taken_in(radio: Radio) -> None:
    radio.server.pages["/notes"] = Page(rss("one"))
    radio.add("notes", kind=Kind.NOTE, tags=("mine",), status=Status.PUBLISHED)
    radio.poll()
    ((number, _, _),) = polls(radio)
    assert undo_run(radio.services, number) == {"gone": 1}


def test_an_import_that_goes_on_keeps_no_poll_from_being_made(radio: Radio) -> None:
    with import_lock(radio.services.settings.data_dir):
        say(radio, rss("one"))
    assert polls(radio) == [(1, "feed", {"created": 1})]


def test_two_pollers_at_once_record_each_source_once(radio: Radio, server: FeedServer) -> None:
    server.pages["/feed"] = Page(rss("item"))
    for number in range(8):
        server.pages[f"/{number}"] = Page(rss(f"item{number}"))
        radio.add(f"Source {number}", f"/{number}", host=f"h{number}.example")
    threads = [threading.Thread(target=radio.poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(label for _, label, _ in polls(radio)) == sorted(
        ["feed", *(f"Source {number}" for number in range(8))]
    )
    for number, _, _ in polls(radio):
        assert undo_run(radio.services, number) == {"gone": 1}
    assert entries(radio) == {}


def test_after_ninety_days_a_poll_cannot_be_undone_and_its_items_are_let_go(radio: Radio) -> None:
    say(radio, rss("one"))
    assert import_run(radio.services, 1).can_be_undone
    radio.blog.clock.forward(days=88)
    radio.poll()
    assert import_run(radio.services, 1).can_be_undone
    radio.blog.clock.forward(days=3)
    radio.poll()
    found = import_run(radio.services, 1)
    assert (found.can_be_undone, found.is_too_old, found.counts) == (False, True, {"created": 1})
    with radio.services.sessions.read() as session:
        assert session.scalar(select(func.count(ImportItem.id))) == 0
    with pytest.raises(TooOld, match="90 days"):
        undo_run(radio.services, 1)
    assert radio.blog.clock.now - found.started > timedelta(days=90)
