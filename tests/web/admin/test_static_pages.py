"""Static pages: written in Markdown, shown in the menu, below everything else that lives at an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from filling import fields_of
from reading import look, read
from signing import Desk, at_desk
from sqlalchemy import select

from blog.app import create_app
from blog.models import StaticPage
from blog.services import open_services

if TYPE_CHECKING:
    from conftest import Blog

ABOUT = {
    "title": "About me",
    "slug": "about",
    "body": "I am *Ada*.\n\n<script>alert(1)</script>",
    "in_menu": "yes",
}


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def write(desk: Desk, **fields: str) -> str:
    answer = desk.post("/admin/pages/new", ABOUT | {"do": "save"} | fields)
    assert answer.status_code == 303, answer.text
    return answer.location


def pages(blog: Blog) -> dict[str, str]:
    with blog.services.sessions.read() as session:
        return dict(session.execute(select(StaticPage.slug, StaticPage.title)).all())


def seen(desk: Desk, address: str) -> str:
    """Open a page in a tab; return which version of it the form holds."""
    return fields_of(read(desk.get(address)))["seen"]


def menu(page_address: str, blog: Blog) -> list[str]:
    return look(blog.client(), page_address).one("nav", cls="sections").links()[7:]


def test_a_page_about_the_author_is_suggested_until_there_is_one(desk: Desk) -> None:
    suggested = "/admin/pages/new?title=About&slug=about"
    listed = read(desk.get("/admin/pages/"))
    assert suggested in listed.links()
    form = read(desk.get(suggested))
    assert [form.one("input", id=name)["value"] for name in ("title", "slug")] == ["About", "about"]
    write(desk)
    listed = read(desk.get("/admin/pages/"))
    assert suggested not in listed.links()
    assert "About me/about/yes" in listed.one("tbody").text()


def test_a_page_is_written_in_markdown_and_read_at_its_address(desk: Desk, blog: Blog) -> None:
    write(desk)
    page = look(blog.client(), "/about/")
    assert page.one("h1").text() == "About me"
    assert page.one(cls="body").text() == "I am Ada."
    assert page.one(cls="body").one("em").text() == "Ada"
    assert page.one("link", rel="canonical")["href"] == "http://localhost/about/"
    assert page.one("a", href="/about/", aria_current="page").text() == "About me"
    assert blog.client().get("/about").location == "/about/"


def test_what_is_in_the_menu_is_on_every_page_and_the_rest_is_not(desk: Desk, blog: Blog) -> None:
    write(desk)
    write(desk, title="Colophon", slug="", in_menu="")
    assert menu("/", blog) == menu("/tags/", blog) == ["/about/"]
    assert look(blog.client(), "/colophon/").one("h1").text() == "Colophon"


def test_another_process_shows_a_new_page_in_its_menu_at_once(desk: Desk, blog: Blog) -> None:
    other = open_services(blog.services.site.given, blog.clock)
    try:
        client = create_app(other).test_client()
        assert client.get("/about/").status_code == 404
        assert "/about/" not in client.get("/").text
        write(desk)
        assert 'href="/about/"' in client.get("/").text
        assert client.get("/about/").status_code == 200
    finally:
        other.close()


def test_pages_are_in_the_sitemap_with_when_they_were_changed(desk: Desk, blog: Blog) -> None:
    write(desk, in_menu="")
    sitemap = blog.client().get("/sitemap-tags.xml").text
    assert "<loc>http://localhost/about/</loc><lastmod>2026-11-23T12:00:00+00:00</lastmod>" in sitemap


def test_a_page_that_moves_leaves_a_redirect(desk: Desk, blog: Blog) -> None:
    address = write(desk)
    blog.clock.forward(seconds=1)
    desk.post(address, ABOUT | {"slug": "me", "do": "save", "seen": seen(desk, address)})
    assert pages(blog) == {"me": "About me"}
    answer = blog.client().get("/about/")
    assert (answer.status_code, answer.location) == (301, "/me/")
    desk.post(address, ABOUT | {"slug": "about", "do": "save", "seen": seen(desk, address)})
    assert blog.client().get("/me/").location == "/about/"
    assert blog.client().get("/about/").status_code == 200


WRONG = [
    ("title", "", "A page needs a title, of 300 letters at most."),
    ("slug", "!!!", "An address needs a letter or a digit."),
    ("slug", "x" * 81, "That is too long for an address: 80 letters at most."),
    ("slug", "2024", "Something else lives at /2024/."),
    ("slug", "taken", "Another page lives at /taken/."),
    *(
        ("slug", taken, f"Something else lives at /{taken}/.")
        for taken in ("tags", "admin", "static", "articles", "search", "sources", "archive", "blogmarks")
    ),
]


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_what_cannot_be_a_page_is_said_beside_the_field(
    desk: Desk, blog: Blog, name: str, value: str, sentence: str
) -> None:
    write(desk, slug="taken")
    page = read(desk.post("/admin/pages/new", ABOUT | {"do": "save", name: value}), 422)
    assert page.one(id=f"{name}-error").text() == sentence
    assert page.one("input", id=name)["value"] == value
    assert pages(blog) == {"taken": "About me"}


def test_a_preview_shows_what_would_be_and_saves_nothing(desk: Desk, blog: Blog) -> None:
    page = read(desk.post("/admin/pages/new", ABOUT | {"do": "look"}))
    assert page.one(cls="preview").one("em").text() == "Ada"
    assert not page.all("script")
    assert page.one("textarea").text() == "I am *Ada*. <script>alert(1)</script>"
    assert pages(blog) == {}


def test_what_another_tab_saved_of_a_page_is_not_overwritten_unseen(desk: Desk, blog: Blog) -> None:
    address = write(desk)
    first = second = seen(desk, address)
    blog.clock.forward(seconds=0.25)
    theirs = ABOUT | {"body": "Theirs", "do": "save", "seen": first}
    assert desk.post(address, theirs).status_code == 303
    mine = ABOUT | {"title": "Mine", "body": "Typed long", "in_menu": "", "do": "save", "seen": second}
    page = read(desk.post(address, mine), 409)
    assert look(blog.client(), "/about/").one(cls="body").text() == "Theirs"
    assert [page.one(id=name)["value"] for name in ("title", "slug")] == ["Mine", "about"]
    assert page.one("textarea").text() == "Typed long"
    assert "in_menu" not in fields_of(page)
    conflict = page.one("section", cls="conflict")
    assert "This page was changed meanwhile. Nothing has been overwritten." in conflict.text()
    assert [one.text() for one in conflict.all("del")] == ["About me", "Theirs", "yes"]
    # Looked at once more in between, it is still the version that was shown beside it.
    again = mine | {"seen": fields_of(page)["seen"]}
    looked = read(desk.post(address, again | {"do": "look"}))
    assert fields_of(looked)["seen"] == again["seen"]
    assert desk.post(address, mine).status_code == 409
    assert desk.post(address, again).status_code == 303
    assert look(blog.client(), "/about/").one("h1").text() == "Mine"


def test_a_page_that_is_sent_twice_is_no_conflict(desk: Desk, blog: Blog) -> None:
    address = write(desk)
    sent = ABOUT | {"body": "Words", "do": "save", "seen": seen(desk, address)}
    for _ in range(2):
        blog.clock.forward(seconds=1)
        assert desk.post(address, sent).status_code == 303


def test_a_page_is_deleted_after_asking(desk: Desk, blog: Blog) -> None:
    address = write(desk)
    assert "Delete “About me”?" in read(desk.get(f"{address}delete")).text()
    assert pages(blog) == {"about": "About me"}
    desk.post(f"{address}delete")
    assert pages(blog) == {}
    assert blog.client().get("/about/").status_code == 404
    assert menu("/", blog) == []


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    for address in ("/admin/pages/7/", "/admin/pages/7/delete"):
        assert desk.get(address).status_code == 404
        assert desk.post(address, ABOUT).status_code == 404
