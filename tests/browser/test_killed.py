"""A server that is killed while an author saves: what was confirmed is there, and nothing is broken."""

from __future__ import annotations

import random
import re
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from authoring import NAME, PASSWORD, Server, serving
from sqlalchemy import select, text

from blog.config import load
from blog.models import Entry
from blog.queries.overview import find_faults
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# No browser is needed, but a real server that can be killed is.
pytestmark = pytest.mark.browser
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_FIELD = re.compile(r'<input type="(?:hidden"|text" hidden) name="(form|version|seen)" value="([^"]*)"')


class Writer:
    """An author who saves one note after the other, and remembers which were confirmed."""

    def __init__(self, server: Server) -> None:
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20)
        self.confirmed: dict[str, str] = {}
        self.surprise: AssertionError | None = None
        self._count = 0

    def enter(self, path: str, **fields: str) -> None:
        token = _TOKEN.search(self.client.get(path).text)
        assert token
        answer = self.client.post(path, data={"csrf_token": token[1], **fields})
        assert answer.status_code == 303, answer.text

    def save_until_cut_off(self) -> None:
        """Write new notes, and write on in those there are, until the server is gone."""
        try:
            while True:
                self._count += 1
                title = f"Note {self._count}"
                self._save("/admin/new", title, "first")
                if self._count % 2:
                    self._save(self.confirmed[title].split(" ")[0], title, "second")
        except httpx.TransportError:
            return
        except AssertionError as error:
            self.surprise = error

    def wait_for(self, confirmed: int) -> None:
        """Wait until so many notes are confirmed, or it is cut off for another reason than the server's end."""
        deadline = time.monotonic() + 60
        while len(self.confirmed) < confirmed and self.surprise is None and time.monotonic() < deadline:
            time.sleep(0.01)

    def _save(self, path: str, title: str, body: str) -> None:
        form = self.client.get(path, params={"kind": "note"} if path == "/admin/new" else {}).text
        token = _TOKEN.search(form)
        assert token
        fields = dict(_FIELD.findall(form)) | {"csrf_token": token[1], "kind": "note", "action": "publish"}
        answer = self.client.post(path, data=fields | {"title": title, "body": f"{body} of {title}"})
        assert answer.status_code == 303, answer.text
        self.confirmed[title] = f"{answer.headers['location']} {body}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "data") as server:
        yield server


def test_a_kill_at_any_point_of_a_save_loses_nothing_that_was_confirmed(server: Server) -> None:
    writer = Writer(server)
    chance = random.Random(7)  # a seed, so that a failure can be repeated
    with writer.client:
        writer.enter(server.setup_link, name=NAME, password=PASSWORD, again=PASSWORD)
        for turn in range(4):
            saving = threading.Thread(target=writer.save_until_cut_off)
            saving.start()
            writer.wait_for(3 * (turn + 1))
            time.sleep(chance.uniform(0, 0.3))
            server.kill()
            saving.join()
            server.start()
            assert writer.surprise is None
    server.stop()
    assert len(writer.confirmed) >= 12
    services = open_services(load(server.data, {}))
    services.search.catch_up()
    with services.sessions.read() as session:
        bodies = dict(session.execute(select(Entry.title, Entry.body)).all())
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    faults = find_faults(services)
    services.close()
    assert faults == []
    for title, said in writer.confirmed.items():
        # What was on its way when the server was killed may be there, too; what was confirmed must be.
        assert bodies[title] in {f"{said.split(' ')[1]} of {title}", f"second of {title}"}
