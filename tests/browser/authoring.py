"""An author at a real browser (Chromium, by Playwright), before a real server that can be killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from chromium import find_chromium
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SHOTS: Final = os.environ.get("CROSSTAG_SHOTS", "")
NAME: Final = "ada"
PASSWORD: Final = "correct horse battery"
WIDE: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 360, "height": 740}
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
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = ["--data", str(self.data), "serve", "--port", str(self.port), "--workers", "1", *self._options]
        foreign = ("CROSSTAG_", "DATABASE_URL")
        known = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "blog", *words],
                cwd=ROOT,
                env=known,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/robots.txt") as answer:
                    answer.read()
                    return
            except OSError:  # refused, or accepted and let go while its worker begins
                assert self._process.poll() is None, self._log.read_text()
                time.sleep(0.05)
        raise AssertionError("the server did not begin to answer")

    def kill(self) -> None:
        """Kill it and its workers, as a machine that loses its power does."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """End it in peace."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

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


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start Chromium, or skip where there is none."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine (.ci/run installs it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
            ],
        )
        try:
            yield browser
        finally:
            browser.close()


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
