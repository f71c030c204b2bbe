"""Pictures that were uploaded, for everybody. Their names are made of their content, so they never change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, send_file

from blog.domain.errors import NotThere
from blog.domain.pictures import PictureName
from blog.web.context import YEAR, services

if TYPE_CHECKING:
    from flask import Response

media: Final = Blueprint("media", __name__)


@media.get("/media/<text>")
def show(text: str) -> Response:
    """Send a picture. What has no picture's name is never looked for on the disk."""
    name = PictureName.parse(text)
    path = services().settings.media_dir.absolute() / str(name)
    if name is None or not path.is_file():
        raise NotThere("There is no such picture.")
    return send_file(path, mimetype=name.type, etag=name.digest, max_age=YEAR)
