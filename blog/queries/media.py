"""Reading pictures that were uploaded, and who shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select

from blog.domain.errors import NotThere
from blog.domain.pictures import PictureName, markdown_of
from blog.models import Entry, Media, StaticPage
from blog.queries.entries import beginning

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from blog.services import Services

PAGE: Final = 48
_MOST_USES: Final = 100
_LAST_PAGE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class KnownPicture:
    """A picture, as its owner sees it; ``size`` is in bytes."""

    id: int
    name: PictureName
    alt: str
    size: int
    created: datetime

    @property
    def markdown(self) -> str:
        """What shows it in a text."""
        return markdown_of(self.name.address, self.alt)

    @property
    def thumbnail(self) -> str:
        """The address of the smallest form of it."""
        return (self.name.small or self.name).address


@dataclass(frozen=True, slots=True)
class PictureUse:
    """An entry or a page that shows a picture, and where it is edited."""

    title: str
    address: str


_COLUMNS: Final = (Media.id, Media.name, Media.alt, Media.size, Media.created)


def pictures(services: Services, page: int = 1) -> tuple[list[KnownPicture], bool]:
    """Return a page of pictures, the newest first, and whether there are more."""
    first = (min(max(page, 1), _LAST_PAGE) - 1) * PAGE
    statement = select(*_COLUMNS).order_by(Media.id.desc()).offset(first).limit(PAGE + 1)
    with services.sessions.read() as session:
        found = [_picture(row) for row in session.execute(statement)]
    return found[:PAGE], len(found) > PAGE


def picture(services: Services, picture_id: int) -> KnownPicture:
    """Return one picture.

    Raises:
        NotThere: there is none with this id.
    """
    return _one(services, Media.id == picture_id)


def picture_called(services: Services, name: PictureName) -> KnownPicture:
    """Return the picture with this name.

    Raises:
        NotThere: there is none.
    """
    return _one(services, Media.name == str(name))


def _one(services: Services, which: ColumnElement[bool]) -> KnownPicture:
    with services.sessions.read() as session:
        row = session.execute(select(*_COLUMNS).where(which)).one_or_none()
    if row is None:
        raise NotThere("There is no such picture.")
    return _picture(row)


def uses_of(services: Services, name: PictureName) -> list[PictureUse]:
    """Return the entries, whoever may see them, and the pages that show a picture.

    It looks through every text there is, so it is for the page of one picture.
    """
    begins = func.substr(Entry.text, 1, 300).label("begins")
    shows = or_(*(column.contains(name.digest) for column in (Entry.body, Entry.image_url)))
    of_entries = select(Entry.id, Entry.title, begins, Entry.slug).where(shows).order_by(Entry.id.desc())
    shown_there = StaticPage.body.contains(name.digest)
    of_pages = select(StaticPage.slug, StaticPage.title).where(shown_there).order_by(StaticPage.slug)
    with services.sessions.read() as session:
        return [
            *(
                PictureUse(row.title or beginning(row.begins) or row.slug, f"/admin/entries/{row.id}/")
                for row in session.execute(of_entries.limit(_MOST_USES))
            ),
            *(PictureUse(row.title, f"/{row.slug}/") for row in session.execute(of_pages.limit(_MOST_USES))),
        ]


def _picture(row: Row[int, str, str, int, datetime]) -> KnownPicture:
    name = PictureName.parse(row.name)
    if name is None:
        raise NotThere(f"“{row.name}” is not the name of a picture.")
    return KnownPicture(row.id, name, row.alt, row.size, row.created)
