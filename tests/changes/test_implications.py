"""What a tag implies is added wherever entries are filed, and an import never takes it for an edit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import counted, draft
from sqlalchemy import select
from tables import tagged
from test_batches import entries

from blog.changes.bulk import RemoveTags
from blog.changes.entries import save_entry
from blog.changes.imports import ImportLedger
from blog.changes.plans import carry_out
from blog.changes.tagging import Imply, Rename, StopImplying
from blog.models import Entry, Revision
from importers.pipeline import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conftest import Blog

    from blog.domain.entry import Draft


@pytest.fixture
def implying(blog: Blog) -> Blog:
    """A blog where fastapi implies python, which implies code; one entry has them."""
    blog.write("One", "fastapi python code")
    carry_out(blog.services, Imply("fastapi", "python"))
    carry_out(blog.services, Imply("python", "code"))
    return blog


def outcomes(blog: Blog, drafts: Sequence[Draft]) -> tuple[dict[Outcome, int], list[tuple[str, str]]]:
    report = run(drafts, ImportLedger(blog.services))
    return dict(report.counts), report.notes


def tags_of(blog: Blog, title: str) -> set[str]:
    with blog.services.sessions.read() as session:
        entry = session.scalar(select(Entry.id).where(Entry.title == title))
    return {slug for slug, entry_ids in tagged(blog).items() if entry in entry_ids}


def test_a_save_adds_what_is_implied_and_a_second_save_too(implying: Blog) -> None:
    two = implying.write("Two", "fastapi")
    assert tags_of(implying, "Two") == {"fastapi", "python", "code"}
    save_entry(implying.services, draft("Two", "python"), two)
    assert tags_of(implying, "Two") == {"python", "code"}


def test_an_import_run_twice_changes_nothing(implying: Blog) -> None:
    drafts = [draft(f"Imported {number}", "fastapi") for number in range(3)]
    assert outcomes(implying, drafts) == ({Outcome.CREATED: 3}, [])
    assert tags_of(implying, "Imported 1") == {"fastapi", "python", "code"}
    assert outcomes(implying, drafts) == ({Outcome.UNCHANGED: 3}, [])
    with implying.services.sessions.read() as session:
        assert session.scalars(select(Revision.id)).all() == []


# What the source says of tags the second time, what is done between the two, and what comes of it.
UPDATES = [
    ("other tags, with what they imply", "fastapi web", (), Outcome.UPDATED, "fastapi python code web"),
    ("without the tag that implies", "web", (), Outcome.UPDATED, "web"),
    ("what is implied, too", "fastapi python", (), Outcome.UNCHANGED, "fastapi python code"),
    (
        "the same, after the author took off what is implied",
        "fastapi",
        (RemoveTags(frozenset({2}), ("python",)),),
        Outcome.UNCHANGED,
        "fastapi code",
    ),
    (
        "other tags, after the author took another off",
        "fastapi web",
        (RemoveTags(frozenset({2}), ("fastapi",)),),
        Outcome.UPDATED,
        "python code web",
    ),
    (
        "the same, after the implication went",
        "fastapi",
        (StopImplying("python", "code"), StopImplying("fastapi", "python")),
        Outcome.UNCHANGED,
        "fastapi python code",
    ),
    (
        "other tags, after an implication came",
        "fastapi web",
        (Imply("fastapi", "http"),),
        Outcome.UPDATED,
        "fastapi python code web http",
    ),
    (
        "other tags, after a renaming",
        "fastapi web",
        (Rename("python", "Snakes"),),
        Outcome.UPDATED,
        "fastapi snakes code web",
    ),
]


@pytest.mark.parametrize(
    ("_name", "tags", "between", "outcome", "expected"), UPDATES, ids=[one[0] for one in UPDATES]
)
def test_an_update_merges_what_was_said_and_not_what_was_implied(
    implying: Blog, _name: str, tags: str, between: Sequence[Imply], outcome: Outcome, expected: str
) -> None:
    one = draft("Imported", "fastapi")
    run([one], ImportLedger(implying.services))
    for action in between:
        carry_out(implying.services, action)
    again = replace(one, tags=tuple(tags.split()))
    assert outcomes(implying, [again])[0] == {outcome: 1}
    assert tags_of(implying, "Imported") == set(expected.split())
    assert outcomes(implying, [again]) == ({Outcome.UNCHANGED: 1}, [])


def test_implications_cost_a_batch_one_statement(implying: Blog) -> None:
    def statements(drafts: list[Draft]) -> int:
        with counted(implying) as found:
            run(drafts, ImportLedger(implying.services))
        return sum("implication" in one for one in found)

    few, many = entries(10, "few"), entries(60, "many")
    # One for the whole import, to compare with, and one in the batch.
    assert (statements(few), statements(many), statements(few)) == (2, 2, 1)
