"""The web app manifest: a phone that installs the blog gets it into its share sheet, and a share is a draft.

https://www.w3.org/TR/appmanifest/ and https://w3c.github.io/web-share-target/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from blog.web.context import services, static_url

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

manifest: Final = Blueprint("manifest", __name__)
_SIZES: Final = (192, 512)


@manifest.get("/manifest.webmanifest")
def show() -> AnyResponse:
    """Describe the author's side of the blog as an application."""
    title = services().settings.title
    said = {
        "id": "/admin/",
        "name": title,
        "short_name": title[:24],
        "start_url": "/admin/",
        "scope": "/",
        "display": "minimal-ui",
        "background_color": "#fbfaf7",
        "theme_color": "#0b5c6d",
        "icons": [
            {
                "src": static_url(f"icon-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": use,
            }
            for size in _SIZES
            for use in ("any", "maskable")
        ],
        "share_target": {
            "action": "/admin/new",
            "method": "GET",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
        "shortcuts": [{"name": "Write", "url": "/admin/new"}],
    }
    return Response(json.dumps(said, ensure_ascii=False, indent=1), content_type="application/manifest+json")
