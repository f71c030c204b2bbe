"""A headless Chromium, driven over a pipe: the DevTools protocol without any package for it.

With ``--remote-debugging-pipe`` the browser reads commands from file descriptor 3 and writes
answers and events to 4, each a JSON object that ends with a NUL
(https://chromedevtools.github.io/devtools-protocol/).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAMES: Final = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_PATIENCE: Final = 60
# Nothing but our own server is asked for anything, and nothing of the machine is needed.
_OPTIONS: Final = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-extensions", "--hide-scrollbars", "--mute-audio", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


def find_chromium() -> str | None:
    """The program, where this machine has it."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One tab. ``events`` holds what the browser has told since it was last emptied."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = str(self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        """Return the next message, and keep it where it is an event."""
        end = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._answers], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self._answers, 1 << 20) if ready else b""
            assert chunk, "Chromium says nothing any more"
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self.events.append(message)
        return message

    def look(self, *, width: int, height: int, scheme: str) -> None:
        """Make the window this size, and light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def show(self, url: str, *, width: int, height: int, scheme: str) -> None:
        """Load a page in a window of this size, light or dark, and wait until it is there."""
        self.look(width=width, height=height, scheme=scheme)
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._read()

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def complaints(self, own: str) -> list[str]:
        """What the console holds: errors, violations of the policy, files of our own that did not load."""
        found = []
        for event in self.events:
            values = event["params"]
            if event["method"] == "Log.entryAdded":
                entry = values["entry"]
                # Pictures of other sites are not there in a test; and an error page is an error.
                if entry["source"] != "network" or "/static/" in entry.get("url", ""):
                    found.append(f"{entry['level']}: {entry['text']}")
            elif event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
                found.append(json.dumps(values))
            elif event["method"] == "Network.requestWillBeSent":
                found += _strange(values, own)
        return found

    def screenshot(self, path: Path) -> None:
        """Write the whole page as PNG."""
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(picture))


def _strange(asked: dict[str, Any], own: str) -> list[str]:
    """Requests for anything but our own files; pictures may come from where the linked pages are."""
    url = asked["request"]["url"]
    return [] if asked.get("type") in ("Image", "Media") or url.startswith(own) else [f"asks for {url}"]


@contextmanager
def running(program: str, profile: Path) -> Iterator[Chromium]:
    """Start Chromium with a fresh profile, and end it."""
    commands, answers = os.pipe(), os.pipe()
    # Out of the way of 3 and 4, which the child is to have.
    theirs = [fcntl.fcntl(one, fcntl.F_DUPFD, 64) for one in (commands[0], answers[1])]

    def place() -> None:
        os.dup2(theirs[0], 3)
        os.dup2(theirs[1], 4)

    # Chromium's sandbox needs a user other than root, which containers often lack.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [program, *_OPTIONS, *sandbox, f"--user-data-dir={profile}", "about:blank"],
        preexec_fn=place, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for one in (commands[0], answers[1], *theirs):
        os.close(one)
    try:
        browser = Chromium(commands[1], answers[0])
        yield browser
        browser._session = None
        browser.call("Browser.close")
        process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        for one in (commands[1], answers[0]):
            os.close(one)
