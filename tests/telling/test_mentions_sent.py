"""Other sites are told of links to them: those of the author's own, new entries, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from conftest import DATABASES, draft
from elsewhere import Page, elsewhere
from reading import read
from signing import at_desk
from sqlalchemy import select

from blog.changes.entries import delete_entry, save_entry
from blog.changes.import_runs import Wanted
from blog.changes.importing import import_material
from blog.domain.entry import Markup, Status
from blog.outreach import Follower, SentMention
from blog.queries.mentions import sent_mentions
from blog.services import open_services
from blog.telling.mentions import do_mentions
from importers.material import Material

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from elsewhere import Elsewhere

    from blog.services import Services

HEAD = '<link rel="webmention" href="/endpoint">'
BASE = "https://blog.example"


@pytest.fixture
def site() -> Iterator[Elsewhere]:
    with elsewhere() as found:
        found.pages = {f"/{name}": Page(HEAD) for name in "abc"}
        yield found


@pytest.fixture
def blog(request: pytest.FixtureRequest, make_blog: Callable[..., Blog]) -> Blog:
    made = make_blog(getattr(request, "param", "sqlite"), webmention=True, base_url=BASE, fetch_private=True)
    made.write("Old", body="Before it was turned on.")
    do_mentions(made.services)
    made.clock.forward(seconds=10)
    return made


def told(blog: Blog, site: Elsewhere, services: Services | None = None) -> list[tuple[str, ...]]:
    """Whom the blog tells within some minutes: path of the source, path of the target."""
    site.forms.clear()
    do_mentions(services or blog.services)
    blog.clock.forward(minutes=2)
    for _ in range(9):
        do_mentions(services or blog.services)
    return sorted(
        tuple(value.removeprefix(BASE).removeprefix(site.base) for _, value in form) for _, form in site.forms
    )


def note(blog: Blog, words: str, entry_id: int | None = None, **values: Any) -> int:
    given: dict[str, Any] = {
        "body": words,
        "slug": "note",
        "published": blog.clock.now,
        "url": "",
        "markup": Markup.MARKDOWN,
    } | values
    return save_entry(blog.services, draft("Note", kind="note", **given), entry_id)


def states(blog: Blog, entry_id: int, site: Elsewhere) -> dict[str, str]:
    return {one.target.removeprefix(site.base): one.state for one in sent_mentions(blog.services, entry_id)}


HERE = "/2026/Nov/23/note/"


def test_links_of_a_new_entry_are_told_once(blog: Blog, site: Elsewhere) -> None:
    site.pages["/none"] = Page("<p>No mentions.")
    words = f"[a]({site.base}/a) [again]({site.base}/a) [none]({site.base}/none) [gone]({site.base}/x) [own]({BASE}/)"
    entry = note(blog, words, url=f"{site.base}/b", via_url=f"{site.base}/c")
    assert told(blog, site) == [(HERE, "/a"), (HERE, "/b"), (HERE, "/c")]
    assert told(blog, site) == []
    assert states(blog, entry, site) == {
        "/b": "sent",
        "/c": "sent",
        "/a": "sent",
        "/none": "none",
        "/x": "none",
    }


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_an_edit_tells_of_what_was_there_what_is_new_and_what_is_gone(blog: Blog, site: Elsewhere) -> None:
    entry = note(blog, f"[a]({site.base}/a) [b]({site.base}/b)")
    told(blog, site)
    note(blog, f"[a]({site.base}/a) [c]({site.base}/c)", entry)
    assert told(blog, site) == [(HERE, "/a"), (HERE, "/b"), (HERE, "/c")]
    note(blog, f"[a]({site.base}/a) [c]({site.base}/c)", entry, tags="new")
    assert told(blog, site) == []
    delete_entry(blog.services, entry)
    assert told(blog, site) == [(HERE, "/a"), (HERE, "/c")]
    assert told(blog, site) == []


def test_what_is_mended_before_anybody_was_told_is_told_as_it_is_now(blog: Blog, site: Elsewhere) -> None:
    entry = note(blog, f"[a]({site.base}/a)")
    do_mentions(blog.services)
    note(blog, f"[b]({site.base}/b)", entry)
    assert told(blog, site) == [(HERE, "/b")]


def test_drafts_are_not_told_of_and_scheduled_entries_when_their_time_comes(
    blog: Blog, site: Elsewhere
) -> None:
    entry = note(blog, f"[a]({site.base}/a)", status=Status.DRAFT)
    assert told(blog, site) == []
    later = blog.clock.now.replace(hour=20)
    note(blog, f"[a]({site.base}/a)", entry, published=later)
    assert told(blog, site) == []
    blog.clock.forward(hours=9)
    assert told(blog, site) == [(HERE, "/a")]
    assert told(blog, site) == []


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_old_imported_and_polled_entries_tell_nobody(blog: Blog, site: Elsewhere) -> None:
    note(blog, f"[a]({site.base}/a)", published=blog.clock.now.replace(year=2020))
    note(blog, f"[b]({site.base}/b)", source="elsewhere", slug="b")
    items = "".join(
        f"<entry><id>tag:x,2026:{number}</id><title>T</title><updated>2026-11-23T12:30:00Z</updated>"
        f"<link href='{site.base}/c'/></entry>"
        for number in range(600)
    )
    blog.clock.forward(hours=2)
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title>{items}</feed>".encode()
    import_material(blog.services, Material.of_bytes(feed, "feed.atom"), Wanted())
    assert told(blog, site) == []
    with blog.services.sessions.read() as session:
        assert session.scalars(select(SentMention)).all() == []


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_what_cannot_be_told_now_is_tried_again_and_what_is_refused_is_not(blog: Blog, site: Elsewhere) -> None:
    entry = note(blog, f"[a]({site.base}/a)")
    site.answers = Page(status=503)
    assert len(told(blog, site)) == 1
    blog.clock.forward(hours=1)
    site.answers = Page(status=202)
    assert (told(blog, site), states(blog, entry, site)) == ([(HERE, "/a")], {"/a": "sent"})
    site.answers = Page(status=400)
    note(blog, f"Other words, [a]({site.base}/a)", entry)
    assert len(told(blog, site)) == 1
    assert (told(blog, site), states(blog, entry, site)) == ([], {"/a": "failed"})
    site.answers = Page(status=202)
    desk = at_desk(blog)
    page = desk.get(f"/admin/entries/{entry}/").text
    assert "could not be told" in page
    assert "answered 400 Bad Request" in page
    assert desk.post(f"/admin/webmentions/entries/{entry}/again").status_code == 303
    assert told(blog, site) == [(HERE, "/a")]


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_of_two_processes_one_tells(blog: Blog, site: Elsewhere) -> None:
    other = open_services(blog.services.settings, blog.clock)
    try:
        do_mentions(other)
        note(blog, f"[a]({site.base}/a)")
        for services in (other, blog.services):
            do_mentions(services)
        blog.clock.forward(minutes=2)
        for services in (blog.services, other, blog.services):
            do_mentions(services)
        assert len(site.forms) == 1
    finally:
        other.close()


def test_turned_off_it_tells_nobody_and_turned_on_again_it_begins_anew(
    make_blog: Callable[..., Blog], site: Elsewhere
) -> None:
    blog = make_blog("sqlite", base_url=BASE, fetch_private=True)
    desk = at_desk(blog)
    as_it_is = {
        "title": "T",
        "language": "en",
        "time_zone": "UTC",
        "page_size": "20",
        "feed_size": "30",
        "list_words": "200",
    }
    turn_on = as_it_is | {"base_url": BASE, "webmention": "yes"}
    for form in (turn_on, as_it_is | {"base_url": BASE}, turn_on):
        assert desk.post("/admin/settings/", form).status_code == 303
        before = note(blog, f"[a]({site.base}/a)", slug="before")
        do_mentions(blog.services)
        if "webmention" in form:
            with blog.services.sessions.read() as session:
                assert [one.name for one in session.scalars(select(Follower))] == ["webmention"]
        blog.clock.forward(minutes=5)
    assert states(blog, before, site) == {}
    blog.clock.forward(minutes=1)
    note(blog, f"[b]({site.base}/b)")
    assert told(blog, site) == [(HERE, "/b")]


def test_a_private_address_is_not_asked(make_blog: Callable[..., Blog], site: Elsewhere) -> None:
    blog = make_blog("sqlite", webmention=True, base_url=BASE)
    do_mentions(blog.services)
    blog.clock.forward(seconds=10)
    entry = note(blog, f"[a]({site.base}/a)")
    assert told(blog, site) == []
    (one,) = sent_mentions(blog.services, entry)
    assert (one.state, "public" in one.note) == ("waiting", True)
    assert "is told soon" in read(at_desk(blog).get(f"/admin/entries/{entry}/")).text()
