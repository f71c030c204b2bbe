"""A program that acts for an author: it has a token, and no cookie.

Its answers are TestResponses, typed as Any: tests look deep into the JSON of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from blog.accounts import User
from blog.changes.tokens import create_token
from blog.changes.users import create_user

if TYPE_CHECKING:
    from conftest import Blog
    from flask.testing import FlaskClient

NAME: Final = "ada"
PASSWORD: Final = "correct horse battery"
EVERYTHING: Final = "read create update delete media profile"


def author_id(blog: Blog) -> int:
    """The author, who is created if need be."""
    with blog.services.sessions.read() as session:
        known = session.scalar(select(User.id).where(User.name == NAME))
    return known or create_user(blog.services, NAME, PASSWORD)


class Program:
    """A client that shows a token with every request."""

    def __init__(self, blog: Blog, scopes: str = EVERYTHING, client: FlaskClient | None = None) -> None:
        self.blog = blog
        self.client = client or blog.client()
        self.token = create_token(blog.services, author_id(blog), "a program", scopes.split()) if scopes else ""

    def ask(self, method: str, address: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.open(
            address, method=method, headers=headers | dict(options.pop("headers", {})), **options
        )

    def get(self, address: str, **options: Any) -> Any:
        return self.ask("GET", address, **options)

    def post(self, address: str, **options: Any) -> Any:
        return self.ask("POST", address, **options)
