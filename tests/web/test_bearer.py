"""Tokens as RFC 6750 has them: where they may stand, how they are refused, and what each scope opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from acting import EVERYTHING, Program, author_id
from sqlalchemy import select

from blog.accounts import Token
from blog.auth.scopes import GRANTED_BY, SCOPES, Right, allows, may_publish, parse_scopes, spelled
from blog.changes.tokens import revoke_this
from blog.web.api.operation import PREFIX
from blog.web.api.routes import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

    from blog.web.api.operation import Operation

UNKNOWN = 'Bearer realm="crosstag", error="invalid_token", error_description="This token is not known, or it has been revoked."'
TAGS = f"{PREFIX}/tags"


@pytest.mark.parametrize(
    ("header", "status", "challenge"),
    [
        ("", 401, 'Bearer realm="crosstag"'),
        ("Basic YWRhOmxvdmVsYWNl", 401, 'Bearer realm="crosstag"'),
        ("Bearer", 401, UNKNOWN),
        ("Bearer ", 401, UNKNOWN),
        ("Bearer guessed", 401, UNKNOWN),
        ("Bearer {token} {token}", 401, UNKNOWN),
        ("Bearer {token},Bearer {token}", 401, UNKNOWN),
        ("Bearer {token}x", 401, UNKNOWN),
        ("Bearer {token}", 200, None),
        ("bearer   {token} ", 200, None),
    ],
)
def test_a_token_stands_in_the_header(blog: Blog, header: str, status: int, challenge: str | None) -> None:
    program = Program(blog)
    sent = {"Authorization": header.format(token=program.token)} if header else {}
    answer = program.client.get(TAGS, headers=sent)
    assert (answer.status_code, answer.headers.get("WWW-Authenticate")) == (status, challenge)
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_token_in_an_address_is_refused_though_it_is_good(blog: Blog) -> None:
    program = Program(blog)
    answer = program.client.get(f"{TAGS}?access_token={program.token}")
    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]
    assert answer.json["detail"].startswith("A token does not belong into an address")  # type: ignore[index]  # it is JSON


def test_a_revoked_token_is_refused_at_once(blog: Blog) -> None:
    program = Program(blog)
    assert program.get(TAGS).status_code == 200
    revoke_this(blog.services, program.token)
    assert program.get(TAGS).status_code == 401


def test_a_session_of_a_browser_opens_nothing_here(blog: Blog) -> None:
    program = Program(blog, "")
    program.client.set_cookie("crosstag_session", "whatever")
    assert program.get(TAGS).status_code == 401
    assert program.post(f"{PREFIX}/entries", json={"kind": "note", "body": "x"}).status_code == 401


def test_that_a_token_is_used_is_noted_every_few_minutes(blog: Blog) -> None:
    def noted() -> object:
        with blog.services.sessions.read() as session:
            return session.scalar(select(Token.last_used))

    program = Program(blog)
    assert noted() is None
    program.get(TAGS)
    first = noted()
    assert first == blog.clock()
    blog.clock.forward(minutes=4)
    program.get(TAGS)
    assert noted() == first
    blog.clock.forward(minutes=2)
    program.get(TAGS)
    assert noted() == blog.clock()


def test_a_token_that_is_used_too_fast_waits(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", api_requests=3)
    client = blog.client()
    program, other = Program(blog, client=client), Program(blog, client=client)
    answers = [program.get(TAGS) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].content_type == "application/problem+json"
    assert other.get(TAGS).status_code == 200


def test_scopes_are_read_and_spelled_in_one_order() -> None:
    assert parse_scopes("update  create nonsense") == {"create", "update"}
    assert spelled({"update", "create"}) == "create update"
    assert all(allows(frozenset({scope}), right) for right in Right for scope in GRANTED_BY[right])


@pytest.mark.parametrize(
    ("scopes", "publishes"),
    [("create", True), ("draft", False), ("create draft", True), ("draft update", False), ("update", True)],
)
def test_a_token_for_drafts_publishes_nothing(scopes: str, publishes: bool) -> None:
    assert may_publish(parse_scopes(scopes)) is publishes


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_is_refused_to_every_token_without_its_scope(
    make_blog: Callable[..., Blog], operation: Operation
) -> None:
    blog = make_blog("sqlite")
    entry = blog.write("One")
    client = blog.client()
    address = PREFIX + operation.path.format(entry_id=entry)
    assert client.open(address, method=operation.method).status_code == 401
    for scope in set(SCOPES) - set(GRANTED_BY[operation.right]):
        answer = Program(blog, scope, client).ask(operation.method, address)
        assert answer.status_code == 403, scope
        assert 'error="insufficient_scope", scope="' in answer.headers["WWW-Authenticate"]
    everything_else = " ".join(set(SCOPES) - set(GRANTED_BY[operation.right]))
    if everything_else:
        assert Program(blog, everything_else, client).ask(operation.method, address).status_code == 403
    for scope in GRANTED_BY[operation.right]:
        answer = Program(blog, scope, client).ask(operation.method, address)
        assert answer.status_code not in (401, 403), scope


def test_the_author_is_there_but_once(blog: Blog) -> None:
    assert author_id(blog) == author_id(blog)
    assert set(EVERYTHING.split()) <= set(SCOPES)
