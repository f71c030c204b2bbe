"""Rendering in real processes: the same as here, whatever becomes of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import draft
from sqlalchemy import select

from blog.changes.imports import ImportLedger
from blog.changes.renderers import Renderers
from blog.domain.entry import Kind, Markup
from blog.models import Entry, Tag, entry_tag
from blog.rendering import Unrendered, render
from blog.services import open_services
from importers.pipeline import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog

    from blog.domain.entry import Draft
    from blog.services import Services


def bodies(count: int) -> list[Unrendered]:
    return [
        Unrendered(f"Body *{number}* [^1]\n\n[^1]: note", Markup.MARKDOWN, f"e{number}-", 3)
        for number in range(count)
    ]


def here(asked: list[Unrendered]) -> list[Any]:
    return [render(*one) for one in asked]


@pytest.fixture
def renderers() -> Iterator[Renderers]:
    with closing(Renderers(2, many=0)) as opened:
        yield opened


def test_what_processes_render_is_what_is_rendered_here_and_in_its_order(renderers: Renderers) -> None:
    asked = [bodies(count) for count in (101, 20, 300)]
    begun = [renderers.render(one) for one in asked]
    assert all(one.is_elsewhere for one in begun)
    assert [one.results() for one in begun] == [here(one) for one in asked]


def test_answers_may_be_asked_for_in_any_order(renderers: Renderers) -> None:
    first, second = renderers.render(bodies(40)), renderers.render(bodies(60))
    assert (second.results(), first.results()) == (here(bodies(60)), here(bodies(40)))


def test_more_than_a_socket_holds_goes_both_ways_at_once(renderers: Renderers) -> None:
    asked = [Unrendered(f"word{number} " * 20_000, Markup.TEXT, "", 250) for number in range(40)]
    begun = [renderers.render(asked) for _ in range(4)]
    expected = here(asked)
    assert all(one.results() == expected for one in begun)


def test_no_process_is_started_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blog.changes.renderers._started", lambda _: pytest.fail("a process was started"))
    with closing(Renderers(2, many=100)) as renderers:
        assert renderers.render(bodies(60)).results() == here(bodies(60))
        assert renderers.render(bodies(40)).results() == here(bodies(40))
        assert renderers.render(bodies(5)).results() == here(bodies(5)), "too few to send"
    with closing(Renderers(0, many=0)) as renderers:
        assert renderers.render(bodies(60)).results() == here(bodies(60))


def pids(renderers: Renderers) -> list[int]:
    return [one._process.pid for one in renderers._processes]


@pytest.mark.parametrize("killed", [1, 2])
def test_what_a_killed_process_was_given_is_rendered_here(
    renderers: Renderers, killed: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert renderers.render(bodies(40)).results() == here(bodies(40))
    begun = renderers.render(bodies(400))
    for pid in pids(renderers)[:killed]:
        os.kill(pid, signal.SIGKILL)
    assert begun.results() == here(bodies(400))
    assert renderers.render(bodies(80)).results() == here(bodies(80))
    assert len(caplog.records) == killed


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_they_end_when_this_process_is_killed() -> None:
    code = """
        import os, signal
        from blog.changes.renderers import Renderers
        from blog.domain.entry import Markup
        from blog.rendering import Unrendered
        renderers = Renderers(2, many=0)
        renderers.render([Unrendered("*Body* " * 1_000, Markup.MARKDOWN, "", 3)] * 500)
        print(*(one._process.pid for one in renderers._processes), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=False, capture_output=True, text=True
    )
    for pid in map(int, done.stdout.split()):
        for _ in range(1_000):
            if not is_running(pid):
                break
            time.sleep(0.01)
        assert not is_running(pid)


def some_drafts(count: int) -> list[Draft]:
    kinds = list(Kind)
    made = [
        draft(
            f"Entry {number}",
            f"tag{number % 7} c++",
            kind=kinds[number % len(kinds)],
            body=f"Some *words* of {number}.\n\n" * (number % 5),
            source=("", "til")[number % 2],
        )
        for number in range(count)
    ]
    return [
        replace(one, url="") if one.kind is Kind.LINK and at % 50 == 1 else one for at, one in enumerate(made)
    ]


def everything(services: Services) -> list[tuple[Any, ...]]:
    """Every column of every entry, and its tags."""
    with services.sessions.read() as session:
        tags: dict[int, set[str]] = {}
        for entry, slug in session.execute(
            select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
        ):
            tags.setdefault(entry, set()).add(slug)
        rows = session.execute(select(Entry.__table__).order_by(Entry.id)).all()
        return [(*row, sorted(tags.get(row.id, ()))) for row in rows]


def test_an_import_with_processes_makes_the_blog_that_one_without_makes(
    blog: Blog, make_blog: Callable[..., Blog], renderers: Renderers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.pipeline.BATCH", 50)
    items = some_drafts(430)
    # The same id again while its batch may still be rendered, and one that cannot be an entry.
    items[70] = replace(items[69], title="Said twice")
    items[200] = replace(items[100], title="Said again, later")
    items[300] = replace(items[300], kind=Kind.LINK, url="javascript:alert(1)")
    changes = [replace(one, body=f"{one.body}More.", title=f"{one.title}!") for one in items]
    plain = make_blog("sqlite")
    for given in (items, items, changes):
        reports = run(given, ImportLedger(plain.services)), run(given, ImportLedger(blog.services, renderers))
        assert reports[0] == reports[1]
    assert pids(renderers)
    assert everything(plain.services) == everything(blog.services)


def test_an_import_killed_while_processes_render_ends_up_as_one_that_was_not(
    make_blog: Callable[..., Blog], tmp_path: Any
) -> None:
    blogs = [make_blog("sqlite"), make_blog("sqlite")]
    for one in blogs:
        one.services.close()
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(300):
        text = f"---\ntitle: Note {number}\ndate: 2014-03-{number % 28 + 1:02}\ntags: [a, b{number % 9}]\n---\nSome *words*, {number}.\n"
        (folder / f"{number}.md").write_text(text, encoding="utf-8")
    code = """
        import os, signal, sys
        from contextlib import closing
        from datetime import UTC, datetime
        from pathlib import Path
        from blog.changes.imports import ImportLedger
        from blog.changes.renderers import Renderers
        from blog.config import Settings
        from blog.services import open_services
        from importers import pipeline, registry
        from importers.material import Material
        pipeline.BATCH = 40
        _, data, url, notes, upto = sys.argv
        services = open_services(
            Settings(data_dir=Path(data), database_url=url), lambda: datetime(2026, 11, 25, tzinfo=UTC)
        )
        done = 0
        def kill_in_the_middle(count):
            global done
            done += count
            if done >= int(upto):
                os.kill(os.getpid(), signal.SIGKILL)
        material = Material.of_path(Path(notes))
        with closing(Renderers(2, many=0)) as renderers:
            items = registry.detect(material).parse(material)
            report = pipeline.run(items, ImportLedger(services, renderers), on_progress=kill_in_the_middle)
            assert renderers._processes
        print(sorted((one.value, count) for one, count in report.counts.items()))
    """

    def started(blog: Blog, upto: int) -> subprocess.CompletedProcess[str]:
        settings = blog.services.settings
        words = [str(settings.data_dir), settings.database_url, str(folder), str(upto)]
        return subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), *words], check=False, capture_output=True, text=True
        )

    whole, broken = blogs
    assert started(whole, 10_000).stdout == "[('created', 300)]\n"
    assert started(broken, 120).returncode == -signal.SIGKILL
    assert started(broken, 10_000).stdout == "[('created', 180), ('unchanged', 120)]\n"
    found = []
    for one in blogs:
        services = open_services(one.services.settings)
        found.append(everything(services))
        services.close()
    assert found[0] == found[1]


def test_an_import_interrupted_by_the_keyboard_keeps_whole_batches_and_leaves_no_process(
    make_blog: Callable[..., Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.pipeline.BATCH", 50)
    blog = make_blog("sqlite")
    items = some_drafts(300)

    def cut_off() -> Iterator[Draft]:
        yield from items[:290]
        raise KeyboardInterrupt

    with closing(Renderers(2, many=0)) as renderers:
        with pytest.raises(KeyboardInterrupt):
            run(cut_off(), ImportLedger(blog.services, renderers))
        started = pids(renderers)
    assert len(started) == 2
    assert not any(map(is_running, started))
    report = run(items, ImportLedger(blog.services))
    assert report.counts[Outcome.CREATED] + report.counts[Outcome.UNCHANGED] + len(report.failures) == 300
    assert report.counts[Outcome.UNCHANGED] > 100
