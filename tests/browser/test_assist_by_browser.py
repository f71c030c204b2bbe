"""A link pasted, tags chosen by keyboard, pictures dropped, pasted and chosen: in a real browser."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from authoring import PHONE, Author, browsing, serving
from conftest import draft
from PIL import Image
from websites import Website, website

from blog.changes.entries import save_entry
from blog.changes.imports import ImportLedger
from blog.config import load
from blog.domain.entry import AliasDraft
from blog.domain.pictures import PictureName
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site() -> Iterator[Website]:
    with website() as served:
        yield served


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, site: Website) -> Iterator[Callable[..., Author]]:
    """A function that gives an author a window; all are on one blog, with some entries about SQLite."""
    data = tmp_path_factory.mktemp("assist") / "data"
    data.mkdir()
    (data / "settings.toml").write_text("fetch_private = true\n")
    fill(data, site)
    with browsing() as browser, serving(data) as server:
        first = Author(browser, server)
        first.arrive()
        opened = [first]

        def window(**options: Any) -> Author:
            author = Author(browser, server, **options)
            author.context.add_cookies(first.context.cookies())  # type: ignore[arg-type]  # as they came
            opened.append(author)
            return author

        yield window
        assert [author.complaints for author in opened] == [[] for _ in opened]


def fill(data: Path, site: Website) -> None:
    services = open_services(load(data, {}))
    try:
        for number in range(5):
            save_entry(services, draft(f"SQLite {number}", "sqlite databases", body="sqlite"))
        for tag in ("sql", "C++", "python"):
            save_entry(services, draft(f"About {tag}", tag))
        again = draft("When to use SQLite", "sqlite", url=f"{site.base}/whentouse.html", day="2008-04-08")
        save_entry(services, again)
        ImportLedger(services).apply_names([AliasDraft(old="litesql", tag="sqlite")])
        services.search.catch_up()
    finally:
        services.close()


@pytest.fixture
def page(desk: Callable[..., Author]) -> Iterator[Page]:
    author = desk()
    author.page.goto("/admin/new")
    yield author.page
    author.context.close()


def chips(page: Page) -> list[str]:
    return page.locator(".chip").all_inner_texts()


def paste(field: Locator, text: str) -> None:
    """Put text into a field as its owner pastes it."""
    field.focus()
    field.evaluate("(field, text) => document.execCommand('insertText', false, text)", text)
    field.dispatch_event("paste")


def picture(color: str = "green", width: int = 1200) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, 600), color).save(file, "PNG")
    return file.getvalue()


_FILES = """(data) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "heron.png", { type: "image/png" }));
  return files;
}"""


def bring(page: Page, how: str, data: bytes) -> None:
    """Drop a picture on the text, or paste it."""
    files = page.evaluate_handle(_FILES, base64.b64encode(data).decode())
    carrier = "dataTransfer" if how == "drop" else "clipboardData"
    page.locator("#body").evaluate(
        """(area, [how, carrier, files]) => {
             const made = { bubbles: true, cancelable: true, [carrier]: files };
             area.dispatchEvent(how === "drop" ? new DragEvent("drop", made) : new ClipboardEvent("paste", made));
           }""",
        [how, carrier, files],
    )


# --- Facts


def test_a_pasted_link_is_asked_what_it_is(page: Page, site: Website, desk: Callable[..., Author]) -> None:
    paste(page.locator("#url"), f"{site.base}/whentouse.html?utm_source=x")
    page.wait_for_selector("text=Filled in: the title.")
    assert page.input_value("#title") == "Appropriate uses for SQLite"
    said = page.locator(".before").all_inner_texts()
    assert any(one.startswith("You linked this on 8 April 2008: When to use SQLite") for one in said)
    assert page.inner_text(".about-page") == "D. Richard Hipp, SQLite"
    page.click("text=Use it")
    assert page.input_value("#url") == f"{site.base}/whentouse.html"
    page.fill("#body", "Mine.")
    page.click("text=Quote this")
    assert page.input_value("#body").rstrip() == "Mine.\n\n> SQLite & others <br>compete with fopen()."
    # A quotation wants to know other things, and what nobody has touched makes room.
    page.check("#kind-quotation", force=True)
    assert page.input_value("#citation") == "D. Richard Hipp"
    assert page.input_value("#context") == "Appropriate uses for SQLite"
    assert page.input_value("#title") == ""
    page.fill("#citation", "Somebody else")
    page.check("#kind-link", force=True)
    assert page.input_value("#title") == "Appropriate uses for SQLite"
    assert page.input_value("#citation") == "Somebody else"


def test_what_was_typed_is_not_overwritten_and_asking_can_be_ended(page: Page, site: Website) -> None:
    page.fill("#title", "Mine")
    site.may_answer.clear()
    paste(page.locator("#url"), f"{site.base}/whentouse.html")
    host = site.base.removeprefix("http://")
    page.wait_for_selector(f"text=Asking {host} …")
    # What the blog itself knows does not wait for anybody.
    page.wait_for_selector("text=You linked this on 8 April 2008")
    page.click("[data-look-up]")
    assert page.inner_text("[data-asking]") == "Not asked any more."
    site.may_answer.set()
    page.click("text=Look it up")
    page.wait_for_selector("text=Use it", state="detached")
    page.wait_for_selector(".about-page")
    assert page.input_value("#title") == "Mine"


def test_what_cannot_be_asked_is_a_sentence(page: Page, site: Website) -> None:
    paste(page.locator("#url"), f"{site.base}/gone")
    page.wait_for_selector(f"text={site.base}/gone answered 404 Not Found.")


def test_a_form_that_is_opened_with_a_link_asks_nobody(page: Page, site: Website) -> None:
    before = len(site.asked)
    page.goto(f"/admin/new?url={site.base}/whentouse.html")
    page.wait_for_timeout(400)
    assert len(site.asked) == before
    assert page.is_visible("text=You linked this on 8 April 2008")


# --- Tags


def test_tags_are_chosen_by_keyboard_alone(page: Page) -> None:
    field = page.get_by_role("combobox", name="Tags")
    field.focus()
    page.keyboard.type("sq")
    page.wait_for_selector("[role=option]")
    assert page.locator("[role=option]").all_inner_texts() == ["sqlite\n6", "sql\n1"]
    assert field.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "tags-option-1"
    assert page.locator("[aria-selected=true]").inner_text() == "sql\n1"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.keyboard.type("pyt")
    page.wait_for_selector("[role=option]:has-text('python')")
    page.keyboard.press("Tab")
    page.keyboard.type("Zig,")
    page.wait_for_selector(".chip:has-text('new')")
    assert chips(page) == ["sqlite\n×", "python\n×", "Zig\nnew\n×"]
    assert page.input_value("input[name=tags]") == "sqlite, python, Zig"
    page.keyboard.press("Backspace")
    assert page.inner_text(".field:has(.tag-box) [role=status]") == "Zig is taken away."
    assert page.input_value("input[name=tags]") == "sqlite, python"
    page.keyboard.type("escaped")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.input_value("input[name=tags]") == "sqlite, python"
    # With nothing typed, the keyboard leads on.
    page.keyboard.press("Tab")
    assert not field.evaluate("one => one === document.activeElement")
    assert page.url.endswith("/admin/new") or "form=" in page.url


def test_an_old_name_becomes_the_tag_and_what_is_left_typed_counts(page: Page) -> None:
    field = page.get_by_role("combobox", name="Tags")
    field.fill("litesql")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chip:has-text('sqlite')")
    page.wait_for_function("document.querySelector('input[name=tags]').value === 'sqlite'")
    field.press_sequentially("unfinis")
    assert page.input_value("input[name=tags]") == "sqlite, unfinis"
    paste(field, "hed, two, #three")
    field.blur()
    assert page.input_value("input[name=tags]") == "sqlite, unfinished, two, three"


def test_tags_are_suggested_as_the_title_is_typed_and_saved_with_the_entry(page: Page) -> None:
    page.fill("#url", "https://example.com/")
    page.fill("#title", "More about SQLite")
    page.wait_for_selector(".suggested button:has-text('sqlite')")
    offered = [" ".join(text.split()) for text in page.locator(".suggested button").all_inner_texts()]
    assert offered == ["sqlite occurs in the title", "databases usually with sqlite"]
    page.click(".suggested button:has-text('databases')")
    page.wait_for_selector(".suggested button:has-text('databases')", state="detached")
    page.click("text=Save draft")
    page.wait_for_selector("text=Saved as a draft.")
    page.wait_for_selector(".chip")
    assert chips(page) == ["databases\n×"]


# --- Pictures


@pytest.mark.parametrize(("how", "color"), [("drop", "purple"), ("paste", "orange")])
def test_a_picture_goes_where_the_cursor_is(page: Page, how: str, color: str) -> None:
    page.check("#kind-note", force=True)
    page.fill("#body", "Before\n\nAfter")
    page.locator("#body").evaluate("area => area.setSelectionRange(6, 6)")
    bring(page, how, picture(color))
    page.get_by_label("What is to be seen on it?").fill("A [heron]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".upload", state="detached")
    before, shown, after = page.input_value("#body").split("\n\n")
    assert (before, after) == ("Before", "After")
    assert shown.startswith("![A \\[heron\\]](/media/")
    name = PictureName.at(shown.rpartition("(")[2].rstrip(")"))
    assert name is not None
    assert (name.width, name.height) == (1200, 600)
    assert page.evaluate("document.activeElement.id") == "body"
    page.keyboard.press("Control+z")
    assert page.input_value("#body") == "Before\n\nAfter"


def test_a_picture_that_is_none_is_refused_in_place(page: Page) -> None:
    page.fill("#body", "Mine")
    bring(page, "drop", b"no picture")
    seen = page.get_by_label("What is to be seen on it?")
    seen.fill("A heron")
    seen.press("Enter")
    page.wait_for_selector("text=This is no picture that browsers show")
    page.click("text=Close")
    assert page.input_value("#body") == "Mine"
    assert page.locator(".upload").count() == 0


def test_an_entry_gets_its_picture(page: Page) -> None:
    page.check("#kind-note", force=True)
    page.fill("#body", "Birds.")
    page.click("text=Picture and markup")
    page.set_input_files("#picture", files={"name": "a.png", "mimeType": "image/png", "buffer": picture("red")})
    page.wait_for_selector("text=It is here.")
    assert PictureName.at(page.input_value("#image_url")) is not None
    page.fill("#image_alt", "A heron")
    page.click("footer >> text=Publish")
    page.wait_for_selector("text=Saved, for everybody to read.")


def test_without_scripts_everything_is_done_by_buttons(desk: Callable[..., Author], site: Website) -> None:
    author = desk(java_script_enabled=False)
    page = author.page
    page.goto("/admin/new")
    page.fill("#url", f"{site.base}/whentouse.html?utm_source=x")
    page.click("text=Look it up")
    assert page.input_value("#title") == "Appropriate uses for SQLite"
    page.click("text=Use it")
    assert page.input_value("#url") == f"{site.base}/whentouse.html"
    page.click("button:has-text('Suggest tags')")
    page.check("text=databases")
    page.click("text=Put a picture into the text")
    page.set_input_files(
        "#text_picture", files={"name": "a.png", "mimeType": "image/png", "buffer": picture("blue")}
    )
    page.fill("#text_alt", "A heron")
    page.click("[data-upload] button")
    assert page.input_value("#body").startswith("![A heron](/media/")
    page.click("footer >> text=Save draft")
    assert page.input_value("#tags") == "databases"
    page.goto("/admin/media/")
    page.set_input_files(
        "#picture", files={"name": "a.png", "mimeType": "image/png", "buffer": picture("pink")}
    )
    page.fill("#alt", "Pink")
    page.click("text=Upload")
    assert "The picture is kept." in page.inner_text("[role=status]")
    author.context.close()


# --- How it looks

LOOKS = [(width, scheme) for width in ({"width": 1280, "height": 900}, PHONE) for scheme in ("light", "dark")]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_nothing_is_wider_than_the_window(
    desk: Callable[..., Author], site: Website, viewport: dict[str, int], scheme: str
) -> None:
    author = desk(viewport=viewport, color_scheme=scheme)
    page = author.page
    page.goto("/admin/new")
    paste(page.locator("#url"), f"{site.base}/whentouse.html?utm_source=x")
    page.wait_for_selector(".about-page")
    page.wait_for_selector(".suggested")
    field = page.get_by_role("combobox", name="Tags")
    field.fill("Zig, C++, litesql,")
    page.wait_for_selector(".chip:has-text('new')")
    bring(page, "drop", picture())
    page.wait_for_selector("text=It is here.")
    field.press_sequentially("sq")
    page.wait_for_selector("[role=option]")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    kind = f"{viewport['width']}-{scheme}"
    author.shoot(f"assist-{kind}")
    page.goto("/admin/media/")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    author.shoot(f"media-{kind}")
    author.context.close()
