"""Uploaded pictures go out as files: for a year, in parts if wanted, and past the page cache."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from conftest import cache_of
from PIL import Image

from blog.app import create_app
from blog.changes.media import add_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog
    from flask.testing import FlaskClient

    from blog.domain.pictures import PictureName


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("sqlite", base_url="https://blog.example")


@pytest.fixture
def name(blog: Blog) -> PictureName:
    file = io.BytesIO()
    Image.new("RGB", (1600, 30), "red").save(file, "JPEG")
    return add_picture(blog.services, file.getvalue(), "Red")


@pytest.fixture
def client(blog: Blog) -> FlaskClient:
    return blog.client()


def test_a_picture_is_sent_as_what_it_is_for_a_year(client: FlaskClient, blog: Blog, name: PictureName) -> None:
    with client.get(name.address) as answer:
        assert answer.data == (blog.services.settings.media_dir / str(name)).read_bytes()
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
    assert name.small is not None
    with client.get(name.small.address) as answer:
        assert answer.status_code == 200


def test_a_picture_that_is_known_is_not_sent_again(client: FlaskClient, name: PictureName) -> None:
    with client.get(name.address) as answer:
        etag = answer.headers["ETag"]
    with client.get(name.address, headers={"If-None-Match": etag}) as answer:
        assert (answer.status_code, answer.data) == (304, b"")


def test_a_part_of_a_picture_can_be_asked_for(client: FlaskClient, name: PictureName) -> None:
    with client.get(name.address, headers={"Range": "bytes=0-1"}) as answer:
        assert (answer.status_code, answer.data) == (206, b"\xff\xd8")
    with client.head(name.address) as answer:
        assert (answer.status_code, answer.data) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 100


def test_pictures_take_no_room_in_the_page_cache(blog: Blog, name: PictureName) -> None:
    app = create_app(blog.services)
    with app.test_client().get(name.address) as answer:
        assert answer.status_code == 200
    assert cache_of(app).store.size == 0


def test_a_picture_that_comes_after_it_was_asked_for_is_there(client: FlaskClient, blog: Blog) -> None:
    file = io.BytesIO()
    Image.new("RGB", (3, 3), "blue").save(file, "PNG")
    name = add_picture(blog.services, file.getvalue())
    path = blog.services.settings.media_dir / str(name)
    data = path.read_bytes()
    path.unlink()
    with client.get(name.address) as answer:
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-cache")
    path.write_bytes(data)
    with client.get(name.address) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("path", ["blog.db", "..%2Fblog.db", "x.jpg", "0123456789abcdef-1x1.png", ".new-x"])
def test_nothing_else_is_sent(client: FlaskClient, blog: Blog, name: PictureName, path: str) -> None:
    (blog.services.settings.media_dir / ".new-x").write_bytes(b"half a picture")
    assert client.get(f"/media/{path}").status_code == 404


def test_the_picture_of_an_entry_has_a_whole_address_wherever_others_read_it(
    client: FlaskClient, blog: Blog, name: PictureName
) -> None:
    blog.write("A heron", kind="note", body="Look.", image_url=name.address, image_alt="Red", slug="heron")
    whole = f"https://blog.example{name.address}"
    page = client.get("/2009/May/25/heron/").text
    assert f'<meta property="og:image" content="{whole}">' in page
    assert f'<img src="{name.address}" alt="Red" width="1600" height="30"' in page
    assert name.small is not None
    assert f'<img src="{name.small.address}" alt="Red"' in client.get("/notes/").text
    feed: Any = client.get("/feed.json").json
    assert feed["items"][0]["image"] == whole
    assert f'&lt;img src="{whole}"' in client.get("/feed.atom").text
