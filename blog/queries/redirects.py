"""Where an address that nothing lives at any more leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from blog.models import Redirect

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from blog.services import Services


def redirect_for(services: Services, host: str, path: str) -> str | None:
    """Return the target of a path, None where there is no redirect.

    A redirect that was noted for this very host wins over one for the blog's own paths. The
    path counts with and without its last slash. What has moved several times is followed to
    its last place, so that a reader goes one step; a circle leads nowhere.
    """
    passed: set[str] = set()
    target = path
    with services.sessions.read() as session:
        while (found := _target(session, host, target)) is not None:
            passed.add(target.rstrip("/"))
            target = found
            if target.rstrip("/") in passed:
                return None
    return target if passed else None


def _target(session: Session, host: str, path: str) -> str | None:
    bare = path.rstrip("/")
    statement = select(Redirect.host, Redirect.target).where(
        Redirect.path.in_([path, bare, f"{bare}/"]), Redirect.host.in_([host, ""])
    )
    found = dict(session.execute(statement).all())
    return found.get(host) or found.get("")
