"""Processes: starting a server on a free port, waiting for it, asking it, weighing and ending it."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.subject import clean_environment, command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HOST: Final = "127.0.0.1"
# The blog that was longest to open, a million entries, took half a minute.
_PATIENCE: Final = 300.0
_LOOK_EVERY: Final = 0.002
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A server of ours that answers; ``seconds`` is how long it took from its start to its first 200."""

    port: int
    pid: int
    seconds: float

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask once, on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
        try:
            return ask(connection, path, headers)
        finally:
            connection.close()

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        """Keep one connection for many questions."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
        try:
            yield connection
        finally:
            connection.close()


def ask(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask on a connection that stays open."""
    connection.request("GET", path, headers=dict(headers or {}))
    said = connection.getresponse()
    body = said.read()
    return Answer(said.status, {name.lower(): value for name, value in said.getheaders()}, body)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    words: Sequence[str], port: int, path: str = "/", environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server until the block ends; the block begins when it has answered 200."""
    start = time.perf_counter()
    process = subprocess.Popen(
        words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _wait_for(process, port, path)
        yield Server(port, process.pid, time.perf_counter() - start)
    finally:
        _end(process)


@contextmanager
def serving(data: Path, wanted: Mapping[str, str]) -> Iterator[Server]:
    """Run ``crosstag serve`` until the block ends."""
    port = free_port()
    words = command(data, "serve", "--host", HOST, "--port", str(port))
    with running(words, port, environment=clean_environment(wanted)) as server:
        yield server


def _wait_for(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    end = time.perf_counter() + _PATIENCE
    while time.perf_counter() < end:
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="replace") if process.stderr else ""
            raise SystemExit(f"A server ended before it answered: {said.strip()[-500:]}")
        with suppress(OSError, http.client.HTTPException):
            answer = Server(port, process.pid, 0).get(path)
            if answer.status == 200:
                return
            raise SystemExit(f"A server answered {answer.status} to {path}.")
        time.sleep(_LOOK_EVERY)
    raise SystemExit(f"Nothing answered on port {port} within {_PATIENCE:.0f} seconds.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started; its workers go with it."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr:
        process.stderr.close()


def family(pid: int) -> list[int]:
    """The process and all that it started, by their ids."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may hold anything; the parent comes two words after it.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found.extend(parents.get(one, ()))
    return found


def memory(pid: int) -> tuple[float, float]:
    """Megabytes in use: all of the process (RSS), and with what it shares counted in parts (PSS)."""
    said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    rss, pss = (int(re.search(rf"^{name}:\s+(\d+) kB", said, re.MULTILINE)[1]) for name in ("Rss", "Pss"))  # type: ignore[index]  # the kernel writes both
    return rss / 1_000, pss / 1_000


def processor_seconds(pids: Sequence[int]) -> float:
    """How much processor time these processes have used so far."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(words[11]) + int(words[12])
    return ticks / _TICKS
