"""Pages as ``crosstag serve`` answers them: a page nobody has asked for, the same again, and under load.

Under load it is one filter's page with one wrk on the same machine: as it is, compressed, and as a
304. The limits are nginx and a bare WSGI application under granian, which send the very same bytes.
No server logs requests. nginx has one process; wrk needs the other processor.
Where wrk kept one processor busy, it was wrk that was measured.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.limits import GZIP, Bytes, bare_granian, nginx
from benchmarks.load import has_wrk, under_load
from benchmarks.measuring import Measured, milliseconds, summed_up
from benchmarks.runs.pages import page_kinds
from benchmarks.sample import Sample
from benchmarks.server import ask, serving
from benchmarks.subject import LOG_OFF, ONE_THREAD, opened, workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.grounds import Ground
    from benchmarks.server import Server

_KINDS: Final = ("one tag", "two tags", "an entry", "search: a word", "Atom: one tag")
_MISSING: Final = "not measured: {} is not installed (Debian: {})"


def run(ground: Ground) -> Iterator[Measured]:
    """Measure first and second answers, and load."""
    with opened(ground.data) as services:
        sample = Sample(services)
        kinds = page_kinds(sample)
        addresses = [address for kind in _KINDS for address in kinds[kind]]
        address = next(iter(sample.draw("one tag", 1))).url()
        processes, threads = workers(services.settings), services.settings.threads
    with serving(ground.data, LOG_OFF) as server:
        yield from _twice(server, addresses)
        if not has_wrk():
            yield Measured(name="load", unit="", median=0, note=_MISSING.format("wrk", "wrk"))
            return
        answer = server.get(address)
        yield from _loaded("crosstag serve", server, address, answer.headers["etag"], is_limit=False)
    with serving(ground.data, LOG_OFF | ONE_THREAD) as server:
        name = "crosstag serve, one process and thread"
        # Its port is on its pages, so its validators are its own.
        etag = server.get(address).headers["etag"]
        yield from _loaded(name, server, address, etag, is_limit=False)
    with tempfile.TemporaryDirectory() as folder:
        page = Bytes.of(answer, Path(folder))
        with bare_granian(page, processes, threads) as server:
            yield from _loaded("bare granian", server, "/", page.headers["etag"], is_limit=True)
        with nginx(page) as limit:
            if limit is None:
                yield Measured(name="nginx", unit="", median=0, note=_MISSING.format("nginx", "nginx-light"))
                return
            etag = limit.get("/page.html").headers["etag"]
            yield from _loaded("nginx", limit, "/page.html", etag, is_limit=True)


def _twice(server: Server, addresses: Sequence[str]) -> Iterator[Measured]:
    """Each address for the first time, and all of them once more, on one connection."""
    with server.connection() as connection:
        for name in ("first time", "again"):
            times = [milliseconds(partial(ask, connection, address)) for address in addresses]
            yield summed_up(f"{len(_KINDS)} kinds of page, {name}", "ms", times)


def _loaded(name: str, server: Server, path: str, etag: str, *, is_limit: bool) -> Iterator[Measured]:
    if server.get(path).headers.get("content-encoding"):
        raise SystemExit(f"{name} compresses what nobody asked it to.")
    yield under_load(f"{name}: as it is", server, path, {}, is_limit=is_limit)
    if server.get(path, GZIP).headers.get("content-encoding") == "gzip":
        yield under_load(f"{name}: gzip", server, path, GZIP, is_limit=is_limit)
    if server.get(path, {"If-None-Match": etag}).status == 304:
        yield under_load(f"{name}: 304", server, path, {"If-None-Match": etag}, is_limit=is_limit)
