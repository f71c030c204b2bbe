"""Every page in a real browser, from a real server: it fits the screen, and the console stays empty.

CROSSTAG_SHOTS=folder keeps a picture of each.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from chromium import find_chromium, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromium import Chromium

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parent.parent.parent
SHOTS = os.environ.get("CROSSTAG_SHOTS", "")
SIZES = {"wide": (1280, 900), "phone": (360, 740)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetched(url: str) -> str:
    try:
        with urlopen(url) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.read().decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the demo blog as its reader's machine would, and return its address."""
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine (.ci/run installs it)")
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    command = [
        sys.executable,
        "-m",
        "blog",
        "--data",
        str(log.parent / "data"),
        "serve",
        "--port",
        str(port),
        "--demo",
    ]
    settings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CROSSTAG_") and name != "DATABASE_URL"
    }
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=out, stderr=subprocess.STDOUT)
    try:
        _wait(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"the server does not answer: {log.read_text()}")


@pytest.fixture(scope="module")
def browser(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = find_chromium()
    assert server
    assert program
    with running(program, tmp_path_factory.mktemp("profile")) as found:
        yield found


# Each template with something in it, with little, and with nothing. A name that begins with ">"
# stands for the first address on a page that looks like the pattern.
PERMALINK = r'href="(/\d{4}/[A-Z][a-z]{2}/\d{1,2}/[^"/]+/)"'
ERRORS = {"no-page": 404, "no-tag": 404, "bad-address": 400}
PAGES = {
    "home": "/",
    "home-2": "/?page=2",
    "intersection": "/tags/python+scaling/",
    "tag": "/tags/python/",
    "not": "/tags/-python/",
    "empty-intersection": "/tags/python+scaling+sqlite+css/",
    "kind": "/articles/",
    "activity": "/activity/",
    "quotations": "/quotations/",
    "article": ("/articles/", PERMALINK),
    "link": ("/links/", PERMALINK),
    "quotation": ("/quotations/", PERMALINK),
    "note": ("/notes/", PERMALINK),
    "activity-item": ("/activity/", PERMALINK),
    "tags": "/tags/",
    "tags-by-name": "/tags/?sort=name",
    "archive": "/archive/",
    "year": ("/archive/", r'href="(/\d{4}/)"'),
    "month": ("/2013/", r'href="(/2013/[A-Z][a-z]{2}/)"'),
    "day": ("/2013/", r'href="(/2013/[A-Z][a-z]{2}/\d+/)"'),
    "empty-year": "/1999/",
    "sources": "/sources/",
    "source": ("/sources/", r'href="(/sources/[^"/]+/)"'),
    "domains": "/domains/",
    "domain": ("/domains/", r'href="(/domains/[^"/]+/)"'),
    "all-series": "/series/",
    "series": ("/series/", r'href="(/series/[^"/]+/)"'),
    "search": "/search/",
    "found": "/search/?q=database",
    "nothing-found": "/search/?q=databsae+nothinglikeit",
    "long-word": f"/search/?q={'w' * 190}",
    "on-this-day": "/on-this-day/",
    "on-a-day": "/on-this-day/Mar/14/",
    "no-page": "/nothing/here/",
    "no-tag": "/tags/pyhton/",
    "bad-address": "/?page=-1",
    "many-chips": "/search/?tag=python&exclude.tag=sqlite&exclude.tag=django&exclude.tag=http&type=link&type=article&from=2009-01-01&to=2025-12-31",
}  # fmt: skip

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
# WCAG 2.2, success criterion 1.4.3: text that can hardly be told from what is behind it.
PALE = """
(() => {
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = one => {
    for (let at = one; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return numbers(getComputedStyle(document.documentElement).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches ? '18 18 18' : '255 255 255');
  };
  const found = {};
  for (const one of document.querySelectorAll('body *')) {
    const says = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(one);
    if (!says || !one.checkVisibility({opacityProperty: true}) || one.closest('.unseen, .skip') || !style.color.startsWith('rgb')) continue;
    const [a, b] = [light(numbers(style.color)), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) found[`${one.tagName}.${one.className}`] = `${style.color} at ${ratio.toFixed(2)}: ${one.textContent.trim().slice(0, 30)}`;
  }
  return Object.entries(found).map(pair => pair.join(' ')).slice(0, 5);
})()
"""


@pytest.fixture(scope="module")
def addresses(server: str) -> dict[str, str]:
    """The address of every page, those that depend on the demo blog's words looked up."""
    found = {}
    for name, where in PAGES.items():
        if isinstance(where, str):
            found[name] = where
            continue
        page, pattern = where
        match = re.search(pattern, fetched(server + page).partition("<main")[2])
        assert match, f"nothing like {pattern} on {page}"
        found[name] = match.group(1)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_the_console_stays_empty(
    browser: Chromium, server: str, addresses: dict[str, str], name: str, size: str, scheme: str
) -> None:
    width, height = SIZES[size]
    browser.show(server + addresses[name], width=width, height=height, scheme=scheme)
    if SHOTS:
        browser.screenshot(Path(SHOTS) / f"{name}-{size}-{scheme}.png")
    assert browser.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == ERRORS.get(
        name, 200
    )
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), browser.evaluate(
        OVERFLOWING
    )
    assert browser.evaluate("document.querySelectorAll('h1').length") == 1
    assert browser.evaluate("document.querySelector('h1').innerText.trim().length > 0")
    assert browser.evaluate(VISIBLE_FEED)
    assert browser.evaluate(PALE) == []
    assert browser.evaluate("[...document.styleSheets].every(sheet => sheet.cssRules.length > 50)")
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
    browser.evaluate("document.querySelector('h1').style.color = 'rgb(250, 245, 240)'")
    browser.evaluate("document.querySelector('main p').style.width = '500px'")
    browser.evaluate(
        "document.querySelectorAll('a[href*=\".atom\"]').forEach(one => { one.style.visibility = 'hidden' })"
    )
    assert browser.evaluate(PALE)
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
