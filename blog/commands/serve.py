"""``crosstag serve``: the blog, in as many processes as there are cores."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Final

import click
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from rich.markup import escape

from blog import wsgi
from blog.changes.import_runs import Wanted
from blog.changes.users import begin_setup
from blog.commands.bringing_in import bring_in
from blog.commands.console import out
from blog.config import DEMO, cores, load
from blog.domain.errors import CrosstagError
from blog.queries.overview import is_empty, worth_opening
from blog.services import open_services
from importers.material import Material

if TYPE_CHECKING:
    from pathlib import Path

    from blog.services import Services

# Seconds that an old process goes on beside its new one after HUP: one of a million entries takes four
# until they answer.
_OVERLAP: Final = 5.0
# Seconds for what is being answered when the server is to end.
_LAST_ANSWERS: Final = 10
_HEADER_MILLISECONDS: Final = 10_000


@click.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes.  [default: as many as cores]")
@click.option("--access-log/--no-access-log", default=None, help="Log each request.  [default: on]")
@click.option("--demo", is_flag=True, help="If the blog is empty, load the demo blog first.")
@click.pass_obj
def serve(
    data: Path, host: str | None, port: int | None, workers: int | None, access_log: bool | None, demo: bool
) -> None:
    """Serve the blog; make it first if there is none.

    The signal HUP makes new processes, with the settings as they are by then, and ends the old
    ones when they have answered; TERM and Ctrl-C end the server in the same way.
    """
    settings = load(data, os.environ)
    host, port = host or settings.host, port or settings.port
    _refuse_taken_port(host, port)
    with closing(open_services(settings)) as services:
        if demo and is_empty(services):
            out.print("The blog is empty: loading the demo blog …")
            bring_in(services, Material.of_path(DEMO), Wanted())
        _say_where(services, host, port)
    logs = settings.access_log if access_log is None else access_log
    # The workers are processes of their own, which open the blog for themselves.
    os.environ["CROSSTAG_DATA"] = str(data)
    Granian(
        # Loaded here already: a worker is forked, has it at once, and shares the memory that it takes.
        f"{wsgi.__name__}:{wsgi.make_app.__name__}",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers or settings.workers or cores(),
        blocking_threads=settings.threads,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_MILLISECONDS),
        log_level=LogLevels.info if logs else LogLevels.warning,
        log_access=logs,
        respawn_failed_workers=True,
        respawn_interval=_OVERLAP,
        workers_kill_timeout=_LAST_ANSWERS,
    ).serve()


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CrosstagError(
                f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another with --port."
            ) from error


def _say_where(services: Services, host: str, port: int) -> None:
    base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    out.print(f"\nCrosstag serves “{escape(services.settings.title)}” on [bold]{base}/[/bold]")
    places = worth_opening(services)
    if places:
        out.print("Worth opening:")
    for place in places:
        out.print(f"  {base}{place.url}   {escape(place.label)}", soft_wrap=True)
    token = begin_setup(services)
    if token:
        address = f"{services.settings.base_url or base}/admin/setup/{token}"
        out.print("There is no author yet. Whoever opens this link first becomes one:")
        out.print(f"  {address}", soft_wrap=True, style="bold")
    out.print("Ctrl-C stops it.\n")
