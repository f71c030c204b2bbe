"""Rendering the author's pages: their frame, and the messages that the last action left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import make_response, render_template

from blog.web.context import services
from blog.web.sessions import current_author

if TYPE_CHECKING:
    from flask import Response


def admin_page(template: str, *, status: int = 200, **values: Any) -> Response:
    """Render one of ``templates/admin/``; it extends ``admin/base.html``."""
    settings = services().settings
    html = render_template(f"admin/{template}", site=settings, author=current_author(), **values)
    response = make_response(html)
    response.status_code = status
    return response
