"""The page of tokens: made, shown once, revoked, and taken off the list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from reading import read
from signing import at_desk
from sqlalchemy import select

from blog.accounts import Token
from blog.auth.tokens import digest
from blog.changes.users import create_user
from blog.queries.tokens import bearer_of

if TYPE_CHECKING:
    from conftest import Blog
    from signing import Desk

MADE = re.compile(r'value="(crosstag_[A-Za-z0-9_-]{43})"')


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def make(desk: Desk, name: str = "phone", *scopes: str) -> str:
    answer = desk.post("/admin/tokens/", {"name": name, "scope": list(scopes or ("create", "update"))})
    assert answer.status_code == 201
    found = MADE.search(answer.text)
    assert found
    return found[1]


def test_a_token_is_shown_once_and_stored_as_its_digest(blog: Blog, desk: Desk) -> None:
    token = make(desk)
    assert token not in desk.get("/admin/tokens/").text
    with blog.services.sessions.read() as session:
        (row,) = session.scalars(select(Token)).all()
    assert (row.name, row.scopes, row.client, row.token_hash) == ("phone", "create update", "", digest(token))
    assert token not in str(vars(row))


def test_the_list_says_what_each_is_for_and_when_it_was_used(blog: Blog, desk: Desk) -> None:
    token = make(desk)
    page = read(desk.get("/admin/tokens/"))
    (line,) = page.all("ul", cls="things")[0].all("li")
    assert "phone create, update; made 12:00 pm, 23 November 2026; never used" in line.text()
    blog.clock.forward(hours=1)
    desk.client.get("/api/v1/tags", headers={"Authorization": f"Bearer {token}"})
    (line,) = read(desk.get("/admin/tokens/")).all("ul", cls="things")[0].all("li")
    assert "last used 1:00 pm, 23 November 2026" in line.text()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " ", "scope": ["read"]}, "Give it a name"),
        ({"name": "x" * 101, "scope": ["read"]}, "Give it a name"),
        ({"name": "phone"}, "Choose at least one thing"),
        ({"name": "phone", "scope": ["everything"]}, "Choose at least one thing"),
    ],
)
def test_what_makes_no_token_is_said_and_what_was_typed_stays(
    blog: Blog, desk: Desk, fields: dict[str, object], said: str
) -> None:
    answer = desk.post("/admin/tokens/", fields)
    page = read(answer, 422)
    assert said in page.one(cls="error").text()
    assert page.one("input", id="name")["value"] == fields["name"]
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Token)).all() == []


def test_a_token_is_revoked_and_then_taken_off_the_list(blog: Blog, desk: Desk) -> None:
    token = make(desk)
    assert bearer_of(blog.services, token)
    assert desk.post("/admin/tokens/1/forget").status_code == 303
    assert bearer_of(blog.services, token), "what still works is not taken off"
    assert desk.post("/admin/tokens/1/revoke").status_code == 303
    assert bearer_of(blog.services, token) is None
    assert "revoked 12:00 pm, 23 November 2026" in desk.get("/admin/tokens/").text
    desk.post("/admin/tokens/1/forget")
    assert "There is none yet" in desk.get("/admin/tokens/").text


def test_nobody_revokes_anothers_token(blog: Blog, desk: Desk) -> None:
    token = make(desk)
    create_user(blog.services, "grace", "correct horse battery")
    desk.sign_in("grace")
    assert "phone" not in desk.get("/admin/tokens/").text
    desk.post("/admin/tokens/1/revoke")
    assert bearer_of(blog.services, token)
