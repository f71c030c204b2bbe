"""What leaves a filter is named in its feed (RFC 6721), and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

import pytest
from conftest import DATABASES, draft
from feedreading import TOMBSTONES, fetch
from sqlalchemy import func, insert, select

from blog.changes.bulk import AddTags, DeleteEntries, RemoveTags, SetKind, SetSource, SetStatus
from blog.changes.entries import delete_entry, save_entry
from blog.changes.making_one import MakeOne
from blog.changes.operations import undo_operation
from blog.changes.plans import carry_out
from blog.changes.sources import merge_sources
from blog.changes.tagging import Delete, Merge, Rename, Split
from blog.changes.taking_apart import take_apart
from blog.domain.entry import Kind, Status
from blog.models import Appearance, Departure, Entry, Operation, Source
from blog.queries import feeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

ONE: Final = draft("One", "python web", day="2009-05-25", source="there", series="some")


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    """An empty blog; what asks the database in its own tongue is tested on both, below."""
    return make_blog("sqlite")


@pytest.fixture
def one(blog: Blog) -> int:
    """The entry that leaves, beside one that stays in every filter; its id."""
    save_entry(
        blog.services, replace(ONE, external_id="stays", title="Stays", tags=("python", "web", "django"))
    )
    return save_entry(blog.services, ONE)


def atom_id(blog: Blog, entry_id: int) -> str:
    with blog.services.sessions.read() as session:
        return session.scalars(select(Entry.atom_id).where(Entry.id == entry_id)).one()


ALL: Final = (
    "/feed.atom", "/tags/python.atom", "/tags/python+web.atom", "/tags/python,ruby.atom", "/tags/python+-django.atom", "/links.atom", "/sources/there.atom",
    "/domains/example.com.atom", "/series/some.atom", "/2009.atom", "/2009/May/25.atom", "/search.atom?tag=python&type=link&from=2009-01-01&to=2009-12-31",
)  # fmt: skip
TAGGED: Final = tuple(address for address in ALL if "python" in address)


def edited(**values: object) -> Callable[[Blog, int], object]:
    return lambda blog, entry: save_entry(blog.services, replace(ONE, **values), entry)  # type: ignore[arg-type]


def done(make: Callable[[frozenset[int]], object]) -> Callable[[Blog, int], object]:
    return lambda blog, entry: carry_out(blog.services, make(frozenset({entry})))  # type: ignore[arg-type]


LEFT: dict[str, tuple[Callable[[Blog, int], object], tuple[str, ...]]] = {
    "deleted": (lambda blog, entry: delete_entry(blog.services, entry), ALL),
    "deleted among many": (done(DeleteEntries), ALL),
    "hidden": (edited(status=Status.HIDDEN), ALL),
    "made a draft": (done(lambda ids: SetStatus(ids, Status.DRAFT)), ALL),
    "scheduled again": (lambda blog, entry: edited(published=blog.clock.now + timedelta(days=1))(blog, entry), ALL),
    "untagged": (edited(tags=("web",)), TAGGED),
    "untagged among many": (done(lambda ids: RemoveTags(ids, ("python",))), TAGGED),
    "split off": (done(lambda ids: Split("python", "snakes", ids)), TAGGED),
    "tagged with what is excluded": (done(lambda ids: AddTags(ids, ("django",))), ("/tags/python+-django.atom",)),
    "made what is excluded": (
        lambda blog, _: carry_out(blog.services, Merge("web", "django")), ("/tags/python+-django.atom",),
    ),
    "of another kind": (
        done(lambda ids: SetKind(ids, Kind.NOTE)),
        ("/links.atom", "/search.atom?tag=python&type=link&from=2009-01-01&to=2009-12-31"),
    ),
    "from elsewhere": (done(lambda ids: SetSource(ids, "elsewhere")), ("/sources/there.atom",)),
    "of another series": (edited(series="other"), ("/series/some.atom",)),
    "pointing elsewhere": (edited(url="https://other.example/"), ("/domains/example.com.atom",)),
    "of another day": (
        edited(published=ONE.published - timedelta(days=900)),
        ("/2009.atom", "/2009/May/25.atom", "/search.atom?tag=python&type=link&from=2009-01-01&to=2009-12-31"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("leave", "addresses"), LEFT.values(), ids=LEFT)
def test_what_left_is_named_in_the_feeds_that_it_left(
    blog: Blog, one: int, leave: Callable[[Blog, int], object], addresses: tuple[str, ...]
) -> None:
    blog.write("Ruby", "ruby", day="2001-01-01")
    uri = atom_id(blog, one)
    client = blog.client()
    blog.clock.forward(minutes=1)
    leave(blog, one)
    blog.services.search.catch_up()
    after = {address: fetch(client, address) for address in ALL}
    named = tuple(address for address in ALL if after[address].gone == [uri])
    assert named == addresses
    assert tuple(address for address in ALL if uri not in after[address].ids) == addresses
    deleted = ElementTree.fromstring(after[addresses[0]].body).find(f"{TOMBSTONES}deleted-entry")
    assert deleted is not None
    assert deleted.get("when") == "2026-11-23T12:01:00Z"


NOT_LEFT: dict[str, Callable[[Blog, int], object]] = {
    "edited": edited(title="Other", body="Other."),
    "renamed": lambda blog, _: carry_out(blog.services, Rename("python", "Snakes")),
    "merged": lambda blog, _: carry_out(blog.services, Merge("python", "django")),
    "its tag was deleted": lambda blog, _: carry_out(blog.services, Delete("web")),
    "undone": lambda blog, entry: (
        carry_out(blog.services, DeleteEntries(frozenset({entry}))),
        undo_operation(blog.services, _last_operation(blog), ""),
    ),
    "tagged again": lambda blog, entry: (
        edited(tags=("web",))(blog, entry),
        edited(tags=("web", "python"))(blog, entry),
    ),
    "published again": lambda blog, entry: (
        edited(status=Status.HIDDEN)(blog, entry),
        edited()(blog, entry),
    ),
}


def _last_operation(blog: Blog) -> int:
    with blog.services.sessions.read() as session:
        return max(session.scalars(select(Operation.id)))


@pytest.mark.parametrize("change", NOT_LEFT.values(), ids=NOT_LEFT)
def test_what_is_there_is_not_named(blog: Blog, one: int, change: Callable[[Blog, int], object]) -> None:
    uri = atom_id(blog, one)
    client = blog.client()
    change(blog, one)
    for address in ("/feed.atom", "/tags/python.atom", "/links.atom", "/sources/there.atom"):
        document = fetch(client, address)
        assert uri in document.ids
        assert document.gone == []


@pytest.fixture
def joined(blog: Blog) -> tuple[int, str, str]:
    """An entry that another one of the same link is made part of: its id, and the URIs of both."""
    keep = save_entry(blog.services, replace(ONE, source=""))
    gone = save_entry(blog.services, replace(ONE, source="other", external_id="gone", tags=("ruby",)))
    uris = atom_id(blog, keep), atom_id(blog, gone)
    carry_out(blog.services, MakeOne(blog.services, ((keep, gone),)))
    return keep, *uris


def test_what_became_part_of_another_entry_is_named(blog: Blog, joined: tuple[int, str, str]) -> None:
    client, (_, keep, gone) = blog.client(), joined
    for address in ("/feed.atom", "/tags/ruby.atom", "/sources/other.atom"):
        document = fetch(client, address)
        assert (document.ids, document.gone) == ([keep], [gone])


def test_further_sources_name_what_left_them(blog: Blog, joined: tuple[int, str, str]) -> None:
    entry, keep, gone = joined
    with blog.services.sessions.write() as session:
        appearance = session.scalars(select(Appearance.id)).one()
        other = session.scalars(select(Appearance.source_id)).one()
        session.execute(insert(Source).values(slug="third", name="Third"))
        third = session.scalars(select(Source.id).where(Source.slug == "third")).one()
    blog.clock.forward(minutes=1)
    take_apart(blog.services, appearance)
    apart = fetch(blog.client(), "/sources/other.atom")
    assert (apart.ids, apart.gone) == ([gone], [keep])
    merge_sources(blog.services, other or 0, third)
    assert fetch(blog.client(), "/sources/third.atom").gone == [keep]
    delete_entry(blog.services, entry)
    assert set(fetch(blog.client(), "/feed.atom").gone) == {keep}


def test_a_deleted_entry_left_all_its_sources(blog: Blog, joined: tuple[int, str, str]) -> None:
    save_entry(blog.services, replace(ONE, source="other", external_id="stays", url="https://example.com/2"))
    blog.clock.forward(minutes=1)
    delete_entry(blog.services, joined[0])
    assert fetch(blog.client(), "/sources/other.atom").gone == [joined[1], joined[2]]


def test_what_left_is_named_whatever_was_tagged_since(
    blog: Blog, one: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "_LOOKED_AT", 2)
    ids = frozenset(blog.write(f"{number}", "python") for number in range(4))
    uri = atom_id(blog, one)
    delete_entry(blog.services, one)
    carry_out(blog.services, AddTags(ids, ("many",)))
    client = blog.client()
    assert fetch(client, "/feed.atom").gone == fetch(client, "/tags/python+-django.atom").gone == [uri]
    carry_out(blog.services, RemoveTags(ids, ("many",)))
    assert fetch(client, "/feed.atom").gone == fetch(client, "/tags/python.atom").gone == [uri]


def test_what_was_never_public_is_never_named(blog: Blog) -> None:
    for values in (
        {"status": Status.DRAFT},
        {"status": Status.HIDDEN},
        {"published": blog.clock.now + timedelta(days=1)},
    ):
        entry = save_entry(blog.services, replace(ONE, external_id=str(values), **values))
        edited(tags=(), **values)(blog, entry)
        delete_entry(blog.services, entry)
    blog.write("Other", "python")
    assert fetch(blog.client(), "/feed.atom").gone == []
    with blog.services.sessions.read() as session:
        assert session.scalar(select(func.count(Departure.id))) == 0


def test_a_tag_that_is_renamed_afterwards_still_knows_what_left_it(blog: Blog, one: int) -> None:
    uri = atom_id(blog, one)
    delete_entry(blog.services, one)
    carry_out(blog.services, Rename("python", "Snakes"))
    client = blog.client()
    assert fetch(client, "/tags/python.atom").gone == fetch(client, "/tags/snakes+web.atom").gone == [uri]
    carry_out(blog.services, Merge("snakes", "django"))
    assert fetch(client, "/tags/django.atom").gone == [uri]


def test_a_feed_names_as_many_as_it_holds_entries_and_each_once(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", feed_size=3)
    ids = [blog.write(f"Number {number}", "python", day=f"2010-01-{number:02}") for number in range(1, 8)]
    uris = {entry: atom_id(blog, entry) for entry in ids}
    client = blog.client()
    for entry in ids[:5]:
        blog.clock.forward(seconds=1)
        carry_out(blog.services, RemoveTags(frozenset({entry}), ("python",)))
        delete_entry(blog.services, entry)
    assert fetch(client, "/feed.atom").gone == [uris[entry] for entry in reversed(ids[2:5])]
    assert fetch(client, "/tags/python.atom").gone == [uris[entry] for entry in reversed(ids[2:5])]


def test_what_left_is_forgotten_after_half_a_year(blog: Blog, one: int) -> None:
    uri, other = atom_id(blog, one), blog.write("Other", "python")
    client = blog.client()
    delete_entry(blog.services, one)
    blog.clock.forward(days=179)
    assert fetch(client, "/feed.atom").gone == [uri]
    blog.clock.forward(days=2)
    delete_entry(blog.services, other)
    assert uri not in fetch(client, "/feed.atom").gone
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Departure.entry_id)).all() == [other]


def test_a_search_for_words_names_nothing(blog: Blog, one: int) -> None:
    client = blog.client()
    assert len(fetch(client, "/search.atom?q=one").ids) == 1
    delete_entry(blog.services, one)
    blog.services.search.catch_up()
    assert fetch(client, "/search.atom?q=one").gone == []


@pytest.mark.parametrize("kind", DATABASES)
def test_every_condition_is_understood_by_both_databases(make_blog: Callable[..., Blog], kind: str) -> None:
    blog = make_blog(kind)
    leaving = save_entry(blog.services, ONE)
    save_entry(blog.services, replace(ONE, external_id="stays", tags=("python", "web", "django_1%", "ruby")))
    uri = atom_id(blog, leaving)
    client = blog.client()
    delete_entry(blog.services, leaving)
    assert [
        address for address in ALL if fetch(client, address.replace("-django", "-django_1%25")).gone != [uri]
    ] == []
    assert fetch(client, "/tags/ruby.atom").gone == []
