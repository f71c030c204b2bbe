"""What helps while an entry is written: by buttons alone, and as the scripts ask."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from filling import OpenForm, open_form
from PIL import Image
from signing import at_desk
from websites import Website, website

from blog.changes.imports import ImportLedger
from blog.domain.entry import AliasDraft, Status
from blog.domain.pictures import PictureName
from blog.queries.media import pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from signing import Desk
    from werkzeug.test import TestResponse


@pytest.fixture
def site() -> Iterator[Website]:
    with website() as served:
        yield served


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite", fetch_private=True, base_url="https://blog.example")


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def ask(desk: Desk, address: str, **values: str) -> TestResponse:
    """Ask as a script does."""
    return desk.client.post(address, json=values, headers={"X-CSRFToken": desk.token()})


def pressed(desk: Desk, form: OpenForm, label: str) -> OpenForm:
    return OpenForm(desk, form.press(label))


def told(form: OpenForm) -> str:
    return form.form.one("span", cls="asking").text()


# --- Facts


def test_a_pasted_link_fills_in_what_is_empty_and_nothing_else(desk: Desk, site: Website) -> None:
    form = open_form(desk, "/admin/new").type(url=f"{site.base}/whentouse.html?utm_source=x", body="Mine.")
    form = pressed(desk, form, "Look it up")
    assert form.fields["title"] == "Appropriate uses for SQLite"
    assert form.fields["body"] == "Mine."
    assert told(form) == "Filled in: the title."
    assert "D. Richard Hipp, SQLite" in form.page.text()
    form = pressed(desk, form.type(title="My title"), "Look it up")
    assert (form.fields["title"], told(form)) == ("My title", "What there was to fill in is filled in already.")


def test_what_a_page_says_is_taken_up_by_a_button(desk: Desk, site: Website) -> None:
    form = open_form(desk, "/admin/new").type(url=f"{site.base}/whentouse.html?utm_source=x", body="Mine.")
    form = pressed(desk, form, "Look it up")
    assert pressed(desk, form, "Use it").fields["url"] == f"{site.base}/whentouse.html"
    quoted = pressed(desk, form, "Quote this").fields["body"]
    assert quoted == "Mine.\n\n> SQLite & others <br>compete with fopen()."


def test_of_a_quotation_it_fills_in_whose_words_they_are(desk: Desk, site: Website) -> None:
    form = open_form(desk, "/admin/new").type(url=f"{site.base}/whentouse.html", kind="quotation")
    form = pressed(desk, form, "Look it up")
    assert {name: form.fields[name] for name in ("citation", "context", "title", "kind")} == {
        "citation": "D. Richard Hipp",
        "context": "Appropriate uses for SQLite",
        "title": "",
        "kind": "quotation",
    }
    assert pressed(desk, form, "Quote this").fields["body"].startswith("SQLite & others")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "There is no address to look up yet."),
        ("ftp://example.com/", "“ftp://example.com/” is not an http or https address."),
        ("http://[", "“http://[” is not an address."),
        ("{site}/gone", "{site}/gone answered 404 Not Found."),
        ("http://localhost:1/", "http://localhost:1/ could not be fetched: [Errno 111] Connection refused."),
    ],
)
def test_what_cannot_be_looked_up_is_a_sentence_and_nothing_typed_is_lost(
    desk: Desk, site: Website, url: str, sentence: str
) -> None:
    url, sentence = url.format(site=site.base), sentence.format(site=site.base)
    form = open_form(desk, "/admin/new").type(url=url, title="Mine", tags="a, b")
    form = pressed(desk, form, "Look it up")
    assert told(form) == sentence
    assert (form.fields["url"], form.fields["title"], form.fields["tags"]) == (url, "Mine", "a, b")
    answer = ask(desk, "/admin/facts", url=url)
    assert (answer.status_code, answer.json) == (422, {"error": sentence})


def test_a_private_address_is_asked_for_only_where_the_operator_allows_it(
    make_blog: Callable[..., Blog], site: Website
) -> None:
    desk = at_desk(make_blog("sqlite"))
    answer: Any = ask(desk, "/admin/facts", url=f"{site.base}/whentouse.html")
    assert answer.status_code == 422
    assert "where no public page is expected" in answer.json["error"]
    assert site.asked == []


def test_a_script_is_told_what_each_kind_is_filled_with(desk: Desk, site: Website) -> None:
    answer: Any = ask(desk, "/admin/facts", url=f"{site.base}/whentouse.html")
    assert answer.json["fields"]["link"] == {"title": "Appropriate uses for SQLite"}
    assert answer.json["fields"]["quotation"]["citation"] == "D. Richard Hipp"
    assert "SQLite &amp; others &lt;br&gt;compete" in answer.json["html"]
    assert answer.json["before"].strip() == ""


def test_opening_a_form_asks_no_page(desk: Desk, site: Website) -> None:
    assert desk.get(f"/admin/new?url={site.base}/whentouse.html").status_code == 200
    assert desk.get(f"/admin/linked-before?url={site.base}/whentouse.html").status_code == 200
    assert site.asked == []


def test_what_was_linked_before_is_said_at_once(desk: Desk, blog: Blog) -> None:
    url = "https://example.com/page"
    first = blog.write("A <page>", url=url, day="2008-04-08", slug="page")
    blog.write("Begun", url=url, day="2009-04-08", status=Status.DRAFT)
    page = open_form(desk, f"/admin/new?url={url}/?utm_source=feed").page
    assert [one.text() for one in page.all("p", cls="before")] == [
        "A draft of yours links to this: Begun Edit Begun",
        "You linked this on 8 April 2008: A <page> Edit A <page>",
    ]
    html: Any = desk.get(f"/admin/linked-before?url={url}&entry={first}").json
    assert "2008" not in html["html"]
    assert "Begun" in html["html"]
    assert [one["href"] for one in page.all("p", cls="before")[1].all("a")] == [
        "/2008/Apr/8/page/",
        f"/admin/entries/{first}/",
    ]


# --- Tags


@pytest.fixture
def tagged(blog: Blog) -> Blog:
    for number in range(4):
        blog.write(f"All about SQLite {number}", "sqlite databases", body="sqlite")
    blog.write("C++", "C++")
    ImportLedger(blog.services).apply_names([AliasDraft(old="sqlite3", tag="sqlite")])
    return blog


def test_a_tag_is_completed_with_its_count_and_by_its_old_name(tagged: Blog, desk: Desk) -> None:
    known = {"count": 4, "name": "sqlite", "slug": "sqlite"}
    asked = ask(desk, "/admin/tags.json", typed="sqlite3")
    assert asked.json == {"completions": [{**known, "old_name": "sqlite3"}]}
    assert desk.get("/admin/tags.json?typed=sq").json == {"completions": [{**known, "old_name": ""}]}
    assert desk.get("/admin/tags.json?typed=sq&chosen=sqlite").json == {"completions": []}


def test_tags_are_suggested_with_reasons_and_the_chosen_ones_are_known(tagged: Blog, desk: Desk) -> None:
    desk.client.get("/")
    answer = ask(desk, "/admin/tags/suggest", title="More SQLite", body="", url="", tags="c++, Zig")
    assert answer.json == {
        "chosen": [
            {
                "typed": "c++",
                "name": "C++",
                "slug": "cplusplus",
                "count": 1,
                "is_new": False,
                "is_old_name": False,
                "problem": "",
            },
            {
                "typed": "Zig",
                "name": "Zig",
                "slug": "zig",
                "count": 0,
                "is_new": True,
                "is_old_name": False,
                "problem": "",
            },
        ],
        "suggestions": [
            {"slug": "sqlite", "name": "sqlite", "count": 4, "reason": "occurs in the title"},
            {"slug": "databases", "name": "databases", "count": 4, "reason": "usually with sqlite"},
        ],
    }


def test_without_scripts_suggested_tags_are_ticked(tagged: Blog, desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(title="More SQLite", tags="mine")
    form = pressed(desk, form, "Suggest tags")
    offered = form.form.one("fieldset", cls="ticks")
    assert [one.text() for one in offered.all("label")] == [
        "sqlite occurs in the title",
        "databases usually with sqlite",
    ]
    form.fields["suggested"] = "databases"
    form = pressed(desk, form, "Suggest tags")
    assert form.fields["tags"] == "mine, databases"
    assert "databases" not in form.form.one("fieldset", cls="ticks").text()


def test_where_nothing_suggests_itself_that_is_said(desk: Desk) -> None:
    form = pressed(desk, open_form(desk, "/admin/new"), "Suggest tags")
    assert "No tag of yours suggests itself." in form.form.text()


@pytest.mark.parametrize("address", ["/admin/tags.json", "/admin/tags/suggest", "/admin/facts"])
@pytest.mark.parametrize("sent", [b"", b"[]", b"{", b'{"typed": 7, "url": {}, "tags": null}', b'"x"'])
def test_whatever_a_script_sends_is_answered(desk: Desk, address: str, sent: bytes) -> None:
    headers = {"X-CSRFToken": desk.token(), "Content-Type": "application/json"}
    assert desk.client.post(address, data=sent, headers=headers).status_code in (200, 422)


# --- Pictures


def image() -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(file, "PNG")
    file.seek(0)
    return file


def send_picture(desk: Desk, form: OpenForm, to: str, **fields: Any) -> OpenForm:
    return OpenForm(desk, desk.client.post("/admin/picture", data=form.fields | {"to": to} | fields))


def test_without_scripts_a_picture_goes_to_the_end_of_the_text(desk: Desk, blog: Blog) -> None:
    form = open_form(desk, "/admin/new").type(title="Birds", body="Look:\n", text_alt="A heron")
    form = send_picture(desk, form, "text", text_picture=(image(), "a.png"))
    (known,), _ = pictures(blog.services)
    assert known.alt == "A heron"
    assert form.fields["body"] == f"Look:\n\n![A heron]({known.name.address})"
    assert form.fields["title"] == "Birds"


def test_without_scripts_an_entry_gets_its_picture_and_can_be_saved_with_it(desk: Desk, blog: Blog) -> None:
    form = open_form(desk, "/admin/new").type(body="Birds.", kind="note", image_alt="A heron")
    form = send_picture(desk, form, "entry", picture=(image(), "a.png"))
    (known,), _ = pictures(blog.services)
    assert PictureName.at(form.fields["image_url"]) == known.name
    assert form.press("Publish").status_code == 303
    assert f'<img src="{known.name.address}" alt="A heron"' in desk.client.get("/notes/").text


def test_what_is_no_picture_is_said_and_nothing_typed_is_lost(desk: Desk) -> None:
    form = open_form(desk, "/admin/new").type(body="Birds.")
    form = send_picture(desk, form, "text", text_picture=(io.BytesIO(b"x"), "a.png"))
    assert form.fields["body"] == "Birds."
    assert "This is no picture that browsers show; JPEG, PNG, GIF, WebP and AVIF are taken." in form.said
