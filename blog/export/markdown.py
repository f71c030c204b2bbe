"""An entry, or a static page, as a Markdown file with front matter, and its name in the tree.

What Hugo, Jekyll and Eleventy know stands at the top of the front matter, by the names that all of them
take: ``title``, ``date``, ``slug``, ``tags``, ``draft`` and ``published``. What only Crosstag knows stands
below ``crosstag``, for these programs give some of the words a meaning of their own: Hugo stops at a
``kind`` that it does not know, and at a ``url`` that leads elsewhere.

    _blog.yaml                         tags, old names, series, sources, redirects
    _posts/2009/2009-05-25-slug.md     entries, of every status
    pages/about.md                     static pages
    media/NAME                         pictures
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from blog.domain.entry import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from blog.domain.entry import Draft

SIDECAR: Final = "_blog.yaml"
MEDIA: Final = "media"
# The one in C takes a tenth of the time; not every build of PyYAML has it, and both write the same.
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_SAFE: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9])?")
_NOT_SAFE: Final = re.compile(r"[^a-z0-9_-]+")
# What Windows keeps for devices, with any ending.
_DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))]
)


def safe_name(slug: str, number: int) -> str:
    """Return a name of a file that every system takes: a slug that is one, else as much of it, and the number.

    What stands behind the dot no slug can have, so two of them never meet, on a disk that takes ``A`` and
    ``a`` for one neither.
    """
    if _SAFE.fullmatch(slug) and slug not in _DEVICES:
        return slug
    return f"{_NOT_SAFE.sub('-', slug.lower())[:80].strip('-_') or 'entry'}.{number}"


def entry_path(day: date, slug: str, number: int) -> str:
    """Return where an entry is in the tree; ``number`` is its id."""
    return f"_posts/{day.year:04}/{day.isoformat()}-{safe_name(slug, number)}.md"


def page_path(slug: str, number: int) -> str:
    """Return where a static page is in the tree."""
    return f"pages/{safe_name(slug, number)}.md"


def entry_file(draft: Draft, atom_id: str, number: int) -> bytes:
    """Return an entry as the bytes of its file; the tags of ``draft`` are names, in their order."""
    is_public = draft.status is Status.PUBLISHED
    own = {
        "kind": draft.kind.value,
        "status": draft.status.value,
        "markup": draft.markup.value,
        "id": draft.external_id,
        "number": number,
        "atom_id": atom_id,
        "source": draft.source,
        "via_url": draft.via_url,
        "via_title": draft.via_title,
        "citation": draft.citation,
        "context": draft.context,
        "series": draft.series,
        "series_order": draft.series_order,
        "image_url": draft.image_url,
        "image_alt": draft.image_alt,
    }
    front = {
        "title": draft.title,
        "date": _moment(draft.published),
        "lastmod": _moment(draft.updated) if draft.updated else "",
        "slug": draft.slug,
        "tags": list(draft.tags),
        "link": draft.url,
        # Hugo reads the one, Jekyll the other.
        "draft": None if is_public else True,
        "published": None if is_public else False,
        "crosstag": _said(own),
    }
    return _file(front, draft.body)


def page_file(slug: str, title: str, body: str, updated: datetime, *, in_menu: bool) -> bytes:
    """Return a static page as the bytes of its file."""
    own = {"kind": "page", "in_menu": in_menu}
    front = {"title": title, "lastmod": _moment(updated), "slug": slug, "crosstag": own}
    return _file(front, body)


def sidecar_file(sections: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return what the blog says of itself as the bytes of ``_blog.yaml``; empty sections are left out."""
    said = {name: dict(values) for name, values in sections.items() if values}
    return _yaml(said).encode() if said else b""


def _file(front: Mapping[str, Any], body: str) -> bytes:
    text = body if body.endswith("\n") or not body else f"{body}\n"
    return f"---\n{_yaml(_said(front))}---\n\n{text}".encode()


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, [])}


def _moment(at: datetime) -> str:
    return at.isoformat()


def _yaml(values: Mapping[str, Any]) -> str:
    text: str = yaml.dump(
        values, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=1 << 30, default_flow_style=False
    )
    return text
