"""Storing pictures: the file in the data directory, named by its content, and what is known of it."""

from __future__ import annotations

import os
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from blog.media import prepare_image
from blog.models import Media

if TYPE_CHECKING:
    from pathlib import Path

    from blog.services import Services


def store_picture(services: Services, data: bytes, alt: str = "") -> str:
    """Store a picture; return the name of its file. The same picture again is the same file.

    Raises:
        BadImage: the bytes are none that the blog takes.
    """
    image = prepare_image(data)
    _write(services.settings.data_dir / "media" / image.name, image.data)
    with services.sessions.write() as session:
        if session.scalar(select(Media.id).where(Media.name == image.name)) is None:
            row = {"name": image.name, "type": image.type, "width": image.width, "height": image.height}
            about = {"alt": alt, "size": len(image.data), "created": services.clock()}
            session.execute(insert(Media), [row | about])
    return image.name


def _write(path: Path, data: bytes) -> None:
    """Write a file that is either whole or not there, whenever the power goes."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)  # noqa: PTH105  # the temporary file has only a name
    path.chmod(0o644)
