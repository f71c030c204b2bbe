"""The pipeline: what becomes of drafts, decided from values and kept by a real ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

import pytest
from conftest import draft
from sqlalchemy import select

from blog.changes.entries import delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.changes.tagging import rename_tag
from blog.domain.entry import AliasDraft, Draft, Kind, LeftOut, Rejected, SourceDraft, TagDraft
from blog.models import Change, Entry, Redirect, Source
from importers.pipeline import FIELDS, Known, Outcome, decide, digests, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conftest import Blog

    from blog.changes.imports import Preparation
    from blog.domain.entry import Item
    from importers.pipeline import Applied, Report


def imported(blog: Blog, items: Iterable[Item], **options: object) -> dict[str, int]:
    return counts(run(items, ImportLedger(blog.services), **options))  # type: ignore[arg-type]


def counts(report: Report) -> dict[str, int]:
    return {one.value: count for one, count in report.counts.items() if count}


def entries(blog: Blog) -> list[Entry]:
    with blog.services.sessions.read() as session:
        return list(session.scalars(select(Entry).order_by(Entry.id)))


BASE = draft("Title", "python", body="Body.")
MERGES: list[tuple[str, dict[str, str], dict[str, str], str, set[str], set[str]]] = [
    # truth, what upstream changed, what the author changed, outcome, fields written, fields kept
    ("nothing changed", {}, {}, "unchanged", set(), set()),
    ("only upstream changed", {"title": "New"}, {}, "updated", {"title"}, set()),
    ("only the author changed", {}, {"title": "Mine"}, "unchanged", set(), set()),
    ("both changed other fields", {"body": "New."}, {"title": "Mine"}, "updated", {"body"}, set()),
    ("both changed the same field", {"title": "New"}, {"title": "Mine"}, "kept", set(), {"title"}),
    ("both made the same change", {"title": "Same"}, {"title": "Same"}, "unchanged", set(), set()),
    (
        "one field of two is contested",
        {"title": "New", "body": "New."},
        {"title": "Mine"},
        "updated",
        {"body"},
        {"title"},
    ),
]


@pytest.mark.parametrize(("_truth", "upstream", "author", "outcome", "written", "kept"), MERGES)
def test_three_versions_are_merged_field_by_field(
    _truth: str,
    upstream: dict[str, str],
    author: dict[str, str],
    outcome: str,
    written: set[str],
    kept: set[str],
) -> None:
    new, current = replace(BASE, **upstream), replace(BASE, **author)  # type: ignore[arg-type]
    found = decide(new, digests(new), Known(7, digests(BASE)), digests(current), {})
    assert (found.outcome.value, set(found.fields), set(found.kept)) == (outcome, written, kept)
    assert found.entry_id == 7


def test_a_draft_never_seen_is_created_with_everything() -> None:
    found = decide(BASE, digests(BASE), None, {}, {})
    assert (found.outcome, found.fields, found.entry_id) == (Outcome.CREATED, frozenset(FIELDS), None)


def test_an_import_run_twice_changes_nothing_the_second_time(blog: Blog) -> None:
    items = [draft(f"Entry {number}", "python C++", body=f"Text {number}") for number in range(7)]
    assert imported(blog, items) == {"created": 7}
    log = blog.services.facets.current().position
    assert imported(blog, items) == {"unchanged": 7}
    assert blog.services.facets.current().position == log


def test_what_upstream_changes_is_written_and_what_the_author_changed_stays(blog: Blog) -> None:
    first = draft("Upstream title", "python", body="Old body.")
    imported(blog, [first])
    (entry,) = entries(blog)
    save_entry(blog.services, replace(first, title="My title"), entry.id)
    blog.clock.forward(days=1)
    assert imported(blog, [replace(first, title="Their new title", body="New body.")]) == {"updated": 1}
    (entry,) = entries(blog)
    assert (entry.title, entry.body, entry.html) == ("My title", "New body.", "<p>New body.</p>")
    assert imported(blog, [replace(first, title="Their new title", body="New body.")]) == {"unchanged": 1}


def test_what_was_kept_is_told_and_not_told_again(blog: Blog) -> None:
    first = draft("Upstream title")
    imported(blog, [first])
    save_entry(blog.services, replace(first, title="My title"), entries(blog)[0].id)
    report = run([replace(first, title="Another")], ImportLedger(blog.services))
    assert report.notes == [(first.external_id, "kept your title; the source changed it too")]
    assert imported(blog, [replace(first, title="Another")]) == {"unchanged": 1}


def test_a_tag_renamed_here_is_not_a_change_there(blog: Blog) -> None:
    first = draft("Title", "js")
    imported(blog, [first])
    rename_tag(blog.services, "js", "JavaScript")
    assert imported(blog, [first]) == {"unchanged": 1}
    assert set(blog.services.facets.current().tag("javascript")) == {entries(blog)[0].id}
    assert imported(blog, [replace(first, tags=("js", "web"))]) == {"updated": 1}
    assert set(blog.services.facets.current().names.tags) == {"javascript", "web"}


def test_the_same_id_twice_in_one_file_is_one_entry_as_it_was_last(blog: Blog) -> None:
    first = draft("First")
    assert imported(blog, [first, replace(first, title="Second")]) == {"created": 1, "updated": 1}
    assert [entry.title for entry in entries(blog)] == ["Second"]


def test_the_same_id_of_two_sources_is_two_entries(blog: Blog) -> None:
    first = draft("One", source="til", kind="note")
    assert imported(blog, [first, replace(first, source="releases"), replace(first, source="")]) == {
        "created": 3
    }
    assert imported(blog, [first, replace(first, source="releases"), replace(first, source="")]) == {
        "unchanged": 3
    }


def test_what_is_left_out_is_noted_and_no_failure(blog: Blog) -> None:
    report = run([LeftOut(external_id="boost 3", reason="It is a boost.")], ImportLedger(blog.services))
    assert (report.counts, report.failures, report.notes) == ({}, [], [("boost 3", "It is a boost.")])


def test_one_bad_item_is_told_and_the_others_go_in(blog: Blog) -> None:
    good, bad = draft("Good"), draft("Bad", url="javascript:alert(1)")
    unreadable = Rejected(external_id="row 3", reason="no date")
    report = run([good, bad, unreadable], ImportLedger(blog.services))
    assert counts(report) == {"created": 1, "failed": 2}
    assert [name for name, _ in report.failures] == ["row 3", bad.external_id]
    assert "javascript:alert(1)" in report.failures[1][1]
    assert [entry.title for entry in entries(blog)] == ["Good"]


def test_a_bad_update_of_a_good_entry_leaves_the_entry_as_it_was(blog: Blog) -> None:
    first = draft("Good")
    imported(blog, [first])
    assert imported(blog, [replace(first, title="Worse", url="ftp://nowhere")]) == {"failed": 1}
    assert [(entry.title, entry.url) for entry in entries(blog)] == [("Good", first.url)]


def test_a_tag_that_cannot_be_one_is_told_and_left_out(blog: Blog) -> None:
    report = run([replace(draft("T"), tags=("python", "!!!"))], ImportLedger(blog.services))
    assert counts(report) == {"created": 1}
    assert "no letter or digit" in report.notes[0][1]
    assert set(blog.services.facets.current().names.tags) == {"python"}


def test_a_dry_run_counts_the_same_and_writes_nothing(blog: Blog) -> None:
    items: list[Item] = [
        SourceDraft(slug="til", name="TIL"),
        draft("One", "python", source="til"),
        draft("Two"),
    ]
    assert imported(blog, items, dry_run=True) == {"created": 2}
    assert entries(blog) == []
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Change)).all() == []
        assert session.scalars(select(Source)).all() == []
    assert imported(blog, items) == {"created": 2}
    assert imported(blog, items, dry_run=True) == {"unchanged": 2}


def test_the_source_and_kind_given_go_for_drafts_that_name_none(blog: Blog) -> None:
    items = [draft("One"), draft("Two", source="own")]
    imported(blog, items, source="My Bookmarks", kind=Kind.NOTE)
    snapshot = blog.services.facets.current()
    assert {one.slug: one.name for one in snapshot.names.sources.values()} == {
        "my-bookmarks": "My Bookmarks",
        "own": "Own",
    }
    assert list(snapshot.kinds) == [Kind.NOTE]


def test_an_import_cut_off_in_the_middle_goes_on_when_run_again(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.pipeline.BATCH", 5)
    items = [draft(f"Entry {number}") for number in range(12)]

    def cut_off(upto: int) -> Iterable[Draft]:
        yield from items[:upto]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cut_off(8), ImportLedger(blog.services))
    assert len(entries(blog)) == 5, "whole batches are in, and nothing of the one that was cut off"
    assert imported(blog, items) == {"created": 7, "unchanged": 5}


def test_progress_is_told_after_each_batch(
    make_blog: Callable[..., Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.pipeline.BATCH", 4)
    told: list[int] = []
    run([draft() for _ in range(10)], ImportLedger(make_blog("sqlite").services), on_progress=told.append)
    assert told == [4, 4, 2]


def test_a_date_corrected_upstream_moves_the_entry_and_leaves_a_redirect(blog: Blog) -> None:
    first = draft("Title", slug="slug")
    imported(blog, [first])
    moved = replace(first, published=datetime(2009, 6, 1, tzinfo=UTC))
    assert imported(blog, [moved]) == {"updated": 1}
    with blog.services.sessions.read() as session:
        redirects = [(row.path, row.target) for row in session.scalars(select(Redirect))]
    assert redirects == [("/2009/May/25/slug/", "/2009/Jun/1/slug/")]


def while_deciding(blog: Blog, what: Callable[[], object], items: list[Draft]) -> dict[str, int]:
    """Import, and let somebody else write between the decisions and their writing."""

    class Interrupted(ImportLedger):
        done = False

        def apply(self, prepared: Preparation) -> Applied:
            if not self.done:
                self.done = True
                what()
            return super().apply(prepared)

    return counts(run(items, Interrupted(blog.services)))


def test_what_the_author_saves_while_an_import_runs_is_not_overwritten(blog: Blog) -> None:
    first = draft("Upstream title")
    imported(blog, [first])
    (entry,) = entries(blog)
    mine = replace(first, title="My title")
    news = [replace(first, title="Their title", body="Their body.")]
    assert while_deciding(blog, lambda: save_entry(blog.services, mine, entry.id), news) == {"updated": 1}
    assert [(one.title, one.body) for one in entries(blog)] == [("My title", "Their body.")]


def test_an_entry_deleted_while_an_import_runs_stays_deleted(blog: Blog) -> None:
    first = draft("Title")
    imported(blog, [first])
    news = [replace(first, title="News"), draft("Another")]
    gone = entries(blog)[0].id
    assert while_deciding(blog, lambda: delete_entry(blog.services, gone), news) == {"kept": 1, "created": 1}
    assert [entry.title for entry in entries(blog)] == ["Another"]


def test_two_imports_of_the_same_at_once_make_each_entry_once(blog: Blog) -> None:
    items = [draft("One"), draft("Two")]
    assert while_deciding(blog, lambda: imported(blog, items), items) == {"unchanged": 2}
    assert len(entries(blog)) == 2


def test_a_tag_renamed_while_an_import_runs_stays_renamed(blog: Blog) -> None:
    blog.write("Before", "python")
    items = [draft("During", "python")]
    assert while_deciding(blog, lambda: rename_tag(blog.services, "python", "snakes"), items) == {"created": 1}
    snapshot = blog.services.facets.current()
    assert (set(snapshot.names.tags), dict(snapshot.names.aliases)) == ({"snakes"}, {"python": "snakes"})
    assert len(snapshot.tag("snakes")) == 2


def test_an_item_that_moved_is_the_same_entry_whatever_became_of_it(blog: Blog) -> None:
    there, gone, new = draft("There"), draft("Gone"), draft("New")
    imported(blog, [there, gone])
    delete_entry(blog.services, entries(blog)[1].id)
    moved = [
        replace(one, external_id=f"moved:{one.external_id}", former_id=one.external_id)
        for one in (replace(there, title="There now"), gone, new)
    ]
    assert imported(blog, moved) == {"updated": 1, "kept": 1, "created": 1}
    assert imported(blog, moved) == {"unchanged": 2, "kept": 1}
    assert [(one.title, one.external_id) for one in entries(blog)] == [
        ("There now", there.external_id),
        ("New", f"moved:{new.external_id}"),
    ]


def test_what_the_author_deleted_does_not_come_back(blog: Blog) -> None:
    first, other = draft("Title", source="til"), draft("Other")
    imported(blog, [first, other])
    delete_entry(blog.services, entries(blog)[0].id)
    report = run([first, other], ImportLedger(blog.services))
    assert counts(report) == {"kept": 1, "unchanged": 1}
    assert report.notes == [(first.external_id, "you deleted it here, so it stays deleted")]
    assert imported(blog, [replace(first, source="")]) == {"created": 1}, (
        "another source's item is another item"
    )


UNTIDY = [
    {"context": "two\nlines"},
    {"url": "https://example.com/a b"},
    {"via_url": "nowhere"},
    {"title": "double  space "},
    {"body": "line\r\nline\x08"},
    {"slug": "with spaces!"},
    {"series": "My Series"},
]


@pytest.mark.parametrize("values", UNTIDY)
def test_what_was_tidied_when_it_was_stored_is_not_taken_for_the_authors_edit(
    blog: Blog, values: dict[str, str]
) -> None:
    first = replace(draft("T", body="B"), **values)  # type: ignore[arg-type]  # names of fields
    imported(blog, [first])
    assert imported(blog, [first]) == {"unchanged": 1}
    name, value = next(iter(values.items()))
    if name == "via_url":
        value = "https://example.com/"
    assert imported(blog, [replace(first, **{name: f"{value}more"})]) == {"updated": 1}  # type: ignore[arg-type]


def test_a_change_that_both_made_is_the_base_of_the_next(blog: Blog) -> None:
    first = draft("A")
    imported(blog, [first])
    save_entry(blog.services, replace(first, title="B"), entries(blog)[0].id)
    assert imported(blog, [replace(first, title="B")]) == {"unchanged": 1}
    assert imported(blog, [replace(first, title="C")]) == {"updated": 1}


IMPOSSIBLE = [
    {"published": datetime(1969, 7, 20, tzinfo=UTC)},
    {"published": datetime(1, 1, 1, tzinfo=UTC)},
    {"published": datetime(9999, 12, 31, 23, tzinfo=UTC)},
    {"source": "🎉"},
    {"series": "🎉"},
    {"external_id": "x" * 5_000},
    {"tags": tuple(f"tag{number}" for number in range(300))},
    {"series_order": 2**40},
]


@pytest.mark.parametrize("values", IMPOSSIBLE, ids=lambda one: next(iter(one)))
def test_an_item_that_cannot_be_an_entry_is_told_and_harms_no_other(
    blog: Blog, values: dict[str, object]
) -> None:
    bad = replace(draft("Bad"), **values)  # type: ignore[arg-type]  # names of fields
    assert imported(blog, [draft("Good"), bad, draft("Good, too")]) == {"created": 2, "failed": 1}
    assert blog.client().get("/").status_code == 200


def test_lone_surrogates_and_nul_bytes_are_left_out(blog: Blog) -> None:
    assert imported(blog, [draft("a\ud800b", body="c\x00\udfffd", context="e\ud9ff")]) == {"created": 1}
    assert [(entry.title, entry.body, entry.context) for entry in entries(blog)] == [("ab", "cd", "e")]


def test_tags_that_cannot_be_ones_do_not_stop_an_import(blog: Blog) -> None:
    report = run(
        [TagDraft(name="🎉"), AliasDraft(old="🎉", tag="x"), draft("One")], ImportLedger(blog.services)
    )
    assert counts(report) == {"created": 1, "failed": 2}


def test_names_are_written_together_and_not_a_transaction_each(blog: Blog) -> None:
    class Counting(ImportLedger):
        sizes: ClassVar[list[int]] = []

        def apply(self, prepared: Preparation) -> Applied:
            self.sizes.append(len(prepared.decisions))
            return super().apply(prepared)

    ledger = Counting(blog.services)
    ledger.sizes.clear()
    run([*(TagDraft(name=f"tag {number}") for number in range(50)), draft("One"), draft("Two")], ledger)
    assert ledger.sizes == [2]
    assert len(blog.services.facets.current().names.tags) == 50
