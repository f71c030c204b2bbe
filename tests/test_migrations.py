"""The migrated schema is that of the models, on both databases, and migrating twice does nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import DATABASES, prepare_sqlite
from sqlalchemy import delete, insert, inspect, text
from sqlalchemy.exc import IntegrityError

from blog import accounts, db, outreach  # noqa: F401  # the tables of the first and the last are of the schema, too
from blog.db import Sessions, alembic_config, migrate, migrating, schema_revision
from blog.models import Base, Series, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(params=DATABASES)
def sessions(request: pytest.FixtureRequest, make_database: Callable[[str], str]) -> Iterator[Sessions]:
    opened = Sessions(make_database(request.param))
    yield opened
    opened.close()


def test_the_migrated_schema_is_that_of_the_models(sessions: Sessions) -> None:
    with sessions.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(sessions: Sessions) -> None:
    before, after = migrate(sessions)
    assert before == after == schema_revision(sessions)


def test_every_migration_can_be_undone_and_done_again(make_database: Callable[[str], str]) -> None:
    url = make_database("sqlite")
    command.downgrade(alembic_config(url), "base")
    sessions = Sessions(url)
    assert schema_revision(sessions) is None
    assert inspect(sessions.engine).get_table_names() == ["alembic_version"]
    assert migrate(sessions)[0] is None
    sessions.close()


def test_processes_that_start_at_once_migrate_an_empty_database_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    found: list[str | None] = []

    def start() -> None:
        sessions = Sessions(url)
        migrate(sessions)
        found.append(schema_revision(sessions))
        sessions.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 4


def test_sqlite_is_set_up_so_that_nothing_confirmed_is_lost(
    make_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests need not wait for the disk.
    monkeypatch.setattr(db, "_prepare_sqlite", prepare_sqlite)
    sessions = Sessions(make_database("sqlite"))
    with sessions.read() as session:
        connection = session.connection()
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15_000}
    sessions.close()


def test_links_from_before_get_the_key_of_their_address(make_database: Callable[[str], str]) -> None:
    url = make_database("sqlite")
    config = alembic_config(url)
    before = ScriptDirectory.from_config(config).get_revision("0004").down_revision
    assert isinstance(before, str)
    command.downgrade(config, before)
    sessions = Sessions(url)
    many = [{"id": number, "url": f"http://www.example.com/{number}/"} for number in range(2, 4_500)]
    rows = [{"id": 1, "url": ""}, *many, {"id": 5_000, "url": "https://m.example.com/a?utm_source=b"}]
    with sessions.write() as session:
        session.execute(
            text(
                "INSERT INTO entry (id, kind, status, published, day, slug, updated, atom_id, title, body, markup, url, "
                "domain, via_url, via_title, citation, context, image_url, image_alt, external_id, html, short_html, "
                "text, words) VALUES (:id, 'link', 'published', '2009-05-25', '2009-05-25', :id, '2009-05-25', :id, "
                "'', '', 'text', :url, '', '', '', '', '', '', '', :id, '', '', '', 0)"
            ),
            rows,
        )
    migrate(sessions)
    with sessions.read() as session:
        found = {row.id: row.canonical for row in session.execute(text("SELECT id, canonical FROM entry"))}
    expected = {number: f"https://example.com/{number}" for number in range(2, 4_500)}
    assert found == {1: "", **expected, 5_000: "https://example.com/a"}
    sessions.close()


def test_sources_and_series_keep_their_ids_and_what_is_of_them(make_database: Callable[[str], str]) -> None:
    url = make_database("sqlite")
    config = alembic_config(url)
    command.downgrade(config, "0005")
    sessions = Sessions(url)
    refer = text("SELECT id, source_id, series_id FROM entry")
    polled = text("SELECT id, source_id, feed_url FROM subscription")
    names = text("SELECT id, slug, name, url FROM source UNION SELECT id, slug, title, description FROM series")
    with sessions.write() as session:
        for statement in _CONTENT:
            session.execute(text(statement))
    for change in (
        lambda: migrate(sessions),
        lambda: command.downgrade(config, "0005"),
        lambda: migrate(sessions),
    ):
        change()
        with sessions.read() as session:
            assert session.execute(refer).all() == [(1, 7, 9)]
            assert session.execute(polled).all() == [(1, 7, "https://s.example/feed")]
            assert session.execute(names).all() == [(7, "s", "S", "https://s.example/"), (9, "t", "T", "Deep.")]
    with sessions.write() as session, pytest.raises(IntegrityError):
        session.execute(text("DELETE FROM source"))
    sessions.close()


_CONTENT = (
    "INSERT INTO source (id, slug, name, url) VALUES (7, 's', 'S', 'https://s.example/')",
    "INSERT INTO series (id, slug, title, description, description_html) VALUES (9, 't', 'T', 'Deep.', '')",
    "INSERT INTO entry (id, kind, status, published, day, slug, updated, atom_id, title, body, markup, url, domain, "
    "via_url, via_title, citation, context, image_url, image_alt, external_id, html, short_html, text, words, "
    "source_id, series_id) VALUES (1, 'link', 'published', '2009-05-25', '2009-05-25', 'a', '2009-05-25', 'a', '', "
    "'', 'text', '', '', '', '', '', '', '', '', 'a', '', '', '', 0, 7, 9)",
    "INSERT INTO subscription (source_id, feed_url, host, kind, tags, status, created, etag, last_modified, digest, "
    "interval, in_feed, next_poll, lease, failures, last_error, disabled, moved_from) VALUES (7, "
    "'https://s.example/feed', 's.example', '', '[]', 'inbox', '2009-05-25', '', '', '', 0, 0, '2009-05-25', '', 0, "
    "'', '', '[]')",
)


def test_the_id_of_a_source_or_series_that_is_gone_is_given_to_no_other(sessions: Sessions) -> None:
    for model, called in ((Source, "name"), (Series, "title")):
        with sessions.write() as session:
            first = session.scalars(insert(model).values(slug="a", **{called: "A"}).returning(model.id)).one()
            session.execute(delete(model))
            second = session.scalars(insert(model).values(slug="b", **{called: "B"}).returning(model.id)).one()
        assert second > first


def test_a_migration_that_leaves_rows_that_refer_to_nothing_is_taken_back(
    make_database: Callable[[str], str],
) -> None:
    url = make_database("sqlite")
    broken = "INSERT INTO alias (slug, tag_id) VALUES ('a', 99)"
    with pytest.raises(RuntimeError, match="refer to nothing"), migrating(url) as connection:
        connection.execute(text(broken))
    sessions = Sessions(url)
    with sessions.read() as session:
        assert session.execute(text("SELECT slug FROM alias")).all() == []
    sessions.close()
