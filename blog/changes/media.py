"""Writing pictures: their files in the data directory, and a row for each.

A file is there before its row is, and goes after it: a crash leaves a file that nobody asks for, and
never a row without its picture. A file is whole or not there at all.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from blog.domain.errors import NotThere
from blog.domain.pictures import PictureName
from blog.media import prepare_image
from blog.models import Media

if TYPE_CHECKING:
    from blog.media import PreparedImage
    from blog.services import Services

MAX_ALT: Final = 1_000


def add_picture(services: Services, data: bytes, alt: str = "") -> PictureName:
    """Keep the picture in these bytes; return its name. The same picture twice is one.

    ``alt`` says what is to be seen on it; a picture that is there already keeps what it has.

    Raises:
        BadImage: it is no picture that the blog takes; the sentence says why.
    """
    picture, alt = prepare_image(data), _clean(alt)
    with services.sessions.write() as session:
        _store(services.settings.media_dir, picture)
        name = str(picture.name)
        known = session.execute(select(Media.alt).where(Media.name == name)).one_or_none()
        if known is None:
            about = {"alt": alt, "width": picture.width, "height": picture.height}
            row = {"name": name, "type": picture.type, "size": len(picture.data), "created": services.clock()}
            session.execute(insert(Media), [row | about])
        elif alt and not known.alt:
            session.execute(update(Media).where(Media.name == name).values(alt=alt))
    return picture.name


def set_alt(services: Services, picture_id: int, alt: str) -> None:
    """Say what is to be seen on a picture.

    Raises:
        NotThere: there is no such picture.
    """
    with services.sessions.write() as session:
        which = Media.id == picture_id
        if (
            session.execute(update(Media).where(which).values(alt=_clean(alt)).returning(Media.id)).first()
            is None
        ):
            raise NotThere("There is no such picture.")


def delete_picture(services: Services, picture_id: int) -> None:
    """Delete a picture. Entries that show it show a gap from then on.

    Raises:
        NotThere: there is no such picture.
    """
    with services.sessions.write() as session:
        found = session.scalar(delete(Media).where(Media.id == picture_id).returning(Media.name))
    if found is None:
        raise NotThere("There is no such picture.")
    # Whoever has uploaded it again meanwhile has written its row by now, or waits until this is over.
    with services.sessions.write() as session:
        if session.scalar(select(Media.id).where(Media.name == found)) is None:
            _remove(services.settings.media_dir, found)


def _clean(alt: str) -> str:
    return " ".join(alt.split())[:MAX_ALT]


def _store(folder: Path, picture: PreparedImage) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in _files(picture):
        if not (folder / str(name)).exists():
            _write_whole(folder / str(name), data)
    _settle(folder)


def _files(picture: PreparedImage) -> list[tuple[PictureName, bytes]]:
    small = picture.name.small
    whole = (picture.name, picture.data)
    return [whole, (small, picture.small.data)] if small and picture.small else [whole]


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file under another name first: it gets its own when all of it is on the disk."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _settle(folder: Path) -> None:
    """See to it that the folder itself knows its files after a loss of power, where systems can say so."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _remove(folder: Path, text: str) -> None:
    name = PictureName.parse(text)
    if name is not None:
        for one in filter(None, (name, name.small)):
            (folder / str(one)).unlink(missing_ok=True)
