"""The cards that were drawn, as files in the data directory: bounded in bytes, the oldest go first.

A card's name is made of what is on it, so a file is right for ever, whatever is written in the blog; that is
why they are not left to the page cache, which forgets with every change.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 50_000_000
"""Some two thousand cards."""
_DIGEST: Final = re.compile("[0-9a-f]{16}")


def kept_card(folder: Path, digest: str) -> bytes | None:
    """Return a card; None where it is not there. What is no digest is not looked for."""
    try:
        return (folder / f"{digest}.png").read_bytes() if _DIGEST.fullmatch(digest) else None
    except OSError:
        return None


def keep_card(folder: Path, digest: str, data: bytes, most: int = MOST_BYTES) -> None:
    """Keep a card for the next who asks; on a disk that is full or cannot be written, nothing is kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: another process may be about to send it.
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".new", delete=False) as file:
            file.write(data)
        Path(file.name).replace(folder / f"{digest}.png")
        _make_room(folder, most)
    except OSError:
        return


def _make_room(folder: Path, most: int) -> None:
    with os.scandir(folder) as found:
        files = sorted(((one.stat().st_mtime, one.stat().st_size, one.path) for one in found), reverse=True)
    size = 0
    for _, bytes_of_one, path in files:
        size += bytes_of_one
        if size > most:
            Path(path).unlink(missing_ok=True)
