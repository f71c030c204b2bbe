"""A complete archive makes an identical blog, on either database, or nothing at all."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from base64 import b64encode
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from conftest import DATABASES, Blog, Clock, draft
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import insert, select, text

from blog.app import create_app
from blog.changes.archive import copy_blog, restore_archive
from blog.changes.bulk import AddTags
from blog.changes.entries import delete_entry, save_entry
from blog.changes.import_runs import Wanted
from blog.changes.importing import import_material
from blog.changes.media import add_picture
from blog.changes.plans import carry_out
from blog.changes.previews import create_preview_link
from blog.changes.redirects_by_hand import save_redirect
from blog.changes.settings import save_settings
from blog.changes.static_pages import PageDraft, save_page
from blog.changes.subscriptions import Subscribed, subscribe
from blog.changes.tagging import AddAlias, Describe, Imply, rename_tag
from blog.changes.users import begin_setup, create_user, start_login
from blog.config import Settings
from blog.db import Sessions, alembic_config, schema_revision
from blog.domain.entry import Kind, Markup, SeriesDraft, SourceDraft, Status
from blog.export.archive import Archive, ArchiveWriter
from blog.export.rows import rows_of
from blog.export.tables import (
    ACCOUNTS,
    LEFT_OUT,
    BadArchive,
    every_table,
    kinds_of,
    table_of,
    tables_of_archive,
)
from blog.models import (
    Appearance,
    Base,
    Conflict,
    Entry,
    HubLease,
    Intersection,
    Media,
    MovedPage,
    Operation,
    Reading,
    Rule,
    RuledTag,
    Setting,
    Subscription,
    TakenApart,
    Vanished,
)
from blog.outreach import FeedCount, FeedSalt, Follower, HubPing, Mention, MentionHost, SentMention
from blog.queries.export import archive_size, save_archive, write_archive
from blog.services import open_services
from importers.material import Material
from importers.registry import Importer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.orm import Session

    from blog.domain.entry import Item

    MakeBlog = Callable[..., Blog]


def filled(blog: Blog) -> Blog:
    """Let a blog have something in every table that an archive holds."""
    services = blog.services
    items: list[Item] = [
        SeriesDraft(slug="guide", title="A guide"),
        SourceDraft(slug="elsewhere", name="Elsewhere"),
        draft("Old", "history", source="elsewhere"),
        draft("Older", "history C++", source="elsewhere"),
    ]
    importer = Importer("test", "a test", lambda _: True, lambda _: iter(items), lambda _: None)
    import_material(services, Material.of_bytes(b"", "a file"), Wanted(), importer=importer)
    user = create_user(services, "ada", "correct horse battery")
    start_login(services, user, "a browser", "127.0.0.1")
    first = blog.write(
        "Héron – “日本語” 🦩", "python web", body='Some *words*.\n\n- \\ "\n', series="guide", series_order=2
    )
    blog.write("Two", "python", kind="note", day="1970-01-02", status=Status.DRAFT)
    blog.write("Three", "snakes", kind="article", body="<b>x</b>", markup=Markup.HTML, status=Status.HIDDEN)
    gone = blog.write("Gone", "snakes", day="2012-05-25")
    save_entry(services, replace(draft("Changed", "snakes web"), body="Anew."), first, by="ada")
    rename_tag(services, "snakes", "Serpents", by="ada")
    carry_out(services, AddAlias("python", "py"))
    carry_out(services, Imply("web", "python"))
    carry_out(services, Describe("python", "A *language*."))
    carry_out(services, AddTags(frozenset({first}), ("later",)))
    save_redirect(services, "/old/", "/new/")
    save_page(services, PageDraft("About", "*Me*"))
    save_settings(services, {"title": "A blog", "page_size": 12})
    subscribe(services, Subscribed(name="Feed", feed_url="https://feed.example/atom", tags=("python",)))
    create_preview_link(services, first, 7)
    picture = io.BytesIO()
    Image.new("RGB", (1600, 20), "red").save(picture, "PNG")
    add_picture(services, picture.getvalue(), "A red line")
    delete_entry(services, gone)
    with services.sessions.write() as session:
        session.add_all(rarer(session.scalar(select(Subscription.id)) or 0, first))
    return blog


def rarer(subscription: int, entry: int) -> list[Base]:
    """Rows of the tables that only weeks of polling, hubs and strangers fill; with secrets in four of them."""
    at, day = datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC).date()
    elsewhere = {"host": "other.example", "due": at, "lease": ""}
    told = {"source": "https://old.example/one/", "digest": "d", "at": at, **elsewhere}
    return [
        HubLease(
            subscription_id=subscription, hub="https://hub.example/", topic="t", token=SECRET, secret=SECRET, state="asked"
        ),
        FeedSalt(day=day, salt=SECRET.encode()),
        HubPing(address=f"/{SECRET}.atom", due=at),
        Follower(name="webmention", position=3, since=at, told=at),
        FeedCount(day=day, address="/python.atom", services={"Reader": 7}, readers=2, seen=SECRET.encode()),
        SentMention(entry_id=entry, target="https://other.example/", state="sent", endpoint="https://e.example/", **told),
        SentMention(entry_id=entry, target=f"https://{SECRET}.example/", state="waiting", **told),
        Mention(
            entry_id=entry, source="https://other.example/re", target="https://old.example/one/", state="waiting",
            received=at, **elsewhere,
        ),
        MentionHost(host="other.example", rule="approve"),
        Appearance(
            entry_id=entry, source_id=1, external_id="x", upstream={"title": "y"}, item={"draft": {}}, added=[], first_seen=at
        ),
        TakenApart(entry_id=entry),
        MovedPage(canonical="a.example/", target="b.example/"),
        Conflict(entry_id=entry, source_id=1, field="title", theirs="Theirs", at=at),
        Vanished(entry_id=entry, at=at),
        Reading(source_id=1, items=[["x", "2026-11-20T10:00:00+00:00"]]),
        Intersection(address="/tags/python+web/", name="Both", pins=[entry], updated=at),
        Rule(position=1, line="tag \"later\"", created=at),
        RuledTag(entry_id=entry, tag_id=1, rule_id=1, line="tag \"later\"", at=at),
    ]  # fmt: skip


SECRET = "c2VjcmV0"


def archived(blog: Blog, *, with_accounts: bool = False) -> bytes:
    file = io.BytesIO()
    assert write_archive(blog.services, file, with_accounts=with_accounts) == []
    return file.getvalue()


def restored(blog: Blog, data: bytes, tmp_path: Path) -> Blog:
    path = tmp_path / "archive.zip"
    path.write_bytes(data)
    restore_archive(blog.services, path)
    return blog


def rows(session: Session) -> dict[str, list[dict[str, Any]]]:
    return {table.name: [dict(row) for row in rows_of(session, table)] for table in every_table()}


def is_empty(blog: Blog) -> bool:
    with blog.services.sessions.read() as session:
        return not any(rows(session).values())


# Whoever adds a table says here whether it goes with the blog (as it does, unless it is named in
# blog/export/tables.py), with its authors only, or nowhere.
OF_THE_BLOG = {
    *("change", "import_run", "import_item", "media", "operation", "redirect", "revision", "series", "setting"),
    *("source", "static_page", "tag", "alias", "entry", "implication", "subscription", "entry_tag"),
    *(
        "rule",
        "ruled",
        "appearance",
        "taken_apart",
        "moved_page",
        "conflict",
        "vanished",
        "reading",
        "departure",
    ),
    *("intersection", "mention", "mention_host", "sent_mention", "feed_count"),
}


def test_every_table_is_in_the_archive_or_said_not_to_be() -> None:
    assert {table.name for table in tables_of_archive(with_accounts=False)} == OF_THE_BLOG
    assert {table.name for table in tables_of_archive(with_accounts=True)} == OF_THE_BLOG | ACCOUNTS
    assert {table.name for table in every_table()} == OF_THE_BLOG | ACCOUNTS | LEFT_OUT.keys()


def test_an_archive_holds_no_secret_and_a_copy_tells_nobody(whole: dict[bool, bytes]) -> None:
    secret = {SECRET.encode(), b64encode(SECRET.encode())}
    with zipfile.ZipFile(io.BytesIO(whole[True])) as files:
        assert [one for one in files.namelist() if any(word in files.read(one) for word in secret)] == []
        (count,), (told,) = (
            [json.loads(line) for line in files.read(f"tables/{name}.ndjson").splitlines()]
            for name in ("feed_count", "sent_mention")
        )
    assert (count["services"], count["readers"], count["seen"]) == ({"Reader": 7}, 2, None)
    assert (told["target"], told["state"]) == ("https://other.example/", "sent")


def test_whoever_follows_the_log_begins_anew_when_it_is_another(
    blog: Blog, whole: dict[bool, bytes], tmp_path: Path
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with blog.services.sessions.write() as session:
        session.add(Follower(name="webmention", position=0, since=at, told=at))
    restored(blog, whole[False], tmp_path)
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Follower)).all() == []


def test_the_command_line_takes_out_and_brings_in_every_table(
    blog: Blog, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    """By its own process: what a test has imported otherwise would make tables known."""
    filled(blog)
    url = blog.services.settings.database_url

    def crosstag(database: str, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "blog", "--data", str(tmp_path / "cli"), *words],
            env=os.environ | {"CROSSTAG_DATABASE_URL": database},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    path, again = tmp_path / "blog.zip", tmp_path / "again.zip"
    shutil.copytree(blog.services.settings.media_dir, tmp_path / "cli" / "media")
    crosstag(url, "export", str(path))
    with Archive(path) as archive:
        assert archive.tables.keys() == OF_THE_BLOG
    other = make_database("sqlite")
    crosstag(other, "restore", str(path))
    crosstag(other, "export", str(again))
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("made_on", DATABASES)
def test_a_restored_blog_gives_the_very_same_archive(made_on: str, make_blog: MakeBlog, tmp_path: Path) -> None:
    old = filled(make_blog(made_on))
    data = archived(old, with_accounts=True)
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        # Of what is compared, these three are nothing.
        empty = {one.filename for one in files.infolist() if one.file_size == 0}
        assert empty == {f"tables/{name}.ndjson" for name in ("passkey", "autosave", "token")}
        assert len([name for name in files.namelist() if name.startswith("media/")]) == 2
    # There, back, and to another of the same kind.
    new = old
    for kind in ("postgresql", "sqlite", "sqlite"):
        new = restored(make_blog(kind), archived(new, with_accounts=True), tmp_path)
        assert archived(new, with_accounts=True) == data
    media, there = (one.services.settings.media_dir for one in (old, new))
    assert {one.name: one.read_bytes() for one in media.iterdir()} == {
        one.name: one.read_bytes() for one in there.iterdir()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, bytes]:
    """The archives of a filled blog, with accounts and without."""
    data = tmp_path_factory.mktemp("filled")
    made = Settings(
        data_dir=data,
        database_url=f"sqlite:///{data / 'blog.db'}",
        base_url="https://old.example",
        given={"base_url": "the environment"},
    )
    clock = Clock()
    with closing(open_services(made, clock)) as services:
        blog = filled(Blog(services, clock))
        return {with_accounts: archived(blog, with_accounts=with_accounts) for with_accounts in (True, False)}


def test_what_is_written_afterwards_gets_ids_that_nothing_ever_had(
    blog: Blog, make_blog: MakeBlog, tmp_path: Path
) -> None:
    highest = blog.write("One")
    last = blog.write("Two")
    delete_entry(blog.services, last)
    kind = "sqlite" if blog.services.sessions.is_sqlite else "postgresql"
    for other in DATABASES:
        new = restored(make_blog(other), archived(blog), tmp_path)
        assert new.write("Three") == last + 1, (kind, other, highest)
        with new.services.sessions.read() as session:
            changes = [row["id"] for row in rows(session)["change"]]
        assert changes == list(range(1, len(changes) + 1))


def test_a_server_that_runs_shows_the_restored_blog(
    blog: Blog, whole: dict[bool, bytes], tmp_path: Path
) -> None:
    data = whole[False]
    client = create_app(blog.services).test_client()
    assert "Changed" not in client.get("/").text
    restored(blog, data, tmp_path)
    blog.services.search.catch_up()
    page = client.get("/").text
    assert "Changed" in page
    assert "<title>A blog" in page
    assert client.get("/tags/py/").headers["Location"].endswith("/tags/python/")
    assert "Changed" in client.get("/search/?q=anew").text
    assert client.get("/about/").status_code == 200
    # The address stood in the old operator's settings file, and goes with the blog all the same.
    assert blog.services.site.follow().base_url == "https://old.example"
    assert archived(blog) == data


@pytest.mark.parametrize("with_accounts", [True, False])
def test_accounts_are_in_it_only_if_asked_for(
    with_accounts: bool, whole: dict[bool, bytes], make_blog: MakeBlog, tmp_path: Path
) -> None:
    data = whole[with_accounts]
    blog = make_blog()
    if not with_accounts:
        create_user(blog.services, "grace", "correct horse battery")
    restored(blog, data, tmp_path)
    with blog.services.sessions.read() as session:
        found = rows(session)
    assert [row["name"] for row in found["user"]] == (["ada"] if with_accounts else ["grace"])
    assert len(found["preview_link"]) == with_accounts
    assert found["login"] == []


def test_no_key_of_the_blog_is_in_it(blog: Blog) -> None:
    create_app(blog.services)
    assert begin_setup(blog.services)
    with zipfile.ZipFile(io.BytesIO(archived(blog, with_accounts=True))) as files:
        assert files.read("tables/setting.ndjson") == b""


def test_authors_who_are_there_are_not_overwritten(
    make_blog: MakeBlog, whole: dict[bool, bytes], tmp_path: Path
) -> None:
    blog = make_blog()
    create_user(blog.services, "grace", "correct horse battery")
    with pytest.raises(BadArchive, match="not empty: it has rows in user"):
        restored(blog, whole[True], tmp_path)


def test_a_blog_that_is_not_empty_is_refused_and_stays_what_it_is(
    blog: Blog, whole: dict[bool, bytes], tmp_path: Path
) -> None:
    blog.write("Mine", "own")
    with blog.services.sessions.read() as session:
        before = rows(session)
    with pytest.raises(BadArchive, match=r"not empty: .* entry.*crosstag --data NEW-DIRECTORY restore"):
        restored(blog, whole[False], tmp_path)
    with blog.services.sessions.read() as session:
        assert rows(session) == before


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The archive with its files changed, whatever its manifest says."""
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        parts = {name: files.read(name) for name in files.namelist()}
    change(parts)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


def in_manifest(path: str, value: Any) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        manifest = json.loads(parts["manifest.json"])
        *way, last = path.split(".")
        within = manifest
        for step in way:
            within = within[step]
        within[last] = value
        parts["manifest.json"] = json.dumps(manifest).encode()

    return change


def in_table(*lines: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        parts["tables/entry_tag.ndjson"] = b"".join(line + b"\n" for line in lines)

    return change


ROW = b'{"entry_id":1,"tag_id":2,"at":null}'


def without_tags(parts: dict[str, bytes]) -> None:
    del parts["tables/tag.ndjson"]


# What is wrong with the archive, and what the sentence says.
BROKEN: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("nothing", lambda data: b"", "no complete archive"),
    ("no zip file", lambda data: b"some text", "no complete archive"),
    ("the half of it", lambda data: data[: len(data) // 2], "no complete archive"),
    ("another zip file", lambda data: repacked(data, lambda parts: parts.clear()), "no complete archive"),
    ("another format", lambda data: repacked(data, in_manifest("format", "x")), "no complete archive"),
    ("a newer format", lambda data: repacked(data, in_manifest("version", 2)), "newer Crosstag"),
    ("a newer schema", lambda data: repacked(data, in_manifest("schema", "9999")), "newer Crosstag"),
    ("a word for a schema", lambda data: repacked(data, in_manifest("schema", "head")), "newer Crosstag"),
    ("no counters", lambda data: repacked(data, in_manifest("counters", 7)), "its manifest is none"),
    (
        "a list",
        lambda data: repacked(data, lambda parts: parts.update({"manifest.json": b"[]"})),
        "no complete",
    ),
    (
        "a table less",
        lambda data: repacked(data, without_tags),
        "tables/tag.ndjson is missing",
    ),
    ("a column more", lambda data: repacked(data, in_manifest("tables.tag.columns.x", "text")), "columns"),
    ("an unknown kind", lambda data: repacked(data, in_manifest("tables.tag.columns.name", "x")), "columns"),
    (
        "a file outside",
        lambda data: repacked(data, in_manifest("media", {"../x.png": {"size": 1, "sha256": ""}})),
        "is no name of a picture",
    ),
    ("a row less", lambda data: repacked(data, in_table(ROW)), "not what its manifest says"),
    ("another row", lambda data: repacked(data, in_table(ROW, ROW.replace(b"2", b"3"))), "not what"),
    ("a text for a number", lambda data: repacked(data, in_table(ROW.replace(b"2", b'"2"'))), "is no number"),
    ("no JSON", lambda data: repacked(data, in_table(b"[" * 40)), "line 1 of entry_tag is no row"),
    ("another column", lambda data: repacked(data, in_table(b'{"id":1}')), "its columns are others"),
    ("more than it says", lambda data: repacked(data, in_table(ROW, b" " * 99)), "larger than"),
]


@pytest.mark.parametrize(("how", "says"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN])
def test_a_broken_archive_is_refused_and_nothing_is_restored(
    how: Callable[[bytes], bytes], says: str, small_archive: bytes, make_blog: MakeBlog, tmp_path: Path
) -> None:
    blog = make_blog()
    with pytest.raises(BadArchive, match=says):
        restored(blog, how(small_archive), tmp_path)
    assert is_empty(blog)


@pytest.fixture
def small_archive(make_blog: MakeBlog) -> bytes:
    small = make_blog()
    small.write("One", "python web")
    return archived(small)


def test_a_flipped_bit_is_noticed(small_archive: bytes, blog: Blog, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(small_archive)) as files:
        at = files.getinfo("tables/entry.ndjson").header_offset + 80
    data = bytearray(small_archive)
    data[at] ^= 1
    with pytest.raises(BadArchive, match="broken"):
        restored(blog, bytes(data), tmp_path)
    assert is_empty(blog)


def test_an_archive_of_an_older_schema_is_brought_up_to_date(
    blog: Blog, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = make_database("sqlite")
    command.downgrade(alembic_config(url), "0003")
    path = tmp_path / "old.zip"
    columns = {name: kind for name, kind in kinds_of(Entry.__table__).items() if name != "canonical"}  # type: ignore[arg-type]
    row: dict[str, Any] = dict.fromkeys(columns, "") | {
        "id": 7,
        "kind": "link",
        "status": "published",
        "slug": "a",
        "markup": "text",
        "words": 0,
        "title": "Old",
        "url": "http://www.example.com/a/",
        "source_id": None,
        "series_id": None,
        "series_order": None,
        "published": datetime(2009, 5, 25, tzinfo=UTC),
        "updated": datetime(2009, 5, 25, tzinfo=UTC),
        "day": datetime(2009, 5, 25, tzinfo=UTC).date(),
        "upstream": None,
    }
    with path.open("wb") as file, ArchiveWriter(file, schema="0003", with_accounts=False) as writer:
        writer.add_table(table_of("entry", columns), [row])
        writer.finish({"entry": 11})
    restore_archive(blog.services, path)
    with blog.services.sessions.read() as session:
        found = session.execute(select(Entry.id, Entry.title, Entry.canonical)).all()
    assert found == [(7, "Old", "https://example.com/a")]
    assert blog.write("New") == 12
    assert [one.name for one in blog.services.settings.data_dir.glob("restoring-*")] == []


def test_an_archive_is_one_moment_of_a_blog_that_is_written_to(blog: Blog) -> None:
    blog.write("Before", "one")
    before = archived(blog)
    told: list[int] = []

    def write_meanwhile(_count: int) -> None:
        if not told:
            blog.write("Meanwhile", "two")
        told.append(1)

    file = io.BytesIO()
    write_archive(blog.services, file, on_progress=write_meanwhile)
    with zipfile.ZipFile(file) as found, zipfile.ZipFile(io.BytesIO(before)) as expected:
        for name in expected.namelist():
            if name.startswith("tables/"):
                assert found.read(name) == expected.read(name), name
    assert archived(blog) != before


def test_an_archive_is_written_whole_or_not_at_all(make_blog: MakeBlog, tmp_path: Path) -> None:
    blog = make_blog()
    blog.write("One", "python")
    path = tmp_path / "blog.zip"

    def break_off(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_archive(blog.services, path, on_progress=break_off)
    assert [one for one in tmp_path.iterdir() if one.name.endswith(".zip") or one.name.startswith(".")] == []
    save_archive(blog.services, path)
    first = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyboardInterrupt):
        save_archive(blog.services, path, on_progress=break_off)
    assert path.read_bytes() == first
    blog.write("Later")
    save_archive(blog.services, path)
    assert path.read_bytes() == archived(blog) != first
    with Archive(path) as archive:
        assert sum(table.rows for table in archive.tables.values()) == archive_size(blog.services)


def test_a_file_that_is_no_archive_is_not_replaced(make_blog: MakeBlog, tmp_path: Path) -> None:
    path = tmp_path / "thesis.zip"
    path.write_bytes(b"ten years of work")
    with pytest.raises(BadArchive, match="Choose another name"):
        save_archive(make_blog().services, path)
    assert path.read_bytes() == b"ten years of work"


def test_a_picture_without_a_file_is_said(
    make_blog: MakeBlog, whole: dict[bool, bytes], tmp_path: Path
) -> None:
    blog = restored(make_blog(), whole[False], tmp_path)
    lost = sorted(blog.services.settings.media_dir.iterdir())[0]
    lost.unlink()
    assert save_archive(blog.services, tmp_path / "blog.zip") == [lost.name]
    restore_archive((new := make_blog()).services, tmp_path / "blog.zip")
    with new.services.sessions.read() as session:
        assert session.scalar(select(Media.alt)) == "A red line"


@pytest.mark.parametrize(("here", "there"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_blog_moves_to_another_database_and_back_and_loses_nothing(
    here: str,
    there: str,
    whole: dict[bool, bytes],
    make_blog: MakeBlog,
    make_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    blog = restored(make_blog(here), whole[True], tmp_path)
    start_login(blog.services, 1, "a browser", "127.0.0.1")
    with closing(Sessions(make_database(there))) as other, closing(Sessions(make_database(here))) as back:
        copy_blog(blog.services.sessions, other)
        copy_blog(other, back)
        found = []
        for sessions in (blog.services.sessions, other, back):
            with sessions.read() as session:
                found.append(rows(session))
        assert found[0] == found[1] == found[2]
        assert len(found[0]["login"]) == 1
        with pytest.raises(BadArchive, match="The other database is not empty"):
            copy_blog(blog.services.sessions, back)


def test_a_new_database_gets_its_tables(make_blog: MakeBlog, tmp_path: Path) -> None:
    blog = make_blog()
    blog.write("One")
    with closing(Sessions(f"sqlite:///{tmp_path / 'new.db'}")) as new:
        copy_blog(blog.services.sessions, new)
        assert schema_revision(new) == schema_revision(blog.services.sessions)
        with new.read() as session:
            assert session.scalar(select(Entry.title)) == "One"


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
ENTRIES = st.builds(
    lambda title, body, tags, kind, status, markup: replace(
        draft(title, body=body, kind=kind, status=status, markup=markup), tags=tuple(tags)
    ),
    TEXTS,
    TEXTS,
    st.lists(st.sampled_from(["python", "C++", "日本語", "web"]), max_size=3, unique=True),
    st.sampled_from(list(Kind)),
    st.sampled_from(list(Status)),
    st.sampled_from(list(Markup)),
)


@settings(max_examples=1, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ENTRIES, min_size=2, max_size=6),
    st.dictionaries(
        TEXTS, st.none() | st.integers() | TEXTS | st.floats(allow_nan=False, allow_infinity=False)
    ),
)
def test_any_small_blog_is_the_same_on_both_databases(
    make_blog: MakeBlog, tmp_path: Path, entries: list[Any], said: dict[str, Any]
) -> None:
    blog = make_blog()
    for entry in entries:
        save_entry(blog.services, replace(entry, url=entry.url or "https://example.com/"))
    with blog.services.sessions.write() as session:
        row = {"what": "x", "summary": "", "at": datetime(2026, 1, 1, tzinfo=UTC), "undo": said}
        session.execute(insert(Operation), [row])
    data = archived(blog)
    # There, and back again.
    other = restored(make_blog("postgresql"), data, tmp_path)
    assert archived(restored(make_blog(), archived(other), tmp_path)) == data


def test_text_keys_stand_in_one_order_on_every_database(make_blog: MakeBlog) -> None:
    found = []
    for kind in DATABASES:
        blog = make_blog(kind)
        with blog.services.sessions.write() as session:
            session.execute(
                insert(Setting), [{"name": name, "value": 1} for name in ("b", "B", "_", "a", "é", "~")]
            )
        with blog.services.sessions.read() as session:
            found.append([row["name"] for row in rows_of(session, Setting.__table__)])  # type: ignore[arg-type]
    assert found[0] == found[1] == ["B", "_", "a", "b", "~", "é"]


def test_counting_goes_on_after_what_was_counted_by_hand(make_blog: MakeBlog, tmp_path: Path) -> None:
    blog = make_blog("postgresql")
    with blog.services.sessions.write() as session:
        session.execute(text("SELECT setval(pg_get_serial_sequence('entry', 'id'), 500)"))
    new = restored(make_blog(), archived(blog), tmp_path)
    assert new.write("One") == 501
