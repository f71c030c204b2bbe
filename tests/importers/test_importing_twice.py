"""Whatever is imported, a second time changes nothing, and what was read is what is there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blog.changes.imports import ImportLedger
from blog.domain.entry import Rejected
from importers import registry
from importers.material import Material
from importers.pipeline import Outcome, run

if TYPE_CHECKING:
    from conftest import Blog

DATA = Path(__file__).parent / "data"
FORMATS = sorted(path.name for path in DATA.iterdir())


@pytest.mark.parametrize("name", FORMATS)
def test_a_second_import_changes_nothing(name: str, blog: Blog) -> None:
    ledger = ImportLedger(blog.services)
    cases = [path for path in sorted((DATA / name).iterdir()) if not path.name.endswith(".expected.json")]
    for case in cases:
        material = Material.of_path(case)
        importer = registry.by_name(name)
        first, second = run(importer.parse(material), ledger), run(importer.parse(material), ledger)
        # Nothing that an importer yields is refused by the blog.
        assert first.counts[Outcome.FAILED] == sum(
            isinstance(item, Rejected) for item in importer.parse(material)
        )
        written = first.counts.total() - first.counts[Outcome.FAILED]
        assert (
            second.counts == Counter({"unchanged": written, "failed": first.counts[Outcome.FAILED]}) - Counter()
        )
        assert (second.failures, second.notes) == (first.failures, first.notes)
