"""Signing in and out, the first author, and sessions that end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import read
from signing import NAME, PASSWORD, Desk, at_desk, token_in
from sqlalchemy import delete, select

from blog.accounts import Attempt, Login, User
from blog.auth.passkeys import NewPasskey
from blog.auth.passwords import hashed
from blog.changes import users
from blog.changes.passkeys import add_passkey
from blog.changes.tokens import BadCode, Grant, create_token, grant_code, redeem_code
from blog.changes.users import SetupOver, begin_setup, create_first_user, create_user, set_password
from blog.queries.tokens import bearer_of
from blog.queries.users import authenticate

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def test_who_is_signed_in_sees_the_desk(desk: Desk) -> None:
    answer = desk.get("/admin/")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "<h1>Desk</h1>" in answer.text


def test_the_cookie_is_for_this_site_and_no_script(blog: Blog) -> None:
    create_user(blog.services, NAME, PASSWORD)
    cookie = Desk(blog.client()).sign_in().headers["Set-Cookie"]
    assert cookie.startswith("crosstag_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("base_url", "origin", "secure"),
    [
        ("https://blog.example", "https://blog.example", True),
        ("https://blog.example", "http://blog.example", True),  # behind a proxy that speaks TLS for it
        ("https://blog.example", "http://127.0.0.1:8000", False),  # or nobody could sign in there
        ("", "https://blog.example", True),
        ("", "http://blog.example", False),
    ],
)
def test_the_cookie_goes_over_tls_only_where_there_is_tls(
    make_blog: Callable[..., Blog], base_url: str, origin: str, secure: bool
) -> None:
    blog = make_blog("sqlite", base_url=base_url)
    cookie = blog.client().get("/admin/login", base_url=origin).headers["Set-Cookie"]
    assert ("Secure" in cookie) is secure


def test_the_session_is_another_one_after_signing_in(blog: Blog) -> None:
    create_user(blog.services, NAME, PASSWORD)
    client = blog.client()
    before = client.get("/admin/login").headers["Set-Cookie"]
    desk = Desk(client)
    after = desk.sign_in().headers["Set-Cookie"]
    assert before.split(";")[0] != after.split(";")[0]
    # And the token of the form that was open before is worth nothing after.
    assert client.post("/admin/logout", data={"csrf_token": token_in_cookieless(before)}).status_code == 400


def token_in_cookieless(cookie: str) -> str:
    return cookie.partition("=")[2].partition(";")[0]


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(blog: Blog) -> None:
    create_user(blog.services, NAME, PASSWORD)
    desk = Desk(blog.client())
    answers = [desk.sign_in(NAME, "not the password"), desk.sign_in("grace", PASSWORD)]
    assert [answer.status_code for answer in answers] == [403, 403]
    told = [answer.text.replace(NAME, "…").replace("grace", "…") for answer in answers]
    assert told[0].replace(token_in(told[0]), "") == told[1].replace(token_in(told[1]), "")


@pytest.mark.parametrize("name", [NAME, "nobody"])
def test_after_ten_failures_the_account_waits_at_this_address_whether_or_not_it_exists(
    blog: Blog, name: str
) -> None:
    create_user(blog.services, NAME, PASSWORD)
    desk = Desk(blog.client())
    for _ in range(10):
        assert desk.sign_in(name, "not the password").status_code == 403
    refused = desk.sign_in(name)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= 15 * 60
    blog.clock.forward(minutes=15)
    assert desk.sign_in(name).status_code == (303 if name == NAME else 403)


def test_after_thirty_failures_the_address_waits_for_every_account(blog: Blog) -> None:
    create_user(blog.services, NAME, PASSWORD)
    desk = Desk(blog.client())
    for number in range(30):
        assert desk.sign_in(f"name{number}", "whatever it is").status_code == 403
    assert desk.sign_in().status_code == 429


def at(blog: Blog, address: str) -> Desk:
    """Somebody else, at another address."""
    client = blog.client()
    client.environ_base["REMOTE_ADDR"] = address
    return Desk(client)


def test_who_fails_elsewhere_locks_no_author_out_before_a_hundred_failures(blog: Blog) -> None:
    desk = at_desk(blog)
    strangers = [at(blog, f"192.0.2.{number}") for number in range(10)]
    for stranger in strangers[:9]:
        for _ in range(10):
            assert stranger.sign_in(password="wrong").status_code == 403
        assert stranger.sign_in(password="wrong").status_code == 429
    assert Desk(blog.client()).sign_in().status_code == 303
    for _ in range(10):
        assert strangers[9].sign_in(password="wrong").status_code == 403
    assert Desk(blog.client()).sign_in().status_code == 429
    # Who is signed in still changes the password.
    new = {"old": PASSWORD, "new": "another horse staple", "again": "another horse staple"}
    assert desk.post("/admin/account/password", new).status_code == 303


def test_an_authors_own_password_is_asked_for_ten_times(blog: Blog) -> None:
    desk = at_desk(blog)
    for _ in range(10):
        assert desk.post("/admin/account/password", {"old": "wrong"}).status_code == 422
    assert desk.post("/admin/account/password", {"old": PASSWORD}).status_code == 429
    assert Desk(blog.client()).sign_in().status_code == 303


def test_after_ten_failures_passkeys_wait_at_this_address_and_no_account_does(blog: Blog) -> None:
    create_user(blog.services, NAME, PASSWORD)
    desk = Desk(blog.client())
    headers = {"X-CSRFToken": token_in(desk.get("/admin/login").text)}
    for _ in range(10):
        assert desk.client.post("/admin/passkey", json={}, headers=headers).status_code == 403
        assert Desk(blog.client()).sign_in("passkey from 127.0.0.1", "wrong").status_code in (403, 429)
    assert desk.client.post("/admin/passkey", json={}, headers=headers).status_code == 429
    assert at(blog, "192.0.2.1").sign_in("passkey from 127.0.0.1", "wrong").status_code == 403
    assert Desk(blog.client()).sign_in().status_code == 303


def test_who_signs_in_rightly_is_not_counted(blog: Blog) -> None:
    create_user(blog.services, NAME, PASSWORD)
    for _ in range(12):
        assert Desk(blog.client()).sign_in().status_code == 303
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Attempt)).all() == []


@pytest.mark.parametrize(
    ("wanted", "comes_to"),
    [
        ("/admin/account/", "/admin/account/"),
        ("/admin/new?url=https://x.example/&title=a%20b", "/admin/new?url=https://x.example/&title=a%20b"),
        ("", "/admin/"),
        ("https://evil.example/admin/", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/\\evil.example/", "/admin/"),
        ("/admin/\\..\\", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
    ],
)
def test_signing_in_leads_to_the_page_that_was_asked_for_and_to_no_other_site(
    make_blog: Callable[..., Blog], wanted: str, comes_to: str
) -> None:
    blog = make_blog("sqlite")
    create_user(blog.services, NAME, PASSWORD)
    assert Desk(blog.client()).sign_in(next=wanted).headers["Location"] == comes_to


def test_the_page_that_was_asked_for_is_remembered_with_its_parameters(blog: Blog) -> None:
    client = blog.client()
    answer = client.get("/admin/account/?a=1&b=2%263")
    assert answer.headers["Location"] == "/admin/login?next=/admin/account/%3Fa%3D1%26b%3D2%25263"
    asked = client.get(answer.headers["Location"]).text
    assert 'name="next" value="/admin/account/?a=1&amp;b=2%263"' in asked


def test_what_was_typed_when_the_session_ended_is_sent_after_signing_in_again(blog: Blog) -> None:
    desk = at_desk(blog)
    with blog.services.sessions.write() as session:
        session.execute(delete(Login))
    typed = {"old": "a & <b>", "new": "line\nline\n", "tags": "x"}
    ours = {"Origin": "http://localhost"}
    asked = desk.client.post("/admin/account/password", data=typed, headers=ours)
    assert asked.status_code == 403
    assert "Your session is over." in asked.text
    kept = {f"kept.{name}": value for name, value in typed.items()}
    for name in kept:
        assert f'name="{name}"' in asked.text
    again = desk.sign_in(next="/admin/account/password", **kept)
    assert again.status_code == 200
    assert '<form method="post" action="/admin/account/password">' in again.text
    assert "a &amp; &lt;b&gt;</textarea>" in again.text


OURS = {"Origin": "http://localhost"}


def test_a_long_article_is_carried_through_signing_in(blog: Blog) -> None:
    create_user(blog.services, NAME, PASSWORD)
    desk, typed = Desk(blog.client()), "Some words of an article, \r\n" * 17_857
    assert len(typed) > 499_000
    asked = desk.client.post("/admin/new", data={"title": "A", "body": typed}, headers=OURS)
    assert (asked.status_code, "Your session is over." in asked.text) == (403, True)
    fields = {"csrf_token": token_in(asked.text), "name": NAME, "kept.title": "A", "kept.body": typed}
    wrong = desk.client.post(
        "/admin/login", data=fields | {"password": "wrong"}, content_type="multipart/form-data"
    )
    assert (wrong.status_code, 'name="kept.body"' in wrong.text) == (403, True)
    again = desk.client.post(
        "/admin/login", data=fields | {"password": PASSWORD}, content_type="multipart/form-data"
    )
    assert (again.status_code, 'name="body"' in again.text) == (200, True)


@pytest.mark.parametrize(
    "fields",
    [
        {f"name{number}": "" for number in range(201)},
        {"x" * 510_001: ""},
        {"a": "x" * 510_001},
        {f"distinct{number}": "" for number in range(700_000)},
    ],
    ids=["many", "a long name", "a long value", "far too large"],
)
def test_no_form_is_carried_through_signing_in_that_no_author_has(
    make_blog: Callable[..., Blog], fields: dict[str, str]
) -> None:
    asked = make_blog("sqlite").client().post("/admin/settings/", data=fields, headers=OURS)
    assert (asked.status_code, "kept." in asked.text, len(asked.data) < 10_000) == (403, False, True)


def test_of_who_is_not_signed_in_nothing_large_is_read(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    client, large = blog.client(), {"name": "x" * 600_001}
    for address in ("/admin/login", "/admin/passkey", "/admin/passkey/options", "/admin/indieauth"):
        assert client.post(address, data=large).status_code == 413, address
    assert at_desk(blog).post("/admin/login", large).status_code == 403


@pytest.mark.parametrize("sender", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_what_another_site_filled_in_is_not_carried_through_signing_in(
    make_blog: Callable[..., Blog], sender: dict[str, str]
) -> None:
    blog = make_blog("sqlite")
    client = blog.client()
    asked = client.post("/admin/account/password", data={"old": "a"}, headers=sender)
    assert asked.status_code == 403
    assert "kept." not in asked.text
    # Nor offered to an author who is signed in, whose session this form is not of.
    desk = at_desk(blog)
    answer = desk.client.post("/admin/account/password", data={"old": "a"}, headers=sender)
    assert answer.status_code == 400
    assert 'name="old"' not in answer.text


def test_signing_out_ends_the_session_on_the_server(desk: Desk) -> None:
    cookie = desk.client.get_cookie("crosstag_session")
    assert cookie is not None
    assert desk.post("/admin/logout").status_code == 303
    desk.client.set_cookie("crosstag_session", cookie.value)
    assert desk.get("/admin/").status_code == 303


def test_a_session_can_be_ended_from_another_browser(blog: Blog, desk: Desk) -> None:
    other = Desk(blog.client())
    other.sign_in()
    page = desk.get("/admin/account/").text
    assert page.count("this one") == 1
    assert desk.post("/admin/account/sessions/end-others").status_code == 303
    assert (desk.get("/admin/").status_code, other.get("/admin/").status_code) == (200, 303)


def test_a_session_that_is_not_used_for_sixty_days_is_over_and_one_in_use_is_not(
    blog: Blog, desk: Desk
) -> None:
    for _ in range(3):
        blog.clock.forward(days=59)
        assert desk.get("/admin/").status_code == 200
    blog.clock.forward(days=61)
    assert desk.get("/admin/").status_code == 303


def test_nobody_ends_the_session_of_another_author(blog: Blog, desk: Desk) -> None:
    create_user(blog.services, "grace", PASSWORD)
    grace = Desk(blog.client())
    grace.sign_in("grace")
    with blog.services.sessions.read() as session:
        hers = session.scalar(select(Login.id).join(User, User.id == Login.user_id).where(User.name == "grace"))
    desk.post(f"/admin/account/sessions/{hers}/end")
    assert grace.get("/admin/").status_code == 200


def test_a_changed_password_signs_every_other_browser_out(blog: Blog, desk: Desk) -> None:
    other = Desk(blog.client())
    other.sign_in()
    new = {"old": PASSWORD, "new": "another horse staple", "again": "another horse staple"}
    assert desk.post("/admin/account/password", new).status_code == 303
    assert (desk.get("/admin/").status_code, other.get("/admin/").status_code) == (200, 303)
    assert authenticate(blog.services, NAME, "another horse staple")


@pytest.mark.parametrize(
    ("tokens", "passkeys", "said"),
    [
        (0, 0, ""),
        (1, 0, " 1 token is revoked."),
        (2, 1, " 2 tokens are revoked. 1 passkey still signs you in; take away below what is not yours."),
        (0, 2, " 2 passkeys still sign you in; take away below what is not yours."),
    ],
)
def test_a_changed_password_ends_tokens_and_codes_and_says_what_stays(
    blog: Blog, desk: Desk, tokens: int, passkeys: int, said: str
) -> None:
    grace = create_user(blog.services, "grace", PASSWORD)
    hers = create_token(blog.services, grace, "hers", ["read"])
    with blog.services.sessions.read() as session:
        ada = session.scalars(select(User.id).where(User.name == NAME)).one()
    mine = [create_token(blog.services, ada, "mine", ["read"]) for _ in range(tokens)]
    for number in range(passkeys):
        add_passkey(blog.services, ada, "phone", NewPasskey(bytes([number]), b"key", 0))
    address = ("https://app.example/", "https://app.example/back")
    code = grant_code(blog.services, Grant(ada, *address, frozenset({"read"}), "x"))
    new = {"old": PASSWORD, "new": "another horse staple", "again": "another horse staple"}
    desk.post("/admin/account/password", new)
    page = read(desk.get("/admin/account/")).text()
    assert f"The password is changed, and every other browser is signed out.{said}" in page
    assert ("0 token" in page, "still sign" in page) == (False, passkeys > 0)
    assert [bearer_of(blog.services, token) for token in mine] == [None] * tokens
    assert bearer_of(blog.services, hers) is not None
    with pytest.raises(BadCode):
        redeem_code(blog.services, code, *address, "x")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"old": "wrong", "new": "another horse", "again": "another horse"}, "The old password is not right."),
        ({"old": PASSWORD, "new": "another horse", "again": "another house"}, "are not the same"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 10 characters"),
        ({"old": PASSWORD, "new": "x" * 1001, "again": "x" * 1001}, "at most 1,000 characters"),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(desk: Desk, fields: dict[str, str], sentence: str) -> None:
    answer = desk.post("/admin/account/password", fields)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_printed_link_creates_the_first_author_once(blog: Blog) -> None:
    token = begin_setup(blog.services)
    client = blog.client()
    page = client.get(f"/admin/setup/{token}")
    assert page.status_code == 200
    fields = {"csrf_token": token_in(page.text), "name": "Ada", "password": PASSWORD, "again": PASSWORD}
    made = client.post(f"/admin/setup/{token}", data=fields)
    assert (made.status_code, made.headers["Location"]) == (303, "/admin/")
    assert client.get("/admin/").status_code == 200
    assert begin_setup(blog.services) is None
    stranger = blog.client()
    assert stranger.get(f"/admin/setup/{token}").headers["Location"] == "/admin/login"


def test_only_the_link_that_was_printed_last_creates_an_author(blog: Blog) -> None:
    older, newer = begin_setup(blog.services), begin_setup(blog.services)
    client = blog.client()
    fields = {
        "csrf_token": token_in(client.get(f"/admin/setup/{older}").text),
        "name": "ada",
        "password": PASSWORD,
        "again": PASSWORD,
    }
    for token, status in ((older, 422), ("guessed", 422), (newer, 303)):
        assert client.post(f"/admin/setup/{token}", data=fields).status_code == status


def test_nothing_is_hashed_for_who_has_no_link(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noted(password: str, name: str = "") -> str:
        made.append(name)
        return hashed(password, name)

    monkeypatch.setattr(users, "hashed", noted)
    token = begin_setup(blog.services) or ""
    with pytest.raises(SetupOver):
        create_first_user(blog.services, "guessed", "eve", PASSWORD)
    create_first_user(blog.services, token, NAME, PASSWORD)
    with pytest.raises(SetupOver):
        create_first_user(blog.services, token, "eve", PASSWORD)
    assert made == [NAME]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "a b"}, "letters, digits"),
        ({"name": ""}, "letters, digits"),
        ({"password": "short", "again": "short"}, "at least 10"),
        ({"again": "something else"}, "not the same"),
        ({"name": "elizabeth1", "password": "Elizabeth1", "again": "Elizabeth1"}, "own name"),
    ],
)
def test_a_first_author_that_cannot_be_is_told_why_and_the_name_stays(
    blog: Blog, fields: dict[str, str], sentence: str
) -> None:
    token = begin_setup(blog.services)
    client = blog.client()
    known = {"csrf_token": token_in(client.get(f"/admin/setup/{token}").text), "name": "ada"}
    answer = client.post(
        f"/admin/setup/{token}", data={**known, "password": PASSWORD, "again": PASSWORD, **fields}
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'name="name" value="{fields.get("name", "ada")}"' in answer.text


def test_nothing_that_signs_anybody_in_is_stored(blog: Blog, desk: Desk) -> None:
    cookie = desk.client.get_cookie("crosstag_session")
    with desk.client.session_transaction() as held:
        token = held["login"]
    assert cookie is not None
    with blog.services.sessions.read() as session:
        stored = [*session.scalars(select(Login.token_hash)), *session.scalars(select(User.password_hash))]
    assert not any(token in one or PASSWORD in one for one in stored)
    assert stored[1].startswith("$argon2id$")


def test_a_password_set_on_the_command_line_ends_all_sessions(blog: Blog, desk: Desk) -> None:
    set_password(blog.services, NAME, "a new one, and long")
    assert desk.get("/admin/").status_code == 303


def test_public_pages_set_no_cookie(blog: Blog) -> None:
    blog.write("One", "python")
    client = blog.client()
    for address in ("/", "/tags/python/", "/feed.atom", "/nothing/"):
        assert "Set-Cookie" not in client.get(address).headers


def test_only_an_answer_that_changes_the_session_brings_the_cookie_again(blog: Blog, desk: Desk) -> None:
    """Else a style sheet's answer, on its way for longer, would take back what a page has put into it."""
    for address in ("/admin/", "/admin/account/", "/static/style.css", "/"):
        with desk.get(address) as answer:
            assert "Set-Cookie" not in answer.headers
    blog.clock.forward(minutes=6)
    assert "Set-Cookie" in desk.get("/admin/").headers
