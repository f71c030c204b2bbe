"""The author's pages of the same link: made one, shown with all its sources, taken apart; and of conflicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from filling import followed, open_form
from reading import read
from signing import Desk, at_desk
from sqlalchemy import select, update

from blog.changes.entries import save_entry
from blog.changes.imports import ImportLedger
from blog.domain.urls import canonical_url
from blog.models import Appearance, Entry
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

    from blog.domain.entry import Draft

PAGE = "https://example.com/page"


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite")


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def link(source: str, number: int = 1, **values: object) -> Draft:
    return draft(**({"title": f"From {source}", "url": f"{PAGE}/{number}", "source": source} | values))  # type: ignore[arg-type]


def imported(blog: Blog, *items: Draft) -> None:
    run(items, ImportLedger(blog.services))


def apart(blog: Blog, groups: int) -> None:
    """Entries from before joining: so many links, each of three sources."""
    for number in range(groups):
        for name in ("pinboard", "mastodon", "til"):
            imported(blog, link(name, number, url=f"https://{name}.example/{number}"))
    with blog.services.sessions.write() as session:
        for one in session.scalars(select(Entry)):
            url = f"{PAGE}/{one.url.rpartition('/')[2]}"
            session.execute(
                update(Entry).where(Entry.id == one.id).values(url=url, canonical=canonical_url(url))
            )


def counts(blog: Blog) -> tuple[int, int]:
    with blog.services.sessions.read() as session:
        return len(session.scalars(select(Entry.id)).all()), len(session.scalars(select(Appearance.id)).all())


def test_one_group_is_made_one_and_that_is_undone_on_the_spot(blog: Blog, desk: Desk) -> None:
    assert "No two sources" in desk.get("/admin/same/").text
    apart(blog, 2)
    page = read(desk.get("/admin/same/"))
    assert "2 links are here as 6 entries" in page.one("main").text()
    ids = [one["value"] for one in page.all("form", cls="act")[1].all("input") if one["name"] == "id"]
    answer = desk.post("/admin/same/", {"id": ids}, follow_redirects=True)
    assert "Make one of 3 entries that are the same link: done" in read(answer).one("main").text()
    assert counts(blog) == (4, 2)
    desk.post("/admin/history/1/undo", {"back": "/admin/same/"})
    assert counts(blog) == (6, 0)


def test_all_are_made_one_after_a_preview(blog: Blog, desk: Desk) -> None:
    apart(blog, 3)
    shown = desk.post("/admin/same/", {"all": "yes"})
    assert counts(blog) == (9, 0)
    assert "Make 3 of 9 entries that are the same link?" in shown.text
    seen = next(one["value"] for one in read(shown).all("input") if one["name"] == "seen")
    assert "There are others since" in desk.post("/admin/same/", {"all": "yes", "seen": "other"}).text
    assert desk.post("/admin/same/", {"all": "yes", "seen": seen}).status_code == 303
    assert counts(blog) == (3, 6)
    assert desk.post("/admin/same/", {"id": ["1", "x", "99999999999"]}).status_code == 422


def test_an_entry_names_its_sources_and_is_taken_apart(blog: Blog, desk: Desk) -> None:
    imported(blog, link("pinboard"), link("mastodon", tags="theirs"))
    assert "also in Mastodon" in read(desk.get("/admin/entries/1/")).one("main").text()
    row = read(desk.get("/admin/entries/")).one("tbody").text()
    assert "Pinboard, Mastodon" in row
    assert [one.text() for one in read(desk.get("/admin/entries/?source=mastodon")).one("tbody").all("tr")] == [
        row
    ]
    address = "/admin/entries/1/apart/1"
    form = open_form(desk, "/admin/entries/1/")
    refused = desk.post(address, form.fields | {"title": "Typed meanwhile"})
    assert (refused.status_code, counts(blog)) == (409, (1, 1))
    assert 'value="Typed meanwhile"' in refused.text
    made = followed(desk, desk.post(address, form.fields))
    assert made.fields["title"] == "From mastodon"
    assert counts(blog) == (2, 0)
    # It is offered no more, but can be made one again from the entry itself.
    assert "No two sources" in desk.get("/admin/same/").text
    assert "From pinboard" in desk.get("/admin/entries/2/same").text
    assert desk.get("/admin/entries/99/same").status_code == 404
    desk.post("/admin/same/", {"id": ["1", "2"]})
    assert counts(blog) == (1, 1)


def test_readers_see_all_sources_of_an_entry_and_it_in_each(blog: Blog) -> None:
    imported(blog, link("pinboard"), link("mastodon"))
    client = blog.client()
    page = client.get("/sources/mastodon/")
    assert [one.text() for one in read(page).all("span", cls="part")] == ["from Pinboard", "also in Mastodon"]
    assert "From pinboard" in client.get("/sources/mastodon.atom").text


def test_conflicts_are_settled_one_by_one_or_all(blog: Blog, desk: Desk) -> None:
    assert "No source says something else" in desk.get("/admin/conflicts/").text
    several = [link("feed", number, title=f"Theirs {number}", body="One.") for number in range(3)]
    imported(blog, *several)
    for number, one in enumerate(several, 1):
        save_entry(blog.services, replace(one, title=f"Mine {number}"), number)
    imported(blog, *(replace(one, title=f"New {one.title}") for one in several))
    page = read(desk.get("/admin/conflicts/"))
    assert [one.text() for one in page.one("ol", cls="steps").all("h2")] == ["Mine 1", "Mine 2", "Mine 3"]
    assert desk.post("/admin/conflicts/", {"id": "2", "do": "mine"}).status_code == 303
    desk.post("/admin/conflicts/", {"all": "yes", "do": "theirs"})
    with blog.services.sessions.read() as session:
        titles = list(session.scalars(select(Entry.title).order_by(Entry.id)))
    assert titles == ["New Theirs 0", "Mine 2", "New Theirs 2"]
    assert desk.post("/admin/conflicts/", {"id": "2", "do": "theirs"}).status_code == 422
    assert desk.get("/admin/conflicts/?page=9").status_code == 404
