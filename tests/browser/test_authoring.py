"""An author's day in a real browser, with scripts and without: write, schedule, mend, tend."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from authoring import Author, browsing, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def author(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Author]:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server, java_script_enabled=request.param)
        author.arrive()
        yield author
        assert author.complaints == []


def write(page: Page, kind: str, press: str = "Publish", **fields: str) -> str:
    """Write an entry of a kind; return the address of its form."""
    page.goto("/admin/new")
    page.check(f"#kind-{kind}", force=True)
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.click(f".sheet-do button:has-text('{press}')")
    page.wait_for_url(re.compile(r"/admin/entries/\d+/$"))
    return page.url


def said(page: Page) -> str:
    return page.inner_text("main .said")


def test_entries_of_each_kind_are_written_previewed_and_read(author: Author) -> None:
    page = author.page
    write(page, "link", url="https://example.org/a", title="A link", body="Some *words*.", tags="scaling, C++")
    write(page, "quotation", url="https://example.org/b", body="Slow is a bug.", citation="Ada", tags="scaling")
    write(page, "note", body="A note in passing.", tags="python")
    article = write(page, "article", title="An article", body="## Part\n\nText.", series="Long", tags="python")
    page.goto("/")
    assert page.inner_text("main").count("scaling") == 2
    assert page.is_visible("article.link .entry-title a[href='https://example.org/a']")
    assert page.inner_text("article.quotation .attribution") == "— Ada"
    assert page.is_visible("article.note")
    page.goto("/tags/cplusplus+scaling/")
    assert page.inner_text("article.link .body") == "Some words."
    page.goto("/series/long/")
    assert "An article" in page.inner_text("main")

    # The preview is the page itself, of what is typed and not saved yet.
    page.goto(article)
    page.fill("#title", "An article, renamed")
    if author.has_scripts:
        frame = page.frame_locator("[data-preview] iframe")
        frame.locator("h1:has-text('An article, renamed')").wait_for()
    else:
        page.click(".sheet-do button:has-text('Preview')")
        page.wait_for_selector("h1:has-text('An article, renamed')")
    page.goto("/series/long/")
    assert "renamed" not in page.inner_text("main")


def test_a_draft_is_seen_by_who_has_its_link_scheduled_and_then_published(author: Author) -> None:
    page = author.page
    draft = write(page, "article", press="Save draft", title="Not yet", body="Soon.")
    assert said(page) == "Saved as a draft."
    page.click("summary:has-text('Private preview links')")
    page.click("button:has-text('A link for 7 days')")
    link = page.input_value("#new-link")
    stranger = author.context.browser.new_context().new_page()  # type: ignore[union-attr]  # it was made by one
    stranger.goto(link)
    assert "Soon." in stranger.inner_text("main")
    stranger.goto(f"{author.server.base}/")
    assert "Not yet" not in stranger.content()

    page.goto(draft)
    page.click("summary:has-text('Date and address')")
    page.fill("#date", "2031-05-25T09:30")
    page.click("button:has-text('Schedule for this time')")
    assert "25 May 2031" in said(page)
    assert "UTC" in said(page)
    stranger.goto(f"{author.server.base}/")
    assert "Not yet" not in stranger.content()
    page.goto("/admin/")
    assert "Not yet" in page.inner_text("section:has(h2:has-text('Scheduled'))")
    page.click("text=Not yet")
    page.click("button:has-text('Publish now')")
    stranger.reload()
    assert "Soon." in stranger.inner_text("main")


def test_a_change_is_in_the_history_and_can_be_taken_back(author: Author) -> None:
    page = author.page
    form = write(page, "article", title="First", body="The first words.")
    page.fill("#title", "Second")
    page.fill("#body", "Other words.")
    page.click(".sheet-do button:has-text('Save')")
    page.wait_for_selector("main .said")
    page.click("text=History")
    assert "Edited by ada" in page.inner_text("main")
    assert page.inner_text("ol.steps del").startswith("First")
    author.shoot("history-of-an-entry")
    page.click("text=Go back to before this")
    page.goto(form)
    assert (page.input_value("#title"), page.input_value("#body").strip()) == ("First", "The first words.")


def test_two_tabs_do_not_overwrite_each_other(author: Author) -> None:
    page = author.page
    form = write(page, "article", title="One", body="Mine.")
    other = author.new_tab()
    other.goto(form)
    page.goto(form)
    other.fill("#body", "Theirs.")
    other.click(".sheet-do button:has-text('Save')")
    other.wait_for_selector("main .said")
    page.fill("#body", "Mine, and more.")
    page.click(".sheet-do button:has-text('Save')")
    page.wait_for_selector(".conflict")
    author.shoot("conflict")
    assert "changed meanwhile, by ada" in page.inner_text(".conflict")
    assert page.input_value("#body").strip() == "Mine, and more."
    page.click("text=Save mine over it")
    page.goto(form)
    assert page.input_value("#body").strip() == "Mine, and more."


def test_tags_are_renamed_merged_and_undone(author: Author) -> None:
    page = author.page
    write(page, "note", body="One.", tags="postgres, scaling")
    write(page, "note", body="Two.", tags="postgresql")
    page.goto("/admin/tags/postgres/")
    page.fill("#into", "postgresql")
    page.click("button:has-text('Merge…') >> nth=-1")
    assert "This touches 1 entry" in page.inner_text("main")
    author.shoot("merge-preview")
    page.click(".what button.primary")
    assert "done" in said(page)
    page.goto("/tags/postgres+scaling/")
    assert page.url.endswith("/tags/postgresql+scaling/")
    page.goto("/admin/history/")
    page.click("button:has-text('Undo')")
    page.goto("/tags/postgres+scaling/")
    assert page.url.endswith("/tags/postgres+scaling/")

    page.goto("/admin/tags/scaling/")
    page.fill("#name", "Growing")
    page.click("button:has-text('Rename…')")
    page.click(".what button.primary")
    page.goto("/tags/scaling/")
    assert page.url.endswith("/tags/growing/")


def test_many_entries_are_tagged_at_once_and_untagged_again(author: Author) -> None:
    page = author.page
    for number in range(3):
        write(page, "note", body=f"Number {number}.", tags="few")
    page.goto("/admin/entries/")
    for box in page.locator("td.pick input").all()[:2]:
        box.check()
    page.click("summary:has-text('Change what is ticked')")
    page.fill("#tags", "many, C++")
    page.click("button[value='add-tags']")
    assert "This touches 2 entries" in page.inner_text("main")
    page.click(".what button.primary")
    author.shoot("bulk-done")
    page.goto("/tags/many/")
    assert page.locator("article.entry").count() == 2
    page.goto("/admin/history/")
    page.click("button:has-text('Undo')")
    assert page.goto("/tags/many/").status == 404  # type: ignore[union-attr]  # there is an answer


def test_what_was_typed_survives_a_crash_of_the_browser(tmp_path: Path) -> None:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server)
        author.arrive()
        page = author.page
        page.goto("/admin/new?kind=note")
        page.locator("#body").press_sequentially("Words that nobody saved.")
        address = page.url
        page.wait_for_timeout(4_000)
        cookies = author.context.storage_state()
        # No page gets to say good-bye, as when the machine loses its power; nothing of its storage is left.
        author.context.close()
        again = Author(browser, server, storage_state={"cookies": cookies["cookies"], "origins": []})
        again.page.goto("/admin/")
        again.page.click("text=Words that nobody saved")
        assert again.page.input_value("#body").strip() == "Words that nobody saved."
        assert address.startswith(server.base)
        assert again.complaints == []


def test_what_the_server_could_not_be_told_is_kept_in_the_browser(tmp_path: Path) -> None:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server)
        author.arrive()
        page = author.page
        form = write(page, "article", title="Kept", body="Saved.")
        page.goto(form)
        server.kill()
        page.fill("#body", "Typed while the server was gone.")
        page.wait_for_timeout(500)
        server.start()
        page.goto(form)
        # By the browser, or by the server, if it came back early enough to be told.
        page.click(":is([data-kept], .offered):has-text('Take it up again') >> text=Take it up again")
        page.wait_for_function("document.querySelector('#body').value.includes('while the server was gone')")
