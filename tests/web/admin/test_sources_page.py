"""The sources: counted, renamed, put together, let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import look, read
from signing import Desk, at_desk
from sqlalchemy import select

from blog.changes.subscriptions import Subscribed, subscribe, unsubscribe
from blog.domain.entry import Status
from blog.models import Entry, Source

if TYPE_CHECKING:
    from conftest import Blog

ADDRESS = "/admin/sources/"


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


@pytest.fixture
def ids(blog: Blog) -> dict[str, int]:
    blog.write("One", source="til", day="2020-01-01")
    blog.write("Two", source="til", day="2021-01-01", status=Status.INBOX)
    blog.write("Three", source="releases", day="2019-01-01")
    blog.write("Mine")
    return known(blog)


def known(blog: Blog) -> dict[str, int]:
    with blog.services.sessions.read() as session:
        return dict(session.execute(select(Source.slug, Source.id)).all())


def test_each_source_is_counted_by_status_with_its_newest_entry(desk: Desk, ids: dict[str, int]) -> None:
    rows = [row.text() for row in read(desk.get(ADDRESS)).one("tbody").all("tr")]
    assert rows == ["Releases its page 1 0 0 0 2019-01-01", "Til its page 1 0 1 0 2021-01-01"]
    assert "/admin/entries/?source=til&status=inbox" in read(desk.get(ADDRESS)).links()
    assert len(ids) == 2


def test_a_source_gets_another_name_and_its_page_stays(desk: Desk, blog: Blog, ids: dict[str, int]) -> None:
    answer = desk.post(f"{ADDRESS}{ids['til']}/", {"name": " Today I  learned", "url": "https://til.example/"})
    assert answer.status_code == 303
    assert "Today I learned" in look(blog.client(), "/sources/til/").one("h1").text()
    form = read(desk.get(f"{ADDRESS}{ids['til']}/"))
    assert form.one("input", id="url")["value"] == "https://til.example/"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("name", "  ", "A source needs a name, of 200 letters at most."),
        ("url", "javascript:alert(1)", "It takes an http or https address, or nothing."),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(
    desk: Desk, ids: dict[str, int], name: str, value: str, sentence: str
) -> None:
    values = {"name": "T", "url": "", name: value}
    page = read(desk.post(f"{ADDRESS}{ids['til']}/", values), 422)
    assert page.one(id=f"{name}-error").text() == sentence


def test_two_are_put_together_after_asking_and_the_old_pages_lead_on(
    desk: Desk, blog: Blog, ids: dict[str, int]
) -> None:
    address, into = f"{ADDRESS}{ids['til']}/merge", {"into": str(ids["releases"])}
    assert "2 entries are of Releases then." in read(desk.post(address, into)).text()
    assert known(blog) == ids
    assert desk.post(address, into | {"sure": "yes"}).location == ADDRESS
    assert known(blog) == {"releases": ids["releases"]}
    client = blog.client()
    assert len(blog.services.facets.current().sources[ids["releases"]]) == 2
    for old, new in (("/sources/til/", "/sources/releases/"), ("/sources/til.atom", "/sources/releases.atom")):
        answer = client.get(old)
        assert (answer.status_code, answer.location) == (301, new)


def test_sources_with_the_same_id_in_both_stay_apart(desk: Desk, blog: Blog, ids: dict[str, int]) -> None:
    with blog.services.sessions.write() as session:
        for entry in session.scalars(select(Entry).where(Entry.title.in_(["One", "Three"]))):
            entry.external_id = "same"
    address = f"{ADDRESS}{ids['til']}/merge"
    page = read(desk.post(address, {"into": str(ids["releases"]), "sure": "yes"}), 422)
    assert "One entry has the same id at both, so they cannot be one." in page.text()
    assert desk.post(address, {"into": str(ids["til"]), "sure": "yes"}).status_code == 422
    assert known(blog) == ids


def test_only_a_source_without_entries_is_deleted(desk: Desk, blog: Blog, ids: dict[str, int]) -> None:
    assert desk.post(f"{ADDRESS}{ids['til']}/delete").status_code == 422
    with blog.services.sessions.write() as session:
        session.add(Source(slug="empty", name="Empty"))
    empty = known(blog)["empty"]
    assert read(desk.get(f"{ADDRESS}{empty}/")).all("form", action=f"{ADDRESS}{empty}/delete")
    assert desk.post(f"{ADDRESS}{empty}/delete").location == ADDRESS
    assert known(blog) == ids
    subscribe(blog.services, Subscribed(name="polled", feed_url="https://polled.example/feed"))
    polled = known(blog)["polled"]
    page = read(desk.post(f"{ADDRESS}{polled}/delete"), 422)
    assert "It is polled. Let go of it under “What is polled” first." in page.text()
    unsubscribe(blog.services, "polled")
    assert desk.post(f"{ADDRESS}{polled}/delete").location == ADDRESS
    for address in (f"{ADDRESS}99/", f"{ADDRESS}99/delete", f"{ADDRESS}99/merge"):
        assert desk.post(address).status_code == 404
