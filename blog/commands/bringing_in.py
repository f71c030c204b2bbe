"""``crosstag import``, and the text index after it, with what is shown meanwhile."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from blog.changes.import_runs import Wanted
from blog.changes.importing import import_material, try_import
from blog.changes.renderers import usable_cores
from blog.commands.console import out, progress
from blog.config import load
from blog.domain.entry import Kind, Status
from blog.fetch import fetch
from blog.queries.overview import overview
from blog.services import open_services
from importers import registry
from importers.material import Material
from importers.pipeline import Outcome

if TYPE_CHECKING:
    from blog.config import Settings
    from blog.services import Services
    from importers.pipeline import Report

_MOST_REASONS: Final = 20


@click.command("import")
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
        report = bring_in(services, material, wanted, dry_run=dry_run)
    if report.failures:
        context.exit(3)


def _material(what: str, settings: Settings) -> Material:
    if what.startswith(("http://", "https://")):
        fetched = fetch(what, timeout=settings.fetch_timeout, allow_private=settings.fetch_private)
        return Material.of_bytes(fetched.data, what)
    return Material.of_path(Path(what))


def bring_in(services: Services, material: Material, wanted: Wanted, *, dry_run: bool = False) -> Report:
    """Import the material and show how it goes; the text index comes after it."""
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
        bring_index_up(services, "Indexing")
    _print_report(report, dry_run)
    return report


def bring_index_up(services: Services, label: str, *, anew: bool = False) -> bool:
    """Bring the text index up to date, or make it anew; tell whether it was done here."""
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
