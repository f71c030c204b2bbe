"""``crosstag export``, ``restore`` and ``migrate-data``: everything out again, and in somewhere else."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from blog.changes.archive import copy_blog, restore_archive
from blog.commands.console import err, out, progress
from blog.config import PREFIX, load
from blog.db import Sessions
from blog.queries.export import archive_size, save_archive
from blog.queries.markdown_tree import write_markdown
from blog.queries.overview import overview
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST: Final = 20


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--markdown",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write Markdown files with front matter into a directory.",
)
@click.option(
    "--with-accounts",
    is_flag=True,
    help="Archive authors, passkeys, tokens and what is being typed, too. Keep such a file secret.",
)
@click.pass_context
def export(context: click.Context, file: Path | None, markdown: Path | None, with_accounts: bool) -> None:
    """Take everything out: into FILE, a complete archive (zip), or into Markdown files.

    "crosstag restore" makes an identical blog of an archive. Written into the same directory again,
    Markdown changes only the files of what has changed, and none that is not its own.
    """
    if (file is None) == (markdown is None) or (markdown and with_accounts):
        raise click.UsageError("Name either a FILE for a complete archive, or --markdown DIR.")
    with closing(open_services(load(context.obj, os.environ))) as services:
        if markdown is not None:
            with progress("Writing", overview(services).entries) as advance:
                written = write_markdown(services, markdown, on_progress=advance)
            out.print(written.sentence)
            _list("Not ours, or edited since, and left as they are:", written.left_alone)
            if written.left_alone:
                context.exit(3)
        elif file is not None:
            total = archive_size(services, with_accounts=with_accounts)
            with progress("Archiving", total) as advance:
                missing = save_archive(services, file, with_accounts=with_accounts, on_progress=advance)
            _list("These pictures have no file, and are not in the archive:", missing)
            out.print(f"The whole blog is in {file}: {_megabytes(file)}.", markup=False, soft_wrap=True)


def _list(title: str, names: Sequence[str]) -> None:
    if not names:
        return
    err.print(title)
    for name in names[:_MOST]:
        err.print(f"  {name}", markup=False, soft_wrap=True)
    if len(names) > _MOST:
        err.print(f"  … and {len(names) - _MOST:,} more.")


def _megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1_000_000:,.1f} MB"


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def restore(data: Path, file: Path) -> None:
    """Make this blog, which must be empty, the one in the complete archive FILE.

    All of it is restored, or nothing. Restore only what you trust: it is taken as it is.
    """
    with closing(open_services(load(data, os.environ))) as services:
        with progress("Restoring", None) as advance:
            restore_archive(services, file, on_progress=advance)
        with progress("Indexing", overview(services).entries) as advance:
            services.search.catch_up(advance)
        out.print(f"The blog in {data}/ is that of {file}, with {overview(services).entries:,} entries.")


@click.command("migrate-data")
@click.option("--to", required=True, metavar="DATABASE_URL", help="An empty database; its tables are made.")
@click.pass_obj
def migrate_data(data: Path, to: str) -> None:
    """Copy the blog into another database: from SQLite to PostgreSQL, or back.

    Accounts and sessions go with it, and nothing else changes. Stop the server first: while the copy is
    made nobody can write, and what is written to the old database afterwards stays there.
    """
    here = load(data, os.environ)
    there = load(data, {**os.environ, f"{PREFIX}DATABASE_URL": to})
    with closing(open_services(here)) as services, closing(Sessions(there.database_url)) as target:
        with progress("Copying", None) as advance:
            copy_blog(services.sessions, target, on_progress=advance)
        shown = target.engine.url.render_as_string()
    out.print(f"All of it is in {shown}. Set DATABASE_URL to this address from now on.", soft_wrap=True)
