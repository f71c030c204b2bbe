"""The web app manifest, by which a phone shares to the blog."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


def test_a_phone_that_installs_the_blog_shares_to_its_form(make_blog: Callable[..., Blog]) -> None:
    answer = make_blog("sqlite", title="Ada’s blog").client().get("/manifest.webmanifest")
    said = answer.get_json(force=True)
    assert answer.content_type == "application/manifest+json"
    assert (said["name"], said["start_url"], said["scope"]) == ("Ada’s blog", "/admin/", "/")
    assert said["share_target"] == {
        "action": "/admin/new",
        "method": "GET",
        "params": {"title": "title", "text": "text", "url": "url"},
    }


def test_its_icons_are_as_large_as_it_says(make_blog: Callable[..., Blog]) -> None:
    client = make_blog("sqlite").client()
    icons = client.get("/manifest.webmanifest").get_json(force=True)["icons"]
    assert {one["sizes"] for one in icons} == {"192x192", "512x512"}
    for icon in icons:
        data = client.get(icon["src"]).data
        width, height = struct.unpack(">II", data[16:24])
        assert data.startswith(b"\x89PNG")
        assert f"{width}x{height}" == icon["sizes"]
