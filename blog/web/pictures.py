"""The pictures that were uploaded, at ``/media/``. A name is made of the content, so a file never changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flask import Blueprint, send_from_directory

from blog.domain.errors import NotThere
from blog.pagecache.middleware import NEVER
from blog.web.context import depends_on, services

if TYPE_CHECKING:
    from flask import Response

pictures: Final = Blueprint("pictures", __name__)
_NAME: Final = re.compile(r"[0-9a-f]{16}\.(?:jpg|png|gif|webp)")
_YEAR: Final = 365 * 86_400


@pictures.get("/media/<name>")
def picture(name: str) -> Response:
    """Send a picture."""
    folder = services().settings.data_dir.resolve() / "media"
    if not _NAME.fullmatch(name) or not (folder / name).is_file():
        raise NotThere("There is no such picture.")
    depends_on(NEVER)  # The page cache is for what takes work; this would only fill it.
    return send_from_directory(folder, name, max_age=_YEAR)
