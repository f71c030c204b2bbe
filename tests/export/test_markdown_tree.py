"""A tree of Markdown files: read back it is the same blog, and written again it touches only what is its own."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from blog.changes.entries import delete_entry
from blog.changes.imports import ImportLedger
from blog.changes.static_pages import PageDraft, save_page
from blog.domain.entry import Markup, SourceDraft, Status
from blog.export.folder import LIST, CannotWrite
from blog.export.markdown import entry_path, page_path
from blog.queries.markdown_tree import write_markdown
from importers import registry
from importers.material import Material
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Blog


_NUMBER = re.compile(rb"  number: \d+\n")


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    # Numbers go by the order in which entries came.
    return {path.relative_to(folder).as_posix(): _NUMBER.sub(b"", path.read_bytes()) for path in paths}


def test_what_is_written_is_read_back_as_the_same_entries(
    blog: Blog, make_blog: Callable[..., Blog], tmp_path: Path
) -> None:
    run([SourceDraft(slug="elsewhere", name="Elsewhere: a site")], ImportLedger(blog.services))
    blog.write("Yes: “no” # 'x'", "C++ python", body='Some *words*.\n\n---\n\n- \\ "', source="elsewhere")
    blog.write("No", "日本語", kind="note", body="Hidden.", status=Status.HIDDEN)
    blog.write("2009-05-25", kind="article", body="<b>x</b>", markup=Markup.HTML, status=Status.DRAFT)
    blog.write(kind="quotation", body="Said.", citation="Somebody", context="In a talk")
    save_page(blog.services, PageDraft("About", "*Me*"))
    written = write_markdown(blog.services, tmp_path / "one")
    assert (written.new, written.left_alone) == (6, [])
    material = Material.of_path(tmp_path / "one")
    new = make_blog()
    report = run(registry.detect(material).parse(material), ImportLedger(new.services))
    assert report.failures == []
    write_markdown(new.services, tmp_path / "two")
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    # Static pages are no entries, and are not read.
    assert one.pop("pages/about.md").startswith(b"---\ntitle: About\n")
    assert one.pop(LIST) != two.pop(LIST)
    assert two == one


def test_written_again_only_what_changed_is_changed(blog: Blog, tmp_path: Path) -> None:
    first, second, third = (blog.write(title, "python") for title in ("One", "Two", "Three"))
    assert write_markdown(blog.services, tmp_path).sentence.startswith("4 files new")
    (tmp_path / "README.md").write_text("mine")
    posts = tmp_path / "_posts" / "2009"
    (posts / "2009-05-25-two.md").write_text("edited")
    blog.write("Four", "python")
    delete_entry(blog.services, first)
    delete_entry(blog.services, third)
    (posts / "2009-05-25-three.md").write_text("edited, too")
    written = write_markdown(blog.services, tmp_path)
    assert (written.new, written.gone, written.same) == (1, 1, 1)
    assert written.left_alone == ["_posts/2009/2009-05-25-two.md", "_posts/2009/2009-05-25-three.md"]
    assert sorted(path.name for path in posts.iterdir()) == [
        *("2009-05-25-four.md", "2009-05-25-three.md", "2009-05-25-two.md"),
    ]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert second


def test_a_list_that_leads_out_of_the_directory_is_refused(blog: Blog, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    write_markdown(blog.services, folder)
    (tmp_path / "precious").write_text("")
    (folder / LIST).write_text(
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  ../precious\n"
    )
    with pytest.raises(CannotWrite, match="is broken"):
        write_markdown(blog.services, folder)
    assert (tmp_path / "precious").exists()


NAMES = {
    "roaring-bitmaps": "roaring-bitmaps",
    "A": "a.7",
    "日本語": "entry.7",
    "héron": "h-ron.7",
    "con": "con.7",
    "x" * 120: "x" * 80 + ".7",
    "-": "entry.7",
}


@pytest.mark.parametrize(("slug", "name"), NAMES.items())
def test_names_are_such_as_every_file_system_takes(slug: str, name: str) -> None:
    assert entry_path(date(2009, 5, 25), slug, 7) == f"_posts/2009/2009-05-25-{name}.md"
    assert page_path(slug, 7) == f"pages/{name}.md"
