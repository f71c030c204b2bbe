"""Hostile words, in entries and in addresses, are shown and never run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from library import opened
from reading import foreign_scripts, look, promises, read

from blog.changes.entries import save_entry
from blog.domain.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from flask.testing import FlaskClient


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library")) as blog:
        yield blog.client()


HOSTILE = """</title><script>alert('1')</script>"'><img src=x onerror=alert(2)>&amp;&lt;{{7*7}}{% raw %}"""


def test_hostile_words_are_shown_and_never_run(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", title=HOSTILE, tagline=HOSTILE, author=HOSTILE)
    hostile = draft(
        HOSTILE, body=HOSTILE, citation=HOSTILE, context=HOSTILE, source="Bad <b>source</b>", series="Bad <i>series</i>", slug="a",
        url='https://x.example/?a="onmouseover="alert(1)', via_url='https://x.example/"><script>', via_title=HOSTILE,
        image_url='https://x.example/"onerror="alert(3)', image_alt=HOSTILE,
    )  # fmt: skip
    for number, kind in enumerate(Kind):
        published = datetime(2009, 5, 25 + number, tzinfo=UTC)
        one = replace(hostile, kind=kind, external_id=str(number), published=published, tags=(HOSTILE, "safe"))
        save_entry(blog.services, one)
    client = blog.client()
    tag = next(iter(promises(look(client, "/tags/")).items()))[0]
    addresses = [
        "/", "/tags/", "/tags/?sort=name", tag, "/tags/safe/", f"/tags/safe+{tag.removeprefix('/tags/')}", "/sources/", "/series/", "/series/bad-i-series-i/",
        "/sources/bad-b-source-b/", "/search/?q=alert", "/search/?q=%3Cscript%3Ealert(1)%3C/script%3E&tag=safe", "/archive/", "/2009/",
        "/2009/May/", "/domains/", "/on-this-day/May/25/", *(f"/2009/May/{day}/a/" for day in range(25, 30)),
    ]  # fmt: skip
    for address in addresses:
        page = look(client, address)
        assert foreign_scripts(page) == [], address
        assert [one for one in page.walk() for name in one.attributes if name.startswith("on")] == [], address
        assert all(
            one["href"].split(":")[0] in ("http", "https") or one["href"][0] in "/#" for one in page.all("a")
        ), address
        assert "49" not in page.one("title").text()
    assert HOSTILE.split("&amp;")[0] in look(client, "/2009/May/26/a/").one("h1").text()


def test_hostile_addresses_are_shown_and_never_run(library: FlaskClient) -> None:
    bad = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27"
    for address in (f"/tags/{bad}/", f"/search/?tag={bad}", f"/search/?type={bad}", f"/search/?q={bad}", f"/tags/?sort={bad}", f"/{bad}",
                    f"/2009/May/25/{bad}/", f"/domains/{bad}/", f"/sources/{bad}/", f"/search/?from={bad}", f"/?page={bad}",
                    f"/on-this-day/{bad}/1/", f"/2009/{bad}/"):  # fmt: skip
        page = read(answer := library.get(address, follow_redirects=True), answer.status_code)
        assert foreign_scripts(page) == [], address
