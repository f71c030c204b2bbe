"""Every rule of the application: what it is for, and that nothing of the author's is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from signing import at_desk

from blog.app import create_app
from blog.web.admin.guard import OPEN, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from flask import Flask
    from werkzeug.routing import Rule


_SAFE: Final = {"GET", "HEAD", "OPTIONS"}


def filled(app: Flask, rule: Rule) -> str:
    """An address that the rule matches."""
    values = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        known = sorted(getattr(converter, "items", ()))
        values[name] = known[0] if known else "x" if type(converter).__name__ == "UnicodeConverter" else 1
    with app.test_request_context():
        address: str = app.url_map.bind("localhost").build(rule.endpoint, values, force_external=False)
    return address


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]


@pytest.fixture
def app(make_blog: Callable[..., Blog]) -> Flask:
    return create_app(make_blog("sqlite").services)


def test_every_page_of_the_author_asks_to_sign_in(app: Flask) -> None:
    client = app.test_client()
    found = {}
    for rule in rules(app):
        if rule.endpoint in OPEN or "GET" not in (rule.methods or ()):
            continue
        answer = client.get(filled(app, rule))
        found[rule.rule] = (answer.status_code, answer.headers.get("Location", "").partition("?")[0])
    assert len(found) >= 2
    assert found == dict.fromkeys(found, (303, "/admin/login"))


def test_every_action_of_the_author_is_refused_without_signing_in(app: Flask) -> None:
    client = app.test_client()
    for rule in rules(app):
        for method in (rule.methods or set()) - _SAFE:
            if rule.endpoint not in OPEN:
                assert client.open(filled(app, rule), method=method).status_code == 403, rule.rule


@pytest.mark.parametrize("token", ["", "guessed", "foreign"])
def test_every_action_refuses_a_form_that_is_not_of_this_session(
    make_blog: Callable[..., Blog], token: str
) -> None:
    blog = make_blog("sqlite")
    desk = at_desk(blog)
    if token == "foreign":
        token = at_desk(make_blog("sqlite")).token()
    app = desk.client.application
    tried = 0
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - _SAFE:
            if not rule.rule.startswith(PREFIX):
                continue
            answer = desk.client.open(filled(app, rule), method=method, data={"csrf_token": token})
            assert answer.status_code == 400, rule.rule
            tried += 1
    assert tried >= 4


def test_what_is_not_the_authors_changes_nothing(app: Flask) -> None:
    """Outside of the author's pages, only what asks for a token takes anything but GET.

    And what other sites tell us by the protocols of theirs: that a feed has news, and that a page links here.
    """
    others = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - _SAFE
        and not rule.rule.startswith((PREFIX, "/api/", "/micropub", "/indieauth"))
    ]
    assert set(others) == {"/websub/<token>", "/webmention"}


def test_everything_for_programs_asks_for_a_token_and_never_takes_the_cookie(
    make_blog: Callable[..., Blog],
) -> None:
    desk = at_desk(make_blog("sqlite"))
    app = desk.client.application
    answers = {}
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(("/api/", "/micropub")):
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for client in (app.test_client(), desk.client):
                answer = client.open(filled(app, rule), method=method, data={"csrf_token": desk.token()})
                answers[method, rule.rule, client is desk.client] = answer.status_code
    assert len(answers) > 20
    assert answers == dict.fromkeys(answers, 401)
