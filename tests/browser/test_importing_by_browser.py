"""A bookmark file imported in a real browser, with scripts and without: looked at, watched, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authoring import Author, browsing, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser
HOW_MANY = 800
# On a machine that is busy with other things.
PATIENCE = 90_000


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def author(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Author]:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server, java_script_enabled=request.param)
        author.arrive()
        yield author
        assert author.complaints == []


@pytest.fixture
def bookmarks(tmp_path: Path) -> Path:
    lines = [
        f'<DT><A HREF="https://example.org/{number}" ADD_DATE="{1_200_000_000 + number * 3_600}" '
        f'TAGS="kept,group{number % 7}">Bookmark {number}</A>\n<DD>About *number* {number}.'
        for number in range(HOW_MANY)
    ]
    head = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks</H1>\n<DL><p>\n"
    path = tmp_path / "bookmarks.html"
    path.write_text(head + "\n".join([*lines, '<DT><A HREF="javascript:void(0)">No link</A>', "</DL><p>"]))
    return path


def test_bookmarks_are_looked_at_imported_while_one_watches_and_undone(author: Author, bookmarks: Path) -> None:
    page = author.page
    page.goto("/admin/imports/")
    page.set_input_files("input[type=file]", bookmarks)
    page.click("text=Look what is in it")
    preview = page.inner_text("main")
    assert "Nothing is written yet." in preview
    assert "javascript:" in preview or "No link" in preview
    author.shoot("import-preview")
    page.goto("/tags/")
    assert "group3" not in page.inner_text("main")
    page.go_back()
    page.click("button:has-text('Import')")
    run = page.url
    assert run.rstrip("/").rpartition("/")[2].isdigit()
    # A reload finds the same run, wherever it is by then.
    page.reload()
    page.wait_for_selector("text=Undo this import", timeout=PATIENCE)
    author.shoot("import-done")
    assert f"{HOW_MANY:,} new" in page.inner_text(".facts-list")
    assert "1 not imported" in page.inner_text(".facts-list")
    page.goto("/tags/group3+kept/")
    assert "Bookmark" in page.inner_text("main")

    # One of them is written on; undoing the import leaves it alone, and says so.
    page.goto("/admin/entries/")
    page.click("td.name a >> nth=0")
    page.fill("#body", "My own words.")
    page.click(".sheet-do button:has-text('Save')")
    page.wait_for_selector("main .said")
    page.goto(run)
    page.click("text=Undo this import")
    author.shoot("import-undo")
    page.click("button:has-text('Undo the import')")
    page.wait_for_selector("text=left as they are", timeout=PATIENCE)
    page.goto("/admin/entries/")
    assert page.locator("td.name").count() == 1
    page.goto("/tags/kept/")
    assert "My own words." in page.inner_text("main")
