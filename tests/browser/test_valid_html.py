"""The Nu HTML checker finds no error on any page, nor anything worth a warning."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from demo import fetched

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser


def complaints(packages: Path, pages: list[Path]) -> list[str]:
    """What the checker says of some files, a line for each message."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("no Java on this machine (.ci/run installs it)")
    jar = packages / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [java, "-jar", str(jar), "--format", "json", "--exit-zero-always", *map(str, pages)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return [
        f"{one['url'].rpartition('/')[2]}: {one['message']} ({one.get('extract', '')})"
        for one in json.loads(told)["messages"]
    ]


def test_every_page_is_valid_html(
    server: str, addresses: dict[str, str], npm_packages: Path, tmp_path: Path
) -> None:
    pages = []
    for name, address in addresses.items():
        pages.append(tmp_path / f"{name}.html")
        pages[-1].write_text(fetched(server + address), encoding="utf-8")
    assert complaints(npm_packages, pages) == []


def test_the_checker_sees_what_it_is_to_look_for(npm_packages: Path, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<!doctype html><html lang=en><title>A page</title><p><div></p><a href='a b'>x</a>")
    assert len(complaints(npm_packages, [page])) >= 2
