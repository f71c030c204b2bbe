"""Old addresses: those of the software a blog came from, and those in the table of redirects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from library import fill
from reading import look

from blog.changes.entries import save_entry
from blog.changes.imports import ImportLedger
from blog.domain.entry import Kind, RedirectDraft, Status
from blog.web.legacy import OLD_ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

MOVED = {
    "/atom/everything/": "/feed.atom",
    "/atom/entries/": "/articles.atom",
    "/atom/links/": "/links.atom",
    "/atom/quotations/": "/quotations.atom",
    "/atom/notes/": "/notes.atom",
    "/atom/beats/": "/activity.atom",
    "/entries/": "/articles/",
    "/blogmarks/": "/links/",
    "/beats/": "/activity/",
    "/search/?type=blogmark": "/links/",
    "/search/?type=entry": "/articles/",
    "/search/?type=quotation&tag=python": "/search/?tag=python&type=quotation",
    "/search/?q=closures&type=entry&year=2010&month=2": "/search/?q=closures&type=article&year=2010&month=2",
}


def test_every_old_address_is_in_the_table_below() -> None:
    assert OLD_ADDRESSES.items() <= MOVED.items()


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_an_old_address_leads_to_the_new_one(make_blog: Callable[..., Blog], old: str, new: str) -> None:
    blog = make_blog("sqlite")
    fill(blog)
    client = blog.client()
    answer = client.get(old)
    assert (answer.status_code, answer.location) == (301, new)
    assert client.get(new).status_code == 200
    if old.endswith("/"):
        assert client.get(old.rstrip("/")).location == f"http://localhost{old}"


NUMBERS = {"/e/1": "entry:1", "/b/1": "blogmark:1", "/q/1": "quotation:1", "/n/2": "note:2"}


def test_short_addresses_lead_to_what_was_imported_under_that_number(blog: Blog) -> None:
    for external_id in ("entry:1", "blogmark:1", "quotation:1", "note:2"):
        kind = Kind.LINK if external_id.startswith("blog") else Kind.NOTE
        save_entry(
            blog.services,
            replace(draft(kind=kind, slug=external_id.replace(":", "-"), body="x"), external_id=external_id),
        )
    save_entry(blog.services, replace(draft(), external_id="entry:9", status=Status.HIDDEN))
    client = blog.client()
    for short, external_id in NUMBERS.items():
        for spelling in (short, f"{short}/"):
            answer = client.get(spelling)
            assert (answer.status_code, answer.location) == (
                301,
                f"/2009/May/25/{external_id.replace(':', '-')}/",
            )
    for nothing in ("/e/2", "/e/9", "/n/1", "/x/1", "/e/one", "/e/-1"):
        assert look(client, nothing, 404).one("p", cls="about").text().endswith(".")


# The table of redirects.


REDIRECTS = [
    RedirectDraft(path="/about-me/", target="/2009/May/25/me/"),
    RedirectDraft(path="/no-slash", target="https://elsewhere.example/page?a=1#part"),
    RedirectDraft(path="/日本語/", target="/tags/日本語/"),
    RedirectDraft(path="/post/1/", target="/2009/May/25/one/", host="old.example"),
    RedirectDraft(path="/post/1/", target="/2009/May/25/own/"),
    RedirectDraft(path="/post/2/", target="/2009/May/25/other/", host="other.example"),
    RedirectDraft(path="/first/", target="/second/"),
    RedirectDraft(path="/second/", target="/third/"),
    RedirectDraft(path="/here/", target="/there/"),
    RedirectDraft(path="/there/", target="/here/"),
    RedirectDraft(path="/tags/gone/", target="/tags/python/"),
    RedirectDraft(path="/2009/May/25/moved/", target="/2009/May/26/moved/"),
    RedirectDraft(path="/python/", target="/nowhere/"),
]
LEADS = [
    ("localhost", "/about-me/", "/2009/May/25/me/"),
    ("localhost", "/about-me", "/2009/May/25/me/"),
    ("localhost", "/about-me/?utm_source=x", "/2009/May/25/me/"),
    ("localhost", "/no-slash", "https://elsewhere.example/page?a=1#part"),
    ("localhost", "/no-slash/", "https://elsewhere.example/page?a=1#part"),
    ("localhost", "/%E6%97%A5%E6%9C%AC%E8%AA%9E/", "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E/"),
    ("localhost", "/post/1/", "/2009/May/25/own/"),
    ("old.example", "/post/1/", "/2009/May/25/one/"),
    ("OLD.example:8000", "/post/1/", "/2009/May/25/one/"),
    ("third.example", "/post/1/", "/2009/May/25/own/"),
    ("localhost", "/post/2/", None),
    ("other.example", "/post/2/", "/2009/May/25/other/"),
    ("localhost", "/first/", "/third/"),
    ("localhost", "/second/", "/third/"),
    ("localhost", "/here/", None),
    ("localhost", "/tags/gone/", "/tags/python/"),
    ("localhost", "/2009/May/25/moved/", "/2009/May/26/moved/"),
    ("localhost", "/About-Me/", None),
]


@pytest.mark.parametrize(("host", "old", "new"), LEADS)
def test_what_nothing_lives_at_leads_where_the_table_says(
    blog: Blog, host: str, old: str, new: str | None
) -> None:
    ImportLedger(blog.services).apply_names(REDIRECTS)
    answer = blog.client().get(old, headers={"Host": host})
    assert (answer.status_code, answer.location) == ((301, new) if new else (404, None))


def test_what_lives_at_an_address_wins_over_a_redirect(blog: Blog) -> None:
    ImportLedger(blog.services).apply_names(
        [
            RedirectDraft(path="/2009/May/25/here/", target="/elsewhere/"),
            RedirectDraft(path="/tags/", target="/elsewhere/"),
        ]
    )
    blog.write("Here", slug="here")
    client = blog.client()
    assert [client.get(address).status_code for address in ("/2009/May/25/here/", "/tags/")] == [200, 200]
