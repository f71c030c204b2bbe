"""Where to go next, when a form says so: to one of the author's own pages, and nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_page(address: str, otherwise: str) -> str:
    """Return the address where it is one of the author's pages, and ``otherwise`` where it leads elsewhere."""
    parts = urlsplit(address)
    is_ours = not parts.scheme and not parts.netloc and address.startswith("/admin/") and "\\" not in address
    return address if is_ours and address.isprintable() else otherwise
