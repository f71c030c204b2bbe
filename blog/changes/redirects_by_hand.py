"""Redirects that the author writes: checked, because one that leads in a circle leads nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sqlalchemy import delete, select

from blog.changes.log import record_names
from blog.domain.errors import CrosstagError, NotThere
from blog.domain.urls import MAX_URL_LENGTH, web_url
from blog.models import Redirect

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from blog.services import Services

_LONGEST: Final = MAX_URL_LENGTH // 2
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?")
# What a browser would take for another host, or what no path has in it.
_NO_PATH: Final = re.compile(r"^//|[\\?#\s\x00-\x1f]")


class BadRedirect(CrosstagError):
    """The redirect cannot be as it is wanted; ``field`` names what is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def save_redirect(
    services: Services, path: str, target: str, host: str = "", redirect_id: int | None = None
) -> int:
    """Let an address lead elsewhere, a new one without ``redirect_id``; return its id.

    Raises:
        NotThere: there is no such redirect.
        BadRedirect: one of the addresses is none, it would lead in a circle, or there is one already.
    """
    path, host = _path(path.strip()), _host(host.strip().lower())
    target = _target(target.strip())
    with services.sessions.write() as session:
        found = Redirect() if redirect_id is None else _redirect(session, redirect_id)
        same = select(Redirect.id).where(Redirect.host == host, Redirect.path == path)
        taken = session.scalar(same)
        if taken is not None and taken != redirect_id:
            raise BadRedirect("path", f"There is a redirect from {path} already.")
        _refuse_circle(session, _Step(host, path), target, redirect_id, services.settings.base_url)
        found.host, found.path, found.target = host, path, target
        session.add(found)
        session.flush()
        record_names(session, services.clock())
        return found.id


def delete_redirect(services: Services, redirect_id: int) -> str:
    """Delete a redirect; return the path that it led from.

    Raises:
        NotThere: there is no such redirect.
    """
    with services.sessions.write() as session:
        path = _redirect(session, redirect_id).path
        session.execute(delete(Redirect).where(Redirect.id == redirect_id))
        record_names(session, services.clock())
    return path


def _redirect(session: Session, redirect_id: int) -> Redirect:
    found = session.get(Redirect, redirect_id)
    if found is None:
        raise NotThere(f"There is no redirect number {redirect_id}.")
    return found


def _path(path: str) -> str:
    if not path.startswith("/") or path == "/" or _NO_PATH.search(path):
        raise BadRedirect("path", "It takes the path of an old address, such as /2009/old-name/.")
    if len(path) > _LONGEST:
        raise BadRedirect("path", "No browser sends an address as long as this.")
    return path


def _host(host: str) -> str:
    if host and not _HOST.fullmatch(host):
        raise BadRedirect("host", "It takes the name of a host, such as old.example.com, or nothing.")
    return host


def _target(target: str) -> str:
    if target.startswith("/") and not re.search(r"^//|[\\\s\x00-\x1f]", target):
        return target[:MAX_URL_LENGTH]
    if target.lower().startswith(("http://", "https://")) and (known := web_url(target)):
        return known
    raise BadRedirect(
        "target", "It takes a path of this blog, such as /tags/python/, or an http or https address."
    )


class _Step:
    """A place on the way: a path of a host, with or without its last slash."""

    def __init__(self, host: str, path: str) -> None:
        self.host = host
        self.bare = path.rstrip("/")


def _refuse_circle(session: Session, start: _Step, target: str, redirect_id: int | None, base_url: str) -> None:
    """Follow the redirects from the target on, as a reader would.

    Raises:
        BadRedirect: they lead back to where it starts.
    """
    passed = {start.bare}
    while (path := _local_path(target, base_url)) is not None:
        if path.rstrip("/") in passed:
            raise BadRedirect("target", "It would lead in a circle.")
        passed.add(path.rstrip("/"))
        bare = path.rstrip("/")
        there = select(Redirect.target).where(
            Redirect.path.in_([path, bare, f"{bare}/"]), Redirect.host.in_([start.host, ""])
        )
        if redirect_id is not None:
            there = there.where(Redirect.id != redirect_id)
        found = session.scalar(there.limit(1))
        if found is None:
            return
        target = found


def _local_path(target: str, base_url: str) -> str | None:
    """The path of a target on this blog; None for one elsewhere."""
    parts = urlsplit(target)
    if parts.netloc and parts.netloc != urlsplit(base_url).netloc:
        return None
    return parts.path or "/"
