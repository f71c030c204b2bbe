"""The pulse is another one after every commit of anybody, and the same while nothing happens."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from blog.pulse import SqlitePulse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "a blog?.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE counted (number)")
    yield connection
    connection.close()


@pytest.fixture(params=["mapped", "asked"])
def pulse(
    request: pytest.FixtureRequest, tmp_path: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SqlitePulse]:
    if request.param == "asked":
        monkeypatch.setattr("blog.pulse._VERSION", 1)
    pulse = SqlitePulse(str(tmp_path / "a blog?.db"))
    pulse()
    assert (pulse._header is not None) == (request.param == "mapped")
    yield pulse
    pulse.close()


def test_it_is_the_same_while_nothing_is_written(pulse: SqlitePulse, writer: sqlite3.Connection) -> None:
    before = pulse()
    writer.execute("SELECT * FROM counted").fetchall()
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO counted VALUES (1)")
    writer.execute("ROLLBACK")
    assert pulse() == before


def test_every_commit_makes_it_another_one(pulse: SqlitePulse, writer: sqlite3.Connection) -> None:
    seen = [pulse()]
    for number in range(300):
        writer.execute("INSERT INTO counted VALUES (?)", (number,))
        assert pulse() != seen[-1]
        seen.append(pulse())
        if number % 50 == 0:
            # The log begins anew, from its first page.
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert len(set(seen)) > 290


def test_a_commit_of_another_process_that_ends_is_seen(
    pulse: SqlitePulse, writer: sqlite3.Connection, tmp_path: Path
) -> None:
    writer.close()
    before = pulse()
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('INSERT INTO counted VALUES (1)'); c.commit()"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "a blog?.db")], check=True)
    assert pulse() != before


def test_a_database_without_a_shared_file_has_a_pulse_too(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as writer:
        writer.execute("CREATE TABLE counted (number)")
        pulse = SqlitePulse(str(path))
        before = pulse()
        writer.execute("INSERT INTO counted VALUES (1)")
        writer.commit()
        assert pulse() != before
        pulse.close()
    writer.close()
