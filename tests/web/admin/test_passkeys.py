"""Signing in by a passkey: what a device signs is good once, and soon. The device here is a key and a count."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from signing import NAME, PASSWORD, Desk, token_in

from blog.auth.passkeys import NewPasskey
from blog.changes.passkeys import add_passkey
from blog.changes.users import create_user

if TYPE_CHECKING:
    from conftest import Blog
    from werkzeug.test import TestResponse

_ID: Final = b"one of ada's devices"
_COOKIE: Final = "crosstag_session"


def spelled(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class Device:
    """A passkey of Ada's, which counts nothing, as those that are synchronized do not."""

    def __init__(self, blog: Blog) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        made = NewPasskey(_ID, cbor2.dumps(public), 0)
        add_passkey(blog.services, create_user(blog.services, NAME, PASSWORD), "phone", made)

    def answer(self, challenge: str) -> str:
        """What a browser sends when the device has signed."""
        said = {"type": "webauthn.get", "challenge": challenge, "origin": "http://localhost"}
        client = json.dumps(said).encode()
        verified = hashlib.sha256(b"localhost").digest() + b"\x05" + bytes(4)
        signature = self._key.sign(verified + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"clientDataJSON": client, "authenticatorData": verified, "signature": signature}
        sent = {name: spelled(value) for name, value in response.items()}
        return json.dumps({"id": spelled(_ID), "rawId": spelled(_ID), "type": "public-key", "response": sent})


class Visitor:
    """Somebody who is not signed in, with a browser that has scripts."""

    def __init__(self, blog: Blog) -> None:
        self.client = blog.client()
        self._headers = {"X-CSRFToken": token_in(self.client.get("/admin/login").text)}

    def begin(self) -> str:
        options: Any = self.client.post("/admin/passkey/options", headers=self._headers).get_json()
        return str(options["challenge"])

    def enter(self, credential: str) -> TestResponse:
        return self.send(json.dumps({"credential": credential}))

    def send(self, body: str) -> TestResponse:
        return self.client.post(
            "/admin/passkey", data=body, content_type="application/json", headers=self._headers
        )


def test_a_passkey_signs_in(blog: Blog) -> None:
    device, visitor = Device(blog), Visitor(blog)
    assert visitor.enter(device.answer(visitor.begin())).status_code == 200
    assert Desk(visitor.client).get("/admin/").status_code == 200


def test_an_answer_is_good_once_whatever_cookie_it_comes_with(blog: Blog) -> None:
    device, visitor = Device(blog), Visitor(blog)
    answer = device.answer(visitor.begin())
    cookie = visitor.client.get_cookie(_COOKIE)
    assert cookie is not None
    assert visitor.enter(answer).status_code == 200
    visitor.client.set_cookie(_COOKIE, cookie.value)
    again = visitor.enter(answer)
    assert (again.status_code, again.get_json()) == (
        403,
        {"error": "This took too long, or was answered already. Try again."},
    )


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 403)])
def test_an_answer_is_good_for_five_minutes(blog: Blog, seconds: int, status: int) -> None:
    device, visitor = Device(blog), Visitor(blog)
    answer = device.answer(visitor.begin())
    blog.clock.forward(seconds=seconds)
    assert visitor.enter(answer).status_code == status


def test_an_answer_to_nothing_is_worth_nothing(blog: Blog) -> None:
    device, visitor = Device(blog), Visitor(blog)
    assert visitor.enter(device.answer(spelled(b"x" * 32))).status_code == 403
    visitor.begin()
    assert visitor.enter(device.answer(spelled(b"x" * 32))).status_code == 403


@pytest.mark.parametrize("depth", [19_000, 20_001])
def test_absurd_answers_are_no_answers(blog: Blog, depth: int) -> None:
    visitor = Visitor(blog)
    visitor.begin()
    assert visitor.enter("[" * depth).status_code == 403
    visitor.begin()
    assert visitor.send("[" * 100_000).status_code == 403
    assert visitor.send("[" * 100_000 + "]" * 100_000).status_code == 403
