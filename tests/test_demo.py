"""The demo blog is worth reading: all of it imports, and a dozen intersections hold enough."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from blog.changes.imports import ImportLedger
from blog.config import DEMO
from blog.domain.entry import AliasDraft, Draft, Kind, RedirectDraft, Rejected
from blog.domain.tags import slugify
from importers import registry
from importers.material import Material
from importers.pipeline import Outcome, run

if TYPE_CHECKING:
    from conftest import Blog

ITEMS = list(registry.detect(Material.of_path(DEMO)).parse(Material.of_path(DEMO)))
DRAFTS = [item for item in ITEMS if isinstance(item, Draft)]


def test_all_of_it_is_read_and_every_kind_is_there() -> None:
    assert [item for item in ITEMS if isinstance(item, Rejected)] == []
    assert {draft.kind for draft in DRAFTS} == set(Kind)
    assert len(DRAFTS) >= 120
    assert len({draft.published.year for draft in DRAFTS}) >= 15


def test_a_dozen_intersections_are_worth_reading() -> None:
    pairs = Counter(pair for draft in DRAFTS for pair in combinations(sorted(map(slugify, draft.tags)), 2))
    assert pairs["python", "scaling"] >= 8
    assert sum(count >= 6 for count in pairs.values()) >= 13


def test_it_imports_on_both_databases_and_a_second_time_changes_nothing(blog: Blog) -> None:
    assert run(ITEMS, ImportLedger(blog.services)).counts == {Outcome.CREATED: len(DRAFTS)}
    assert run(ITEMS, ImportLedger(blog.services)).counts == {Outcome.UNCHANGED: len(DRAFTS)}
    client = blog.client()
    assert client.get("/tags/python+scaling/").status_code == 200
    for item in ITEMS:
        if isinstance(item, RedirectDraft):
            target = client.get(item.path).headers["Location"]
            assert client.get(target).status_code == 200
        if isinstance(item, AliasDraft):
            assert client.get(f"/tags/{item.old}/").status_code == 301
