"""``crosstag serve`` as an operator runs it: real processes, real connections, real signals."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from conftest import draft

from blog.changes.entries import save_entry
from blog.config import load
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30.0


class Server(NamedTuple):
    """A server that answers, and the file that holds what it says."""

    port: int
    process: subprocess.Popen[bytes]
    said: Path

    def ask(self, path: str, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer, answer.read()

    def get(self, path: str) -> bytes:
        try:
            answer, body = self.ask(path)
        except http.client.RemoteDisconnected:
            # A connection may be closed before its request was read; every client then asks once more
            # (RFC 9110, section 9.2.2).
            answer, body = self.ask(path)
        assert answer.status == 200
        return body

    def workers(self) -> set[int]:
        """The processes that answer: the children that have an app open."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {
            int(child)
            for child in children.split()
            if b"tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
        }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "blog"
    folder.mkdir()
    (folder / "settings.toml").write_text('title = "First title"\n')
    with closing(open_services(load(folder, {}))) as services:
        save_entry(services, draft("One", "python", body="Some words. " * 200))
    return folder


@contextmanager
def serving(data: Path, *words: str) -> Iterator[Server]:
    port = free_port()
    said = data / "said.txt"
    command = [sys.executable, "-m", "blog", "--data", str(data), "serve", "--port", str(port), *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CROSSTAG_")}
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
    server = Server(port, process, said)
    try:
        wait_until(lambda: is_answering(server), "it answers")
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE)


def is_answering(server: Server) -> bool:
    assert server.process.poll() is None, server.said.read_text()
    try:
        return server.ask("/robots.txt")[0].status == 200
    except OSError:
        return False


def wait_until(is_so: object, what: str) -> None:
    assert callable(is_so)
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"waited in vain until {what}"
        time.sleep(0.05)


def test_it_runs_as_many_processes_as_it_is_told_and_logs_if_it_may(data: Path) -> None:
    with serving(data, "--workers", "2") as server:
        assert len(server.workers()) == 2
        server.get("/tags/python/")
        wait_until(lambda: "/tags/python/" in server.said.read_text(), "the request is logged")
    with serving(data, "--workers", "1", "--no-access-log") as server:
        assert len(server.workers()) == 1
        server.get("/tags/python/")
        server.get("/robots.txt")
        # What stands there is addresses worth opening, and no request.
        assert "robots.txt" not in server.said.read_text()


def test_a_page_is_the_same_over_http_compressed_asked_for_by_head_and_known_already(data: Path) -> None:
    with serving(data, "--workers", "1", "--no-access-log") as server:
        answer, body = server.ask("/tags/python/")
        head, nothing = server.ask("/tags/python/", "HEAD")
        assert (head.status, nothing) == (200, b"")
        assert head.headers["Content-Length"] == answer.headers["Content-Length"] == str(len(body))
        assert head.headers["ETag"] == answer.headers["ETag"]
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as connection:
            for _ in range(3):
                connection.request("GET", "/tags/python/", headers={"If-None-Match": answer.headers["ETag"]})
                again = connection.getresponse()
                assert (again.status, again.read()) == (304, b"")
            connection.request("GET", "/tags/python/", headers={"Accept-Encoding": "gzip"})
            small = connection.getresponse()
            assert (small.headers["Content-Encoding"], len(small.read()) < len(body)) == ("gzip", True)


def test_a_write_of_another_process_is_on_every_workers_next_page(data: Path) -> None:
    with (
        serving(data, "--workers", "2", "--no-access-log") as server,
        closing(open_services(load(data, {}))) as here,
    ):
        for number in range(5):
            save_entry(here, draft(f"Written {number}", "python"))
            for _ in range(8):
                assert f"Written {number}".encode() in server.get("/tags/python/")


def test_a_reload_takes_up_new_settings_and_loses_no_request(data: Path) -> None:
    with serving(data, "--workers", "1", "--no-access-log") as server:
        before = server.workers()
        failures: list[str] = []
        titles: list[str] = []
        is_over = threading.Event()

        def ask_on() -> None:
            while not is_over.is_set():
                try:
                    title = re.search(rb"<title>(.*?)</title>", server.get("/"))
                    titles.append(title[1].decode() if title else "")
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    failures.append(repr(error))

        threads = [threading.Thread(target=ask_on) for _ in range(4)]
        for thread in threads:
            thread.start()
        (data / "settings.toml").write_text('title = "Second title"\n')
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not before & server.workers(), "the old process has ended")
        is_over.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert {"First title", "Second title"} == set(titles)
        assert b"Second title" in server.get("/")


def test_what_is_being_answered_is_answered_to_its_end(data: Path) -> None:
    with serving(data, "--workers", "1", "--no-access-log") as server:
        broken: list[str] = []
        answered: list[int] = []

        def ask_until_refused() -> None:
            while True:
                try:
                    answer, body = server.ask("/tags/python/")
                except http.client.RemoteDisconnected:
                    return  # not begun: its request was not read
                except http.client.HTTPException as error:
                    broken.append(repr(error))
                    return
                except OSError:
                    return
                answered.append(len(body) - int(answer.headers["Content-Length"]))

        threads = [threading.Thread(target=ask_until_refused) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answered) > 20, "some are answered")
        server.process.terminate()
        for thread in threads:
            thread.join(PATIENCE)
        assert (broken, set(answered)) == ([], {0})
        assert server.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("words", [("--workers", "0"), ("--workers", "many")])
def test_a_number_of_processes_that_is_none_is_refused(data: Path, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "blog", "--data", str(data), "serve", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--workers" in done.stderr
