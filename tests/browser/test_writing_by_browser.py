"""Writing in a real browser: what is typed survives its crash, the server's, and another tab."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from authoring import PHONE, WIDE, Author, browsing, serving
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.browser


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Author]:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server)
        author.arrive()
        yield author
        assert author.complaints == []


def kept(page: Page, within: float = 5) -> None:
    """Wait until the server has said that it has what was typed."""
    expect(page.locator("[data-kept-at]")).to_contain_text("Kept at", timeout=within * 1000)
    end = time.monotonic() + within
    while held(page):
        assert time.monotonic() < end, "the browser still holds what was typed"
        page.wait_for_timeout(50)


def held(page: Page) -> list[str]:
    """What the browser holds, because the server has not said that it has it."""
    keys = page.evaluate("Object.keys(localStorage)")
    return [key for key in keys if key.startswith("crosstag.typed.")]


def test_what_is_typed_is_on_the_server_soon_and_survives_the_browser(author: Author) -> None:
    page = author.page
    page.goto("/admin/new?kind=note")
    page.locator("#body").press_sequentially("One word after another, without a pause.", delay=90)
    # Nobody stopped typing for two seconds, and it is there all the same.
    expect(page.locator("[data-kept-at]")).to_contain_text("Kept at", timeout=50)
    kept(page)
    state = author.context.storage_state()
    author.context.close()
    again = Author(author.page.context.browser, author.server, storage_state=state)  # type: ignore[arg-type]  # it has one
    again.page.goto("/admin/")
    again.page.click("text=One word after another, without a pause.")
    assert again.page.input_value("#body") == "One word after another, without a pause."
    again.page.click("footer button:has-text('Publish')")
    again.page.goto("/admin/")
    assert again.page.locator("text=Being written").count() == 0


def test_the_server_may_be_killed_while_somebody_types(author: Author) -> None:
    page = author.page
    page.goto("/admin/new?kind=note")
    page.fill("#body", "Published words.")
    page.click("footer button:has-text('Publish')")
    page.wait_for_load_state("networkidle")
    author.server.kill()
    page.fill("#body", "Typed while nobody listens.")
    expect(page.locator("[data-kept-at]")).to_contain_text("kept in this browser", timeout=10_000)
    author.server.start()
    kept(page, within=15)
    page.goto("/admin/entries/1/")
    assert page.input_value("#body") == "Published words."
    page.click("text=Take it up again")
    assert page.input_value("#body") == "Typed while nobody listens."


def test_what_the_server_never_got_is_offered_by_the_browser(author: Author) -> None:
    page = author.page
    page.goto("/admin/new?kind=note")
    page.fill("#body", "Saved.")
    page.click("footer button:has-text('Save draft')")
    page.wait_for_load_state("networkidle")
    author.context.set_offline(True)
    page.fill("#body", "Typed on a train.")
    expect(page.locator("[data-kept-at]")).to_contain_text("kept in this browser", timeout=10_000)
    # Left while there is no line: with one, it would go to the server, which then offers it.
    page.goto("about:blank")
    author.context.set_offline(False)
    page.goto("/admin/entries/1/")
    expect(page.locator("[data-kept]")).to_contain_text("This browser holds what you typed here")
    assert page.input_value("#body") == "Saved."
    page.locator("[data-kept]").get_by_text("Take it up again").click()
    assert page.input_value("#body") == "Typed on a train."
    kept(page)


def test_two_tabs_notice_each_other(author: Author) -> None:
    first, second = author.page, author.new_tab()
    first.goto("/admin/new?kind=note")
    first.fill("#body", "First")
    kept(first)
    second.goto(first.url)
    assert second.input_value("#body") == "First"
    second.fill("#body", "Second")
    kept(second)
    first.fill("#body", "First again")
    expect(first.locator("[data-kept]")).to_contain_text("in another tab", timeout=5_000)
    first.click("text=Keep mine instead")
    kept(first)
    first.click("footer button:has-text('Publish')")
    expect(first.locator(".said").first).to_have_text("Saved, for everybody to read.")
    second.fill("#body", "Second again")
    expect(second.locator("[data-kept]")).to_contain_text("has been saved meanwhile", timeout=5_000)
    second.click("footer button:has-text('Publish')")
    expect(second.locator(".conflict")).to_contain_text("Nothing has been overwritten")
    second.click("text=Save mine over it")
    second.goto("/")
    assert "Second again" in second.inner_text("main")


def test_saving_at_once_leaves_nothing_to_be_offered(author: Author) -> None:
    page = author.page
    page.goto("/admin/new?kind=article")
    page.fill("#body", "Quick")
    page.fill("#title", "  A   title ")
    page.click("footer button:has-text('Publish')")
    page.wait_for_load_state("networkidle")
    page.fill("#title", " Another   title ")
    page.click("footer button:has-text('Save')")
    expect(page.locator(".said").first).to_have_text("Saved, for everybody to read.")
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-kept]").is_hidden()
    assert held(page) == []
    page.goto("/admin/")
    assert page.locator("text=Being written").count() == 0


def test_the_preview_follows_the_text_and_is_the_real_page(author: Author) -> None:
    page = author.page
    page.goto("/admin/new?url=https://example.com/x")
    page.fill("#title", "A title")
    page.fill("#body", "Some **bold** words.")
    frame = page.frame_locator("[data-preview] iframe")
    expect(frame.locator("article.link h1")).to_have_text("A title")
    expect(frame.locator("article strong")).to_have_text("bold")
    # In the very style of the blog.
    assert (
        frame.locator("article h1")
        .evaluate("one => getComputedStyle(one).fontFamily")
        .startswith('"Crosstag Serif"')
    )
    page.check("#kind-quotation", force=True)
    expect(frame.locator("article.quotation blockquote")).to_contain_text("Some bold words.")
    page.click("text=Hide the preview")
    assert page.locator("[data-preview]").is_hidden()


def test_publishing_in_the_future_is_scheduling_and_is_said_so(author: Author) -> None:
    page = author.page
    page.goto("/admin/new?kind=note")
    page.fill("#body", "Later")
    page.click("text=Date and address")
    page.fill("#date", "2099-11-29T09:00")
    expect(page.locator("[data-when]")).to_contain_text("Sunday 29 November 2099, 9:00 am, UTC.")
    page.click("footer button:has-text('Schedule')")
    expect(page.locator(".standing")).to_contain_text("Scheduled: in ")


# Each two of the three together.
@pytest.mark.parametrize(
    ("size", "scheme", "scripts"),
    [(WIDE, "light", True), (PHONE, "dark", True), (WIDE, "dark", False), (PHONE, "light", False)],
)
def test_the_pages_of_writing_fit_and_work_with_and_without_scripts(
    tmp_path: Path, size: dict[str, int], scheme: str, scripts: bool
) -> None:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server, viewport=size, color_scheme=scheme, java_script_enabled=scripts)
        author.arrive()
        page = author.page
        page.goto("/admin/new?url=https://example.com/x&title=A+title")
        shown = [one for one in ("url", "title", "citation", "series") if page.locator(f"#{one}").is_visible()]
        assert shown == ["url", "title"]
        page.check("#kind-quotation", force=True)
        assert page.locator("#citation").is_visible()
        # What stands in a field that a note has no use for is not hidden.
        page.check("#kind-note", force=True)
        shown = [one for one in ("url", "title", "citation", "via_url") if page.locator(f"#{one}").is_visible()]
        assert shown == ["url", "title"]
        page.check("#kind-link", force=True)
        page.fill("#body", "Words. " * 60)
        page.click("footer button:has-text('Save draft')")
        page.click("summary:has-text('Private preview links')")
        page.click("text=A link for 7 days")
        author.shoot(f"entry-{size['width']}-{scheme}-{scripts}")
        fits(page)
        page.goto("/admin/entries/1/")
        page.fill("#body", "Other words. " * 60)
        page.click("footer button:has-text('Publish')")
        page.click("text=History")
        expect(page.locator("ol.steps del").first).to_be_visible()
        author.shoot(f"history-{size['width']}-{scheme}-{scripts}")
        fits(page)
        page.goto("/admin/entries/1/delete")
        page.click("text=Delete it")
        fits(page)
        page.click("text=Bring it back")
        expect(page.locator(".standing")).to_contain_text("Published")
        assert author.complaints == []


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    wide = page.locator("html").evaluate("one => one.scrollWidth - one.clientWidth")
    assert wide <= 0


def test_a_form_that_nobody_typed_into_is_not_kept(author: Author) -> None:
    page = author.page
    for address in (
        "/admin/new",
        "/admin/new?kind=article",
        "/admin/new?title=Shared&url=https://example.com/",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(2_000)
        assert (page.inner_text("[data-kept-at]"), held(page)) == ("", [])
    page.goto("/admin/")
    assert page.locator("text=Being written").count() == 0


def test_what_is_typed_before_the_scripts_are_there_is_kept(author: Author) -> None:
    page = author.page

    def late(route: Route) -> None:
        page.wait_for_timeout(50)
        route.continue_()

    page.route("**/admin/*.js*", late)
    page.goto("/admin/new?kind=note", wait_until="commit")
    page.fill("#body", "Quick fingers")
    kept(page)


def test_what_comes_back_wrong_is_kept_at_once(author: Author) -> None:
    page = author.page
    page.goto("/admin/new")
    page.fill("#title", "No address")
    page.click("footer button:has-text('Publish')")
    assert page.inner_text("#url-error").startswith("A link needs the address")
    kept(page)
    page.goto("/admin/")
    expect(page.locator("text=No address")).to_be_visible()
