"""Imports with rules: applied to what is new or has changed, tags merged one by one, and undone all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import counted, draft
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from blog.changes.bulk import AddTags, RemoveTags
from blog.changes.entries import save_entry
from blog.changes.import_runs import Wanted, recorded
from blog.changes.import_undo import undo_run
from blog.changes.imports import ImportLedger
from blog.changes.plans import carry_out
from blog.changes.rules import add_rule, change_rule, delete_rule, enable_rule
from blog.changes.tagging import Imply, rename_tag
from blog.domain.entry import Kind, Status
from blog.models import Entry, RuledTag, Series, Source, Tag, entry_tag
from importers.pipeline import BEGUN, Known, Outcome, decide, digests, merged_tags, run

if TYPE_CHECKING:
    from conftest import Blog

    from blog.domain.entry import Draft
    from importers.pipeline import Told


def bring_in(blog: Blog, *items: Draft, **options: object) -> dict[str, int]:
    report = run(items, ImportLedger(blog.services), **options)  # type: ignore[arg-type]
    return {one.value: count for one, count in report.counts.items() if count}


def rule(blog: Blog, line: str, source: str = "") -> int:
    with blog.services.sessions.read() as session:
        source_id = session.scalar(select(Source.id).where(Source.slug == source))
    return add_rule(blog.services, line, source_id)


def tags(blog: Blog, entry_id: int = 1) -> set[str]:
    with blog.services.sessions.read() as session:
        statement = select(Tag.slug).join(entry_tag, entry_tag.c.tag_id == Tag.id)
        return set(session.scalars(statement.where(entry_tag.c.entry_id == entry_id)))


def entry(blog: Blog, entry_id: int = 1) -> Entry:
    with blog.services.sessions.read() as session:
        return session.get_one(Entry, entry_id)


def given_by(blog: Blog) -> dict[tuple[int, str], tuple[int | None, str]]:
    statement = select(RuledTag.entry_id, Tag.slug, RuledTag.rule_id, RuledTag.line)
    with blog.services.sessions.read() as session:
        rows = session.execute(statement.join(Tag, Tag.id == RuledTag.tag_id))
        return {(one, slug): (number, line) for one, slug, number, line in rows}


def test_rules_make_of_a_new_entry_what_they_say_and_a_second_run_changes_nothing(blog: Blog) -> None:
    first = rule(blog, 'title contains "postgres" → tag PostgreSQL, hide, kind note, series "My Guide"')
    rule(blog, "js → javascript")
    rule(blog, "drop to-read")
    item = draft("PostgreSQL 19", "js to-read web")
    assert bring_in(blog, item) == {"created": 1}
    found = entry(blog)
    assert (found.status, found.kind, tags(blog)) == ("hidden", "note", {"postgresql", "javascript", "web"})
    with blog.services.sessions.read() as session:
        assert session.execute(select(Tag.name).where(Tag.slug == "postgresql")).scalar_one() == "PostgreSQL"
        assert session.execute(select(Series.slug, Series.title)).one() == ("my-guide", "My Guide")
    line = 'title contains "postgres" → tag PostgreSQL, hide, kind note, series "My Guide"'
    assert given_by(blog) == {
        (1, "postgresql"): (first, line),
        (1, "javascript"): (first + 1, "js → javascript"),
    }
    position = blog.services.facets.current().position
    assert bring_in(blog, item) == {"unchanged": 1}
    assert blog.services.facets.current().position == position


def test_an_item_that_says_the_same_is_left_alone_whatever_became_of_the_rules(blog: Blog) -> None:
    number = rule(blog, "always → tag one")
    item = draft("Title", "web")
    bring_in(blog, item)
    change_rule(blog.services, number, "always → tag two")
    assert bring_in(blog, item) == {"unchanged": 1}
    assert bring_in(blog, replace(item, title="News")) == {"updated": 1}
    assert tags(blog) == {"web", "two"}, "what has really changed goes through the rules there are now"
    delete_rule(blog.services, number)
    assert bring_in(blog, replace(item, title="News")) == {"unchanged": 1}
    assert given_by(blog)[1, "two"] == (None, "always → tag two"), "a rule that is gone is still told of"


@pytest.mark.parametrize("how", ["deleted", "paused"])
def test_a_rule_that_is_gone_leaves_its_tags_and_one_that_is_there_renames_what_is_said(
    blog: Blog, how: str
) -> None:
    number = rule(blog, "always → tag ruled")
    rule(blog, "js → javascript")
    item = draft("Title", "web js")
    bring_in(blog, item)
    if how == "deleted":
        delete_rule(blog.services, number)
    else:
        enable_rule(blog.services, number, enabled=False)
    assert bring_in(blog, replace(item, title="News")) == {"updated": 1}
    assert tags(blog) == {"web", "javascript", "ruled"}
    # What the source drops goes, by whatever name it was here.
    assert bring_in(blog, replace(item, title="News", tags=("web",))) == {"updated": 1}
    assert tags(blog) == {"web", "ruled"}


def test_what_was_imported_before_there_were_rules_is_not_updated_by_them(blog: Blog) -> None:
    item = draft("Title", "js")
    bring_in(blog, item)
    with blog.services.sessions.write() as session:
        # As an older version has left it.
        session.execute(update(Entry).values(upstream=digests(item)))
    rule(blog, "js → javascript")
    rename_tag(blog.services, "js", "ecmascript")
    assert bring_in(blog, item) == {"unchanged": 1}
    assert bring_in(blog, replace(item, body="News.")) == {"updated": 1}
    assert tags(blog) == {"javascript"}


def test_the_rules_of_a_source_come_first_and_are_for_no_other(blog: Blog) -> None:
    bring_in(blog, draft("One", source="feed"), draft("Two", source="other"))
    rule(blog, "tag is mine → tag seen")
    rule(blog, "always → tag mine", source="feed")
    bring_in(blog, draft("Three", source="feed"), draft("Four", source="other"), draft("Five"))
    assert [tags(blog, number) for number in (3, 4, 5)] == [{"mine", "seen"}, set(), set()]


def test_a_status_by_rule_is_for_new_entries_and_wins_over_that_of_all(blog: Blog) -> None:
    rule(blog, 'title contains "now" → publish')
    rule(blog, 'title contains "never" → hide')
    items = [draft("Read now"), draft("Read never"), draft("Read later")]
    bring_in(blog, *items, status=Status.INBOX)
    assert [entry(blog, number).status for number in (1, 2, 3)] == ["published", "hidden", "inbox"]
    news = [replace(item, title=f"{item.title} and never") for item in items]
    assert bring_in(blog, *news, status=Status.INBOX) == {"updated": 3}
    assert [entry(blog, number).status for number in (1, 2, 3)] == ["published", "hidden", "inbox"]


def test_what_a_rule_leaves_out_is_told_with_its_line_and_not_counted_as_a_failure(blog: Blog) -> None:
    rule(blog, 'title begins with "Sponsor" → skip')
    told: list[Told] = []
    sponsored = draft("Sponsor: us")
    items = [draft("One"), sponsored, draft("Two")]
    report = run(items, ImportLedger(blog.services), on_told=told.append)
    assert dict(report.counts) == {Outcome.CREATED: 2}
    reason = 'left out by the rule “title begins with "Sponsor" → skip”'
    assert report.notes == [(sponsored.external_id, reason)]
    assert [(one.external_id, one.outcome, one.reason) for one in told if not one.outcome] == [
        (sponsored.external_id, None, reason)
    ]


def test_a_folder_is_asked_for_by_rules_and_kept_by_no_entry(blog: Blog) -> None:
    rule(blog, 'folder begins with "Work" → untag work, hide')
    item = replace(draft("One", "Work web"), folder="Work/Now")
    assert bring_in(blog, item) == {"created": 1}
    assert (entry(blog).status, tags(blog)) == ("hidden", {"web"})
    assert bring_in(blog, item) == {"unchanged": 1}


def test_a_dry_run_shows_what_the_rules_would_do(blog: Blog) -> None:
    rule(blog, 'title contains "ad" → skip')
    assert bring_in(blog, draft("An ad"), draft("Else"), dry_run=True) == {"created": 1}


def test_rules_cost_a_fixed_number_of_statements(blog: Blog) -> None:
    rule(blog, "always → tag one")
    bring_in(blog, draft("The one that makes the tag"))
    costs = []
    for number in (3, 30):
        with counted(blog) as statements:
            bring_in(blog, *(draft(f"Entry {number}") for _ in range(number)))
        costs.append(len(statements))
    assert costs[0] == costs[1]


TAG_MERGES = [
    # what the source said, what it says, what the entry has, what it has then
    ("a b", "a b c", "a b", "a b c"),
    ("a b", "a", "a b", "a"),
    ("a", "a b", "a mine", "a b mine"),
    ("a b", "a b c", "a", "a c"),
    ("a b", "c", "b mine", "c mine"),
    ("a", "a b", "a b", "a b"),
    ("", "a", "mine", "a mine"),
]


@pytest.mark.parametrize(("before", "after", "now", "then"), TAG_MERGES)
def test_tags_are_merged_one_by_one(before: str, after: str, now: str, then: str) -> None:
    base = draft("Title")
    said, says, has = (digests(replace(base, tags=tuple(one.split()))) for one in (before, after, now))
    decision = decide(base, says, Known(7, said), has, {})
    is_news = set(now.split()) != set(then.split())
    assert (decision.outcome, decision.fields, decision.kept) == (
        Outcome.UPDATED if is_news else Outcome.UNCHANGED,
        frozenset({"tags"} if is_news else ()),
        frozenset(),
    )
    if is_news:
        assert set(decision.tag_names) == set(then.split())


some_tags = st.frozensets(st.sampled_from("abcdef"), max_size=5)


@settings(max_examples=30, deadline=None)
@given(some_tags, some_tags, some_tags)
def test_what_the_author_did_to_tags_survives_every_update(
    before: frozenset[str], after: frozenset[str], now: frozenset[str]
) -> None:
    said, says, has = ({"tags": " ".join(sorted(one))} for one in (before, after, now))
    then = merged_tags(said, says, has)
    assert now - before <= then, "what the author added is there still"
    assert not (before - now) & (then & before), "what the author removed has not come back"
    assert merged_tags(says, says, {"tags": " ".join(then)}) == then, "twice changes nothing"
    assert then <= now | after
    assert (after - before) <= then


def test_the_authors_tags_stay_beside_those_of_the_source(blog: Blog) -> None:
    item = draft("Title", "one two")
    bring_in(blog, item)
    carry_out(blog.services, AddTags(frozenset({1}), ("mine",)))
    carry_out(blog.services, RemoveTags(frozenset({1}), ("two",)))
    report = run([replace(item, tags=("one", "two", "three"))], ImportLedger(blog.services))
    assert (report.counts[Outcome.UPDATED], report.notes) == (1, [])
    assert tags(blog) == {"one", "mine", "three"}
    assert bring_in(blog, replace(item, tags=("one", "two", "three"))) == {"unchanged": 1}
    bring_in(blog, replace(item, tags=("two",)))
    assert tags(blog) == {"mine"}


def recorded_import(blog: Blog, *items: Draft, status: Status | None = None) -> int:
    wanted = Wanted(status=status)
    with recorded(blog.services, label="feed", importer="feed", wanted=wanted) as recorder:
        ledger = ImportLedger(blog.services, recorder=recorder)
        run(items, ledger, status=status, on_told=recorder.tell, on_progress=recorder.advance)
    return recorder.run_id


def test_an_import_by_rules_is_undone_and_what_was_edited_stays(blog: Blog) -> None:
    rule(blog, 'title contains "now" → publish, tag now')
    rule(blog, 'title contains "never" → hide')
    items = [draft("Now"), draft("Never"), draft("Later"), draft("Now, edited")]
    number = recorded_import(blog, *items, status=Status.INBOX)
    recorded_import(blog, *items, status=Status.INBOX)
    save_entry(blog.services, replace(items[3], title="Mine", tags=("now",)), 4)
    assert undo_run(blog.services, number) == {"gone": 3, "stays": 2}, "an entry, and its tag"
    assert (entry(blog, 4).title, list(given_by(blog))) == ("Mine", [(4, "now")])


def test_an_undone_update_takes_its_tags_back_and_leaves_the_authors(blog: Blog) -> None:
    item = draft("Title", "one two")
    recorded_import(blog, item)
    carry_out(blog.services, AddTags(frozenset({1}), ("mine",)))
    number = recorded_import(blog, replace(item, title="News", tags=("one", "three")))
    assert tags(blog) == {"one", "three", "mine"}
    carry_out(blog.services, AddTags(frozenset({1}), ("later",)))
    assert undo_run(blog.services, number) == {"back": 1}
    assert (entry(blog).title, tags(blog)) == ("Title", {"one", "two", "mine", "later"})


def test_the_status_that_an_entry_began_with_is_remembered_as_long_as_its_source_says_the_same(
    blog: Blog,
) -> None:
    rule(blog, "always → hide")
    item = draft("Title")
    bring_in(blog, item)
    bring_in(blog, replace(item, title="News"))
    assert BEGUN in (entry(blog).upstream or {})
    bring_in(blog, replace(item, status=Status.DRAFT))
    assert BEGUN not in (entry(blog).upstream or {})


def test_a_rule_looks_at_tags_by_todays_names_and_with_all_they_imply(blog: Blog) -> None:
    blog.write("Before", "js fastapi")
    rename_tag(blog.services, "js", "JavaScript")
    carry_out(blog.services, Imply("fastapi", "python"))
    rule(blog, "tag is js and tag is python → tag both, drop python")
    bring_in(blog, draft("One", "js fastapi"))
    assert tags(blog, 2) == {"javascript", "fastapi", "python", "both"}, "what is implied cannot be dropped"


def test_a_link_without_an_address_is_made_no_link_and_does_not_fail(blog: Blog) -> None:
    rule(blog, "always → kind link")
    assert bring_in(blog, draft("A note", kind="note", body="Text.")) == {"created": 1}
    assert entry(blog).kind == Kind.NOTE
