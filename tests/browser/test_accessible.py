"""axe-core finds nothing on any page of the readers', light and dark, on a screen and on a phone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from demo import PAGES

if TYPE_CHECKING:
    from chromium import Chromium

pytestmark = pytest.mark.browser
LOOKS = {"wide-dark": (1280, 900, "dark"), "phone-light": (360, 740, "light")}
RUN = "axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations))"


def violations(browser: Chromium, axe: str) -> list[str]:
    """What axe complains about, a line for each element."""
    browser.evaluate(f"{axe}; 0")
    found: list[dict[str, Any]] = json.loads(browser.evaluate(RUN))
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    browser: Chromium, server: str, addresses: dict[str, str], axe: str, name: str
) -> None:
    width, height, scheme = LOOKS["wide-dark"]
    browser.show(server + addresses[name], width=width, height=height, scheme=scheme)
    assert violations(browser, axe) == []
    width, height, scheme = LOOKS["phone-light"]
    browser.look(width=width, height=height, scheme=scheme)
    assert violations(browser, axe) == []


def test_axe_sees_what_it_is_to_look_for(browser: Chromium, server: str, axe: str) -> None:
    browser.show(f"{server}/tags/python/", width=360, height=740, scheme="light")
    browser.evaluate("document.querySelector('h1').style.color = 'rgb(250, 245, 240)'")
    browser.evaluate("document.querySelector('main').append(document.createElement('img'))")
    found = {line.partition(":")[0] for line in violations(browser, axe)}
    assert found >= {"color-contrast", "image-alt"}
