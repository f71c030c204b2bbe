"""Cold start and memory: from the start of ``crosstag serve`` to the first 200 of its home page, and how
much memory each of its processes holds after it has answered some hundred pages of all kinds.

The file cache is warm: only the process starts cold. PSS counts what processes share in parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.measuring import Measured, summed_up
from benchmarks.runs.pages import page_kinds
from benchmarks.sample import Sample
from benchmarks.server import family, memory, serving
from benchmarks.subject import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.grounds import Ground
    from benchmarks.server import Server

_STARTS: Final = 5
_OF_EACH: Final = 20
# A million entries once took half a minute; five such starts tell no more than two.
_ENOUGH_SECONDS: Final = 20.0


def run(ground: Ground) -> Iterator[Measured]:
    """Measure starts, and the memory after the last of them."""
    with opened(ground.data) as services:
        addresses = [
            address for kind in page_kinds(Sample(services)).values() for address in list(kind)[:_OF_EACH]
        ]
    starts: list[float] = []
    while len(starts) < _STARTS and sum(starts) < _ENOUGH_SECONDS:
        with serving(ground.data, {}) as server:
            starts.append(server.seconds)
    yield summed_up("from start to the first 200", "s", starts)
    with serving(ground.data, {}) as server:
        yield from _memory("before", server)
        _read_all(server, addresses)
        yield from _memory(f"after {len(addresses)} pages", server)


def _read_all(server: Server, addresses: Sequence[str]) -> None:
    """Read every page twice, each on a connection of its own, so that every worker gets its share."""
    for address in [*addresses, *addresses]:
        server.get(address)


def _memory(when: str, server: Server) -> Iterator[Measured]:
    total = 0.0
    for number, pid in enumerate(family(server.pid)):
        rss, pss = memory(pid)
        total += pss
        name = f"worker {number}" if number else "the process that keeps the workers"
        yield Measured(name=f"{name}, {when}", unit="MB", median=rss, note=f"PSS {pss:,.0f}")
    yield Measured(name=f"all of them, {when} (PSS)", unit="MB", median=total)
