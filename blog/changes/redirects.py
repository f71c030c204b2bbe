"""Writing where old addresses lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy import tuple_ as pair

from blog.changes.lookups import rows_in
from blog.domain.urls import MAX_URL_LENGTH
from blog.models import Redirect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from blog.domain.entry import RedirectDraft

Address = tuple[str, str]


def write_redirects(session: Session, drafts: Sequence[RedirectDraft]) -> int:
    """Note that addresses lead elsewhere; the newest word on each counts. Return how many are new.

    One longer than any browser sends is left aside: no reader ever comes by it.
    """
    wanted = {(one.host, one.path): one.target for one in drafts if _can_be_asked_for(one)}
    statement = select(Redirect.host, Redirect.path, Redirect.target)
    rows = rows_in(session, statement, pair(Redirect.host, Redirect.path), wanted)
    found = {(host, path): target for host, path, target in rows}
    return _store(session, found, found | wanted)


def _can_be_asked_for(draft: RedirectDraft) -> bool:
    return len(draft.path) <= MAX_URL_LENGTH // 2 and len(draft.host) <= 255


def lead_on(session: Session, moves: Sequence[tuple[str, str]]) -> None:
    """Lead from where pages of the blog were to where they are now, move by move in their order.

    What led to the old address leads to the new one at once, and what lives there leads nowhere else.
    """
    moves = [(before, after) for before, after in moves if before != after]
    if not moves:
        return
    old, ends = [before for before, _ in moves], [end for move in moves for end in move]
    concerned = select(Redirect.path, Redirect.target).where(
        Redirect.host == "", or_(Redirect.path.in_(ends), Redirect.target.in_(old))
    )
    found = {("", path): target for path, target in session.execute(concerned)}
    leads = dict(found)
    for before, after in moves:
        leads = {address: after if target == before else target for address, target in leads.items()}
        leads.pop(("", after), None)
        leads["", before] = after
    _store(session, found, leads)


def _store(session: Session, found: Mapping[Address, str], wanted: Mapping[Address, str]) -> int:
    """Make the redirects that were found the ones that are wanted; return how many were not so yet."""
    new = [address for address in wanted if address not in found]
    other = [address for address in found if address in wanted and wanted[address] != found[address]]
    for host, path in found.keys() - wanted.keys():
        session.execute(delete(Redirect).where(Redirect.host == host, Redirect.path == path))
    for host, path in other:
        one = update(Redirect).where(Redirect.host == host, Redirect.path == path)
        session.execute(one.values(target=wanted[host, path]))
    if new:
        rows = [{"host": host, "path": path, "target": wanted[host, path]} for host, path in new]
        session.execute(insert(Redirect), rows)
    return len(new) + len(other)
