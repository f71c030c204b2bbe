"""``crosstag imports``: what was imported, and the undoing of it."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Final

import click
from rich.table import Table

from blog.changes.import_undo import TooOld, undo_run
from blog.commands.console import out, progress
from blog.config import load
from blog.models import POLL_DAYS
from blog.queries.import_runs import import_run, import_runs, items_of, undo_outlook
from blog.services import open_services

if TYPE_CHECKING:
    from pathlib import Path

    from blog.queries.import_runs import RunView

_MOST: Final = 50


@click.group("imports", invoke_without_command=True)
@click.option("--polls", is_flag=True, help="List the polls that changed something, and not the imports.")
@click.option("--source", "slug", metavar="SLUG", default="", help="Of polls, those of this source only.")
@click.pass_context
def imports(context: click.Context, polls: bool, slug: str) -> None:
    """List what was imported, show one import item by item, or undo it; polls have numbers, too."""
    if context.invoked_subcommand is None:
        _list(context.obj, polls=polls or bool(slug), source=slug)


def _list(data: Path, *, polls: bool, source: str) -> None:
    with closing(open_services(load(data, os.environ))) as services:
        found = import_runs(services, polls=polls, source=source).runs
    if not found:
        out.print("No poll has changed anything yet." if polls else "Nothing has been imported yet.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("number", "when", "what", "how it went"):
        table.add_column(heading, overflow="fold")
    for run in found:
        table.add_row(str(run.id), f"{run.started:%Y-%m-%d %H:%M}", run.label, _told(run))
    out.print(table)


def _told(run: RunView) -> str:
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in run.counts.items() if count)
    return f"{run.state_in_words}: {counts or 'nothing'}" + (f". {run.error}" if run.error else "")


@imports.command()
@click.argument("number", type=int)
@click.option("--all", "show_all", is_flag=True, help="Show every item, not the first 50 only.")
@click.pass_obj
def show(data: Path, number: int, show_all: bool) -> None:
    """Show the import NUMBER: what became of each item, and why."""
    with closing(open_services(load(data, os.environ))) as services:
        run = import_run(services, number)
        out.print(f"{run.label}, {run.started:%Y-%m-%d %H:%M}: {_told(run)}.", markup=False, soft_wrap=True)
        for shown, item in enumerate(items_of(services, number)):
            if shown == _MOST and not show_all:
                out.print("  … and more: crosstag imports show --all")
                break
            why = f" ({item.reason})" if item.reason else ""
            out.print(f"  {item.outcome}: {item.name}{why}", markup=False, soft_wrap=True)


@imports.command()
@click.argument("number", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def undo(data: Path, number: int, yes: bool) -> None:
    """Undo the import NUMBER: delete what it created, put back what it changed.

    What you have edited since stays as it is, and is named.
    """
    with closing(open_services(load(data, os.environ))) as services:
        run, outlook = import_run(services, number), undo_outlook(services, number)
        if run.is_too_old:
            raise TooOld(f"This poll is more than {POLL_DAYS} days ago, so nothing is kept of what it did.")
        out.print(f"{run.label}, {run.started:%Y-%m-%d %H:%M}:", markup=False, soft_wrap=True)
        out.print(f"  {outlook.sentence}")
        if not yes:
            click.confirm("Undo it?", abort=True)
        with progress("Undoing", outlook.total) as advance:
            counts = undo_run(services, number, on_progress=advance)
        with progress("Indexing", None) as advance:
            services.search.catch_up(advance)
        out.print(
            f"{counts.get('gone', 0):,} deleted, {counts.get('back', 0):,} put back, "
            f"{counts.get('stays', 0):,} left as they are."
        )
        if counts.get("stays"):
            out.print(f"Why, says: crosstag imports show {number}")
