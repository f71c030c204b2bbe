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


@pytest.fixture
def pulse(tmp_path: Path, writer: sqlite3.Connection) -> Iterator[SqlitePulse]:
    pulse = SqlitePulse(str(tmp_path / "a blog?.db"))
    pulse()
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


def test_asking_gives_up_no_lock_of_this_process(tmp_path: Path, writer: sqlite3.Connection) -> None:
    """Closing any descriptor of a file gives up all locks on it: another process could write between."""
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO counted VALUES (1)")
    pulse = SqlitePulse(str(tmp_path / "a blog?.db"))
    pulse()
    pulse.close()
    script = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    other = [sys.executable, "-c", script, str(tmp_path / "a blog?.db")]
    refused = subprocess.run(other, capture_output=True, text=True, check=False)
    assert "database is locked" in refused.stderr
    writer.execute("COMMIT")
    assert subprocess.run(other, capture_output=True, check=False).returncode == 0
