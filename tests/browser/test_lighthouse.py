"""Lighthouse gives home, a filter page and an article full marks, as seen from a slow phone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from chromium import find_chromium

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.alone]
CATEGORIES = ("performance", "accessibility", "best-practices")
# It measures by the clock: a machine that was busy with something else gets another chance.
TRIES = 3


def marks(packages: Path, url: str, folder: Path) -> tuple[dict[str, float], list[str]]:
    """The marks of a page, from 0 to 1, and the audits that it did not pass."""
    node, chromium = shutil.which("node"), find_chromium()
    assert node
    assert chromium
    report = folder / "report.json"
    options = ["--quiet", "--output=json", f"--output-path={report}", "--max-wait-for-load=30000"]
    # A phone is taken to be four times as slow as a fast machine. This one may be no faster than a phone.
    options += ["--throttling.cpuSlowdownMultiplier=1"]
    options += [f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless=new --no-sandbox"]
    command = [node, str(packages / "lighthouse" / "cli" / "index.js"), url, *options]
    known = os.environ | {"CHROME_PATH": chromium}
    subprocess.run(command, check=True, env=known, capture_output=True, timeout=180)
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    failed = [
        f"{audit['id']} {audit['score']}: {audit['title']}"
        for audit in found["audits"].values()
        if audit["score"] is not None and audit["score"] < 1
    ]
    return {name: found["categories"][name]["score"] for name in CATEGORIES}, failed


@pytest.mark.parametrize("name", ["home", "intersection", "article"])
def test_lighthouse_gives_full_marks(
    server: str, addresses: dict[str, str], npm_packages: Path, tmp_path: Path, name: str
) -> None:
    full = dict.fromkeys(CATEGORIES, 1.0)
    for _ in range(TRIES):
        found, failed = marks(npm_packages, server + addresses[name], tmp_path)
        if found == full:
            break
    assert found == full, failed
