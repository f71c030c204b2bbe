"""Where an address that nothing lives at any more leads; and the list of all that lead elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from sqlalchemy import func, or_, select, true

from blog.domain.addresses import parse_day
from blog.domain.errors import BadFilter, NotThere
from blog.models import Entry, Redirect, public_at
from blog.queries.paging import PageLinks, count_pages, page_links

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services

_PAGE: Final = 100
# A permalink has a year, a month, a day and a slug.
_PARTS: Final = 4


def redirect_for(services: Services, host: str, path: str) -> str | None:
    """Return the target of a path, None where there is no redirect.

    A redirect that was noted for this very host wins over one for the blog's own paths. The
    path counts with and without its last slash. What has moved several times is followed to
    its last place, so that a reader goes one step; a circle leads nowhere, and neither does what
    leads to an entry that is not public: its new address would tell of it.
    """
    passed: set[str] = set()
    target = path
    with services.sessions.read() as session:
        while (found := _target(session, host, target)) is not None:
            passed.add(target.rstrip("/"))
            target = found
            if target.rstrip("/") in passed:
                return None
        return target if passed and not _is_secret(session, target, services.clock()) else None


def _is_secret(session: Session, target: str, now: datetime) -> bool:
    """Whether an entry that readers do not see has this address."""
    parts = target.strip("/").split("/")
    if len(parts) != _PARTS:
        return False
    try:
        day = parse_day(*parts[:3])
    except BadFilter:
        return False
    entry = select(public_at(now)).where(Entry.day == day, Entry.slug == unquote(parts[3]))
    return session.scalar(entry) is False


def _target(session: Session, host: str, path: str) -> str | None:
    bare = path.rstrip("/")
    statement = select(Redirect.host, Redirect.target).where(
        Redirect.path.in_([path, bare, f"{bare}/"]), Redirect.host.in_([host, ""])
    )
    found = dict(session.execute(statement).all())
    return found.get(host) or found.get("")


@dataclass(frozen=True, slots=True)
class RedirectRow:
    """A redirect, as the list for authors shows it; ``host`` is empty for the blog's own addresses."""

    id: int
    host: str
    path: str
    target: str


@dataclass(frozen=True, slots=True)
class RedirectPage:
    """A page of the redirects, by path."""

    rows: list[RedirectRow]
    total: int
    page: int
    links: PageLinks


def redirects(services: Services, text: str = "", page: int = 1) -> RedirectPage:
    """Return a page of the redirects that have a text in one of their addresses.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    among = or_(
        Redirect.path.icontains(text, autoescape=True),
        Redirect.target.icontains(text, autoescape=True),
        Redirect.host.icontains(text, autoescape=True),
    )
    meant = among if text else true()
    columns = select(Redirect.id, Redirect.host, Redirect.path, Redirect.target).where(meant)
    with services.sessions.read() as session:
        total = session.scalar(select(func.count(Redirect.id)).where(meant)) or 0
        pages = count_pages(total, _PAGE, page)
        some = columns.order_by(Redirect.path, Redirect.host).limit(_PAGE).offset((page - 1) * _PAGE)
        rows = [RedirectRow(*row) for row in session.execute(some)]
    query = f"q={quote(text)}&" if text else ""
    links = page_links(lambda number: f"/admin/redirects/?{query}page={number}", page, pages)
    return RedirectPage(rows, total, page, links)


def redirect_row(services: Services, redirect_id: int) -> RedirectRow:
    """Return one.

    Raises:
        NotThere: there is no such redirect.
    """
    columns = select(Redirect.id, Redirect.host, Redirect.path, Redirect.target)
    with services.sessions.read() as session:
        found = session.execute(columns.where(Redirect.id == redirect_id)).one_or_none()
    if found is None:
        raise NotThere(f"There is no redirect number {redirect_id}.")
    return RedirectRow(*found)
