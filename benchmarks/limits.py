"""What this machine can do at best with the same bytes, rows and texts: the limits beside the figures.

* nginx (Debian: nginx-light), one process, sends a file, or answers 304;
* a bare WSGI application under granian (bare.py), with as many workers and threads as
  ``crosstag serve`` has;
* SQLite, without SQLAlchemy, reads the rows of one page by their keys;
* SQLite's FTS5 counts all matches of a text, and finds the best thirty by BM25.
"""

from __future__ import annotations

import getpass
import gzip
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.server import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.server import Answer, Server

GZIP: Final = {"Accept-Encoding": "gzip"}
_NGINX: Final = """\
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 256; }}
http {{
    access_log off;
    types {{ text/html html; }}
    default_type text/html;
    charset utf-8;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16;
    keepalive_requests 1000000;
    gzip_static on;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {folder}; }}
{headers}
    }}
}}
"""
# What a server sends of its own accord, or what depends on the form.
_OWN: Final = {"date", "server", "content-length", "content-encoding", "connection", "content-type", "etag"}
_OWN_OF_NGINX: Final = _OWN | {"last-modified"}
_FTS: Final = "benchmark-fts5.db"


@dataclass(frozen=True, slots=True)
class Bytes:
    """A page as it was answered, put down for others to serve."""

    folder: Path
    headers: Mapping[str, str]

    @classmethod
    def of(cls, answer: Answer, folder: Path) -> Bytes:
        """Put an answer down: as it is, compressed, and its headers."""
        (folder / "page.html").write_bytes(answer.body)
        (folder / "page.html.gz").write_bytes(gzip.compress(answer.body, 6))
        kept = {name: value for name, value in answer.headers.items() if name not in _OWN}
        kept |= {"content-type": answer.headers["content-type"], "etag": answer.headers["etag"]}
        (folder / "headers.json").write_text(json.dumps(kept), encoding="utf-8")
        return cls(folder, kept)


@contextmanager
def nginx(page: Bytes) -> Iterator[Server | None]:
    """Run nginx on the page, as ``/page.html``; None where nginx is not installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        yield None
        return
    port = free_port()
    headers = "\n".join(
        f"        add_header {name} {json.dumps(value)};"
        for name, value in page.headers.items()
        if name not in _OWN_OF_NGINX
    )
    configuration = page.folder / "nginx.conf"
    # Started by root, its worker would become somebody who may not read the folder.
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    filled = _NGINX.format(user=user, folder=page.folder, port=port, headers=headers)
    configuration.write_text(filled, encoding="utf-8")
    words = [program, "-e", "stderr", "-p", str(page.folder), "-c", str(configuration)]
    with running(words, port, "/page.html") as server:
        yield server


@contextmanager
def bare_granian(page: Bytes, workers: int, threads: int) -> Iterator[Server]:
    """Run the bare application on the page."""
    port = free_port()
    environment = {**os.environ, "CROSSTAG_BENCH_BYTES": str(page.folder)}
    words = [sys.executable, "-m", "benchmarks.bare", str(port), str(workers), str(threads)]
    with running(words, port, environment=environment) as server:
        yield server


class Rows:
    """Entries by their keys, all columns, from SQLite itself."""

    def __init__(self, data: Path) -> None:
        self._database = sqlite3.connect(data / "blog.db")
        # As the blog's own connections are: see blog/db.py.
        self._database.execute("PRAGMA cache_size = -16000")
        self._database.execute("PRAGMA mmap_size = 268435456")

    def read(self, ids: Sequence[int]) -> list[object]:
        """Read these entries."""
        marks = ", ".join("?" * len(ids))
        return self._database.execute(f"SELECT * FROM entry WHERE id IN ({marks})", ids).fetchall()

    def close(self) -> None:
        """Close the database."""
        self._database.close()


class FullText:
    """The texts of a blog in an index of FTS5, which is made once and kept beside the blog."""

    def __init__(self, data: Path) -> None:
        path = data / _FTS
        if not path.exists():
            index_with_fts5(data / "blog.db", path)
        self._database = sqlite3.connect(path)

    def count(self, words: str) -> int:
        """How many entries hold all these words, or the phrase in quotation marks."""
        found = self._database.execute("SELECT count(*) FROM texts WHERE texts MATCH ?", (words,)).fetchone()
        return int(found[0])

    def best(self, words: str, limit: int) -> list[int]:
        """The best of them by BM25, the title weighing more."""
        statement = "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY bm25(texts, 3.0, 1.0) LIMIT ?"
        return [row[0] for row in self._database.execute(statement, (words, limit))]

    def close(self) -> None:
        """Close the index."""
        self._database.close()


def index_with_fts5(blog: Path, path: Path) -> int:
    """Put the texts of a blog into an index of FTS5; return how many there are."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        # Without a copy of the texts, and with English endings taken off: what our own index is like.
        database.execute(
            "CREATE VIRTUAL TABLE texts USING fts5(title, body, content = '', tokenize = 'porter unicode61')"
        )
        database.execute("ATTACH ? AS blog", (str(blog),))
        done = database.execute(
            "INSERT INTO texts (rowid, title, body) "
            "SELECT id, title, text FROM blog.entry WHERE status = 'published' ORDER BY id"
        )
        database.commit()
    fresh.rename(path)
    return done.rowcount
