"""A bare WSGI application under granian, which serves the same bytes: what a Python server can do at best.

    python -m benchmarks.bare PORT WORKERS THREADS   with CROSSTAG_BENCH_BYTES=DIR

The directory holds, for each path, what is to be answered: see ``limits.Bytes``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def make_app() -> WSGIApplication:
    """Read the bytes once, and answer with them for ever."""
    folder = Path(os.environ["CROSSTAG_BENCH_BYTES"])
    plain, packed = (folder / "page.html").read_bytes(), (folder / "page.html.gz").read_bytes()
    headers: dict[str, str] = json.loads((folder / "headers.json").read_text(encoding="utf-8"))
    etag = headers["etag"]
    common = list(headers.items())
    as_it_is = [*common, ("content-length", str(len(plain)))]
    as_gzip = [*common, ("content-encoding", "gzip"), ("content-length", str(len(packed)))]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            start_response("304 Not Modified", common)
            return []
        if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            start_response("200 OK", as_gzip)
            return [packed]
        start_response("200 OK", as_it_is)
        return [plain]

    return app


def main() -> None:
    """Serve, with the very settings of ``crosstag serve``."""
    port, workers, threads = map(int, sys.argv[1:])
    Granian(
        "benchmarks.bare:make_app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
