"""IndieAuth from end to end: an app asks, the author agrees, and the app gets what was agreed to; or is refused."""

from __future__ import annotations

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from acting import Program
from reading import parse, read
from signing import Desk, at_desk
from sqlalchemy import select

from blog import fetch
from blog.accounts import Authorization, Token
from blog.auth.indieauth import (
    BadClient,
    challenge_of,
    check_client,
    check_redirect,
    is_same_place,
    with_answer,
)
from blog.auth.scopes import SCOPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from reading import Element
    from werkzeug.test import TestResponse

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
# That of the example in RFC 7636, appendix B.
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CLIENT = "http://localhost:9/"
REDIRECT = "http://localhost:9/back?x=1"
ASKED = {
    "response_type": "code", "client_id": CLIENT, "redirect_uri": REDIRECT, "state": "s&1", "code_challenge": CHALLENGE,
    "code_challenge_method": "S256", "scope": "create update profile",
}  # fmt: skip
ME = "http://localhost/"


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def ask(desk: Desk, **changes: str | None) -> TestResponse:
    wanted = {name: value for name, value in (ASKED | changes).items() if value is not None}
    return desk.get("/admin/indieauth", query_string=wanted)


def values_of(element: Element, name: str) -> list[str]:
    """The values of the fields with this name."""
    return [one["value"] for one in element.all("input") if one.get("name") == name]


def decide(
    desk: Desk, page: TestResponse, decision: str = "allow", scopes: list[str] | None = None
) -> TestResponse:
    form = parse(page.text).all("form", action="/admin/indieauth/decide")[0]
    asked = values_of(form, "asked")[0]
    offered = values_of(form, "scope")
    fields = {"asked": asked, "decision": decision, "scope": offered if scopes is None else scopes}
    return desk.post("/admin/indieauth/decide", fields)


def answer_in(response: TestResponse) -> dict[str, str]:
    """What the browser takes to the app."""
    assert response.status_code == 302, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def code_for(desk: Desk, scopes: list[str] | None = None, **changes: str | None) -> str:
    return answer_in(decide(desk, ask(desk, **changes), scopes=scopes))["code"]


def trade(desk: Desk, code: str, address: str = "/indieauth/token", **changes: str | None) -> Any:
    fields = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT, "redirect_uri": REDIRECT}
    sent = {
        name: value
        for name, value in (fields | {"code_verifier": VERIFIER} | changes).items()
        if value is not None
    }
    # An app has no cookie.
    return desk.client.application.test_client().post(address, data=sent)


def refusal(response: TestResponse) -> tuple[int, str]:
    assert response.content_type == "application/json", response.text
    return response.status_code, json.loads(response.text)["error"]


def test_the_home_page_leads_to_the_metadata_and_that_to_everything_else(blog: Blog) -> None:
    client = blog.client()
    links = {one["rel"]: one["href"] for one in read(client.get("/")).all("link")}
    assert links["micropub"] == "/micropub"
    said = json.loads(client.get(links["indieauth-metadata"]).text)
    assert said == {
        "issuer": ME,
        "authorization_endpoint": "http://localhost" + links["authorization_endpoint"],
        "token_endpoint": "http://localhost" + links["token_endpoint"],
        "introspection_endpoint": "http://localhost/indieauth/introspect",
        "introspection_endpoint_auth_methods_supported": ["Bearer"],
        "revocation_endpoint": "http://localhost/indieauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["none"],
        "userinfo_endpoint": "http://localhost/indieauth/userinfo",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    assert "micropub" not in {one["rel"] for one in read(client.get("/tags/")).all("link")}


def test_an_app_gets_a_token_that_does_what_was_agreed_to(blog: Blog, desk: Desk) -> None:
    page = ask(desk)
    shown = read(page)
    assert CLIENT in shown.text()
    assert values_of(shown, "scope") == ["create", "update", "profile"]
    sent = decide(desk, page, scopes=["create", "profile", "delete"])
    assert sent.headers["Location"].startswith("http://localhost:9/back?x=1&code=")
    answer = answer_in(sent)
    assert answer == {"x": "1", "code": answer["code"], "state": "s&1", "iss": ME}
    got = trade(desk, answer["code"])
    assert (got.status_code, got.headers["Cache-Control"]) == (200, "no-store")
    token = got.json["access_token"]
    assert got.json == {
        "access_token": token, "token_type": "Bearer", "scope": "create profile", "me": ME,
        "profile": {"name": "My linkblog", "url": ME},
    }  # fmt: skip
    program = Program(blog, "", desk.client.application.test_client())
    program.token = token
    assert program.post("/micropub", data={"content": "from an app"}).status_code == 201
    assert program.post("/api/v1/entries", json={"kind": "note", "body": "and again"}).status_code == 201
    assert program.post("/micropub", json={"action": "delete", "url": ME}).status_code == 403
    assert program.get("/indieauth/userinfo").json == {"name": "My linkblog", "url": ME}
    assert "localhost:9" in read(desk.get("/admin/tokens/")).text()


def test_what_is_stored_of_a_code_is_its_digest(blog: Blog, desk: Desk) -> None:
    code = code_for(desk)
    with blog.services.sessions.read() as session:
        (row,) = session.scalars(select(Authorization)).all()
    assert row.code_hash == hashlib.sha256(code.encode()).hexdigest()
    assert code not in str(vars(row))
    assert (row.client, row.redirect_uri, row.challenge) == (CLIENT, REDIRECT, CHALLENGE)


def test_a_code_tells_who_the_author_is_and_no_more_at_the_authorization_endpoint(desk: Desk) -> None:
    assert trade(desk, code_for(desk, scope=""), "/admin/indieauth").json == {"me": ME}
    told = trade(desk, code_for(desk, scope="profile"), "/admin/indieauth").json
    assert told == {"me": ME, "profile": {"name": "My linkblog", "url": ME}}


@pytest.mark.parametrize("address", ["/indieauth/token", "/admin/indieauth"])
def test_a_code_is_good_once_wherever_it_is_shown(blog: Blog, desk: Desk, address: str) -> None:
    code = code_for(desk)
    assert trade(desk, code).status_code == 200
    assert refusal(trade(desk, code, address)) == (400, "invalid_grant")
    with blog.services.sessions.read() as session:
        assert len(session.scalars(select(Token)).all()) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "guessed"}, "invalid_grant"),
        ({"client_id": "http://localhost:8/"}, "invalid_grant"),
        ({"client_id": "nonsense"}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:9/back"}, "invalid_grant"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code": None}, "invalid_request"),
        ({"client_id": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_traded_for_nothing_unless_all_is_right(
    blog: Blog, desk: Desk, changes: dict[str, str | None], error: str
) -> None:
    code = code_for(desk)
    assert refusal(trade(desk, **({"code": code} | changes))) == (400, error)  # type: ignore[arg-type]  # the code is there
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Token)).all() == []
    if error == "invalid_grant" and "code" not in changes and changes.get("client_id") != "nonsense":
        assert refusal(trade(desk, code)) == (400, "invalid_grant"), "who guesses has one guess"


def test_a_code_is_good_for_ten_minutes(blog: Blog, desk: Desk) -> None:
    first, second = code_for(desk), code_for(desk)
    blog.clock.forward(minutes=9, seconds=59)
    assert trade(desk, first).status_code == 200
    blog.clock.forward(seconds=1)
    assert refusal(trade(desk, second)) == (400, "invalid_grant")


def test_there_is_no_token_without_a_scope(desk: Desk) -> None:
    assert refusal(trade(desk, code_for(desk, scope=None))) == (400, "invalid_grant")
    assert refusal(trade(desk, code_for(desk, scopes=[]))) == (400, "invalid_grant")


def test_nobody_is_asked_who_is_not_signed_in_and_comes_back_with_all_that_was_asked(
    blog: Blog, desk: Desk
) -> None:
    stranger = Desk(blog.client())
    sent = ask(stranger)
    assert sent.status_code == 303
    login = stranger.get(sent.headers["Location"])
    wanted = values_of(read(login), "next")[0]
    back = stranger.sign_in(next=wanted)
    assert {
        name: values[0] for name, values in parse_qs(urlsplit(back.headers["Location"]).query).items()
    } == ASKED
    assert stranger.post("/admin/indieauth/decide", {"decision": "allow"}).status_code in (400, 403)
    assert ask(desk).status_code == 200


def test_the_author_may_not_want_it(blog: Blog, desk: Desk) -> None:
    answer = answer_in(decide(desk, ask(desk), "deny"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "s&1", ME)
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Authorization)).all() == []


def test_agreeing_takes_the_form_of_this_author_and_what_was_shown(blog: Blog, desk: Desk) -> None:
    page = ask(desk)
    form = parse(page.text).all("form", action="/admin/indieauth/decide")[0]
    asked = values_of(form, "asked")[0]
    without = desk.client.post("/admin/indieauth/decide", data={"asked": asked, "decision": "allow"})
    assert without.status_code == 400
    for forged in ("", "x", asked[:-1], asked.replace(".", "x.", 1)):
        assert desk.post("/admin/indieauth/decide", {"asked": forged, "decision": "allow"}).status_code == 400
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Authorization)).all() == []


def test_the_page_of_consent_is_in_no_frame_and_its_form_goes_where_it_says(desk: Desk) -> None:
    policy = ask(desk).headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' http://localhost:9")
    assert ask(desk).headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "app.example"},
        {"client_id": "https://10.0.0.1/"},
        {"client_id": "https://[2001:db8::1]/"},
        {"client_id": "https://app.example/#x"},
        {"client_id": "https://user:pw@app.example/"},
        {"client_id": "https://app.example/a/../b"},
        {"client_id": "javascript:alert(1)"},
        {"client_id": "https://app.example/" + "x" * 2_000},
        {"redirect_uri": None},
        {"redirect_uri": "http://localhost:8/back"},
        {"redirect_uri": "https://localhost:9/back"},
        {"redirect_uri": "http://localhost:9@evil.example/"},
        {"redirect_uri": "http://localhost:9.evil.example/"},
        {"redirect_uri": "http://localhost:9\\@evil.example/"},
        {"redirect_uri": "javascript:alert(1)//http://localhost:9/"},
        {"redirect_uri": "http://localhost:9/back#x"},
        {"redirect_uri": "app://back"},
    ],
)
def test_nothing_is_sent_anywhere_when_client_or_address_are_not_good(
    desk: Desk, changes: dict[str, str | None]
) -> None:
    answer = ask(desk, **changes)
    page = read(answer, 400)
    assert "This app cannot sign you in" in page.text()
    assert [one for one in page.all("a") if one.text() == "tell the app"] == []
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": None}, "invalid_request"),
        ({"state": "x" * 2_001}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_the_app_is_told_what_is_wrong_with_its_request_by_a_click_of_the_author(
    desk: Desk, changes: dict[str, str | None], error: str
) -> None:
    refused = ask(desk, **changes)
    page = read(refused, 400)
    assert "Location" not in refused.headers
    (back,) = [one["href"] for one in page.all("a") if one.text() == "tell the app"]
    assert back.startswith(REDIRECT)
    answer = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    assert answer["error_description"] in page.one("p", cls="said").text()
    assert (answer["error"], answer["iss"]) == (error, ME)
    assert answer.get("state", "") == ("s&1" if "state" not in changes else changes["state"] or "")


def test_scopes_that_are_none_here_are_left_out(desk: Desk) -> None:
    assert values_of(read(ask(desk, scope="create email everything")), "scope") == ["create"]


def test_a_token_is_looked_at_and_ended_by_who_has_it(desk: Desk) -> None:
    token = trade(desk, code_for(desk)).json["access_token"]
    app = desk.client.application.test_client()

    def look(shown: str, proof: str | None) -> Any:
        headers = {"Authorization": f"Bearer {proof}"} if proof else {}
        return app.post("/indieauth/introspect", data={"token": shown}, headers=headers)

    assert look(token, token).json == {
        "active": True, "me": ME, "client_id": CLIENT, "scope": "create update profile", "iat": 1_795_435_200,
    }  # fmt: skip
    assert look("nonsense", token).json == {"active": False}
    assert refusal(look(token, None)) == (401, "invalid_client")
    assert refusal(look(token, "nonsense")) == (401, "invalid_token")
    for shown in ("nonsense", token, token):
        assert app.post("/indieauth/revoke", data={"token": shown}).status_code == 200
    assert refusal(look(token, token)) == (401, "invalid_token")


def test_a_token_ends_as_it_did_before_there_was_an_address_for_it(desk: Desk) -> None:
    token = trade(desk, code_for(desk)).json["access_token"]
    app = desk.client.application.test_client()
    assert app.post("/indieauth/token", data={"action": "revoke", "token": token}).status_code == 200
    assert app.get("/indieauth/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_who_the_author_is_takes_the_scope_for_it(desk: Desk) -> None:
    token = trade(desk, code_for(desk, scopes=["create"])).json["access_token"]
    app = desk.client.application.test_client()
    assert refusal(app.get("/indieauth/userinfo", headers={"Authorization": f"Bearer {token}"})) == (
        403,
        "insufficient_scope",
    )
    assert refusal(app.get("/indieauth/userinfo")) == (401, "invalid_client")


class _App(BaseHTTPRequestHandler):
    """An app's own page; what it says is set by the test."""

    says: tuple[str, str, str] = ("", "", "")

    def do_GET(self) -> None:
        kind, link, body = self.says
        port = self.headers["Host"].rpartition(":")[2]
        if to := {"/here": "/", "/elsewhere": f"http://hosted.example:{port}/"}.get(self.path):
            self.send_response(302)
            self.send_header("Location", to)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if link:
            self.send_header("Link", link)
        self.end_headers()
        self.wfile.write(body.replace("PORT", self.headers["Host"].rpartition(":")[2]).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def app_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server whose name, app.example, leads to this machine."""
    monkeypatch.setattr(fetch, "_system_addresses", lambda _name, _port: ["127.0.0.1"])
    server = HTTPServer(("127.0.0.1", 0), _App)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


JSON = '{"client_id": "http://app.example:PORT/", "client_name": "An <App>", "redirect_uris": ["app.example:/back", "https://other.example/back"]}'


@pytest.mark.parametrize(
    ("says", "redirect_uri", "status", "name"),
    [
        (("application/json", "", JSON), "app.example:/back", 200, "An <App>"),
        (("application/json", "", JSON), "https://other.example/back", 200, "An <App>"),
        (("application/json", "", JSON), "https://other.example/back/", 400, ""),
        (("application/json", "", JSON.replace("PORT", "1")), "https://other.example/back", 400, ""),
        (("application/json", "", "{"), "https://other.example/back", 400, ""),
        (("text/html", "", '<title>App</title><link rel="redirect_uri" href="https://other.example/back">'), "https://other.example/back", 200, "App"),
        (("text/html", '<https://other.example/back>; rel="redirect_uri"', "<title>App</title>"), "https://other.example/back", 200, "App"),
        (("text/html", '<https://other.example/back>; rel="next"', "<title>App</title>"), "https://other.example/back", 400, ""),
        (("text/html", "", "nothing"), "https://other.example/back", 400, ""),
    ],
)  # fmt: skip
def test_an_answer_goes_elsewhere_only_where_the_app_says_that_this_is_its_own(
    make_blog: Callable[..., Blog], app_port: int, monkeypatch: pytest.MonkeyPatch,
    says: tuple[str, str, str], redirect_uri: str, status: int, name: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(_App, "says", says)
    desk = at_desk(make_blog("sqlite", fetch_private=True))
    answer = ask(desk, client_id=f"http://app.example:{app_port}/", redirect_uri=redirect_uri)
    page = read(answer, status)
    if status == 200:
        assert f"which calls itself “{name}”," in page.text()
        assert f"You will be sent to {redirect_uri}" in page.text()
        sent = decide(desk, answer)
        assert sent.headers["Location"].startswith(redirect_uri)


@pytest.mark.parametrize(("path", "is_heard"), [("here", True), ("elsewhere", False)])
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_what_another_site_says_is_not_said_by_the_app_that_leads_there(
    make_blog: Callable[..., Blog], app_port: int, monkeypatch: pytest.MonkeyPatch,
    kind: str, path: str, is_heard: bool,
) -> None:  # fmt: skip
    page = '<title>An &lt;App></title><link rel="redirect_uri" href="https://other.example/back">'
    said = page if kind == "text/html" else JSON.replace("PORT/", f"PORT/{path}")
    monkeypatch.setattr(_App, "says", (kind, "", said))
    desk = at_desk(make_blog("sqlite", fetch_private=True))
    client = f"http://app.example:{app_port}/{path}"
    status = 200 if is_heard else 400
    read(ask(desk, client_id=client, redirect_uri="https://other.example/back"), status)
    shown = read(ask(desk, client_id=client, redirect_uri=f"http://app.example:{app_port}/back")).text()
    assert ("“An <App>”" in shown, "leads to another site" in shown) == (is_heard, not is_heard)


def test_an_app_that_cannot_be_reached_signs_in_at_its_own_place(make_blog: Callable[..., Blog]) -> None:
    desk = at_desk(make_blog("sqlite"))
    page = read(ask(desk, client_id="https://app.invalid/", redirect_uri="https://app.invalid/back"))
    assert "Nothing more is known of it:" in page.text()
    elsewhere = ask(desk, client_id="https://app.invalid/", redirect_uri="https://other.example/back")
    assert "does not say that https://other.example/back is its own" in read(elsewhere, 400).text()


@pytest.mark.parametrize(
    ("client", "spelled"),
    [
        ("https://App.Example", "https://app.example/"),
        ("https://app.example/id?x=1", "https://app.example/id?x=1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://localhost", "http://localhost/"),
    ],
)
def test_a_client_is_spelled_one_way(client: str, spelled: str) -> None:
    assert check_client(client) == spelled
    assert check_client(spelled) == spelled


@pytest.mark.parametrize(
    "address",
    [
        "data:text/html,x",
        "blob:x",
        "",
        "//x",
        "https://",
        "https://a b/",
        "https://ä.example/",
        "https://x:99999/",
    ],
)
def test_addresses_that_no_answer_goes_to(address: str) -> None:
    with pytest.raises(BadClient):
        check_redirect(address)


def test_a_place_is_scheme_host_and_port() -> None:
    assert is_same_place("https://a.example/id", "https://A.example:443/back")
    assert not is_same_place("https://a.example/", "http://a.example/")
    assert not is_same_place("https://a.example/", "https://b.a.example/")
    assert with_answer("app:/back?x=1", {"code": "c&d"}) == "app:/back?x=1&code=c%26d"


def test_the_challenge_is_the_digest_of_the_verifier() -> None:
    assert challenge_of(VERIFIER) == CHALLENGE
    made = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    assert made == CHALLENGE
    assert challenge_of("x" * 42) == challenge_of("x" * 129) == challenge_of("ä" * 50) == ""
    assert urlencode({"a": "b"}) == "a=b"
