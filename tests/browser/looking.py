"""What the tests of the readers' pages share: one server, one browser, and npm's tools to look with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from authoring import stop_browsing
from chromium import find_chromium, running
from demo import addresses_at, demo_served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chromium import Chromium


def pytest_sessionfinish() -> None:
    """End what the tests of the author's pages have looked with."""
    stop_browsing()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the demo blog, and return its address."""
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine (.ci/run installs it)")
    with demo_served(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest.fixture(scope="session")
def addresses(server: str) -> dict[str, str]:
    """Return the address of every page, by the name it has here."""
    return addresses_at(server)


@pytest.fixture(scope="session")
def browser(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Start Chromium."""
    program = find_chromium()
    assert server
    assert program
    with running(program, tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    """Return where "make test" has installed what package.json names."""
    folder = Path(sys.prefix) / "npm" / "node_modules"
    if not folder.is_dir():
        pytest.skip("no npm on this machine (.ci/run installs it)")
    return folder


@pytest.fixture(scope="session")
def axe(npm_packages: Path) -> str:
    """Return axe-core, which looks for what keeps people out, as the script that it is."""
    return (npm_packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
