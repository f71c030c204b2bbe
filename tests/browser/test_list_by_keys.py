"""The list of entries with its script: keys, ticking many at once, and what they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authoring import Author, browsing, serving
from conftest import draft

from blog.changes.imports import ImportLedger
from blog.config import load
from blog.services import open_services
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Author]:
    data = tmp_path / "data"
    services = open_services(load(data, {}))
    run(
        [draft(f"Entry {number}", "python", day=f"2009-05-{number:02}") for number in range(1, 9)],
        ImportLedger(services),
    )
    services.close()
    with browsing() as browser, serving(data) as server:
        author = Author(browser, server)
        author.arrive()
        yield author
        assert author.complaints == []


def ticked(author: Author) -> list[str]:
    rows = author.page.locator(".list tbody tr:has(.pick input:checked) .name a")
    return rows.all_inner_texts()


def test_keys_move_tick_and_edit(author: Author) -> None:
    page = author.page
    page.goto("/admin/entries/")
    for key in ("x", "j", "j", "x", "j", "k", "j"):
        page.keyboard.press(key)
    assert ticked(author) == ["Entry 7"], "nothing is ticked before one has gone to an entry"
    assert page.locator(".list tr.here .name a").inner_text() == "Entry 6"
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    assert ticked(author) == ["Entry 7", "Entry 6", "Entry 5"]
    assert page.inner_text("[data-ticked]") == "(3)"
    page.locator(".pick input").nth(7).click(modifiers=["Shift"])
    assert len(ticked(author)) == 7
    page.check("[data-tick-all]")
    assert len(ticked(author)) == 8
    page.keyboard.press("?")
    assert page.locator("[data-keys-told]").is_visible()
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("e")
    assert page.url.endswith("/admin/entries/5/")


def test_what_is_ticked_is_changed_and_one_click_undoes_it(author: Author) -> None:
    page = author.page
    page.goto("/admin/entries/?tag=python")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.click(".doing summary")
    page.fill("#tags", "jx?ek")
    page.keyboard.press("Enter")
    page.click("main button:has-text('Tag one entry')")
    assert "Tag one entry “jx?ek”: done." in page.inner_text(".said")
    assert "jx?ek" in page.inner_text(".list tbody tr:first-child .tags")
    page.click(".said button:has-text('Undo')")
    assert "jx?ek" not in page.inner_text(".list")
