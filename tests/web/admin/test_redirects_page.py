"""Redirects by hand: listed, searched, added, changed, deleted; circles and strange targets are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import read
from signing import Desk, at_desk
from sqlalchemy import select

from blog.changes.redirects_by_hand import save_redirect
from blog.models import Redirect

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

ADDRESS = "/admin/redirects/"


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def add(desk: Desk, path: str = "/old/", target: str = "/tags/", host: str = "") -> int:
    return desk.post(ADDRESS, {"path": path, "target": target, "host": host}).status_code


def stored(blog: Blog) -> dict[str, str]:
    with blog.services.sessions.read() as session:
        rows = session.execute(select(Redirect.host + Redirect.path, Redirect.target))
        return dict(rows.all())


def test_an_address_that_is_added_leads_on_at_once(desk: Desk, blog: Blog) -> None:
    client = blog.client()
    assert client.get("/old/").status_code == 404
    assert add(desk) == 303
    answer = client.get("/old")
    assert (answer.status_code, answer.location) == (301, "/tags/")
    assert "/old/" in read(desk.get(ADDRESS)).one("tbody").text()


def test_one_is_changed_and_deleted(desk: Desk, blog: Blog) -> None:
    add(desk)
    assert desk.post(f"{ADDRESS}1/", {"path": "/older/", "target": "https://x.example/"}).status_code == 303
    assert stored(blog) == {"/older/": "https://x.example/"}
    form = read(desk.get(f"{ADDRESS}1/"))
    assert [form.one("input", id=name)["value"] for name in ("path", "target", "host")] == [
        "/older/",
        "https://x.example/",
        "",
    ]
    desk.post(f"{ADDRESS}1/delete")
    assert stored(blog) == {}
    assert desk.get(f"{ADDRESS}1/").status_code == desk.post(f"{ADDRESS}1/delete").status_code == 404


WRONG = [
    ("path", "old", "It takes the path of an old address, such as /2009/old-name/."),
    ("path", "//evil.example/", "It takes the path of an old address, such as /2009/old-name/."),
    ("path", "/a?b=c", "It takes the path of an old address, such as /2009/old-name/."),
    ("path", "/", "It takes the path of an old address, such as /2009/old-name/."),
    ("path", "/there/", "There is a redirect from /there/ already."),
    ("target", "", "It takes a path of this blog, such as /tags/python/, or an http or https address."),
    (
        "target",
        "//evil.example",
        "It takes a path of this blog, such as /tags/python/, or an http or https address.",
    ),
    ("target", "/\\evil", "It takes a path of this blog, such as /tags/python/, or an http or https address."),
    (
        "target",
        "javascript:alert(1)",
        "It takes a path of this blog, such as /tags/python/, or an http or https address.",
    ),
    ("target", "/old/", "It would lead in a circle."),
    ("target", "/old", "It would lead in a circle."),
    ("target", "/there/", "It would lead in a circle."),
    ("host", "not a host", "It takes the name of a host, such as old.example.com, or nothing."),
]


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_what_cannot_be_a_redirect_is_said_beside_its_field(
    desk: Desk, blog: Blog, name: str, value: str, sentence: str
) -> None:
    add(desk, "/there/", "/further/")
    add(desk, "/further/", "/old/")
    page = read(desk.post(ADDRESS, {"path": "/old/", "target": "/tags/", "host": "", name: value}), 422)
    assert page.one(id=f"{name}-error").text() == sentence
    assert page.one("input", id=name)["value"] == value
    assert stored(blog) == {"/there/": "/further/", "/further/": "/old/"}


def test_a_circle_by_the_blogs_own_whole_address_is_one_too(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", base_url="https://blog.example")
    desk = at_desk(blog)
    assert add(desk, "/a/", "https://blog.example/b/") == 303
    assert add(desk, "/b/", "/a/") == 422
    assert add(desk, "/b/", "https://elsewhere.example/a/") == 303


def test_a_changed_redirect_is_not_in_its_own_way(desk: Desk, blog: Blog) -> None:
    add(desk, "/a/", "/b/")
    assert desk.post(f"{ADDRESS}1/", {"path": "/b/", "target": "/a/"}).status_code == 303
    assert stored(blog) == {"/b/": "/a/"}


def test_they_are_searched_and_paged(desk: Desk, blog: Blog) -> None:
    for number in range(101):
        save_redirect(blog.services, f"/old-{number:03}/", "/new/", "Old.example" if number == 7 else "")
    save_redirect(blog.services, "/100%/", "/new/")
    first = read(desk.get(ADDRESS))
    assert len(first.one("tbody").all("tr")) == 100
    assert f"{ADDRESS}?page=2" in first.links()
    found = read(desk.get(f"{ADDRESS}?q=old-05"))
    assert len(found.one("tbody").all("tr")) == 10
    assert len(read(desk.get(f"{ADDRESS}?q=100%25")).one("tbody").all("tr")) == 1, "% is a sign like others"
    assert "old.example/old-007/" in read(desk.get(f"{ADDRESS}?q=old.example")).one("tbody").text()
    assert desk.get(f"{ADDRESS}?page=3").status_code == 404
