"""Tags in a browser without JavaScript: the table, one tag, and every action with its preview."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from signing import at_desk

from blog.changes.plans import carry_out
from blog.changes.tagging import AddAlias, Imply
from blog.domain.entry import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from signing import Desk

_NAMES = re.compile(r'<td class="name"><a href="/admin/tags/[^"]+/">([^<]*)</a>')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')

_TOKEN = re.compile(r'name="csrf_token" value="[^"]+"')


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    """Four entries under tags of which two may be one."""
    blog = make_blog("sqlite")
    blog.write("One", "postgres web", day="2009-05-25")
    blog.write("Two", "postgresql postgres", day="2010-05-25", kind="note")
    blog.write("Three", "postgresql C++", day="2011-05-25", status=Status.DRAFT)
    blog.write("Four", "postgresql 日本語", day="2012-05-25")
    carry_out(blog.services, AddAlias("web", "www"))
    carry_out(blog.services, Imply("postgresql", "databases"))
    return blog


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def confirmed(desk: Desk, html: str) -> Any:
    """Press the button of a preview."""
    found = re.search(r'<form method="post" action="(/admin/tags/[^"]+)">(.*?)</form>', html, re.DOTALL)
    assert found
    fields = {name: value for name, value in _HIDDEN.findall(found[2]) if name != "csrf_token"}
    return desk.post(found[1], fields)


def seen(desk: Desk, slug: str) -> list[str]:
    """What the pages of all tags and of one tag show; the tokens of their forms change with the time."""
    pages = [desk.get(address).text for address in ("/admin/tags/", f"/admin/tags/{slug}/")]
    return [_TOKEN.sub("", page) for page in pages]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["postgresql", "postgres", "C++", "web", "日本語", "databases"]),
        ("sort=name", ["C++", "databases", "postgres", "postgresql", "web", "日本語"]),
        ("once=yes", ["C++", "web", "日本語"]),
        ("q=post&sort=first", ["postgres", "postgresql"]),
        ("q=www", ["web"]),
        ("sort=nonsense&q=zzz", []),
    ],
)
def test_the_table_is_sorted_and_searched(desk: Desk, query: str, expected: list[str]) -> None:
    answer = desk.get(f"/admin/tags/?{query}")
    assert (answer.status_code, _NAMES.findall(answer.text)) == (200, expected)


def test_tags_that_may_be_one_can_be_merged_from_the_list(desk: Desk) -> None:
    html = desk.get("/admin/tags/?show=near").text
    assert _NAMES.findall(html) == ["postgres"]
    fields = dict(_HIDDEN.findall(html[html.index('action="/admin/tags/postgres/merge"') :]))
    assert fields.pop("csrf_token")
    shown = desk.post("/admin/tags/postgres/merge", fields)
    assert "<h1>Merge the tag “postgres” into “postgresql”?</h1>" in shown.text
    assert "<code>/tags/postgres.atom</code> → <code>/tags/postgresql.atom</code>" in shown.text
    assert "On both tags by now: one entry." in shown.text
    done = confirmed(desk, shown.text).headers["Location"]
    assert done == "/admin/tags/?show=near&done=3"
    assert "Merge the tag “postgres” into “postgresql”: done." in desk.get(done).text
    moved = desk.get("/tags/postgres/")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/tags/postgresql/")
    assert desk.get("/tags/postgres+web.atom").headers["Location"] == "/tags/postgresql+web.atom"


# The tag, what is done to it, the form, what the preview is headed, and where it leads.
ACTIONS: list[tuple[str, str, dict[str, str], str, str]] = [
    ("web", "rename", {"name": "The Web"}, "Rename the tag “web” to “The Web”", "/admin/tags/the-web/"),
    ("cplusplus", "rename", {"name": "CPP"}, "Rename the tag “C++” to “CPP”", "/admin/tags/cpp/"),
    ("web", "display-name", {"name": "WWW"}, "Show the tag “web” as “WWW”", "/admin/tags/web/"),
    ("web", "describe", {"description": "The *web*."}, "Describe the tag “web”", "/admin/tags/web/"),
    ("web", "merge", {"into": "postgres"}, "Merge the tag “web” into “postgres”", "/admin/tags/postgres/"),
    (
        "postgresql",
        "split",
        {"type": "note", "into": "Notes on it", "q": "", "year": ""},
        "Move one entry (notes) from the tag “postgresql” to “Notes on it”",
        "/admin/tags/postgresql/",
    ),
    (
        "postgresql",
        "split",
        {"year": "2011", "into": "web"},
        "Move one entry (posts in 2011) from the tag “postgresql” to “web”",
        "/admin/tags/postgresql/",
    ),
    ("日本語", "delete", {}, "Delete the tag “日本語”", "/admin/tags/"),
    ("web", "add-alias", {"alias": "Internet"}, "Let “internet” lead to the tag “web”", "/admin/tags/web/"),
    ("web", "remove-alias", {"alias": "www"}, "Forget “www” as a name of the tag “web”", "/admin/tags/web/"),
    (
        "web",
        "imply",
        {"implied": "Internet", "existing": "yes"},
        "Let the tag “web” imply “Internet”",
        "/admin/tags/web/",
    ),
    (
        "postgresql",
        "stop-implying",
        {"implied": "databases"},
        "Let the tag “postgresql” imply “databases” no more",
        "/admin/tags/postgresql/",
    ),
]


@pytest.mark.parametrize(
    ("slug", "what", "fields", "summary", "leads_to"), ACTIONS, ids=[f"{one[1]}-{one[0]}" for one in ACTIONS]
)
def test_an_action_is_shown_then_done_and_can_be_undone(
    desk: Desk, slug: str, what: str, fields: dict[str, str], summary: str, leads_to: str
) -> None:
    before = seen(desk, slug)
    shown = desk.post(f"/admin/tags/{slug}/{what}", fields)
    assert (shown.status_code, f"<h1>{summary}?</h1>" in shown.text) == (200, True)
    assert seen(desk, slug) == before
    done = confirmed(desk, shown.text)
    assert (done.status_code, done.headers["Location"]) == (303, f"{leads_to}?done=3")
    assert f"{summary}: done." in desk.get(done.headers["Location"]).text
    assert seen(desk, slug) != before
    desk.post("/admin/history/3/undo", {"back": "/admin/tags/"})
    assert f"Undone: {summary}." in desk.get("/admin/history/").text
    assert seen(desk, slug) == before


@pytest.mark.parametrize(
    ("slug", "what", "fields", "status", "sentence"),
    [
        ("web", "merge", {"into": "nothing"}, 422, "There is no tag “nothing”."),
        ("web", "merge", {"into": ""}, 422, "has no letter or digit"),
        ("web", "split", {"into": "x"}, 422, "Say which of its entries are to move."),
        ("web", "split", {"into": "x", "year": "1999"}, 422, "None of these entries is tagged “web”."),
        ("databases", "imply", {"implied": "postgresql"}, 422, "databases ⇒ postgresql ⇒ databases"),
        ("web", "rename", {"name": "!"}, 422, "“!” has no letter or digit"),
        ("web", "dance", {}, 404, "There is nothing of that name to do to a tag."),
        ("nothing", "delete", {}, 404, "There is no tag “nothing”."),
    ],
)
def test_what_cannot_be_done_is_told(
    desk: Desk, slug: str, what: str, fields: dict[str, str], status: int, sentence: str
) -> None:
    answer = desk.post(f"/admin/tags/{slug}/{what}", fields)
    assert (answer.status_code, sentence in answer.text) == (status, True)


def test_an_old_name_leads_to_its_tag(desk: Desk) -> None:
    assert desk.get("/admin/tags/www/").headers["Location"] == "/admin/tags/web/"
    assert desk.get("/admin/tags/nothing/").status_code == 404


def test_a_tag_says_where_it_is_and_what_is_near(desk: Desk) -> None:
    html = desk.get("/admin/tags/postgresql/").text
    assert "3 entries</a> · 1 draft" in html
    assert "2 entries, 1 with both; one is how the other begins" in html
    assert 'action="/admin/tags/postgresql/stop-implying"' in html


def test_the_history_names_who_did_what(desk: Desk) -> None:
    confirmed(desk, desk.post("/admin/tags/web/rename", {"name": "Net"}).text)
    desk.post("/admin/history/3/undo", {})
    html = desk.get("/admin/history/").text
    assert "12:00 pm, 23 November 2026, by ada" in html
    assert "undone 12:00 pm, 23 November 2026, by ada" in html
    assert html.count(">Undo<") == 2, "those before were done by nobody, and can be undone, too"
