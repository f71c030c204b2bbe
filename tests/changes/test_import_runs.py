"""Imports are recorded: what became of each item, by whom, and that one was broken off."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from sqlalchemy import select

from blog.changes.entries import delete_entry, save_entry
from blog.changes.import_runs import Wanted, recorded
from blog.changes.importing import import_material, preview_import, try_import
from blog.changes.imports import ImportLedger
from blog.changes.restoring import restore_revision
from blog.changes.sources import delete_source, merge_sources
from blog.config import DEMO
from blog.domain.entry import Draft, Kind, LeftOut, Rejected, SourceDraft, Status, TagDraft
from blog.domain.errors import BadImport
from blog.importlock import ImportUnderWay
from blog.models import Change, Entry, ImportItem, ImportRun, Revision, Source
from blog.queries.import_runs import import_run, import_runs, item_page
from importers.material import Material
from importers.pipeline import run
from importers.registry import Importer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conftest import Blog

    from blog.domain.entry import Item
    from importers.pipeline import Report, Told


def importing(items: Iterable[Item], expected: int | None = None) -> Importer:
    """An importer that reads these items, whatever it is given."""
    return Importer("test", "a test", lambda _: True, lambda _: iter(items), lambda _: expected)


def imported(
    blog: Blog, items: Iterable[Item], wanted: Wanted | None = None, *, by: str = "", label: str = "a file"
) -> Report:
    material = Material.of_bytes(b"", label)
    importer = importing(items)
    return import_material(blog.services, material, wanted or Wanted(), importer=importer, by=by)


def told(blog: Blog, run_id: int = 1) -> list[tuple[str, str, str]]:
    """What is kept of the items of a run, in the order in which they were recorded."""
    with blog.services.sessions.read() as session:
        rows = session.scalars(select(ImportItem).where(ImportItem.run_id == run_id).order_by(ImportItem.id))
        return [(one.outcome, one.external_id, one.reason) for one in rows]


def entry_named(blog: Blog, title: str) -> Entry:
    with blog.services.sessions.read() as session:
        return session.scalars(select(Entry).where(Entry.title == title)).one()


def test_what_becomes_of_each_item_is_recorded_with_its_reason(blog: Blog) -> None:
    first, mine, gone, same = draft("First"), draft("Mine"), draft("Gone"), draft("Same")
    imported(blog, [first, mine, gone, same], label="one")
    save_entry(blog.services, replace(mine, title="My own"), entry_named(blog, "Mine").id)
    delete_entry(blog.services, entry_named(blog, "Gone").id)
    items: list[Item] = [
        replace(first, body="News."),
        replace(mine, title="Theirs"),
        gone,
        same,
        replace(draft("Tagged"), tags=("!!!",), external_id="tagged"),
        replace(draft("Bad"), url="nowhere", external_id="bad"),
        Rejected(external_id="row 3", reason="no date"),
        LeftOut(external_id="a comment", reason="comments are not imported"),
    ]
    imported(blog, items, label="two", by="ada")
    assert set(told(blog, 2)) == {
        ("created", "tagged", ""),
        ("failed", "bad", "“nowhere” is not an http or https address, and a link needs one."),
        ("failed", "row 3", "no date"),
        ("kept", gone.external_id, "you deleted it here, so it stays deleted"),
        ("kept", mine.external_id, "kept your title; the source changed it too"),
        ("noted", "tagged", "“!!!” has no letter or digit, so no tag can be named that."),
        ("noted", "a comment", "comments are not imported"),
        ("updated", first.external_id, ""),
    }
    second = import_run(blog.services, 2)
    assert (second.label, second.by, second.state, second.done) == ("two", "ada", "done", 6)
    counts = {"created": 1, "updated": 1, "unchanged": 1, "kept": 2, "failed": 2, "noted": 2}
    assert second.counts == counts


def test_an_item_names_its_entry_its_change_and_what_was_there_before(blog: Blog) -> None:
    first = draft("First")
    imported(blog, [first], label="one")
    imported(blog, [replace(first, title="Second")], label="two")
    with blog.services.sessions.read() as session:
        items = session.scalars(select(ImportItem).order_by(ImportItem.id)).all()
        changes = {one.id: one.what for one in session.scalars(select(Change))}
        (revision,) = session.scalars(select(Revision)).all()
        entry = session.scalars(select(Entry)).one()
    assert [(one.outcome, one.entry_id, changes[one.change_id or 0]) for one in items] == [
        ("created", entry.id, "created"),
        ("updated", entry.id, "updated"),
    ]
    assert [one.revision_id for one in items] == [None, revision.id]
    assert revision.fields["title"] == "First"


def test_what_an_import_makes_besides_entries_is_recorded_too(blog: Blog) -> None:
    imported(blog, [TagDraft(name="Python"), draft("One", "python sql", source="til", series="a-series")])
    assert [(outcome, name) for outcome, name, _ in told(blog)] == [
        ("tag", "python"),
        ("created", draft_id(blog)),
        ("series", "a-series"),
        ("source", "til"),
        ("tag", "sql"),
    ]
    page = item_page(blog.services, 1)
    assert (page.by_outcome, page.total) == ({"created": 1}, 1), "what is shown are the entries"


def draft_id(blog: Blog) -> str:
    with blog.services.sessions.read() as session:
        return session.scalars(select(Entry.external_id)).one()


def test_an_import_that_changes_nothing_leaves_its_counts_and_no_items(blog: Blog) -> None:
    items = [draft(), draft()]
    imported(blog, items, label="one")
    imported(blog, items, label="two")
    assert told(blog, 2) == []
    assert import_run(blog.services, 2).counts == {"unchanged": 2}


def test_a_dry_run_is_no_run(blog: Blog) -> None:
    one = draft("One")
    items: list[Item] = [one, Rejected(external_id="x", reason="y")]
    seen: list[Told] = []
    report = try_import(
        blog.services, Material.of_bytes(b"", "a"), Wanted(), importer=importing(items), on_told=seen.append
    )
    assert [(one.external_id, one.outcome, one.reason) for one in seen] == [
        ("x", "failed", "y"),
        (one.external_id, "created", ""),
    ]
    assert report.counts.total() == 2
    assert import_runs(blog.services).runs == []


@pytest.mark.parametrize("status", [Status.DRAFT, Status.INBOX])
def test_new_entries_begin_as_the_author_wants_and_old_ones_keep_what_they_are(
    blog: Blog, status: Status
) -> None:
    old, new = draft("Old"), draft("New")
    private = replace(draft("Private"), status=Status.HIDDEN)
    imported(blog, [old])
    imported(blog, [old, new, private], Wanted(status=status))
    assert {title: entry_named(blog, title).status for title in ("Old", "New", "Private")} == {
        "Old": "published",
        "New": status.value,
        "Private": "hidden",
    }
    imported(blog, [old, new, private])
    assert entry_named(blog, "New").status == status, "what the author said holds against the source"


def broken_off(items: list[Draft], upto: int) -> Iterator[Draft]:
    yield from items[:upto]
    raise BadImport("The file ends in the middle.")


def test_an_import_that_fails_says_why_and_goes_on_under_its_number(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.pipeline.BATCH", 5)
    items = [draft() for _ in range(12)]
    with pytest.raises(BadImport):
        imported(blog, broken_off(items, 8))
    first = import_run(blog.services, 1)
    assert (first.state, first.error) == ("failed", "The file ends in the middle.")
    assert (first.state_in_words, first.counts) == ("not finished", {"created": 5})
    imported(blog, items)
    (again,) = import_runs(blog.services).runs
    assert (again.id, again.state, again.error, again.counts) == (1, "done", "", {"created": 12})
    assert len(told(blog)) == 12


def test_another_source_or_another_file_is_another_run(blog: Blog) -> None:
    for wanted, label in ((Wanted(), "a"), (Wanted(source="S"), "a"), (Wanted(), "b")):
        with pytest.raises(BadImport):
            imported(blog, broken_off([], 0), wanted, label=label)
    assert [one.id for one in import_runs(blog.services).runs] == [3, 2, 1]


def test_a_killed_import_is_seen_as_broken_off_and_goes_on_under_its_number(
    make_blog: Callable[..., Blog],
) -> None:
    blog = make_blog("sqlite")
    settings = blog.services.settings
    code = f"""
        import os, signal
        from pathlib import Path
        from blog.changes.import_runs import Wanted
        from blog.changes.importing import import_material
        from blog.config import DEMO, Settings
        from blog.services import open_services
        from importers import pipeline
        from importers.material import Material

        pipeline.BATCH = 20
        told = []

        def kill(count):
            told.append(count)
            if len(told) == 3:
                os.kill(os.getpid(), signal.SIGKILL)

        services = open_services(Settings(data_dir=Path({str(settings.data_dir)!r}),
                                          database_url={settings.database_url!r}))
        import_material(services, Material.of_path(DEMO), Wanted(), on_progress=kill)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert killed.returncode == -9
    run_before = import_run(blog.services, 1)
    assert (run_before.state, run_before.goes_on, run_before.state_in_words) == ("running", False, "broken off")
    assert run_before.can_be_undone
    import_material(blog.services, Material.of_path(DEMO), Wanted())
    (run_after,) = import_runs(blog.services).runs
    with blog.services.sessions.read() as session:
        total = len(session.scalars(select(Entry.id)).all())
    assert (run_after.state, run_after.counts) == ("done", {"created": total})


def test_while_an_import_goes_on_another_one_is_refused(blog: Blog) -> None:
    with recorded(blog.services, label="a", importer="test", wanted=Wanted()) as recorder:
        assert import_run(blog.services, recorder.run_id).state_in_words == "running"
        with pytest.raises(ImportUnderWay):
            imported(blog, [draft()])
    imported(blog, [draft()])
    assert [one.state for one in import_runs(blog.services).runs] == ["done", "done"]


def test_of_an_import_on_another_machine_the_time_that_it_notes_tells(blog: Blog) -> None:
    with recorded(blog.services, label="a", importer="test", wanted=Wanted()):
        pass
    options = {"owner": "another.example", "seen": blog.clock().isoformat()}
    with blog.services.sessions.write() as session:
        session.get_one(ImportRun, 1).state = "running"
        session.get_one(ImportRun, 1).options = options
    assert import_run(blog.services, 1).goes_on
    with pytest.raises(ImportUnderWay, match="on another machine"):
        imported(blog, [draft()])
    blog.clock.forward(minutes=6)
    assert not import_run(blog.services, 1).goes_on
    imported(blog, [draft()])


def test_how_far_it_is_and_what_it_was_begun_with_is_kept(blog: Blog) -> None:
    with recorded(blog.services, label="a", importer="test", wanted=Wanted(source="S", kind=Kind.NOTE)) as one:
        report = run(
            [SourceDraft(slug="til", name="TIL"), *(draft() for _ in range(501))],
            ImportLedger(blog.services, recorder=one),
            on_progress=one.advance,
            on_told=one.tell,
        )
    assert report.counts.total() == 501
    assert import_run(blog.services, 1).done == 501
    assert Wanted.of(import_run(blog.services, 1).options) == Wanted(source="S", kind=Kind.NOTE)


def test_a_preview_ends_in_time_however_much_there_is(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    (blog.services.settings.data_dir / "a.md").write_text("---\ntitle: One\ndate: 2020-01-01\n---\nWords.\n")
    material = Material.of_path(blog.services.settings.data_dir / "a.md")
    whole = preview_import(blog.services, material, Wanted(status=Status.INBOX))
    assert (whole.title, whole.expected, whole.counts) == (
        "Markdown files with front matter",
        1,
        {"created": 1},
    )
    assert (whole.is_whole, whole.error) == (True, "")
    assert [one.draft.status for one in whole.shown["created"] if one.draft] == [Status.INBOX]
    assert not preview_import(blog.services, material, Wanted(), seconds=-1).is_whole
    assert import_runs(blog.services).runs == []


def test_what_was_put_together_with_another_source_is_known_when_it_is_imported_again(blog: Blog) -> None:
    first = replace(draft("One", kind="note"), source="til")
    imported(blog, [first, replace(draft("Two"), source="releases")])
    with blog.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
    merge_sources(blog.services, ids["til"], ids["releases"])
    assert imported(blog, [first, draft("Three")]).counts == {"unchanged": 1, "created": 1}
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Source.slug)).all() == ["releases"]


def test_what_was_deleted_stays_so_when_its_source_is_put_together_with_another(blog: Blog) -> None:
    gone, kept = (replace(draft(name), source="til") for name in ("Gone", "Kept"))
    imported(blog, [gone, kept, replace(draft("Two"), source="releases")])
    deleted = entry_named(blog, "Gone").id
    delete_entry(blog.services, deleted)
    with blog.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
        (revision,) = session.scalars(select(Revision.id))
    merge_sources(blog.services, ids["til"], ids["releases"])
    again = [replace(one, source="releases") for one in (gone, kept)]
    assert imported(blog, again).counts == {"kept": 1, "unchanged": 1}
    restore_revision(blog.services, deleted, revision)
    assert entry_named(blog, "Gone").source_id == ids["releases"]


def test_what_was_deleted_of_a_source_that_is_gone_is_not_taken_for_the_blogs_own(blog: Blog) -> None:
    gone = replace(draft("Gone"), source="til")
    imported(blog, [gone])
    source_id = entry_named(blog, "Gone").source_id
    delete_entry(blog.services, entry_named(blog, "Gone").id)
    assert source_id is not None
    delete_source(blog.services, source_id)
    assert imported(blog, [replace(gone, source="")]).counts == {"created": 1}
