"""What is derived heals by itself: after a crash, a kill, another process, a lost or foreign index."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ENGINES, draft
from sqlalchemy.engine import make_url

from blog.changes.entries import delete_entry, save_entry
from blog.domain.entry import Status
from blog.domain.filters import Filter
from blog.indexer import Indexer
from blog.queries.browse import browse
from blog.queries.overview import find_faults
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog

    from blog.services import Services


@pytest.fixture(params=ENGINES)
def make_blog(request: pytest.FixtureRequest, make_blog: Callable[..., Blog]) -> Callable[..., Blog]:
    """Every test here runs with each search engine."""
    return partial(make_blog, search_engine=request.param)


def found(services: Services, text: str) -> list[str]:
    return sorted(one.title for one in browse(services, Filter(text=text)).entries)


def test_what_was_committed_but_not_indexed_is_found_after_the_next_catch_up(blog: Blog) -> None:
    blog.write("First walrus")
    assert found(blog.services, "walrus") == []
    assert browse(blog.services, Filter(text="walrus")).is_catching_up
    assert blog.services.search.catch_up()
    assert found(blog.services, "walrus") == ["First walrus"]
    assert not browse(blog.services, Filter(text="walrus")).is_catching_up


def test_changes_deletions_and_hiding_reach_the_index(blog: Blog) -> None:
    one, two, three = (blog.write(f"Walrus {name}") for name in ("one", "two", "three"))
    blog.services.search.catch_up()
    save_entry(blog.services, draft("Penguin one"), one)
    delete_entry(blog.services, two)
    save_entry(blog.services, draft("Walrus three", status=Status.HIDDEN), three)
    assert found(blog.services, "walrus") == ["Penguin one"], "not caught up, but nothing private is shown"
    blog.services.search.catch_up()
    assert (found(blog.services, "walrus"), found(blog.services, "penguin")) == ([], ["Penguin one"])


def test_an_indexing_that_is_cut_off_between_batches_is_made_whole(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.search.follower._BATCH", 2)
    for number in range(5):
        blog.write(f"Walrus {number}")
    engine = blog.services.search.engine
    applied = engine.apply
    calls = iter(range(10))

    def cut_off(*arguments: object) -> bool:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return applied(*arguments)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(engine, "apply", cut_off)
    with pytest.raises(KeyboardInterrupt):
        blog.services.search.catch_up()
    assert engine.position() == 0
    assert blog.services.search.catch_up()
    assert len(found(blog.services, "walrus")) == 5


def test_a_lost_index_is_made_anew_at_the_next_start(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    blog.write("Walrus")
    blog.services.search.catch_up()
    blog.services.close()
    shutil.rmtree(blog.services.settings.search_dir)
    services = open_services(blog.services.settings)
    assert services.search.behind() > 0
    services.search.catch_up()
    assert found(services, "walrus") == ["Walrus"]
    services.close()


def test_an_index_of_another_blog_is_thrown_away(make_blog: Callable[..., Blog]) -> None:
    other, blog = make_blog("sqlite"), make_blog("sqlite")
    for number in range(5):
        other.write(f"Foreign {number}")
    other.services.search.catch_up()
    other.services.close()
    blog.write("Walrus")
    blog.services.close()
    shutil.rmtree(blog.services.settings.search_dir)
    shutil.copytree(other.services.settings.search_dir, blog.services.settings.search_dir)
    services = open_services(blog.services.settings)
    services.search.catch_up()
    assert (found(services, "foreign"), found(services, "walrus")) == ([], ["Walrus"])
    services.close()


def test_an_index_ahead_of_a_database_put_back_from_a_backup_is_made_anew(
    make_blog: Callable[..., Blog],
) -> None:
    blog = make_blog("sqlite")
    database = Path(make_url(blog.services.settings.database_url).database or "")
    blog.write("Kept walrus")
    blog.services.close()
    backup = database.with_suffix(".backup")
    shutil.copy(database, backup)
    services = open_services(blog.services.settings, blog.clock)
    for name in ("Lost walrus", "Lost penguin"):
        save_entry(services, draft(name))
    services.search.catch_up()
    services.close()
    shutil.copy(backup, database)
    blog.clock.forward(hours=1)
    services = open_services(blog.services.settings, blog.clock)
    for name in ("New walrus", "New otter", "New seal"):
        save_entry(services, draft(name))
    assert any("another state" in fault for fault in find_faults(services))
    services.search.catch_up()
    assert (found(services, "walrus"), found(services, "penguin")) == (["Kept walrus", "New walrus"], [])
    assert find_faults(services) == []
    services.close()


def test_the_indexer_outlives_a_database_that_goes_away_for_a_while(
    make_blog: Callable[..., Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    blog = make_blog("sqlite")
    blog.write("Walrus")
    indexer = Indexer(blog.services)
    with monkeypatch.context() as broken:
        broken.setattr(type(blog.services.sessions), "pulse", lambda _: 1 // 0)
        assert not indexer.look()
    assert indexer.look()
    assert found(blog.services, "walrus") == ["Walrus"]


def test_reindexing_finds_the_same_again(blog: Blog) -> None:
    blog.write("Walrus")
    blog.services.search.catch_up()
    assert blog.services.search.rebuild()
    assert found(blog.services, "walrus") == ["Walrus"]


def test_while_another_process_catches_up_this_one_leaves_the_work_to_it(
    make_blog: Callable[..., Blog],
) -> None:
    blog = make_blog("sqlite")
    blog.write("Walrus")
    lock = blog.services.settings.search_dir.with_suffix(".lock")
    code = f"""
        import sys, time
        from fasteners import InterProcessLock
        with InterProcessLock({str(lock)!r}):
            print("held", flush=True)
            sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert not blog.services.search.catch_up()
        holder.communicate()
    assert blog.services.search.catch_up()


def test_the_indexer_thread_catches_up_by_itself(
    make_blog: Callable[..., Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.indexer._EVERY", 0.01)
    blog = make_blog("sqlite")
    indexer = Indexer(blog.services)
    indexer.start()
    blog.write("Walrus")
    for _ in range(500):
        if blog.services.search.behind() == 0:
            break
        indexer.join(0.01)
    indexer.stop()
    assert found(blog.services, "walrus") == ["Walrus"]
    assert not indexer.is_alive()


def test_a_killed_import_loses_nothing_that_was_committed_and_goes_on(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    settings = blog.services.settings
    blog.services.close()
    code = f"""
        import os, signal
        from pathlib import Path
        from blog.changes.imports import ImportLedger
        from blog.config import DEMO, Settings
        from blog.services import open_services
        from importers import pipeline, registry
        from importers.material import Material
        pipeline.BATCH = 20
        services = open_services(Settings(
            data_dir=Path({str(settings.data_dir)!r}),
            database_url={settings.database_url!r},
            search_engine={settings.search_engine!r},
        ))
        done = 0
        def kill_in_the_middle(count):
            global done
            done += count
            if done >= 60:
                os.kill(os.getpid(), signal.SIGKILL)
        material = Material.of_path(DEMO)
        importer = registry.detect(material)
        report = pipeline.run(importer.parse(material), ImportLedger(services), on_progress=PROGRESS)
        services.search.catch_up()
        print(sorted((one.value, count) for one, count in report.counts.items()))
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code).replace("PROGRESS", "kill_in_the_middle")], check=False
    )
    assert killed.returncode == -9
    again = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code).replace("PROGRESS", "None")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "('unchanged', 60)" in again.stdout
    services = open_services(settings)
    assert find_faults(services) == []
    services.close()
