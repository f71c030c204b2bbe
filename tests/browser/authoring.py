"""An author at a real browser (Chromium, by Playwright), before a real server that can be killed."""

from __future__ import annotations

import os
import re
import socket
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from chromium import find_chromium
from forked import Forked
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SHOTS: Final = os.environ.get("CROSSTAG_SHOTS", "")
NAME: Final = "ada"
PASSWORD: Final = "correct horse battery"
WIDE: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 360, "height": 740}
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')
_SETUP: Final = re.compile(r"(/admin/setup/\S+)")


class Server:
    """``crosstag serve`` on a data directory of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self._options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        # By this name and not by its number: passkeys are bound to names.
        self.base = f"http://localhost:{self.port}"
        self._log = data.parent / f"log-{self.port}"
        self._process: Forked | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["--data", str(self.data), "serve", "--port", str(self.port), "--workers", "1"]
        self._process = Forked([*words, *self._options], ROOT, self._log)
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/robots.txt") as answer:
                    answer.read()
                    return
            except OSError:  # refused, or accepted and let go while its worker begins
                assert self._process.is_alive, self._log.read_text()
                time.sleep(0.05)
        raise AssertionError("the server did not begin to answer")

    def kill(self) -> None:
        """Kill it and its workers, as a machine that loses its power does."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def stop(self) -> None:
        """End it in peace."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    @property
    def setup_link(self) -> str:
        """The one-time link that it printed."""
        found = _SETUP.search(self._log.read_text())
        assert found, self._log.read_text()
        return found[1]


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Server]:
    """Serve an empty blog, or what the options of ``crosstag serve`` say."""
    server = Server(data, *options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


_begun: list[tuple[Playwright, Browser]] = []


@contextmanager
def browsing() -> Iterator[Browser]:
    """Give the Chromium of this run, started when it is first asked for; or skip where there is none.

    The windows that were opened meanwhile are closed.
    """
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine (.ci/run installs it)")
    if not _begun:
        playwright = sync_playwright().start()
        options = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
        ]
        _begun.append((playwright, playwright.chromium.launch(executable_path=program, args=options)))
    browser = _begun[0][1]
    before = browser.contexts
    yield browser
    for context in browser.contexts:
        if context not in before:
            context.close()


def stop_browsing() -> None:
    """End the Chromium of this run."""
    for playwright, browser in _begun:
        browser.close()
        playwright.stop()
    _begun.clear()


class Author:
    """A browser window of an author, which notes whatever its console complains about."""

    def __init__(self, browser: Browser, server: Server, **options: Any) -> None:
        self.server = server
        self.has_scripts: bool = options.get("java_script_enabled", True)
        self.context: BrowserContext = browser.new_context(
            base_url=server.base, viewport=options.pop("viewport", WIDE), **options
        )
        self.context.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page: Page = self.new_tab()

    def new_tab(self) -> Page:
        """Open another tab of the same window."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        return page

    def _hear(self, message: Any) -> None:
        # A status that a test provokes is told as an error too; what matters is what scripts and policies say.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def arrive(self) -> None:
        """Be the first author, at the desk; without typing, which is what become_first_author does."""
        link, requests = self.server.setup_link, self.context.request
        token = _TOKEN.search(requests.get(link).text())
        assert token
        said = {"csrf_token": token[1], "name": NAME, "password": PASSWORD, "again": PASSWORD}
        assert requests.post(link, form=said).url == f"{self.server.base}/admin/"
        self.page.goto("/admin/")

    def become_first_author(self) -> None:
        """Follow the link that the server printed."""
        self.page.goto(self.server.setup_link)
        self.page.fill("#name", NAME)
        self.page.fill("#password", PASSWORD)
        self.page.fill("#again", PASSWORD)
        self.page.click("text=Create the author")
        assert self.page.url == f"{self.server.base}/admin/"

    def sign_in(self) -> None:
        """Sign in by name and password."""
        self.page.goto("/admin/login")
        self.page.fill("#name", NAME)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button:has-text('Sign in')")
        assert self.page.url == f"{self.server.base}/admin/"

    def shoot(self, name: str, page: Page | None = None) -> None:
        """Keep a picture of a page, where CROSSTAG_SHOTS names a folder."""
        if SHOTS:
            (page or self.page).screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
