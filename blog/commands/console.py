"""Where commands print: answers to standard output, and what went wrong to standard error."""

from __future__ import annotations

from typing import Final

from rich.console import Console

out: Final = Console(highlight=False)
err: Final = Console(stderr=True, highlight=False)
