"""The blogs that are measured: the real one where it is on this machine, and generated ones."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.generate import generated, home
from benchmarks.subject import TANTIVY, clean_environment, command, engines
from blog.config import SETTINGS_FILE

CORPUS: Final = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "simonwillisonblog"
REAL: Final = "real"
SIZES: Final = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
_RECIPE: Final = "recipe.json"
# From here on a blog is searched by the engine that "crosstag check" recommends for it.
_LARGE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Ground:
    """A blog to measure. ``label`` heads its column; ``data`` is its data directory."""

    label: str
    data: Path

    @property
    def is_real(self) -> bool:
        """Tell whether it is the real blog, which alone can be imported."""
        return self.label == REAL


def ground(label: str) -> Ground | None:
    """Return the blog of that name, making it if need be; None for the real one where it is absent.

    That of a million entries is searched by tantivy, where that is installed, and all others by Whoosh.
    """
    if label != REAL:
        data = generated(SIZES[label])
        if SIZES[label] >= _LARGE and TANTIVY in engines():
            (data / SETTINGS_FILE).write_text(f'search_engine = "{TANTIVY}"\n', encoding="utf-8")
        return Ground(label, data)
    return Ground(label, _imported()) if CORPUS.is_dir() else None


def commit() -> str:
    """What is measured: the commit, with a plus sign where files differ from it."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "no commit"


def _imported() -> Path:
    """Import the real blog, once for each commit: what an import makes of it may change."""
    data = home() / REAL
    recipe = {"commit": commit()}
    path = data / _RECIPE
    if not path.is_file() or json.loads(path.read_text(encoding="utf-8")) != recipe:
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        subprocess.run(
            command(data, "import", str(CORPUS)),
            env=clean_environment({}),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        path.write_text(json.dumps(recipe), encoding="utf-8")
    return data
