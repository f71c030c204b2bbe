"""A reader at the keys: the one script for readers, and that nothing is missing without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authoring import browsing, serving
from conftest import draft

from blog.changes.imports import ImportLedger
from blog.config import load
from blog.services import open_services
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.innerText"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, str]]:
    data = tmp_path_factory.mktemp("blog") / "data"
    services = open_services(load(data, {}))
    run(
        [draft(f"Entry {number}", "python odd" if number % 2 else "python", day=f"2009-{1 + number % 12:02}-01")
         for number in range(1, 41)],
        ImportLedger(services),
    )  # fmt: skip
    services.close()
    with browsing() as browser, serving(data) as server:
        yield browser, server.base


@pytest.fixture
def page(opened: tuple[Browser, str]) -> Iterator[Page]:
    browser, base = opened
    context = browser.new_context(base_url=base, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def press(page: Page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def test_j_and_k_go_from_entry_to_entry_and_o_opens_one(page: Page) -> None:
    page.goto("/tags/python/")
    names = page.locator("main .entry-title a").all_inner_texts()
    press(page, "j j j k")
    assert page.evaluate(FOCUSED) == names[1]
    press(page, "k k k")
    assert page.evaluate(FOCUSED) == names[0], "there is nothing before the first"
    target = page.locator("main .entry-title a").first.get_attribute("href")
    with page.expect_navigation():
        press(page, "o")
    assert page.url.endswith(str(target))


def test_n_and_p_turn_pages(page: Page) -> None:
    page.goto("/tags/python/")
    with page.expect_navigation():
        press(page, "n")
    assert page.url.endswith("/tags/python/?page=2")
    with page.expect_navigation():
        press(page, "p")
    assert page.url.endswith("/tags/python/")


def test_keys_typed_into_a_field_or_with_a_modifier_are_left_alone(page: Page) -> None:
    page.goto("/tags/python/")
    press(page, "/ j ? n")
    assert page.input_value("#q") == "j?n"
    press(page, "Escape Control+j Alt+n")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert page.url.endswith("/tags/python/")


def test_a_question_mark_tells_of_the_keys_and_they_can_be_turned_off(page: Page) -> None:
    page.goto("/tags/python/")
    press(page, "?")
    assert page.locator("dialog.keys").is_visible()
    page.uncheck("dialog.keys input")
    press(page, "Escape")
    assert not page.locator("dialog.keys").is_visible()
    press(page, "? j")
    assert not page.locator("dialog.keys").is_visible()
    assert page.locator(".entry :focus").count() == 0
    page.reload()
    page.click(".colophon button:has-text('Keys')")
    page.check("dialog.keys input")
    press(page, "Escape j")
    assert page.locator(".entry :focus").count() == 1


def test_escape_closes_what_a_chip_has_opened(page: Page) -> None:
    page.goto("/tags/odd+python/")
    page.click(".chip summary >> nth=0")
    assert page.locator(".turns").first.is_visible()
    press(page, "Tab Escape")
    assert not page.locator(".turns").first.is_visible()
    assert page.evaluate(FOCUSED) == "odd"


def test_without_scripts_chips_turn_bars_lead_and_the_sheet_comes_up(opened: tuple[Browser, str]) -> None:
    browser, base = opened
    context = browser.new_context(
        base_url=base, viewport={"width": 360, "height": 740}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/tags/odd+python/")
    page.click(".to-facets button")
    assert page.locator("#narrow").is_visible()
    page.click("#narrow button:has-text('Close')")
    assert not page.locator("#narrow").is_visible()
    page.click(".chip summary >> nth=0")
    page.click(".turns a:has-text('odd or python')")
    assert page.url.endswith("/tags/odd,python/")
    page.click(".histogram a >> nth=0")
    assert "year=2009&month=12" in page.url
    context.close()
