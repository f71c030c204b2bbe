"""Bookmarks by the thousand: imported with their progress told, imported again in vain, undone without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.runs.bookmarks import contents, write_bookmarks
from blog.changes.import_runs import Wanted
from blog.changes.import_undo import undo_run
from blog.changes.importing import import_material
from blog.queries.export import save_archive
from importers.material import Material
from importers.pipeline import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Blog

COUNT = 2_000


def test_bookmarks_that_are_imported_and_undone_leave_the_blog_exactly_as_it_was(
    blog: Blog, tmp_path: Path
) -> None:
    blog.write("Mine", "tag1 own")
    blog.write("Mine, too", "Tag2", kind="note", body="Some words.")
    write_bookmarks(tmp_path / "bookmarks.html", COUNT)
    material = Material.of_path(tmp_path / "bookmarks.html")
    told: list[int] = []

    def archive(name: str) -> dict[str, str]:
        save_archive(blog.services, tmp_path / name)
        return contents(tmp_path / name)

    before = archive("before.zip")
    first = import_material(blog.services, material, Wanted(), on_progress=told.append)
    full = archive("full.zip")
    again = import_material(blog.services, material, Wanted())
    assert (first.counts[Outcome.CREATED], again.counts[Outcome.UNCHANGED]) == (COUNT, COUNT)
    assert (sum(told), len(told) > 3) == (COUNT, True)
    assert archive("again.zip") == full != before
    assert undo_run(blog.services, 1)["gone"] >= COUNT
    assert archive("after.zip") == before
