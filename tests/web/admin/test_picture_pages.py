"""The author's pictures, by forms alone and as a script asks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from signing import at_desk

from blog.domain.entry import Status
from blog.queries.media import pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from signing import Desk


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite")


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def image(width: int = 40) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (width, 20), "red").save(file, "PNG")
    file.seek(0)
    return file


def upload(desk: Desk, data: io.BytesIO, alt: str = "", **options: Any) -> Any:
    return desk.post("/admin/media", {"alt": alt, "picture": (data, "a.png")}, **options)


JSON = {"Accept": "application/json"}


def test_a_picture_is_uploaded_by_a_form_and_shown_with_its_markdown(desk: Desk) -> None:
    answer = upload(desk, image(), "A [heron]")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/media/")
    page = desk.get("/admin/media/").text
    assert "The picture is kept." in page
    assert 'alt="A [heron]" width="40" height="20"' in page
    assert 'value="![A \\[heron\\]](/media/' in page
    assert "40 × 20" in page


def test_a_script_is_told_what_it_needs(desk: Desk, blog: Blog) -> None:
    answer = upload(desk, image(), "A heron", headers=JSON)
    (known,), _ = pictures(blog.services)
    assert answer.status_code == 201
    assert answer.json == {
        "id": known.id,
        "address": known.name.address,
        "alt": "A heron",
        "width": 40,
        "height": 20,
        "markdown": f"![A heron]({known.name.address})",
    }
    assert upload(desk, image(), headers=JSON).json["alt"] == "A heron"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Choose a picture first."),
        (
            b"<svg/>",
            "SVG pictures can hold programs, so they are not taken; JPEG, PNG, GIF, WebP and AVIF are.",
        ),
        (b"no picture", "This is no picture that browsers show; JPEG, PNG, GIF, WebP and AVIF are taken."),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(desk: Desk, data: bytes, sentence: str) -> None:
    as_page = upload(desk, io.BytesIO(data))
    assert as_page.status_code == 422
    assert sentence in as_page.text
    as_json = upload(desk, io.BytesIO(data), headers=JSON)
    assert (as_json.status_code, as_json.json) == (422, {"error": sentence})


def test_a_picture_that_is_too_large_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blog.web.admin.media.MAX_BYTES", 50)
    answer = upload(desk, image(), headers=JSON)
    assert (answer.status_code, answer.json) == (422, {"error": "The picture has more than 20 MB."})


@pytest.mark.parametrize("headers", [{}, JSON])
def test_what_is_much_too_large_is_refused_before_it_is_read(desk: Desk, headers: dict[str, str]) -> None:
    body = {"CONTENT_LENGTH": "1000000000", "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = desk.client.post("/admin/media", headers=headers, environ_overrides=body)
    assert answer.status_code == 413
    assert "The picture has more than 20 MB." in answer.text


def test_a_form_without_a_file_is_answered_with_a_sentence(desk: Desk) -> None:
    answer = desk.post("/admin/media", {"alt": "x"})
    assert (answer.status_code, "Choose a picture first." in answer.text) == (422, True)


def test_what_is_to_be_seen_is_said_later(desk: Desk, blog: Blog) -> None:
    upload(desk, image())
    (known,), _ = pictures(blog.services)
    assert desk.post(f"/admin/media/{known.id}", {"alt": "A heron"}).status_code == 303
    assert [one.alt for one in pictures(blog.services)[0]] == ["A heron"]
    assert desk.post("/admin/media/99", {"alt": "A heron"}).status_code == 404


def test_before_a_picture_is_deleted_what_shows_it_is_named(desk: Desk, blog: Blog) -> None:
    upload(desk, image())
    (known,), _ = pictures(blog.services)
    address = f"/admin/media/{known.id}/delete"
    assert "No entry and no page shows it." in desk.get(address).text
    entry = blog.write("Birds <3", body=known.markdown, status=Status.DRAFT)
    page = desk.get(address).text
    assert "1 place shows it, and has a gap from then on:" in page
    assert f'<a href="/admin/entries/{entry}/">Birds &lt;3</a>' in page
    assert pictures(blog.services)[0] == [known]
    assert desk.post(address).status_code == 303
    assert pictures(blog.services)[0] == []
    assert desk.get(known.name.address).status_code == 404
    assert desk.get(address).status_code == 404


@pytest.mark.parametrize("page", ["0", "-3", "x", "99999999999999999999", ""])
def test_any_page_of_the_pictures_is_a_page(desk: Desk, page: str) -> None:
    assert desk.get(f"/admin/media/?page={page}").status_code == 200
