"""Importing in the browser, without JavaScript: send, look, import, undo."""

from __future__ import annotations

import io
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from reading import Element, read
from signing import Desk, at_desk
from sqlalchemy import select

from blog.app import create_app
from blog.importlock import import_lock
from blog.models import Entry, ImportRun
from blog.queries.import_runs import import_run, import_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Blog
    from werkzeug.test import TestResponse

FEED = """<rss version="2.0"><channel><title>Here</title><link>https://here.example/</link>
<item><title>One</title><link>https://here.example/1</link><guid>1</guid>
<pubDate>Mon, 02 Mar 2014 09:00:00 GMT</pubDate><category>python</category></item>
<item><title>Two</title><link>https://here.example/2</link><guid>2</guid>
<pubDate>Tue, 03 Mar 2015 09:00:00 GMT</pubDate></item>
<item><title>No date, no address</title><guid>3</guid></item>
</channel></rss>"""


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


def send(desk: Desk, text: str = FEED, name: str = "feed.xml") -> TestResponse:
    file = (io.BytesIO(text.encode()), name)
    return desk.post("/admin/imports/", {"file": file}, content_type="multipart/form-data")


def begun(desk: Desk, blog: Blog, **options: str) -> int:
    """Send a feed and import it; return the number of the run, once it is done."""
    address = send(desk).location
    number = int(re.sub(r"\D", "", desk.post(address, {"do": "import", **options}).location))
    wait(blog, number)
    return number


def wait(blog: Blog, number: int) -> None:
    for thread in threading.enumerate():
        if thread.name == "crosstag-import":
            thread.join(30)
    assert not import_run(blog.services, number).goes_on, "it does not end"


def facts(page: Element) -> list[str]:
    return [one.text() for one in page.one(cls="facts-list").all("li")]


def entries(blog: Blog) -> dict[str, str]:
    with blog.services.sessions.read() as session:
        return dict(session.execute(select(Entry.title, Entry.status)).all())


def uploads(blog: Blog) -> list[Path]:
    return sorted((blog.services.settings.data_dir / "uploads").glob("*"))


def test_a_file_is_shown_before_anything_is_written(desk: Desk, blog: Blog) -> None:
    answer = send(desk)
    assert answer.status_code == 303
    page = read(desk.get(answer.location))
    assert "feed.xml is an RSS or Atom feed, with 3 items. Nothing is written yet." in page.text()
    assert facts(page) == ["2 new", "1 cannot be imported"]
    assert "link, 3 March 2015" in page.text()
    assert entries(blog) == {}
    assert import_runs(blog.services).runs == []


def test_what_was_sent_is_for_its_owner_only_and_gone_after_the_import(desk: Desk, blog: Blog) -> None:
    send(desk)
    (folder,) = uploads(blog)
    assert [oct(one.stat().st_mode & 0o777) for one in (folder.parent, folder, folder / "content")] == [
        "0o700",
        "0o700",
        "0o600",
    ]
    begun(desk, blog)
    assert uploads(blog) == [folder], "the one that nobody has imported"
    assert desk.post(f"/admin/imports/uploads/{folder.name}/discard").location == "/admin/imports/"
    assert uploads(blog) == []


def test_an_import_tells_what_became_of_each_item(desk: Desk, blog: Blog) -> None:
    number = begun(desk, blog)
    assert entries(blog) == {"One": "published", "Two": "published"}
    page = read(desk.get(f"/admin/imports/{number}/"))
    assert facts(page) == ["2 new", "1 not imported"]
    names = [one.text() for one in page.one(cls="lines").all("li")]
    assert [one.split(" ")[0] for one in names] == ["No", "One", "Two"] or len(names) == 3
    only = read(desk.get(f"/admin/imports/{number}/?outcome=created"))
    assert [one["href"] for one in only.one(cls="lines").all("a")] == ["/admin/entries/1/", "/admin/entries/2/"]
    run = import_run(blog.services, number)
    assert (run.by, run.label, run.state) == ("ada", "feed.xml", "done")
    listed = read(desk.get("/admin/imports/")).one("tbody")
    assert "feed.xml by ada done 2 0 1" in listed.text()


@pytest.mark.parametrize(("status", "expected"), [("draft", "draft"), ("inbox", "inbox"), ("", "published")])
def test_new_entries_are_what_the_author_chose(desk: Desk, blog: Blog, status: str, expected: str) -> None:
    begun(desk, blog, status=status, kind="note", source="The Place")
    assert set(entries(blog).values()) == {expected}
    with blog.services.sessions.read() as session:
        assert set(session.scalars(select(Entry.kind))) == {"note"}
    assert "the-place" in blog.services.facets.current().names.sources


def test_one_can_look_again_with_other_options(desk: Desk, blog: Blog) -> None:
    address = send(desk).location
    answer = desk.post(address, {"do": "look", "status": "inbox", "kind": "note"})
    assert answer.location == f"{address}?kind=note&status=inbox"
    page = read(desk.get(answer.location))
    assert "note, 2 March 2014, inbox" in page.text()
    assert entries(blog) == {}


WRONG = [
    ("what is no format", {"file": (b"\x00\x01nothing", "x.bin")}, "is in no format known here"),
    ("nothing at all", {}, "Choose a file, or name the address of a feed."),
    ("an address that is none", {"address": "javascript:alert(1)"}, "is not an http or https address"),
    ("a private address", {"address": "http://127.0.0.1/"}, "127.0.0.1"),
]


@pytest.mark.parametrize(("_truth", "fields", "sentence"), WRONG)
def test_what_cannot_be_imported_is_told_beside_the_form(
    desk: Desk, blog: Blog, _truth: str, fields: dict[str, object], sentence: str
) -> None:
    sent = {name: (io.BytesIO(v[0]), v[1]) if isinstance(v, tuple) else v for name, v in fields.items()}
    page = read(desk.post("/admin/imports/", sent, content_type="multipart/form-data"), 422)
    assert sentence in page.one(role="alert").text()
    assert page.one("input", id="address").get("value") == fields.get("address", "")
    assert uploads(blog) == []


@contextmanager
def served(text: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_feed_is_fetched_from_its_address(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", fetch_private=True)
    desk = at_desk(blog)
    with served(FEED) as address:
        answer = desk.post("/admin/imports/", {"address": address})
    number = int(re.sub(r"\D", "", desk.post(answer.location, {"do": "import"}).location))
    wait(blog, number)
    assert import_run(blog.services, number).label == address
    assert set(entries(blog)) == {"One", "Two"}


LARGE = b"x" * 1_100_000
MULTIPART = "multipart/form-data; boundary=y"


def test_a_file_that_is_too_large_is_refused_before_it_is_read(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", upload_megabytes=1)
    desk = at_desk(blog)
    answer = desk.client.post("/admin/imports/", data=LARGE, content_type=MULTIPART)
    assert answer.status_code == 413
    assert "The file has more than 1 MB." in answer.text
    assert uploads(blog) == []


def test_of_who_is_not_signed_in_nothing_large_is_read(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    client = create_app(blog.services).test_client()
    answer = client.post("/admin/imports/", data=LARGE, content_type=MULTIPART)
    assert answer.status_code == 413
    assert uploads(blog) == []


def test_two_imports_at_once_are_refused_with_a_sentence(desk: Desk, blog: Blog) -> None:
    address = send(desk).location
    with import_lock(blog.services.settings.data_dir):
        answer = desk.post(address, {"do": "import", "status": "draft"})
    page = read(answer, 409)
    assert page.one(role="alert").text() == "Another import goes on. Try again when it is done."
    assert "selected" in page.one("option", value="draft").attributes, "what was chosen is still chosen"
    assert import_runs(blog.services).runs == []
    assert desk.post(address, {"do": "import"}).status_code == 303
    wait(blog, 1)


def test_while_an_import_goes_on_its_page_shows_how_far_it_is(desk: Desk, blog: Blog) -> None:
    number = begun(desk, blog)
    with import_lock(blog.services.settings.data_dir):
        with blog.services.sessions.write() as session:
            run = session.get_one(ImportRun, number)
            run.state, run.done, run.expected = "running", 1, 4
        page = read(desk.get(f"/admin/imports/{number}/"))
        assert page.one("progress")["value"] == "0.2500"
        assert page.one(cls="how-far").text() == "1 of 4"
        assert page.one("meta", http_equiv="refresh")["content"] == "3"
        assert page.one("script")["src"].startswith("/static/admin/progress.js?v=")
        assert not page.all(cls="danger"), "what goes on cannot be undone"
        told = desk.get(f"/admin/imports/{number}/progress").json
        # Whichever process is asked, the answer is in the database.
        other = Desk(create_app(blog.services).test_client())
        other.sign_in()
        assert other.get(f"/admin/imports/{number}/progress").json == told
    counts = {"created": 2, "failed": 1}
    assert told == {"state": "running", "goes_on": True, "done": 1, "expected": 4, "counts": counts}
    assert '"goes_on":false' in desk.get(f"/admin/imports/{number}/progress").text
    assert "begun again, it goes on from there" in desk.get(f"/admin/imports/{number}/").text


def test_an_import_that_was_broken_off_goes_on_if_its_file_is_still_here(desk: Desk, blog: Blog) -> None:
    number = begun(desk, blog)
    with blog.services.sessions.write() as session:
        session.get_one(ImportRun, number).state = "running"
    assert "send the file again" in desk.get(f"/admin/imports/{number}/").text
    assert "The file is not here any more." in desk.post(
        f"/admin/imports/{number}/again", follow_redirects=True
    ).text.replace("\n", " ")
    send(desk)
    page = read(desk.get(f"/admin/imports/{number}/"))
    assert page.all("form", action=f"/admin/imports/{number}/again")
    desk.post(f"/admin/imports/{number}/again")
    wait(blog, number)
    (run,) = import_runs(blog.services).runs
    assert (run.state, run.counts["created"]) == ("done", 2)


def test_undoing_asks_first_and_says_what_goes_and_what_stays(desk: Desk, blog: Blog) -> None:
    number = begun(desk, blog)
    assert desk.get(f"/admin/imports/{number}/").text.count(f"/admin/imports/{number}/undo") == 1
    page = read(desk.get(f"/admin/imports/{number}/undo"))
    assert "2 entries that it created: deleted" in page.text()
    assert "0 entries of these were changed since" in page.text()
    assert len(entries(blog)) == 2
    assert desk.post(f"/admin/imports/{number}/undo").location == f"/admin/imports/{number}/"
    wait(blog, number)
    assert entries(blog) == {}
    assert import_run(blog.services, number).state == "undone"
    assert "there is nothing to undo now" in desk.get(f"/admin/imports/{number}/undo").text


@pytest.mark.parametrize("token", ["x" * 16, "..", "a/../../b"])
def test_what_is_not_here_is_not_found(desk: Desk, token: str) -> None:
    assert desk.get(f"/admin/imports/uploads/{token}/").status_code == 404
    assert desk.get("/admin/imports/99/").status_code == 404
    assert desk.get("/admin/imports/99/undo").status_code == 404
