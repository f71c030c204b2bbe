"""The authors' list means by a filter what the public pages mean, and shows every status besides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from conftest import counted, draft

from blog.changes.entries import save_entry
from blog.changes.imports import ImportLedger
from blog.changes.tagging import rename_tag
from blog.domain.addresses import parse_search
from blog.domain.entry import Kind, Status
from blog.domain.errors import NotThere
from blog.domain.filters import Filter
from blog.queries.all_entries import Shown, Wanted, all_ids, list_entries
from blog.queries.browse import browse
from blog.queries.paging import NoSuchPage
from importers.pipeline import run

if TYPE_CHECKING:
    from conftest import Blog


@pytest.fixture
def written(blog: Blog) -> Blog:
    """Ten entries of every status and kind, with what filters go by."""
    blog.write("Indexes of Postgres", "python databases", day="2009-05-25", body="About `btree` pages.")
    blog.write("A second link", "python web", day="2009-05-26", url="https://www.example.org/btree")
    blog.write("Words", "web", kind="article", day="2009-06-01", body="On *indexing* words.", series="guide")
    note = draft("", "python", kind="note", day="2010-01-01", body="A note on btree pages.")
    quoted = draft("", "", kind="quotation", day="2010-12-31", body="Less is more.", citation="Somebody")
    for untitled in (note, quoted):
        save_entry(blog.services, replace(untitled, title=""))
    blog.write("Draft of btree", "python databases", kind="note", day="2009-05-25", status=Status.DRAFT)
    blog.write("Hidden 100% btree", "web", kind="article", day="2010-02-01", status=Status.HIDDEN)
    blog.write("Waiting", "databases", day="2010-03-01", status=Status.INBOX, source="elsewhere")
    blog.write("Later", "python web", day="2031-01-01", body="A btree to come.", series="guide")
    blog.write(
        "Draft of a word", "web", kind="article", day="2011-01-01", status=Status.DRAFT, source="elsewhere"
    )
    blog.services.search.catch_up()
    return blog


def wanted(address: str) -> Wanted:
    parameters = parse_qs(address)
    status = parameters.pop("status", [""])[0]
    return Wanted(parse_search(parameters), Shown(status) if status else None)


# The ids of all statuses, in the order of the list.
CASES = [
    ("", [9, 10, 5, 8, 7, 4, 3, 2, 6, 1]),
    ("tag=python", [9, 4, 2, 6, 1]),
    ("tag=python&tag=databases", [6, 1]),
    ("tag=python,databases&exclude.tag=web", [8, 4, 6, 1]),
    ("exclude.tag=python&exclude.tag=web", [5, 8]),
    ("type=note", [4, 6]),
    ("type=note&type=quotation", [5, 4, 6]),
    ("source=elsewhere", [10, 8]),
    ("series=guide", [9, 3]),
    ("domain=example.org", [2]),
    ("domain=nowhere.example", []),
    ("year=2009", [3, 2, 6, 1]),
    ("year=2009&month=5", [2, 6, 1]),
    ("year=2009&month=5&day=25", [6, 1]),
    ("from=2010-01-01&to=2010-12-31", [5, 8, 7, 4]),
    ("from=2010-12-31", [9, 10, 5]),
    ("to=2009-05-25", [6, 1]),
    ("status=draft", [10, 6]),
    ("status=scheduled", [9]),
    ("status=hidden", [7]),
    ("status=inbox", [8]),
    ("status=published", [5, 4, 3, 2, 1]),
    ("status=draft&tag=python", [6]),
    # Public ones by the index, which knows that "index" and "indexing" are one word; others as written.
    ("q=index", [3, 1]),
    ("q=btree", [9, 7, 4, 6, 1]),
    ("q=btree&status=published", [4, 1]),
    ("q=btree&status=hidden", [7]),
    ("q=btree&tag=python", [9, 4, 6, 1]),
    ("q=btree+-draft", [9, 7, 4, 1]),
    ('q="of btree"', [6]),
    ("q=title:btree", [7, 6]),
    ("q=draft+OR+hidden", [10, 7, 6]),
    ("q=waiting+OR+tag:databases", [8, 6, 1]),
    ("q=100%25", [7]),
    ("q=...", []),
]


@pytest.mark.parametrize(("address", "expected"), CASES)
def test_what_the_list_holds(written: Blog, address: str, expected: list[int]) -> None:
    found = list_entries(written.services, wanted(address))
    assert [line.id for line in found.lines] == expected
    assert (found.total, found.pages) == (len(expected), 1)
    assert all_ids(written.services, wanted(address)) == set(expected)


@pytest.mark.parametrize(
    "address", [address for address, _ in CASES if "status" not in address and "nowhere" not in address]
)
def test_of_what_is_public_a_filter_means_the_same_as_on_the_public_pages(written: Blog, address: str) -> None:
    asked = parse_search(parse_qs(address))
    public = {entry.id for entry in browse(written.services, asked).entries}
    assert all_ids(written.services, Wanted(asked, Shown.PUBLISHED)) == public


def test_a_line_says_what_there_is_to_know(written: Blog) -> None:
    lines = {line.id: line for line in list_entries(written.services, Wanted()).lines}
    first, quoted, waiting, later = lines[1], lines[5], lines[8], lines[9]
    assert (first.kind, first.name, first.shown, first.domain, first.source, first.permalink) == (
        Kind.LINK,
        "Indexes of Postgres",
        Shown.PUBLISHED,
        "example.com",
        "",
        "/2009/May/25/indexes-of-postgres/",
    )
    assert [tag.slug for tag in first.tags] == ["databases", "python"]
    assert (quoted.name, lines[4].name) == ("Quoting Somebody", "A note on btree pages.")
    assert (waiting.shown, waiting.source, waiting.permalink) == (Shown.INBOX, "Elsewhere", "")
    assert (later.shown, later.permalink) == (Shown.SCHEDULED, "")


def test_a_hundred_entries_are_a_page(blog: Blog) -> None:
    run([draft(f"Entry {number}", "python") for number in range(205)], ImportLedger(blog.services))
    asked = Wanted(Filter(tags=frozenset({"python"})), Shown.PUBLISHED)
    page = list_entries(blog.services, asked, 3)
    assert (page.total, page.pages, [line.id for line in page.lines]) == (205, 3, [5, 4, 3, 2, 1])
    assert page.links.previous_url == "/admin/entries/?tag=python&status=published&page=2"
    assert len(all_ids(blog.services, asked)) == 205
    with pytest.raises(NoSuchPage):
        list_entries(blog.services, asked, 4)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("tag=nothing", "There is no tag “nothing”."),
        ("source=nowhere", "There is no source “nowhere”."),
        ("series=none", "There is no series “none”."),
    ],
)
def test_what_is_not_there_is_said(written: Blog, address: str, sentence: str) -> None:
    with pytest.raises(NotThere, match=sentence):
        list_entries(written.services, wanted(address))


def test_an_old_name_of_a_tag_means_the_tag(written: Blog) -> None:
    rename_tag(written.services, "databases", "DB")
    found = list_entries(written.services, wanted("tag=databases&status=draft"))
    assert ([line.id for line in found.lines], found.title) == ([6], "Posts tagged DB: draft")
    assert found.wanted.url() == "/admin/entries/?tag=db&status=draft"


def test_a_page_of_many_costs_as_many_statements_as_one_of_few(blog: Blog) -> None:
    run([draft(f"Entry {number}", f"few tag-{number}") for number in range(3)], ImportLedger(blog.services))
    run([draft(f"Entry {number}", f"many tag-{number}") for number in range(80)], ImportLedger(blog.services))
    blog.services.facets.current()
    counts = []
    for tag in ("few", "many"):
        with counted(blog) as statements:
            list_entries(blog.services, Wanted(Filter(tags=frozenset({tag}))))
        counts.append(len(statements))
    assert counts[0] == counts[1] < 8
