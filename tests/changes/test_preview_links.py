"""Links that show what is not public yet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from blog.accounts import PreviewLink
from blog.auth.tokens import digest
from blog.changes.entries import delete_entry
from blog.changes.previews import create_preview_link, revoke_preview_link
from blog.domain.entry import Status
from blog.domain.errors import NotThere
from blog.queries.previews import OpenLink, preview_links, previewed

if TYPE_CHECKING:
    from conftest import Blog


def test_a_link_shows_a_draft_until_it_expires(blog: Blog) -> None:
    one = blog.write("Secret", "C++", status=Status.DRAFT, body="Some *words*.")
    token = create_preview_link(blog.services, one, 7)
    began = blog.clock.now
    shown = previewed(blog.services, token).entry
    assert (shown.id, shown.title, shown.html, [tag.label for tag in shown.tags]) == (
        0,
        "Secret",
        "<p>Some <em>words</em>.</p>",
        ["C++"],
    )
    (link,) = preview_links(blog.services, one)
    assert link == OpenLink(link.id, began, began + timedelta(days=7))
    blog.clock.forward(days=7)
    assert preview_links(blog.services, one) == []
    with pytest.raises(NotThere):
        previewed(blog.services, token)


def test_a_link_is_ended_by_its_entry_only(blog: Blog) -> None:
    one, other = blog.write("One"), blog.write("Other")
    token = create_preview_link(blog.services, one, 1)
    (link,) = preview_links(blog.services, one)
    revoke_preview_link(blog.services, other, link.id)
    assert previewed(blog.services, token).entry.title == "One"
    revoke_preview_link(blog.services, one, link.id)
    with pytest.raises(NotThere):
        previewed(blog.services, token)


def test_only_a_digest_of_the_link_is_stored(blog: Blog) -> None:
    token = create_preview_link(blog.services, blog.write("One"), 1)
    with blog.services.sessions.read() as session:
        assert session.scalars(select(PreviewLink.token_hash)).all() == [digest(token)]


def test_a_link_goes_with_its_entry(blog: Blog) -> None:
    one = blog.write("One")
    token = create_preview_link(blog.services, one, 30)
    delete_entry(blog.services, one)
    with pytest.raises(NotThere):
        previewed(blog.services, token)
    with pytest.raises(NotThere):
        create_preview_link(blog.services, one, 1)
