"""The other lists of the API: what happened, tags, sources and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from blog.queries.listings import changes_since, list_imports, list_sources, list_tags
from blog.web.api.answers import as_json, entry_json, spelled_time
from blog.web.api.operation import PAGE, PER_PAGE, SINCE, whole
from blog.web.context import base_url, services

if TYPE_CHECKING:
    from flask import Response

    from blog.models import ImportRun
    from blog.queries.listings import Happened

_OF_RUN: Final = ("id", "by", "label", "importer", "state", "error", "options", "counts", "done", "expected")


def changes() -> Response:
    """Tell what happened since."""
    found = changes_since(services(), whole(SINCE), whole(PER_PAGE))
    lines = [_line(one) for one in found.lines]
    return as_json({"changes": lines, "last": found.last, "more": found.has_more})


def _line(one: Happened) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": spelled_time(one.at),
        "what": one.what.replace(" ", "_"),
        "entry_id": one.entry_id,
        "entry": entry_json(one.entry) if one.entry else None,
    }


def tags() -> Response:
    """List the tags in use."""
    page = whole(PAGE)
    found, total, pages = list_tags(services(), page, whole(PER_PAGE))
    shown = [
        {
            "slug": one.slug,
            "name": one.name,
            "count": one.count,
            "description": one.description,
            "web": f"{base_url()}/tags/{one.slug}/",
        }
        for one in found
    ]
    return as_json({"tags": shown, "total": total, "page": page, "pages": pages})


def sources() -> Response:
    """List the sources."""
    shown = [{"slug": one.slug, "name": one.name, "count": one.count} for one in list_sources(services())]
    return as_json({"sources": shown})


def imports() -> Response:
    """List the imports."""
    page = whole(PAGE)
    found, total, pages = list_imports(services(), page, whole(PER_PAGE))
    return as_json({"imports": [_run(one) for one in found], "total": total, "page": page, "pages": pages})


def _run(run: ImportRun) -> dict[str, Any]:
    finished = spelled_time(run.finished) if run.finished else None
    times = {"started": spelled_time(run.started), "finished": finished}
    return {name: getattr(run, name) for name in _OF_RUN} | times
