"""Archives behind feeds (RFC 5005, section 4): all there is, once, in documents that never change."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from atomcheck import ATOM
from conftest import draft
from feedreading import FOR_EVER, fetch, local, walk

from blog.changes.bulk import AddTags
from blog.changes.entries import delete_entry, save_entry
from blog.changes.plans import carry_out
from blog.changes.sources import merge_sources
from blog.changes.tagging import merge_tags, rename_tag
from blog.domain.entry import Status
from blog.models import Entry, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from feedreading import Document


def filled(blog: Blog, count: int, tags: str = "python", **values: object) -> list[int]:
    """Write so many entries, an hour after each other."""
    start = blog.clock.now - timedelta(days=400)
    return [
        blog.write(f"Number {number}", tags, published=start + timedelta(hours=number), **values)
        for number in range(1, count + 1)
    ]


@pytest.fixture
def small(make_blog: Callable[..., Blog]) -> Blog:
    """A blog whose feeds hold six to eight entries, and archives three."""
    return make_blog("sqlite", feed_size=6)


def feed_id(document: Document) -> str:
    return ElementTree.fromstring(document.body).findtext(f"{ATOM}id", "")


def test_a_feed_and_its_archives_have_one_id_that_no_new_name_changes(small: Blog) -> None:
    filled(small, 9, "python sql", source="There")
    client = small.client()
    wanted = ("/search.atom?tag=python&tag=sql&source=there", "/search.atom?tag=pythons&tag=sql&source=there")
    before = [feed_id(one) for one in walk(client, wanted[0])]
    rename_tag(small.services, "python", "Pythons")
    after = [feed_id(one) for one in walk(client, wanted[1])]
    assert before == after == ["tag:localhost,2026:/search.atom?tag=1&tag=2&source=1"] * 2
    elsewhere = client.get(wanted[1], headers={"Host": "other.example"})
    assert b"<id>tag:localhost,2026:/search.atom?tag=1&amp;tag=2&amp;source=1</id>" in elsewhere.data


def numbers(titles: list[str]) -> list[int]:
    return [int(title.removeprefix("Number ")) for title in titles]


COUNTS = {
    0: [[]],
    6: [[6, 5, 4, 3, 2, 1]],
    8: [[8, 7, 6, 5, 4, 3, 2, 1]],
    9: [[9, 8, 7, 6, 5, 4], [3, 2, 1]],
}


def test_a_feed_holds_all_that_is_behind_the_last_full_archive(small: Blog) -> None:
    small.write("Elsewhere", "python", day="2001-01-01", status=Status.HIDDEN)
    client, found = small.client(), {}
    for count in range(10):
        found[count] = [numbers(one.titles) for one in walk(client, "/tags/python.atom")]
        small.write(f"Number {count + 1}", "python", published=small.clock.now - timedelta(days=30 - count))
    assert {count: found[count] for count in COUNTS} == COUNTS


WALKED = ("/feed.atom", "/tags/python.atom", "/tags/python+-ruby.atom", "/links.atom", "/search.atom?q=number")


def test_a_walk_back_meets_each_entry_once_while_others_come(small: Blog) -> None:
    filled(small, 40)
    small.write("Elsewhere", "ruby", status=Status.HIDDEN)
    client = small.client()

    def come() -> None:
        small.clock.forward(seconds=1)
        small.write("New", "python", published=small.clock.now)

    for address in WALKED:
        documents = walk(client, address, come)
        titles = [title for one in documents for title in one.titles if title != "New"]
        ids = [one for document in documents for one in document.ids]
        assert numbers(titles) == list(range(40, 0, -1)), address
        assert len(ids) == len(set(ids)), address
        assert {len(one.ids) for one in documents[1:]} == {3}


def test_what_comes_changes_no_archive(small: Blog) -> None:
    filled(small, 30)
    client = small.client()
    before = walk(client, "/tags/python.atom")
    small.clock.forward(days=1)
    for _ in range(20):
        small.write("New", "python", published=small.clock.now)
    old = save_entry(small.services, draft("Old", "other"))
    carry_out(small.services, AddTags(frozenset({old}), ("python",)))
    for one in before[1:]:
        again = client.get(one.address)
        assert (again.status_code, again.data) == (200, one.body)
    after = walk(client, "/tags/python.atom")
    assert [one.address for one in after[-len(before) + 1 :]] == [one.address for one in before[1:]]
    assert after[0].titles[0] == "Old"


def test_archives_lead_forward_to_the_feed(small: Blog) -> None:
    filled(small, 17)
    client = small.client()
    forward = [walk(client, "/tags/python.atom")[-1]]
    while "next-archive" in forward[-1].links:
        forward.append(fetch(client, forward[-1].links["next-archive"]))
    assert [len(one.ids) for one in forward] == [3, 3, 3, 8]
    assert (forward[-1].address, forward[-1].is_archive) == ("/tags/python.atom", False)
    assert {one.links["current"] for one in forward[:-1]} == {"/tags/python.atom"}


def test_all_documents_of_a_feed_have_its_id(small: Blog) -> None:
    filled(small, 12)
    ids = [
        ElementTree.fromstring(one.body).findtext(f"{ATOM}id")
        for one in walk(small.client(), "/tags/python.atom")
    ]
    assert ids == ["tag:localhost,2026:/tags/1.atom"] * 3


CHANGES: dict[str, Callable[[Blog, int], object]] = {
    "edited": lambda blog, entry: save_entry(blog.services, draft("Number 2", "python", body="Other."), entry),
    "deleted": lambda blog, entry: delete_entry(blog.services, entry),
    "tagged": lambda blog, entry: carry_out(blog.services, AddTags(frozenset({entry}), ("more",))),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_archive_that_changes_gets_another_address_and_the_old_one_leads_there(
    small: Blog, change: Callable[[Blog, int], object]
) -> None:
    ids = filled(small, 12)
    client = small.client()
    oldest = walk(client, "/tags/python.atom")[-1]
    change(small, ids[1])
    moved = client.get(oldest.address)
    assert (moved.status_code, moved.headers["Cache-Control"]) == (302, "public, max-age=300")
    now = fetch(client, oldest.address)
    assert now.address == moved.headers["Location"] == walk(client, "/tags/python.atom")[-1].address
    assert now.body != oldest.body


def test_an_old_entry_that_comes_is_in_the_archives_it_belongs_to(small: Blog) -> None:
    filled(small, 20)
    client = small.client()
    small.write("Number 0", "python", day="2001-01-01")
    found = [number for one in walk(client, "/tags/python.atom") for number in numbers(one.titles)]
    assert found == list(range(20, -1, -1))


def test_renamed_and_merged_tags_lead_from_archive_to_archive(small: Blog) -> None:
    filled(small, 20, "py web")
    client = small.client()
    before = walk(client, "/tags/py.atom")
    both = walk(client, "/tags/py+web.atom")
    rename_tag(small.services, "py", "Python")
    for documents, address in ((before, "/tags/python.atom"), (both, "/tags/python+web.atom")):
        for one in documents:
            moved = client.get(one.address)
            assert moved.status_code == 301
            assert local(moved.headers["Location"]) == one.address.replace("/py", "/python")
        after = walk(client, address)
        assert [one.ids for one in after] == [one.ids for one in documents]
    small.write("Another", "snakes")
    merge_tags(small.services, "python", "snakes")
    assert client.get("/tags/py.atom?archive=2").headers["Location"] == "/tags/snakes.atom?archive=2"
    merged = {one for document in walk(client, "/tags/snakes.atom") for one in document.ids}
    assert merged > {one for document in before for one in document.ids}


def test_the_feed_of_a_source_that_became_part_of_another_leads_there(small: Blog) -> None:
    filled(small, 10, source="one")
    small.write("Other", "python", source="two")
    with small.services.sessions.read() as session:
        one, two = (session.query(Source.id).filter_by(slug=slug).scalar() for slug in ("one", "two"))
    client = small.client()
    before = walk(client, "/sources/one.atom")
    last = before[0].ids[0]
    with small.services.sessions.read() as session:
        deleted = session.query(Entry.id).filter_by(atom_id=last).scalar()
    delete_entry(small.services, deleted)
    merge_sources(small.services, one, two)
    for address in ("/sources/one.atom", before[-1].address):
        assert client.get(address).headers["Location"].startswith("/sources/two.atom")
    after = walk(client, "/sources/two.atom")
    theirs = {one for document in before for one in document.ids} - {last}
    assert theirs < {one for document in after for one in document.ids}
    assert after[0].gone == [last]


def test_a_json_feed_leads_on_to_what_is_before(small: Blog) -> None:
    filled(small, 20)
    client = small.client()
    address, titles = "/tags/python.json", []
    while address:
        answer = client.get(address, follow_redirects=True)
        feed = json.loads(answer.data)
        assert feed["feed_url"] == "http://localhost/tags/python.json"
        titles += [item["title"] for item in feed["items"]]
        address = local(feed.get("next_url", ""))
        assert (answer.headers["Cache-Control"] == FOR_EVER) == ("archive=" in answer.request.url)
    assert numbers(titles) == list(range(20, 0, -1))


REFUSED = {
    "archive=0": 400,
    "archive=x": 400,
    "archive=-1": 400,
    "archive=1-xyz": 400,
    "archive=1&archive=2": 400,
    "archive=9999999999": 400,
    "archive=7": 404,
    "archive=999999999": 404,
}


def test_an_archive_that_cannot_be_is_refused(small: Blog) -> None:
    filled(small, 20)
    client = small.client()
    assert {query: client.get(f"/tags/python.atom?{query}").status_code for query in REFUSED} == REFUSED


def test_other_spellings_of_an_archive_lead_to_its_address(small: Blog) -> None:
    filled(small, 20)
    client = small.client()
    for address in (
        "/tags/Python.atom?archive=2",
        "/tags/python.atom?utm=x&archive=2",
        "/search.atom?archive=2&tag=python",
    ):
        assert client.get(address).headers["Location"] == "/tags/python.atom?archive=2"
