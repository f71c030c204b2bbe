"""An import from beginning to end, recorded: what the command line and the browser both do."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from blog.changes.import_runs import recorded
from blog.changes.imports import ImportLedger
from blog.changes.renderers import Renderers
from importers import registry
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from blog.changes.import_runs import Wanted
    from blog.services import Services
    from importers.material import Material
    from importers.pipeline import Report, Told
    from importers.registry import Importer


def import_material(
    services: Services,
    material: Material,
    wanted: Wanted,
    *,
    importer: Importer | None = None,
    processes: int = 0,
    by: str = "",
    on_begun: Callable[[int], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Import the material, and record what becomes of it.

    Args:
        services: the blog.
        material: what to import.
        wanted: the source, the kind and the status given.
        importer: of the format that it is in, if that is known.
        processes: how many more may render, where there is much.
        by: the author's name, empty for the command line.
        on_begun: told the number of the run.
        on_progress: told the number of drafts after each batch.

    Raises:
        BadImport: it is in no format known here, or cannot be read at all.
        ImportUnderWay: another import goes on.
    """
    chosen = importer or registry.detect(material)
    expected = chosen.count(material)
    with (
        recorded(
            services, label=material.label, importer=chosen.name, wanted=wanted, expected=expected, by=by
        ) as recorder,
        closing(Renderers(processes)) as renderers,
    ):
        if on_begun:
            on_begun(recorder.run_id)

        def advance(count: int) -> None:
            recorder.advance(count)
            if on_progress:
                on_progress(count)

        return run(
            chosen.parse(material),
            ImportLedger(services, renderers, recorder),
            source=wanted.source,
            kind=wanted.kind,
            status=wanted.status,
            on_progress=advance,
            on_told=recorder.tell,
        )


def try_import(
    services: Services,
    material: Material,
    wanted: Wanted,
    *,
    importer: Importer | None = None,
    on_progress: Callable[[int], None] | None = None,
    on_told: Callable[[Told], None] | None = None,
) -> Report:
    """Decide what would become of the material, and write nothing."""
    chosen = importer or registry.detect(material)
    return run(
        chosen.parse(material),
        ImportLedger(services),
        source=wanted.source,
        kind=wanted.kind,
        status=wanted.status,
        dry_run=True,
        on_progress=on_progress,
        on_told=on_told,
    )
