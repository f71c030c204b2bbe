"""Addresses of the software of Simon Willison's weblog, so that a blog can move here and break no link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint

from blog.web.context import moved

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

legacy = Blueprint("legacy", __name__)

OLD_ADDRESSES: Final = {
    "/atom/everything/": "/feed.atom",
    "/atom/entries/": "/articles.atom",
    "/atom/links/": "/links.atom",
    "/atom/quotations/": "/quotations.atom",
    "/atom/notes/": "/notes.atom",
    "/atom/beats/": "/activity.atom",
    "/entries/": "/articles/",
    "/blogmarks/": "/links/",
    "/beats/": "/activity/",
}


def _leads_to(target: str) -> Callable[[], Response]:
    return lambda: moved(target)


for _old, _new in OLD_ADDRESSES.items():
    legacy.add_url_rule(_old, _old.strip("/").replace("/", "_"), _leads_to(_new))
