"""Every run works on a small blog, with real servers; how long anything takes is not looked at."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from benchmarks import load
from benchmarks.generate import generated
from benchmarks.grounds import Ground
from benchmarks.limits import GZIP, Bytes, FullText, Rows, bare_granian, nginx
from benchmarks.measuring import Measured
from benchmarks.runs import browse, facets, importing, indexing, pages, polling, publishing, starting, text
from benchmarks.sample import Sample
from benchmarks.server import Answer, family, free_port, memory, running, serving
from benchmarks.subject import environment, found_by, opened
from blog.models import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from benchmarks.server import Server

PAGE = Answer(
    200,
    {"content-type": "text/html; charset=utf-8", "etag": '"1"', "x-content-type-options": "nosniff"},
    b"<p>" * 500,
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    found = Ground("10k", generated(1_200, 1, tmp_path_factory.mktemp("ground") / "blog"))
    with opened(found.data) as services:
        services.search.catch_up()
    return found


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ask little of everything, and keep copies in the test's own folder."""
    monkeypatch.setenv("CROSSTAG_BENCH_DIR", str(tmp_path))
    monkeypatch.setattr(publishing, "_ENTRIES", 1)
    monkeypatch.setattr(polling, "_SOURCES", 4)
    monkeypatch.setattr(starting, "_STARTS", 1)
    monkeypatch.setattr(starting, "_OF_EACH", 1)
    monkeypatch.setattr(load, "SECONDS", 1)
    for run in (browse, facets, pages, text):
        monkeypatch.setattr(run, "REQUESTS", 2)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("run", [browse, facets, pages, text, starting, indexing, polling])
def test_a_run_measures_what_it_says(ground: Ground, run: ModuleType) -> None:
    measured = list(run.run(ground))
    assert len({one.name for one in measured}) == len(measured) > 0
    assert all(isinstance(one, Measured) and one.median >= 0 for one in measured)


def test_only_the_real_blog_is_imported(ground: Ground) -> None:
    assert list(importing.run(ground)) == []


@pytest.fixture
def page(tmp_path: Path) -> Bytes:
    return Bytes.of(PAGE, tmp_path)


@pytest.fixture(params=["nginx", "granian"])
def limit(request: pytest.FixtureRequest, page: Bytes) -> Iterator[Server]:
    if request.param == "granian":
        with bare_granian(page, 1, 1) as server:
            yield server
        return
    with nginx(page) as found:
        if found is None:
            pytest.skip("nginx is not installed")
        yield found


def test_the_limits_serve_the_very_bytes_headers_and_304s(limit: Server) -> None:
    path = "/page.html"
    answer = limit.get(path)
    assert (answer.status, answer.body) == (200, PAGE.body)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == PAGE.headers["content-type"]
    packed = limit.get(path, GZIP)
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(PAGE.body)
    again = limit.get(path, {"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.usefixtures("small")
def test_load_tells_how_much_was_answered_and_who_was_busy(page: Bytes) -> None:
    if not load.has_wrk():
        pytest.skip("wrk is not installed")
    with bare_granian(page, 1, 1) as server:
        measured = load.under_load("bare", server, "/", {})
    assert measured.median > 0
    assert "processors busy: server" in measured.note


def test_a_server_is_weighed_and_ended(ground: Ground) -> None:
    with serving(ground.data, {}) as server:
        pids = family(server.pid)
        assert len(pids) > 1
        for pid in pids:
            rss, pss = memory(pid)
            assert rss >= pss > 1
    assert not set(family(server.pid)) - {server.pid}


def test_a_server_that_ends_before_it_answers_says_why() -> None:
    words = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(SystemExit, match="no such thing"), running(words, free_port()):
        pass


def test_rows_by_their_keys_are_the_rows(ground: Ground) -> None:
    with closing(Rows(ground.data)) as rows:
        assert len(rows.read([1, 2, 3])) == 3


def test_fts5_finds_what_our_engine_finds(ground: Ground) -> None:
    with opened(ground.data) as services, closing(FullText(ground.data)) as limit:
        sample = Sample(services)
        words = [sample.word() for _ in range(20)]
        # Its stemmer is an older one, so of some words it joins others.
        alike = [limit.count(word) == len(found_by(services, word)) for word in words]  # type: ignore[arg-type]  # a bitmap, which has a length
    assert sum(alike) > 10


def test_what_is_drawn_is_there(ground: Ground) -> None:
    with opened(ground.data) as services:
        sample = Sample(services)
        assert all(one.tags for one in sample.draw("three tags", 20))
        for wanted in sample.draw("a phrase", 20):
            assert found_by(services, wanted.text)
        assert list(Sample(services).draw("six tags", 5)) == list(Sample(services).draw("six tags", 5))


def test_a_setting_that_is_not_there_yet_is_left_out() -> None:
    assert environment({"threads": "2", "set_in_the_future": "1"}) == {"CROSSTAG_THREADS": "2"}


@pytest.mark.usefixtures("small")
def test_a_copy_is_published_to_and_taken_away(ground: Ground, tmp_path: Path) -> None:
    assert len(list(publishing.run(ground))) == 5
    with opened(ground.data) as services, services.sessions.read() as session:
        assert session.scalar(select(func.max(Entry.id))) == 1_200
    assert list(tmp_path.iterdir()) == []
