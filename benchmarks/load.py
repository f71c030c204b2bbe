"""Load on a server of this machine, by wrk: always the same settings, bounded in time and connections."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.measuring import Measured
from benchmarks.server import HOST, family, processor_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.server import Server

SECONDS: Final = 4
CONNECTIONS: Final = 16
_WARM_UP: Final = 1
_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1_000.0}


class Load(NamedTuple):
    """What came of it: requests a second, the slowest of a hundred in milliseconds, processors in use."""

    rate: float
    p99: float
    by_load: float
    by_server: float


def has_wrk() -> bool:
    """Tell whether wrk is installed."""
    return shutil.which("wrk") is not None


def load(server: Server, path: str, headers: Mapping[str, str]) -> Load:
    """Ask a server for one path, over and over."""
    _wrk(server, path, headers, _WARM_UP)
    pids = family(server.pid)
    before, children, start = processor_seconds(pids), os.times(), time.perf_counter()
    said = _wrk(server, path, headers, SECONDS)
    spent = time.perf_counter() - start
    after = os.times()
    own = after.children_user + after.children_system - children.children_user - children.children_system
    return Load(_rate(said), _p99(said), own / spent, (processor_seconds(pids) - before) / spent)


def _wrk(server: Server, path: str, headers: Mapping[str, str], seconds: int) -> str:
    given = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *given]
    done = subprocess.run(
        [*words, f"http://{HOST}:{server.port}{path}"], capture_output=True, text=True, check=True
    )
    if "Non-2xx or 3xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"Not every request was answered:\n{done.stdout}")
    return done.stdout


def _rate(said: str) -> float:
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found, "wrk ends with its rate"
    return float(found[1])


def _p99(said: str) -> float:
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", said)
    assert found, "wrk was asked for latencies"
    return float(found[1]) * _UNITS[found[2]]


def under_load(
    name: str, server: Server, path: str, headers: Mapping[str, str], *, is_limit: bool = False
) -> Measured:
    """Load a server and say how much it answered, and who was busy meanwhile."""
    found = load(server, path, headers)
    busy = f"p99 {found.p99:.2g} ms; processors busy: server {found.by_server:.2f}, wrk {found.by_load:.2f}"
    return Measured(name=name, unit="a second", median=found.rate, note=busy, is_limit=is_limit)
