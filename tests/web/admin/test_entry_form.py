"""Writing entries in the form, without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from conftest import draft
from filling import OpenForm, fields_of, followed, open_form
from reading import read
from signing import Desk, at_desk

from blog.changes.entries import delete_entry, save_entry
from blog.changes.users import create_user
from blog.domain.entry import Draft, Kind, Status
from blog.queries.autosaves import being_written
from blog.queries.writing import open_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

BUTTONS = {
    "new": ["Publish", "Save draft", "Preview"],
    "draft": ["Publish", "Save draft", "Preview"],
    "inbox": ["Publish", "Save draft", "Preview"],
    "published": ["Save", "Hide", "Preview"],
    "hidden": ["Save", "Publish", "Preview"],
    "scheduled": ["Save", "Publish now", "Back to draft", "Preview"],
}


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite", time_zone="Europe/London")


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def said(blog: Blog, entry_id: int = 1) -> Draft:
    return open_entry(blog.services, entry_id).draft


def statuses(blog: Blog, addresses: list[str]) -> list[int]:
    client = blog.client()
    return [client.get(address).status_code for address in addresses]


def test_a_link_is_written_and_published(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new")
    assert (form.standing, form.buttons, form.fields["kind"]) == ("Not saved yet", BUTTONS["new"], "link")
    form.type(
        url="https://example.com/x", title="A page", body="Some *words*.\r\n\r\nMore.", tags="C++, python"
    )
    form.type(via_url="https://via.example/", via_title="Vera")
    done = followed(desk, form.press("Publish"))
    assert done.said == ["Saved, for everybody to read."]
    assert (done.standing, done.buttons) == (
        "Published just now · See it · History · Delete",
        BUTTONS["published"],
    )
    page = desk.client.application.test_client().get("/2026/Nov/23/a-page/").text
    assert "<p>Some <em>words</em>.</p>" in page
    assert 'href="/tags/cplusplus/">C++</a>' in page
    assert (said(blog).published, said(blog).external_id) == (blog.clock.now, f"form:{form.fields['form']}")


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (
            "quotation",
            {"body": "Words", "url": "https://example.com/", "citation": "Ada", "context": "in a letter"},
        ),
        ("note", {"body": "Words"}),
        ("article", {"title": "An article", "body": "Words", "series": "My Series", "series_order": "2"}),
        ("activity", {"title": "crosstag 1.0", "url": "https://example.com/release"}),
    ],
)
def test_every_kind_is_written_in_the_same_form(
    blog: Blog, desk: Desk, kind: str, typed: dict[str, str]
) -> None:
    form = open_form(desk, f"/admin/new?kind={kind}")
    done = followed(desk, form.type(kind=kind, **typed).press("Publish"))
    draft = said(blog)
    assert draft.kind == kind
    assert {name: str(getattr(draft, name)) for name in typed} == typed
    assert {name: done.fields[name] for name in typed} == typed


def test_a_kind_that_is_changed_keeps_what_was_typed(blog: Blog, desk: Desk) -> None:
    typed = {"url": "https://example.com/", "title": "T", "body": "B", "citation": "C", "via_title": "V"}
    form = followed(desk, open_form(desk, "/admin/new").type(**typed).press("Save draft"))
    form = followed(desk, form.type(kind="note").press("Save draft"))
    assert said(blog).kind is Kind.NOTE
    assert {name: form.fields[name] for name in typed} == typed


def test_what_is_wrong_is_said_beside_its_field_and_all_that_was_typed_stays(blog: Blog, desk: Desk) -> None:
    typed = {"url": "nonsense", "title": "T", "body": "  B\n\n", "tags": "!!", "date": "soon", "slug": "??"}
    form = open_form(desk, "/admin/new").type(**typed)
    wrong = OpenForm(desk, form.press("Publish"), 422)
    assert wrong.problems == {
        "url": "“nonsense” is no http or https address.",
        "tags": "“!!” has no letter or digit, so no tag can be named that.",
        "date": "“soon” is no date and time such as 2026-11-29 09:00.",
        "slug": "An address is made of letters and digits.",
    }
    assert wrong.said == ["It is not saved yet: see what is marked below. Everything you typed is still here."]
    assert {name: wrong.fields[name] for name in typed} == typed
    assert wrong.fields["form"] == form.fields["form"]
    followed(desk, wrong.type(url="example.com", tags="python", date="", slug="").press("Publish"))
    assert said(blog).url == "https://example.com"


def test_the_enter_key_saves_and_publishes_nothing(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(url="https://example.com/", title="T")
    first = form.form.all("button")[0]
    done = followed(desk, desk.post("/admin/new", form.fields | {first["name"]: first["value"]}))
    assert done.standing.startswith("Draft, begun just now")
    assert said(blog).status is Status.DRAFT


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"status": Status.DRAFT}, "draft"),
        ({"status": Status.INBOX}, "inbox"),
        ({"status": Status.HIDDEN}, "hidden"),
        ({"status": Status.PUBLISHED}, "published"),
        ({"published": datetime(2027, 1, 1, tzinfo=UTC)}, "scheduled"),
    ],
)
def test_the_buttons_are_those_of_what_the_entry_is(blog: Blog, desk: Desk, values: Any, status: str) -> None:
    one = blog.write("One", **values)
    assert open_form(desk, f"/admin/entries/{one}/").buttons == BUTTONS[status]


def test_a_draft_that_is_published_is_of_that_day_and_leaves_no_redirect(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(url="https://example.com/", title="First")
    form = followed(desk, form.press("Save draft"))
    assert form.said == ["Saved as a draft."]
    assert (form.fields["date"], form.fields["slug"]) == ("", "")
    assert statuses(blog, ["/2026/Nov/23/first/"]) == [404]
    blog.clock.forward(days=3)
    form = followed(desk, form.type(title="Second").press("Publish"))
    assert said(blog).published == blog.clock.now
    assert statuses(blog, ["/2026/Nov/23/first/", "/2026/Nov/26/first/", "/2026/Nov/26/second/"]) == [
        404,
        404,
        200,
    ]
    # From now on the address is known: it stays, and a new one is led to.
    form = followed(desk, form.type(title="Third").press("Save"))
    assert form.fields["slug"] == "second"
    followed(desk, form.type(slug="third").press("Save"))
    client = blog.client()
    assert client.get("/2026/Nov/26/second/").location == "/2026/Nov/26/third/"


def test_a_time_in_the_future_is_said_and_kept_until_then(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(
        url="https://example.com/", title="Later", date="2026-11-26T09:00"
    )
    wrong = OpenForm(desk, form.press("Publish"), 422)
    assert wrong.problems == {"date": "This time is in the future. Schedule it, or publish it now."}
    done = followed(desk, wrong.press("Schedule for this time"))
    when = "in 3 days, Thursday 26 November 2026, 9:00 am, Europe/London"
    assert done.said == [f"It will be published {when}."]
    assert done.standing.startswith(f"Scheduled: {when}")
    assert statuses(blog, ["/2026/Nov/26/later/"]) == [404]
    # Saving it leaves it scheduled, by its own date.
    done = followed(desk, done.type(body="More").press("Save"))
    assert done.fields["date"] == "2026-11-26T09:00"
    blog.clock.forward(days=3)
    assert statuses(blog, ["/2026/Nov/26/later/"]) == [200]


def test_what_is_scheduled_can_be_published_now_or_be_a_draft_again(blog: Blog, desk: Desk) -> None:
    one = blog.write("Later", published=datetime(2027, 1, 1, 8, tzinfo=UTC))
    form = followed(desk, open_form(desk, f"/admin/entries/{one}/").press("Back to draft"))
    assert (said(blog).status, form.fields["date"]) == (Status.DRAFT, "2027-01-01T08:00")
    two = blog.write("Later, too", published=datetime(2027, 1, 1, 8, tzinfo=UTC))
    followed(desk, open_form(desk, f"/admin/entries/{two}/").press("Publish now"))
    assert (said(blog, two).status, said(blog, two).published) == (Status.PUBLISHED, blog.clock.now)
    assert statuses(blog, ["/2026/Nov/23/later-too/"]) == [200]


def test_the_clock_that_is_put_back_and_forward_is_said(desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(url="https://example.com/", date="2026-03-29T01:30")
    wrong = OpenForm(desk, form.press("Publish"), 422)
    assert wrong.problems["date"].startswith("There is no 1:30 am on 29 March 2026")
    done = followed(desk, wrong.type(date="2026-10-25T01:30").press("Publish"))
    assert done.said == [
        "Saved, for everybody to read. 1:30 am on 25 October 2026 comes twice, for in Europe/London the clocks "
        "are put back; the first is meant."
    ]


def test_an_entry_is_hidden_and_published_again_at_its_own_time(blog: Blog, desk: Desk) -> None:
    one = blog.write("One", slug="one")
    form = followed(desk, open_form(desk, f"/admin/entries/{one}/").press("Hide"))
    assert form.said == ["Saved; it is hidden, and nobody but you sees it."]
    assert statuses(blog, ["/2009/May/25/one/"]) == [404]
    followed(desk, form.press("Publish"))
    assert statuses(blog, ["/2009/May/25/one/"]) == [200]


def test_saving_what_is_there_already_changes_nothing(blog: Blog, desk: Desk) -> None:
    one = save_entry(
        blog.services, draft("One", "C++ python", body="a\n\nb", series="S", series_order=1, source="there")
    )
    before = open_entry(blog.services, one)
    followed(desk, open_form(desk, f"/admin/entries/{one}/").press("Save"))
    assert open_entry(blog.services, one) == before


def test_a_conflict_shows_both_sides_and_overwrites_nothing(blog: Blog, desk: Desk) -> None:
    one = save_entry(blog.services, draft("Theirs was first", "python", body="One line\nand another"))
    mine = open_form(desk, f"/admin/entries/{one}/").type(title="Mine", body="One line\nand mine")
    theirs = open_form(desk, f"/admin/entries/{one}/").type(title="Theirs", tags="ruby")
    followed(desk, theirs.press("Save"))
    conflict = OpenForm(desk, mine.press("Hide"), 409)
    assert "changed meanwhile, by ada, 12:00 pm, 23 November 2026" in conflict.said[0]
    shown = {
        one.one("dt").text(): one.one("dd")
        for one in conflict.page.one("dl", cls="diffs").all("div")
        if one.all("dt")
    }
    assert list(shown) == ["Title", "Text", "Tags"]
    assert [(one.name, one.text()) for one in shown["Title"].walk()][1:] == [("del", "Theirs"), ("ins", "Mine")]
    assert [one.text() for one in shown["Text"].all("del")] == ["another"]
    assert said(blog).title == "Theirs"
    assert conflict.fields["title"] == "Mine"
    # What was asked for is asked for again, on top of what they made of it.
    followed(desk, conflict.press("Save mine over it"))
    assert (said(blog).title, said(blog).tags, said(blog).status) == ("Mine", ("python",), Status.HIDDEN)


def test_in_a_conflict_theirs_can_be_taken(blog: Blog, desk: Desk) -> None:
    one = blog.write("One")
    mine = open_form(desk, f"/admin/entries/{one}/").type(title="Mine")
    save_entry(blog.services, draft("Theirs"), one)
    conflict = OpenForm(desk, mine.press("Save"), 409)
    assert "by an import or the command line" in conflict.said[0]
    assert followed(desk, conflict.press("Take theirs")).fields["title"] == "Theirs"


def test_a_form_that_is_sent_twice_makes_one_entry(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(url="https://example.com/", title="T")
    first = form.press("Publish")
    blog.clock.forward(seconds=2)
    assert form.press("Publish").location == first.location == "/admin/entries/1/"
    conflict = OpenForm(desk, form.type(title="Other").press("Publish"), 409)
    assert conflict.form["action"] == "/admin/entries/1/"


def test_what_was_deleted_meanwhile_can_be_saved_as_a_new_entry(blog: Blog, desk: Desk) -> None:
    one = blog.write("One")
    form = open_form(desk, f"/admin/entries/{one}/").type(title="Still here")
    delete_entry(blog.services, one)
    orphan = OpenForm(desk, form.press("Save"), 409)
    assert orphan.said == [
        "This entry was deleted meanwhile. What you typed is still here; saving makes a new entry of it."
    ]
    followed(desk, orphan.press("Publish"))
    assert said(blog, one + 1).title == "Still here"


def test_what_was_being_typed_is_found_though_its_entry_is_gone(blog: Blog, desk: Desk) -> None:
    one = blog.write("One")
    form = open_form(desk, f"/admin/entries/{one}/").type(title="Still here")
    assert desk.client.post("/admin/autosave", data=form.fields).get_json()["version"] == 1
    delete_entry(blog.services, one)
    form.fields["version"] = "1"
    assert desk.client.post("/admin/autosave", data=form.fields).get_json()["version"] == 2
    orphan = OpenForm(desk, desk.get(f"/admin/entries/{one}/?typed=again"), 409)
    assert (orphan.fields["title"], orphan.form["action"]) == ("Still here", "/admin/new")
    assert len(being_written(blog.services, 1)) == 1
    followed(desk, orphan.press("Save draft"))
    assert being_written(blog.services, 1) == []
    assert said(blog, one + 1).title == "Still here"


def test_a_form_that_outlived_its_session_is_sent_again(blog: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(url="https://example.com/", title="Still here", body="a\n\nb")
    desk.post("/admin/logout")
    desk.sign_in()
    answer = form.press("Publish")
    page = read(answer, 400)
    assert page.one("h1").text() == "You are signed in again"
    again = page.one("form")
    followed(desk, desk.client.post(again["action"], data=fields_of(again)))
    assert (said(blog).title, said(blog).body, said(blog).status) == ("Still here", "a\n\nb", Status.PUBLISHED)


def test_there_is_no_form_for_what_is_not_there(desk: Desk) -> None:
    assert desk.get("/admin/entries/999/").status_code == 404


def test_what_a_phone_or_a_bookmarklet_brings_is_in_the_form(desk: Desk) -> None:
    form = open_form(desk, "/admin/new?title=A+title&text=Words%0Ahttps%3A%2F%2Fexample.com%2F%3Fa%3D1%26b")
    found = {name: form.fields[name] for name in ("kind", "title", "url", "body")}
    assert found == {"kind": "link", "title": "A title", "url": "https://example.com/?a=1&b", "body": "> Words"}


def test_a_share_arrives_after_signing_in_too(blog: Blog) -> None:
    create_user(blog.services, "ada", "correct horse battery")
    desk = Desk(blog.client())
    asked = desk.get("/admin/new?title=A+title&url=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b")
    page = read(desk.get(asked.location))
    answer = desk.sign_in(next=fields_of(page)["next"])
    assert open_form(desk, answer.location).fields["url"] == "https://example.com/?a=1&b"


def test_a_private_link_is_made_and_ended_with_all_that_was_typed_kept(blog: Blog, desk: Desk) -> None:
    one = blog.write("Secret", status=Status.DRAFT, body="Saved words.")
    form = open_form(desk, f"/admin/entries/{one}/").type(body="Typed words.")
    form = OpenForm(desk, form.press("A link for 7 days"))
    assert form.fields["body"] == "Typed words."
    address = form.page.one("input", id="new-link")["value"].removeprefix("http://localhost")
    answer = blog.client().get(address)
    assert "Saved words." in answer.text
    assert "Edit" not in answer.text
    kept = {name: answer.headers[name] for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")}
    assert kept == {
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex, nofollow",
        "Referrer-Policy": "no-referrer",
    }
    again = open_form(desk, f"/admin/entries/{one}/")
    assert again.page.all("input", id="new-link") == []
    form = OpenForm(desk, again.type(body="Typed words.").press("End it"))
    assert form.fields["body"] == "Typed words."
    assert blog.client().get(address).status_code == 404
    assert desk.post(f"/admin/entries/{one}/links", {"days": "400"}).status_code == 400


def test_hostile_text_is_text_in_every_field(desk: Desk) -> None:
    hostile = "\"'></textarea><script>alert(1)</script>{{7*7}}"
    typed = dict.fromkeys(
        ("title", "body", "via_title", "citation", "context", "image_alt", "tags", "series", "slug"), hostile
    )
    form = open_form(desk, "/admin/new").type(**typed, date=hostile, url=hostile)
    wrong = OpenForm(desk, form.press("Publish"), 422)
    assert {name: wrong.fields[name] for name in typed} == typed
    assert wrong.page.all("script", src="") == []


def test_a_very_long_text_is_saved_like_any_other(blog: Blog, desk: Desk) -> None:
    text = "A line of words.\n" * 60_000
    form = open_form(desk, "/admin/new").type(title="Long", body=text)
    form.fields["kind"] = "article"
    followed(desk, form.press("Save draft"))
    assert said(blog).body.strip() == text.strip()
