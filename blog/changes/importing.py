"""An import from beginning to end, recorded: what the command line and the browser both do."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from blog.changes.import_runs import recorded
from blog.changes.imports import ImportLedger
from blog.changes.renderers import Renderers
from blog.changes.vanished import WHY, absent_from, mark
from blog.domain.entry import Draft
from blog.domain.errors import BadImport
from blog.domain.tags import slugify
from importers import registry
from importers.pipeline import Told, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from blog.changes.import_runs import Wanted
    from blog.changes.vanished import Absent
    from blog.domain.entry import Item
    from blog.services import Services
    from importers.material import Material
    from importers.pipeline import Report
    from importers.registry import Importer

# Of each outcome, in a preview.
_SHOWN: Final = 25
_PREVIEW_SECONDS: Final = 5.0


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

        seen = Seen(wanted, chosen.name)
        report = run(
            seen.noted(chosen.parse(material)),
            ImportLedger(services, renderers, recorder),
            source=wanted.source,
            kind=wanted.kind,
            status=wanted.status,
            on_progress=advance,
            on_told=recorder.tell,
        )
        absent = _absent(services, seen, report, recorder.tell)
        if absent:
            with services.sessions.write() as session:
                mark(session, absent, services.clock(), recorder.run_id)
        return report


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
    seen = Seen(wanted, chosen.name)
    report = run(
        seen.noted(chosen.parse(material)),
        ImportLedger(services),
        source=wanted.source,
        kind=wanted.kind,
        status=wanted.status,
        dry_run=True,
        on_progress=on_progress,
        on_told=on_told,
    )
    _absent(services, seen, report, on_told)
    return report


class Seen:
    """The ids in some material that is all there is, by the source that each is of."""

    def __init__(self, wanted: Wanted, importer: str) -> None:
        self.importer = importer
        self.ids: dict[str, set[str]] = {}
        self.is_whole = wanted.everything
        self._given = slugify(wanted.source) if wanted.source else ""

    def noted(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, and note their ids."""
        if not self.is_whole:
            yield from items
            return
        for item in items:
            if isinstance(item, Draft):
                source = slugify(item.source) if item.source else self._given
                self.ids.setdefault(source, set()).add(item.external_id)
            yield item


def _absent(
    services: Services, seen: Seen, report: Report, on_told: Callable[[Told], None] | None
) -> list[Absent]:
    """Tell what is not in material that is all there is; nothing, unless all of that could be read."""
    if not seen.is_whole:
        return []
    if report.failures:
        _note(report, on_told, Told("", None, _NOT_ALL_READ))
        return []
    absent = absent_from(services, seen.ids, seen.importer)
    for one in absent:
        _note(report, on_told, Told(one.external_id, None, WHY, entry_id=one.entry_id))
    return absent


def _note(report: Report, on_told: Callable[[Told], None] | None, told: Told) -> None:
    report.notes.append((told.external_id, told.reason))
    if on_told:
        on_told(told)


_NOT_ALL_READ: Final = "Not all of it could be imported, so nothing is marked as vanished."


@dataclass(slots=True)
class Preview:
    """What would become of some material: of all of it, or of what there was time for.

    ``shown`` are the first items of each outcome. ``error`` says why no more could be read.
    """

    title: str
    expected: int | None
    counts: dict[str, int] = field(default_factory=dict)
    shown: dict[str, list[Told]] = field(default_factory=dict)
    is_whole: bool = True
    error: str = ""

    def tell(self, told: Told) -> None:
        """Take in what would become of an item."""
        outcome = "noted" if told.outcome is None else told.outcome.value
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        kept = self.shown.setdefault(outcome, [])
        if len(kept) < _SHOWN:
            kept.append(told)


def preview_import(
    services: Services, material: Material, wanted: Wanted, *, seconds: float = _PREVIEW_SECONDS
) -> Preview:
    """Decide what would become of the material, as far as deciding takes no longer than so many seconds.

    Raises:
        BadImport: it is in no format known here.
    """
    importer = registry.detect(material)
    preview = Preview(importer.title, importer.count(material))

    def parse(given: Material) -> Iterator[Item]:
        # From the first item on: some formats are read whole before there is one.
        deadline = 0.0
        for item in importer.parse(given):
            deadline = deadline or time.monotonic() + seconds
            yield item
            if time.monotonic() > deadline:
                preview.is_whole = False
                return

    try:
        try_import(services, material, wanted, importer=replace(importer, parse=parse), on_told=preview.tell)
    except BadImport as error:
        preview.error = error.sentence
    return preview
