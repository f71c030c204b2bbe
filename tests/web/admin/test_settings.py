"""The settings in the browser: saved, refused with a sentence beside the field, or the operator's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from filling import fields_of
from reading import Element, look, read
from signing import Desk, at_desk
from sqlalchemy import select

from blog.app import create_app
from blog.changes.previews import create_preview_link
from blog.config import AMENDABLE, Settings, load
from blog.domain.entry import Status
from blog.models import Change, Setting
from blog.services import open_services
from blog.web.admin.settings import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Blog

AS_IT_IS = {
    "title": "My linkblog",
    "tagline": "",
    "author": "",
    "base_url": "",
    "language": "en",
    "time_zone": "UTC",
    "page_size": "20",
    "feed_size": "30",
    "list_words": "200",
    "head_html": "",
    "footer_html": "",
    "script_hosts": "",
    "hub": "",
    "profiles": "",
}


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def stored(blog: Blog) -> dict[str, object]:
    with blog.services.sessions.read() as session:
        rows = session.execute(select(Setting.name, Setting.value).where(Setting.name.in_(AMENDABLE)))
        return dict(rows.all())


def typed(page: Element) -> dict[str, str]:
    """What the form holds."""
    fields = fields_of(page.one(cls="narrow-form"))
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def test_every_setting_that_may_be_set_is_asked_for_with_its_value(desk: Desk) -> None:
    assert set(FIELDS) == set(AMENDABLE)
    assert typed(read(desk.get("/admin/settings/"))) == AS_IT_IS


def test_a_box_that_is_ticked_is_a_setting_that_is_on(desk: Desk, blog: Blog) -> None:
    desk.post("/admin/settings/", AS_IT_IS | {"blogroll": "yes", "profiles": "https://social.example/@ada"})
    assert stored(blog) == {"blogroll": True, "profiles": "https://social.example/@ada"}
    assert typed(read(desk.get("/admin/settings/")))["blogroll"] == "yes"
    (me,) = look(blog.client(), "/").all("link", rel="me")
    assert me["href"] == "https://social.example/@ada"
    refused = desk.post("/admin/settings/", AS_IT_IS | {"profiles": "javascript:alert(1)"})
    assert refused.status_code == 422


def test_what_is_set_holds_at_once_and_only_that_is_kept(desk: Desk, blog: Blog) -> None:
    blog.write("Mine")
    news = {"title": " Ada’s  links ", "time_zone": "Europe/Berlin", "page_size": "40"}
    assert desk.post("/admin/settings/", AS_IT_IS | news).location == "/admin/settings/"
    assert stored(blog) == {"title": "Ada’s links", "time_zone": "Europe/Berlin", "page_size": 40}
    assert blog.services.settings.zone.key == "Europe/Berlin"
    assert look(blog.client(), "/").one("h1").text() == "Ada’s links"
    with blog.services.sessions.read() as session:
        assert list(session.scalars(select(Change.what)))[-1] == "settings"
    desk.post("/admin/settings/", AS_IT_IS)
    assert stored(blog) == {}


def test_saving_what_is_so_already_writes_nothing(desk: Desk, blog: Blog) -> None:
    assert "Nothing was changed." in desk.post("/admin/settings/", AS_IT_IS, follow_redirects=True).text
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Change)).all() == []


WRONG = [
    ("title", "", "A blog needs a name."),
    ("time_zone", "Europe/Atlantis", "It is “Europe/Atlantis”; it takes a name such as Europe/London."),
    (
        "base_url",
        "example.com",
        "It is “example.com”; it takes a URL without a path, such as https://example.com.",
    ),
    ("page_size", "0", "It is 0; it goes from 1 to 200."),
    ("page_size", "many", "It takes a whole number."),
    ("language", "klingon!", "It takes a code such as en, de or pt-BR."),
    (
        "script_hosts",
        "'unsafe-inline'",
        "It has “'unsafe-inline'”; it takes addresses such as https://stats.example.",
    ),
]


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_what_cannot_be_a_setting_is_said_beside_it_and_nothing_is_saved(
    desk: Desk, blog: Blog, name: str, value: str, sentence: str
) -> None:
    page = read(desk.post("/admin/settings/", AS_IT_IS | {"tagline": "New", name: value}), 422)
    assert page.one(id=f"{name}-error").text() == sentence
    assert typed(page) == AS_IT_IS | {"tagline": "New", name: value}
    assert stored(blog) == {}


def test_what_the_operator_set_is_shown_with_where_and_cannot_be_changed(
    make_blog: Callable[..., Blog],
) -> None:
    blog = make_blog("sqlite", title="Theirs", given={"title": "CROSSTAG_TITLE"})
    desk = at_desk(blog)
    page = read(desk.get("/admin/settings/"))
    assert "Set by CROSSTAG_TITLE, so it cannot be changed here." in page.text()
    assert not page.all("input", id="title")
    desk.post("/admin/settings/", AS_IT_IS | {"title": "Mine", "tagline": "New"})
    assert (blog.services.settings.title, blog.services.settings.tagline) == ("Theirs", "New")


def test_what_is_given_is_known_with_where_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('tagline = "x"\n', encoding="utf-8")
    assert load(tmp_path, {"CROSSTAG_TITLE": "T"}).given == {
        "title": "CROSSTAG_TITLE",
        "tagline": f"tagline in {tmp_path / 'settings.toml'}",
    }


def test_the_kept_pages_of_another_process_show_the_new_title_at_once(desk: Desk, blog: Blog) -> None:
    blog.write("Mine")
    here = blog.services.settings
    other = open_services(
        Settings(data_dir=here.data_dir / "other", database_url=here.database_url), blog.clock
    )
    try:
        client = create_app(other).test_client()
        assert look(client, "/").one("h1").text() == "My linkblog"
        tag = client.get("/").headers["ETag"]
        assert client.get("/", headers={"If-None-Match": tag}).status_code == 304
        desk.post("/admin/settings/", AS_IT_IS | {"title": "Another"})
        assert look(client, "/").one("h1").text() == "Another"
        assert client.get("/", headers={"If-None-Match": tag}).status_code == 200
    finally:
        other.close()


def test_html_of_the_author_is_in_every_page_as_it_is_and_scripts_run_from_where_they_may(
    desk: Desk, blog: Blog
) -> None:
    own = {
        "head_html": '<script defer src="https://stats.example/s.js"></script>\n<meta name="x" content="&amp;">',
        "footer_html": '<p class="own">Made in <b>Bern</b>.</p>',
        "script_hosts": "https://stats.example",
    }
    desk.post("/admin/settings/", AS_IT_IS | own)
    client = blog.client()
    for address, status in (("/", 200), ("/tags/", 200), ("/nowhere/", 404)):
        answer = client.get(address)
        page = read(answer, status)
        assert own["head_html"] in answer.text
        assert page.one("footer", cls="colophon").one(cls="own").text() == "Made in Bern."
        policy = dict(
            part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert policy["script-src"] == "'self' https://stats.example"
        assert policy["connect-src"] == "'self' https://stats.example"
    # A script from elsewhere could act for an author who is signed in, and tell a private link on.
    draft = blog.write("Soon", status=Status.DRAFT)
    private = f"/preview/{create_preview_link(blog.services, draft, 1)}/"
    for at, address, scripts in (
        (desk, "/", "'self'"),
        (desk, "/tags/", "'self'"),
        (client, private, "'none'"),
    ):
        answer = at.get(address)
        assert answer.status_code == 200
        assert "stats.example" not in answer.text
        assert f"script-src {scripts};" in answer.headers["Content-Security-Policy"]
        assert ("<script" in answer.text) is (scripts != "'none'")
        assert "connect-src 'self';" in answer.headers["Content-Security-Policy"]
    answer = desk.get("/admin/settings/")
    assert own["head_html"] not in answer.text, "the author's pages are ours alone"
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert stored(blog) == own
