"""Every page in a real browser, from a real server: it fits the screen, and the console stays empty.

CROSSTAG_SHOTS=folder keeps a picture of each.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import pytest
from demo import ERRORS, PAGES

if TYPE_CHECKING:
    from chromium import Chromium


class Look(TypedDict):
    """A window: its size, and whether its reader likes it light or dark."""

    width: int
    height: int
    scheme: str


pytestmark = pytest.mark.browser
SHOTS = os.environ.get("CROSSTAG_SHOTS", "")
LOOKS: dict[str, Look] = {
    "wide-light": {"width": 1280, "height": 900, "scheme": "light"},
    "wide-dark": {"width": 1280, "height": 900, "scheme": "dark"},
    "phone-dark": {"width": 360, "height": 740, "scheme": "dark"},
    "phone-light": {"width": 360, "height": 740, "scheme": "light"},
    # WCAG 2.2, success criterion 1.4.10: 400 % zoom of a window 1280 wide leaves 320.
    "zoomed-light": {"width": 320, "height": 256, "scheme": "light"},
}


OVERFLOWING = """
[...document.querySelectorAll('body *')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility())
  .slice(0, 5).map(one => one.outerHTML.slice(0, 160))
"""
VISIBLE_FEED = """
[...document.querySelectorAll('a[href*=".atom"]')].some(one => {
  const box = one.getBoundingClientRect();
  return one.checkVisibility({opacityProperty: true, visibilityProperty: true}) && box.width > 10 && box.height > 8;
})
"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_the_console_stays_empty(
    browser: Chromium, server: str, addresses: dict[str, str], name: str
) -> None:
    browser.show(server + addresses[name], **LOOKS["wide-light"])
    status = browser.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
    assert status == ERRORS.get(name, 200)
    assert browser.evaluate("document.querySelectorAll('h1').length") == 1
    assert browser.evaluate("document.querySelector('h1').innerText.trim().length > 0")
    assert browser.evaluate("[...document.styleSheets].every(sheet => sheet.cssRules.length > 50)")
    for look, window in LOOKS.items():
        browser.look(**window)
        if SHOTS:
            browser.screenshot(Path(SHOTS) / f"{name}-{look}.png")
        assert browser.evaluate("innerWidth") == window["width"]
        fits = browser.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        assert fits, (look, browser.evaluate(OVERFLOWING))
        assert browser.evaluate(VISIBLE_FEED), look
    assert browser.complaints(server) == []


def test_the_two_schemes_look_different(browser: Chromium, server: str) -> None:
    seen = []
    for scheme in ("light", "dark"):
        browser.show(f"{server}/", width=1280, height=900, scheme=scheme)
        seen.append(
            browser.evaluate(
                "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor + getComputedStyle(document.body).backgroundColor]"
            )
        )
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]


def test_the_browser_tells_of_what_the_policy_forbids(browser: Chromium, server: str) -> None:
    """Else an empty console would say nothing."""
    browser.show(f"{server}/", width=1280, height=900, scheme="light")
    browser.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'nothing'}))"
    )
    browser.evaluate("new Promise(done => setTimeout(done, 200))")
    assert any("Content Security Policy" in one for one in browser.complaints(server))


def test_the_checks_see_what_they_look_for(browser: Chromium, server: str) -> None:
    browser.show(f"{server}/tags/python/", width=360, height=740, scheme="light")
    browser.evaluate("document.querySelector('main p').style.width = '500px'")
    browser.evaluate(
        "document.querySelectorAll('a[href*=\".atom\"]').forEach(one => { one.style.visibility = 'hidden' })"
    )
    assert browser.evaluate(OVERFLOWING)
    assert not browser.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert not browser.evaluate(VISIBLE_FEED)


def test_the_keyboard_reaches_the_text_first(browser: Chromium, server: str) -> None:
    browser.show(f"{server}/tags/python/", width=360, height=740, scheme="light")
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    browser.call("Input.dispatchKeyEvent", type="keyUp", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert browser.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert browser.evaluate(
        "(box => box.width > 10 && box.top >= 0 && box.left >= 0)(document.activeElement.getBoundingClientRect())"
    )
