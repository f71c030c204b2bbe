"""A client that is signed in, and that fills the token of forms in as a browser does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from blog.changes.users import create_user

if TYPE_CHECKING:
    from conftest import Blog
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

NAME: Final = "ada"
PASSWORD: Final = "correct horse battery"
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


def token_in(html: str) -> str:
    """The token of the first form on a page."""
    found = _TOKEN.search(html)
    assert found, "the page has no form"
    return found[1]


class Desk:
    """An author at a browser without JavaScript."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self._token = ""

    def get(self, address: str, **options: Any) -> TestResponse:
        return self.client.get(address, **options)

    def post(self, address: str, fields: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form, with the token that this session's forms have."""
        return self.client.post(address, data={"csrf_token": self.token(), **(fields or {})}, **options)

    def token(self) -> str:
        self._token = self._token or token_in(self.client.get("/admin/account/").text)
        return self._token

    def sign_in(self, name: str = NAME, password: str = PASSWORD, **fields: str) -> TestResponse:
        token = token_in(self.client.get("/admin/login").text)
        self._token = ""
        given = {"csrf_token": token, "name": name, "password": password, **fields}
        return self.client.post("/admin/login", data=given)


def at_desk(blog: Blog) -> Desk:
    """Create the author, and sign in."""
    create_user(blog.services, NAME, PASSWORD)
    desk = Desk(blog.client())
    assert desk.sign_in().status_code == 303
    return desk
