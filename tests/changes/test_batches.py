"""A batch costs as many statements as one entry, and does what its entries would one after another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from conftest import counted, draft
from sqlalchemy import select

from blog.changes.entries import delete_entry, save_entry
from blog.changes.imports import ImportLedger
from blog.domain.entry import AliasDraft, RedirectDraft, SeriesDraft, SourceDraft, TagDraft
from blog.models import Entry, Redirect, Revision, Series, Source, Tag
from importers.pipeline import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest
    from conftest import Blog

    from blog.domain.entry import Draft, Item


def entries(count: int, prefix: str) -> list[Draft]:
    return [
        draft(f"{prefix} {number}", f"{prefix} tag-{prefix}-{number}", source=prefix, series=prefix)
        for number in range(count)
    ]


def changed(first: list[Draft]) -> list[Draft]:
    """Other words, other tags, another day and another slug for each."""
    return [
        replace(
            one,
            title=f"{one.title} anew",
            tags=(*one.tags, f"new-{number}-{one.source}"),
            published=one.published + timedelta(days=number + 1),
            slug=f"moved-{number}",
        )
        for number, one in enumerate(first)
    ]


def statements_of(blog: Blog, items: list[Draft]) -> int:
    with counted(blog) as statements:
        run(items, ImportLedger(blog.services))
    return len(statements)


def test_creating_and_changing_fifty_entries_takes_as_many_statements_as_ten(blog: Blog) -> None:
    few, many = entries(10, "few"), entries(50, "many")
    # From the first source on, it is looked whether one is part of another by now.
    statements_of(blog, entries(1, "first"))
    assert statements_of(blog, few) == statements_of(blog, many)
    assert statements_of(blog, few) == statements_of(blog, many) < 16, "nothing has changed"
    assert statements_of(blog, changed(few)) == statements_of(blog, changed(many))


def names(count: int, prefix: str) -> list[Item]:
    numbers = range(count)
    return [
        *(TagDraft(name=f"{prefix} {number}", description="Words.") for number in numbers),
        *(AliasDraft(old=f"old {prefix} {number}", tag=f"{prefix} {number}") for number in numbers),
        *(SeriesDraft(slug=f"{prefix}-{number}", title="Title") for number in numbers),
        *(SourceDraft(slug=f"{prefix}-{number}", name="Name") for number in numbers),
        *(RedirectDraft(path=f"/{prefix}/{number}/", target="/") for number in numbers),
    ]


def test_writing_fifty_names_of_each_kind_takes_as_many_statements_as_ten(blog: Blog) -> None:
    ledger = ImportLedger(blog.services)
    # What it looks up once, it has looked up by then.
    assert ledger.apply_names(names(1, "first")) == []
    found = []
    for items in (names(10, "few"), names(50, "many"), names(10, "few"), names(50, "many")):
        with counted(blog) as statements:
            assert ledger.apply_names(items) == []
        found.append(len(statements))
    assert found[0] == found[1]
    assert found[2] == found[3] < found[0]
    snapshot = blog.services.facets.current()
    assert snapshot.names.aliases["old-many-49"] == "many-49"
    assert len(snapshot.names.tags) == len(snapshot.names.aliases) == 61


def test_the_last_of_several_words_on_the_same_name_counts(blog: Blog) -> None:
    same: list[Item] = [
        TagDraft(name="One"),
        TagDraft(name="one", description="Late words."),
        TagDraft(name="one", description="Later words."),
        SeriesDraft(slug="s", title="Old"),
        SeriesDraft(slug="s", title="New"),
        SourceDraft(slug="o", name="Old", url="https://o.example/"),
        SourceDraft(slug="o", name="New"),
        RedirectDraft(path="/x/", target="/old/"),
        RedirectDraft(path="/x/", target="/new/"),
        AliasDraft(old="first", tag="one"),
        AliasDraft(old="second", tag="first"),
    ]
    ledger = ImportLedger(blog.services)
    for _ in range(2):
        assert ledger.apply_names(same) == []
        with blog.services.sessions.read() as session:
            tags = session.execute(select(Tag.name, Tag.description, Tag.description_html)).all()
            series = session.execute(select(Series.slug, Series.title)).all()
            sources = session.execute(select(Source.name, Source.url)).all()
        assert [*tags, *series, *sources] == [
            ("One", "Late words.", "<p>Late words.</p>"),
            ("s", "New"),
            ("New", "https://o.example/"),
        ]
        assert blog.services.facets.current().names.aliases == {"first": "one", "second": "one"}
        assert redirects(blog) == [("/x/", "/new/")]


def redirects(blog: Blog) -> list[tuple[str, str]]:
    with blog.services.sessions.read() as session:
        return sorted((row.path, row.target) for row in session.scalars(select(Redirect)))


def slugs(blog: Blog) -> list[str]:
    with blog.services.sessions.read() as session:
        return list(session.scalars(select(Entry.slug).order_by(Entry.id)))


def test_hundreds_of_equal_slugs_on_one_day_are_numbered_without_looking_at_each_number_again(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.pipeline.BATCH", 100)
    same = [draft("The same") for _ in range(400)]
    few = statements_of(blog, same[:200])
    assert statements_of(blog, same[200:]) <= few + 10, "some more to find where the numbers go on"
    assert slugs(blog) == ["the-same", *(f"the-same-{number}" for number in range(2, 401))]


def test_a_slug_that_is_wanted_with_its_number_is_given_out_once(blog: Blog) -> None:
    wanted = ["x", "x-2", "x", "x-2", "x-2-2", "x"]
    run([replace(draft("T"), slug=slug) for slug in wanted], ImportLedger(blog.services))
    assert slugs(blog) == ["x", "x-2", "x-3", "x-2-2", "x-2-2-2", "x-4"]


def test_a_number_that_has_become_free_is_given_to_the_next_that_the_author_saves(blog: Blog) -> None:
    ids = [blog.write("Same") for _ in range(5)]
    delete_entry(blog.services, ids[2])
    blog.write("Same")
    assert slugs(blog) == ["same", "same-2", "same-4", "same-5", "same-3"]


def test_entries_that_change_places_in_one_batch_keep_every_old_address(blog: Blog) -> None:
    first = [draft(name, slug=name) for name in ("a", "b", "c")]
    run(first, ImportLedger(blog.services))
    # a moves away, b takes its place, and c the place of b.
    moved = [replace(one, slug=slug) for one, slug in zip(first, ("z", "a", "b"), strict=True)]
    report = run(moved, ImportLedger(blog.services))
    assert report.counts == {Outcome.UPDATED: 3}
    assert slugs(blog) == ["z", "a", "b"]
    # What lives at an address leads nowhere else, and c's is the one that nobody lives at.
    assert redirects(blog) == [("/2009/May/25/c/", "/2009/May/25/b/")]


def test_old_addresses_of_an_entry_that_moves_on_lead_to_where_it_is(blog: Blog) -> None:
    first = draft("a", slug="a")
    run([first], ImportLedger(blog.services))
    for slug in ("b", "c"):
        run([replace(first, slug=slug), draft("Another")], ImportLedger(blog.services))
    assert redirects(blog) == [(f"/2009/May/25/{old}/", "/2009/May/25/c/") for old in ("a", "b")]


def test_an_entry_whose_slug_is_wanted_by_an_older_one_does_not_lead_to_itself(blog: Blog) -> None:
    first = [draft("T", slug="x"), draft("T", slug="y")]
    run(first, ImportLedger(blog.services))
    run([first[0], replace(first[1], slug="x")], ImportLedger(blog.services))
    assert (slugs(blog), redirects(blog)) == (["x", "x-2"], [("/2009/May/25/y/", "/2009/May/25/x-2/")])
    run([replace(first[1], slug="X")], ImportLedger(blog.services))
    run([replace(first[1], slug="x")], ImportLedger(blog.services))
    assert slugs(blog) == ["x", "x-2"]
    assert ("/2009/May/25/x-2/", "/2009/May/25/x-2/") not in redirects(blog)


def test_every_change_of_a_batch_keeps_how_its_entry_was(blog: Blog) -> None:
    first = entries(3, "til")
    run(first, ImportLedger(blog.services))
    run(changed(first), ImportLedger(blog.services))
    with blog.services.sessions.read() as session:
        kept = [
            (row.reason, row.fields["title"], row.fields["tags"])
            for row in session.scalars(select(Revision).order_by(Revision.id))
        ]
    assert kept == [("imported", one.title, sorted(one.tags)) for one in first]


def test_a_series_that_a_change_does_not_write_is_not_made(blog: Blog) -> None:
    first = draft("T", series="theirs")
    run([first], ImportLedger(blog.services))
    with blog.services.sessions.read() as session:
        (one,) = session.scalars(select(Entry.id))
    save_entry(blog.services, replace(first, series="mine"), one)
    run([replace(first, title="Another", series="theirs-anew")], ImportLedger(blog.services))
    with blog.services.sessions.read() as session:
        assert set(session.scalars(select(Series.slug))) == {"theirs", "mine"}


def test_more_tags_than_a_statement_takes_values_go_in(blog: Blog) -> None:
    # 65,535 for PostgreSQL, and for SQLite 32,766.
    entries = 340 if "postgresql" in blog.services.settings.database_url else 170
    many = [
        replace(draft("T"), tags=tuple(f"t{entry}x{number}" for number in range(200)))
        for entry in range(entries)
    ]
    assert run(many, ImportLedger(blog.services)).counts == {Outcome.CREATED: entries}
    assert len(blog.services.facets.current().names.tags) == entries * 200


def test_what_the_author_deletes_while_an_import_runs_does_not_come_back(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.pipeline.BATCH", 1)
    first = [draft("One"), draft("Two")]
    run(first, ImportLedger(blog.services))

    def with_a_deletion() -> Iterator[Draft]:
        yield draft("Three")
        yield draft("Four")
        with blog.services.sessions.read() as session:
            found = session.scalar(select(Entry.id).where(Entry.title == "Two"))
        assert found is not None
        delete_entry(blog.services, found)
        yield first[1]
        yield draft("Five")

    report = run(with_a_deletion(), ImportLedger(blog.services))
    assert report.counts == {Outcome.CREATED: 3, Outcome.KEPT: 1}


def test_an_authors_entry_stays_without_a_word_of_a_source(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    one = save_entry(blog.services, draft("Mine"))
    save_entry(blog.services, draft("Mine, changed", published=datetime(2010, 1, 1, tzinfo=UTC)), one)
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.upstream)).all() == [None]
