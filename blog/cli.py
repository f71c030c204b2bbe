"""The command line: ``crosstag``. The only place that prints, and that turns errors into exit codes.

Exit codes: 0 all well; 1 it could not be done, with the reason on standard error; 2 the
command was called wrongly; 3 an import went through, but some items could not be imported.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from blog.changes.import_runs import Wanted
from blog.changes.importing import import_material, try_import
from blog.changes.renderers import usable_cores
from blog.changes.users import begin_setup
from blog.commands.console import err, out, progress
from blog.commands.export import export, migrate_data, restore
from blog.commands.imports import imports
from blog.commands.rules import rule
from blog.commands.same import conflicts, same
from blog.commands.sources import poll, source
from blog.commands.users import user
from blog.config import DEMO, SETTINGS_FILE, cores, load
from blog.db import Sessions, migrate
from blog.domain.entry import Kind, Status
from blog.domain.errors import CrosstagError
from blog.fetch import fetch
from blog.queries.overview import Overview, find_faults, find_hints, is_empty, overview, worth_opening
from blog.services import Services, open_services
from importers import registry
from importers.material import Material
from importers.pipeline import Outcome, Report

if TYPE_CHECKING:
    from blog.config import Settings

_MOST_REASONS: Final = 20
# Seconds that an old process goes on beside its new one after HUP: one of a million entries takes four
# until they answer.
_OVERLAP: Final = 5.0
# Seconds for what is being answered when the server is to end.
_LAST_ANSWERS: Final = 10
_HEADER_MILLISECONDS: Final = 10_000
_SETTINGS_TEMPLATE: Final = """\
# The settings of this blog. Every one may also be set in the environment, as CROSSTAG_TITLE
# and so on, which wins over this file. docs/settings.md explains them all. What is said nowhere
# can be set in the browser.

# title = "My linkblog"
# tagline = "Links and notes, kept since today"
# author = "Your name"
# base_url = "https://example.com"   # where readers find the blog; feeds need it
# time_zone = "Europe/London"
"""


class Commands(click.Group):
    """The commands, in the order in which a newcomer needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands as they were added."""
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="CROSSTAG_DATA",
    show_default=True,
    help="The directory that holds the blog: its database, its text index and its settings.",
)
@click.version_option(package_name="crosstag", prog_name="crosstag")
@click.pass_context
def cli(context: click.Context, data: Path) -> None:
    """A linkblog whose every intersection of tags is a page with facets and a feed.

    Start with "crosstag serve": it makes what is missing. Bring in what you have written
    elsewhere with "crosstag import".
    """
    context.obj = data


@cli.command()
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
            _import(services, Material.of_path(DEMO), Wanted())
        _say_where(services, host, port)
    logs = settings.access_log if access_log is None else access_log
    # The workers are processes of their own, which open the blog for themselves.
    os.environ["CROSSTAG_DATA"] = str(data)
    Granian(
        "blog.wsgi:make_app",
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


@cli.command()
@click.pass_obj
def init(data: Path) -> None:
    """Make an empty blog, with a settings file to fill in."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = data / SETTINGS_FILE
    if not path.exists():
        path.write_text(_SETTINGS_TEMPLATE, encoding="utf-8")
    with closing(open_services(load(data, os.environ))) as services:
        count = overview(services).entries
    out.print(f"The blog in {data}/ is ready, with {count:,} entries. Its settings are in {path}.")


@cli.command("import")
@click.argument("what")
@click.option("--source", default="", metavar="NAME", help="Name the place these entries come from.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Make every entry of this kind.")
@click.option(
    "--status",
    type=click.Choice([Status.DRAFT.value, Status.INBOX.value]),
    help="Make drafts of new entries, or put them into the inbox, instead of publishing them.",
)
@click.option(
    "--everything",
    is_flag=True,
    help="This is all there is: mark what came from there before and is not in it as vanished.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.pass_context
def import_(
    context: click.Context,
    what: str,
    source: str,
    kind: str | None,
    status: str | None,
    everything: bool,
    dry_run: bool,
) -> None:
    """Bring entries in from WHAT: a file, a directory, or the address of a feed.

    The format is found out from the content. Importing the same again changes nothing but
    what has changed there, and never what you have edited here. What an import did can be undone:
    see "crosstag imports".
    """
    with closing(open_services(load(context.obj, os.environ))) as services:
        material = _material(what, services.settings)
        wanted = Wanted(source, Kind(kind) if kind else None, Status(status) if status else None, everything)
        report = _import(services, material, wanted, dry_run=dry_run)
    if report.failures:
        context.exit(3)


def _material(what: str, settings: Settings) -> Material:
    if what.startswith(("http://", "https://")):
        fetched = fetch(what, timeout=settings.fetch_timeout, allow_private=settings.fetch_private)
        return Material.of_bytes(fetched.data, what)
    return Material.of_path(Path(what))


def _import(services: Services, material: Material, wanted: Wanted, *, dry_run: bool = False) -> Report:
    importer = registry.detect(material)
    out.print(f"{material.label} is {importer.title}.", soft_wrap=True, markup=False)
    with progress("Importing", importer.count(material)) as advance:
        if dry_run:
            report = try_import(services, material, wanted, importer=importer, on_progress=advance)
        else:
            cores = usable_cores()
            report = import_material(
                services, material, wanted, importer=importer, processes=cores, on_progress=advance
            )
    if not dry_run:
        _index(services, "Indexing")
    _print_report(report, dry_run)
    return report


def _index(services: Services, label: str, *, anew: bool = False) -> bool:
    work = services.search.rebuild if anew else services.search.catch_up
    with progress(label, overview(services).entries if anew else None) as advance:
        done = work(advance)
    if not done:
        out.print("The text index is being brought up to date by a server that runs.")
    return done


def _print_report(report: Report, dry_run: bool) -> None:
    told = [one for one in Outcome if report.counts[one] or one is not Outcome.JOINED]
    counts = ", ".join(f"{report.counts[one]:,} {one.value}" for one in told)
    out.print(f"{'Would be: ' if dry_run else ''}{counts}.")
    for title, reasons in (("Not imported", report.failures), ("To know", report.notes)):
        if not reasons:
            continue
        out.print(f"{title}:")
        for name, reason in reasons[:_MOST_REASONS]:
            out.print(f"  {name}: {reason}", markup=False, soft_wrap=True)
        if len(reasons) > _MOST_REASONS:
            out.print(f"  … and {len(reasons) - _MOST_REASONS:,} more.")


@cli.command()
@click.pass_obj
def reindex(data: Path) -> None:
    """Throw the text index away and make it anew from the database."""
    with closing(open_services(load(data, os.environ))) as services:
        if not _index(services, "Indexing", anew=True):
            raise CrosstagError("Another process is writing to the text index. Stop the server, or try again.")
        out.print(f"The text index holds all {overview(services).entries:,} entries.")


@cli.command()
@click.pass_obj
def stats(data: Path) -> None:
    """Count what the blog holds."""
    with closing(open_services(load(data, os.environ))) as services:
        _print_overview(overview(services))


def _print_overview(found: Overview) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for label, value in found.rows():
        table.add_row(label, f"{value:,}" if isinstance(value, int) else value)
    out.print(table)


@cli.command("migrate")
@click.pass_obj
def migrate_(data: Path) -> None:
    """Bring the database's tables up to date; "serve" does so by itself."""
    settings = load(data, os.environ)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(Sessions(settings.database_url)) as sessions:
        before, after = migrate(sessions)
    if before == after:
        out.print(f"The tables are up to date (revision {after}).")
    else:
        out.print(f"The tables went from revision {before or 'nothing'} to {after}.")


@cli.command()
@click.pass_obj
def check(data: Path) -> None:
    """Look for anything wrong: settings, database, facets and text index."""
    with closing(open_services(load(data, os.environ))) as services:
        faults, hints = find_faults(services), find_hints(services)
    for hint in hints:
        out.print(f"- {hint}", markup=False, soft_wrap=True)
    for fault in faults:
        err.print(f"- {fault}", markup=False, soft_wrap=True)
    if faults:
        raise CrosstagError(f"{len(faults)} {'thing is' if len(faults) == 1 else 'things are'} wrong.")
    out.print("All is well.")


cli.add_command(imports)
cli.add_command(same)
cli.add_command(conflicts)
cli.add_command(export)
cli.add_command(restore)
cli.add_command(source)
cli.add_command(poll)
cli.add_command(rule)
cli.add_command(user)
cli.add_command(migrate_data)


def main() -> None:
    """Run the command that was typed."""
    try:
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except CrosstagError as error:
        err.print(error.sentence, style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except (OSError, SQLAlchemyError) as error:
        # A directory that cannot be written to, a damaged database, a server that does not answer.
        first_line = str(error.__cause__ or error).strip().partition("\n")[0]
        err.print(f"It could not be done: {first_line}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        err.print("Stopped. What was finished is kept; the same command goes on from there.")
        sys.exit(130)
