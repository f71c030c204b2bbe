"""The command line, as it is typed: real processes, real files, a real server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from forked import run_forked

from blog.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINK = """---
title: {title}
date: 2014-03-02
tags: [python, C++]
url: https://example.com/{title}
---
Some words.
"""


def crosstag(data: Path, *words: str, code: int = 0, **environment: str) -> str:
    """Run a command in a process that has loaded it already; return all that it prints."""
    done, said = run_forked(["--data", str(data), *words], environment)
    assert done == code, said
    return said


def typed(*words: str) -> str:
    """Run a command as an operator does."""
    command = [sys.executable, "-W", "error", "-m", "blog", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for title in ("one", "two"):
        (folder / f"{title}.md").write_text(LINK.format(title=title), encoding="utf-8")
    return folder


def test_help_names_every_command_and_what_it_does(tmp_path: Path) -> None:
    said = typed("--data", str(tmp_path), "--help")
    for command in ("serve", "init", "import", "imports", "reindex", "stats", "migrate", "check"):
        assert f"  {command} " in said
    assert "Bring entries in from WHAT" in typed("--data", str(tmp_path), "import", "--help")


def test_init_makes_a_private_directory_with_settings_to_fill_in(tmp_path: Path) -> None:
    data = tmp_path / "blog"
    assert "is ready, with 0 entries" in crosstag(data, "init")
    assert data.stat().st_mode & 0o777 == 0o700
    settings = data / "settings.toml"
    settings.write_text('title = "Mine"\n', encoding="utf-8")
    crosstag(data, "init")
    assert settings.read_text(encoding="utf-8") == 'title = "Mine"\n'


def test_an_import_ends_with_its_counts_and_a_second_one_changes_nothing(tmp_path: Path, notes: Path) -> None:
    data = tmp_path / "blog"
    assert "2 created, 0 updated, 0 unchanged, 0 kept, 0 failed." in crosstag(data, "import", str(notes))
    assert "0 created, 0 updated, 2 unchanged, 0 kept, 0 failed." in crosstag(data, "import", str(notes))
    (notes / "one.md").write_text(LINK.format(title="one").replace("words", "other words"), encoding="utf-8")
    assert "0 created, 1 updated, 1 unchanged" in crosstag(data, "import", str(notes))
    stats = crosstag(data, "stats")
    assert "Revisions" in stats
    assert stats.splitlines()[-1].split() == ["Changes", "not", "yet", "in", "the", "text", "index", "0"]
    assert "All is well." in crosstag(data, "check")


def test_a_long_import_that_renders_in_processes_says_nothing_else(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(1_200):
        (notes / f"{number}.md").write_text(LINK.format(title=number), encoding="utf-8")
    said = crosstag(tmp_path / "blog", "import", str(notes))
    assert said.splitlines()[1:] == ["1,200 created, 0 updated, 0 unchanged, 0 kept, 0 failed."]


def test_a_dry_run_says_what_would_be_and_writes_nothing(tmp_path: Path, notes: Path) -> None:
    data = tmp_path / "blog"
    assert "Would be: 2 created" in crosstag(data, "import", str(notes), "--dry-run")
    assert "Would be: 2 created" in crosstag(data, "import", str(notes), "--dry-run")


def test_imports_are_listed_shown_and_undone(tmp_path: Path, notes: Path) -> None:
    assert "Nothing has been imported yet." in crosstag(tmp_path, "imports")
    crosstag(tmp_path, "import", str(notes), "--status", "inbox")
    assert f"{notes}  done: 2 created" in crosstag(tmp_path, "imports")
    said = crosstag(tmp_path, "imports", "show", "1")
    assert "  created: one\n  created: two\n" in said
    crosstag(tmp_path, "imports", "undo", "1", code=130)
    said = crosstag(tmp_path, "imports", "undo", "1", "--yes")
    assert "2 entries that it created are deleted, 0 that it changed are put back" in said
    assert "2 deleted, 0 put back, 0 left as they are." in said
    assert "undone: 2 created" in crosstag(tmp_path, "imports")
    assert "is undone already" in crosstag(tmp_path, "imports", "undo", "1", "--yes", code=1)
    assert "There is no import number 7." in crosstag(tmp_path, "imports", "show", "7", code=1)
    assert "2 created, 0 updated" in crosstag(tmp_path, "import", str(notes))


def test_a_bad_item_is_named_with_its_reason_and_the_others_go_in(tmp_path: Path, notes: Path) -> None:
    (notes / "bad.md").write_text("---\ntitle: [\n---\nx", encoding="utf-8")
    said = crosstag(tmp_path / "blog", "import", str(notes), code=3)
    assert "2 created, 0 updated, 0 unchanged, 0 kept, 1 failed." in said
    assert "bad.md" in said or "bad:" in said


def test_what_cannot_be_imported_is_refused_with_a_sentence(tmp_path: Path) -> None:
    data = tmp_path / "blog"
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "in no format known here" in crosstag(data, "import", str(tmp_path / "picture.png"), code=1)
    crosstag(data, "export", str(tmp_path / "blog.zip"))
    assert "restore FILE" in crosstag(data, "import", str(tmp_path / "blog.zip"), code=1)
    assert "Traceback" not in crosstag(data, "import", str(tmp_path / "nowhere"), code=1)
    assert "No such command" in crosstag(data, "imprt", code=2)
    assert "Invalid value for '--kind'" in crosstag(data, "import", "x", "--kind", "novel", code=2)


def test_wrong_settings_are_all_named_and_nothing_is_done(tmp_path: Path) -> None:
    said = crosstag(tmp_path / "blog", "stats", code=1, CROSSTAG_PORT="x", CROSSTAG_PAGE_SIZE="0")
    assert "CROSSTAG_PORT" in said
    assert "page_size is 0" in said


def test_everyday_failures_are_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "blog.db").write_bytes(b"this is no database at all, but long enough to be read" * 20)
    (tmp_path / "odd" / "settings.toml").mkdir(parents=True)
    nobody = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    for said in (
        crosstag(tmp_path / "a-file" / "blog", "stats", code=1),
        crosstag(tmp_path / "bad", "stats", code=1),
        crosstag(tmp_path / "odd", "stats", code=1),
        crosstag(tmp_path / "new", "stats", code=1, DATABASE_URL=nobody),
    ):
        assert "Traceback" not in said
        assert len(said.strip()) > 20


FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title><link>https://example.com/</link>
<item><title>An item</title><link>https://example.com/item</link><guid>1</guid>
<pubDate>Sun, 02 Mar 2014 09:15:00 GMT</pubDate><description>Words.</description></item></channel></rss>"""


@contextmanager
def feed_server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is the library's
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.end_headers()
            self.wfile.write(FEED)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/feed"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_feed_is_fetched_and_imported_but_never_from_a_private_address_unasked(tmp_path: Path) -> None:
    with feed_server() as address:
        data = tmp_path / "blog"
        refused = crosstag(data, "import", address, code=1)
        assert "127.0.0.1" in refused
        said = crosstag(data, "import", address, "--source", "A Friend", CROSSTAG_FETCH_PRIVATE="yes")
        assert "1 created" in said
        again = crosstag(data, "import", address, "--source", "A Friend", CROSSTAG_FETCH_PRIVATE="yes")
        assert "0 created, 0 updated, 1 unchanged" in again


def test_reindex_and_migrate_say_what_they_did(tmp_path: Path, notes: Path) -> None:
    data = tmp_path / "blog"
    crosstag(data, "import", str(notes))
    assert "holds all 2 entries" in crosstag(data, "reindex")
    assert "up to date" in crosstag(data, "migrate")
    assert "went from revision nothing to" in crosstag(tmp_path / "new", "migrate")


def test_check_finds_what_is_wrong(tmp_path: Path, notes: Path) -> None:
    data = tmp_path / "blog"
    crosstag(data, "import", str(notes))
    for part in (data / "search").glob("*"):
        part.unlink()
    said = crosstag(data, "check", code=1)
    assert "The text index misses" in said
    assert "1 thing is wrong" in said


@pytest.mark.skipif(find_spec("tantivy") is None, reason='needs pip install "crosstag[tantivy]"')
def test_the_search_engine_can_be_changed_back_and_forth(tmp_path: Path, notes: Path) -> None:
    data = tmp_path / "blog"
    with_tantivy = partial(crosstag, CROSSTAG_SEARCH_ENGINE="tantivy")
    crosstag(data, "import", str(notes))
    assert "The text index misses" in with_tantivy(data, "check", code=1)
    assert "holds all 2 entries" in with_tantivy(data, "reindex")
    (notes / "three.md").write_text(LINK.format(title="three"), encoding="utf-8")
    assert "1 created" in with_tantivy(data, "import", str(notes))
    assert "All is well." in with_tantivy(data, "check")
    assert "The text index misses" in crosstag(data, "check", code=1)
    assert "0 created" in crosstag(data, "import", str(notes))
    assert "All is well." in crosstag(data, "check")


def test_an_engine_that_is_not_installed_is_named_with_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text('import sys; sys.modules["tantivy"] = None')
    data, without = tmp_path / "blog", str(tmp_path)
    command = [sys.executable, "-m", "blog", "--data", str(data), "stats"]
    known = os.environ | {"CROSSTAG_SEARCH_ENGINE": "tantivy", "PYTHONPATH": without, "COLUMNS": "200"}
    done = subprocess.run(command, env=known, capture_output=True, text=True, check=False)
    said = done.stderr
    assert done.returncode == 1
    assert 'search_engine is “tantivy”, which is not installed: pip install "crosstag[tantivy]".' in said
    assert not (data / "blog.db").exists()


def test_check_says_when_it_is_time_for_the_faster_engine(
    tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "blog"
    crosstag(data, "import", str(notes))
    assert "it is time" not in crosstag(data, "check")
    monkeypatch.setattr("blog.queries.overview._WHOOSH_SERVES", 1)
    checked = CliRunner().invoke(cli, ["--data", str(data), "check"])
    assert (
        'With 2 entries it is time for the faster search engine: pip install "crosstag[tantivy]"'
        in checked.output
    )
    assert "All is well." in checked.output
    assert checked.exit_code == 0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(data: Path, *words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    command = [sys.executable, "-m", "blog", "--data", str(data), "serve", "--port", str(port), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/robots.txt", server)
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.terminate()
            server.wait(20)


def wait_for(address: str, server: subprocess.Popen[str]) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address) as answer:
                answer.read()
                return
        except urllib.error.URLError:
            assert server.poll() is None, server.stdout.read() if server.stdout else ""
            time.sleep(0.05)
    raise AssertionError("the server did not begin to answer")


def get(address: str) -> str:
    with urllib.request.urlopen(address) as answer:
        text: str = answer.read().decode()
        return text


def test_serve_makes_the_demo_blog_prints_where_to_look_and_keeps_what_is_there(tmp_path: Path) -> None:
    data = tmp_path / "blog"
    with serving(data, "--demo") as (base, server):
        assert "python" in get(f"{base}/tags/python+scaling/").lower()
        server.terminate()
        assert server.stdout is not None
        said = server.stdout.read()
        printed = [line.split()[0] for line in said.splitlines() if line.startswith("  http")]
        assert "/admin/setup/" in printed.pop()
        assert len(printed) == 3
        assert any("+" in address for address in printed)
    before = crosstag(data, "stats")
    with serving(data, "--demo") as (base, _):
        for address in printed:
            assert "<h1" in get(base + "/" + address.split("/", 3)[3])
    assert crosstag(data, "stats") == before


def test_an_import_beside_a_running_server_is_on_its_pages_at_once(tmp_path: Path, notes: Path) -> None:
    data = tmp_path / "blog"
    with serving(data) as (base, _):
        assert "My linkblog" in get(f"{base}/")
        crosstag(data, "import", str(notes))
        assert "2 entries" in get(f"{base}/tags/cplusplus+python/")
        for _ in range(200):
            # The server's own thread may have begun on the index before the import came to it.
            if "2 entries" in (page := get(f"{base}/search/?q=words")):
                break
            time.sleep(0.05)
        assert "2 entries" in page


def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = crosstag(tmp_path, "serve", "--port", str(taken.getsockname()[1]), code=1)
    assert "Choose another with --port" in said
