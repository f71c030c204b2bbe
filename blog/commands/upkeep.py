"""``crosstag init``, ``stats``, ``check``, ``reindex`` and ``migrate``: a blog made, counted and kept well."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Final

import click
from rich.table import Table

from blog.commands.bringing_in import bring_index_up
from blog.commands.console import err, out
from blog.config import SETTINGS_FILE, load
from blog.db import Sessions, migrate
from blog.domain.errors import CrosstagError
from blog.queries.overview import find_faults, find_hints, overview
from blog.services import open_services

if TYPE_CHECKING:
    from pathlib import Path

    from blog.queries.overview import Overview

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


@click.command()
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


@click.command()
@click.pass_obj
def reindex(data: Path) -> None:
    """Throw the text index away and make it anew from the database."""
    with closing(open_services(load(data, os.environ))) as services:
        if not bring_index_up(services, "Indexing", anew=True):
            raise CrosstagError("Another process is writing to the text index. Stop the server, or try again.")
        out.print(f"The text index holds all {overview(services).entries:,} entries.")


@click.command()
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


@click.command("migrate")
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


@click.command()
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
