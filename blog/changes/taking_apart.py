"""Taking apart what is one entry: an item becomes an entry again, as it was or as its source has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from blog.changes.appearances import take_back
from blog.changes.columns import atom_id_of, columns_of
from blog.changes.entries import NewEntry, insert_entries
from blog.changes.restoring import CannotRestore, bring_back, gone_entries
from blog.changes.slugs import FreeSlugs
from blog.domain.dates import day_path
from blog.domain.drafts import draft_from_json
from blog.domain.entry import Status
from blog.domain.errors import BadTag, NotThere
from blog.domain.tags import slugify
from blog.models import Appearance, Entry, Redirect, Source, TakenApart
from blog.outreach import Mention

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.services import Services


def take_apart(services: Services, appearance_id: int, *, entry_id: int | None = None, by: str = "") -> int:
    """Let an item be an entry of its own; return its id. It joins no other any more by itself.

    Where ``entry_id`` is given, it has to be the entry that the item has joined.

    Raises:
        NotThere: there is no such item.
        CannotRestore: something else has taken its place meanwhile.
    """
    with services.sessions.write() as session:
        appearance = session.get(Appearance, appearance_id)
        if appearance is None or entry_id not in (None, appearance.entry_id):
            raise NotThere("This is an entry of its own already.")
        made, notes = separate(session, services, appearance, services.clock(), by)
        if made is None:
            raise CannotRestore(" ".join(notes))
        session.execute(insert(TakenApart).values(entry_id=made))
        return made


def separate(
    session: Session, services: Services, appearance: Appearance, now: datetime, by: str
) -> tuple[int | None, list[str]]:
    """Make an appearance an entry again, and take from the other what came with it.

    Return the entry, None where it could not come back, and in words what is not as it was.
    """
    item, status = appearance.item, session.get_one(Entry, appearance.entry_id).status
    if "fields" in item:
        made, notes = _bring_back(session, services, item["fields"], now)
    else:
        made, notes = _make(session, services, appearance, Status(status), now), []
    if made is None:
        return None, notes
    # What had come to it before the two were made one is its own again.
    theirs = (Appearance.id.in_(item.get("with", ())), Appearance.entry_id == appearance.entry_id)
    session.execute(update(Appearance).where(*theirs).values(entry_id=made))
    _take_mentions(session, item.get("mentions", ()), appearance.entry_id, made)
    slugs = FreeSlugs(session, {})
    take_back(session, services.settings, [(appearance, appearance.added)], slugs, now, by=by)
    session.execute(delete(Appearance).where(Appearance.id == appearance.id))
    session.expire_all()
    return made, notes


def _bring_back(
    session: Session, services: Services, fields: Mapping[str, Any], now: datetime
) -> tuple[int | None, list[str]]:
    """Bring an entry back with its id, its URI and its address, which leads elsewhere no more."""
    day = date.fromisoformat(fields["day"])
    address = f"/{day_path(day)}/{fields['slug']}/"
    gone = gone_entries({fields["id"]: fields}, services.settings)
    session.execute(delete(Redirect).where(Redirect.host == "", Redirect.path == address))
    back, notes = bring_back(session, gone, now)
    return (back[0] if back else None), notes


def _take_mentions(session: Session, pages: Collection[str], entry_id: int, made: int) -> None:
    """Give an entry back the mentions that it had; those pages name it, whatever became of it since."""
    theirs = (Mention.entry_id == entry_id, Mention.source.in_(pages))
    session.execute(update(Mention).where(*theirs).values(entry_id=made))


def _make(session: Session, services: Services, appearance: Appearance, status: Status, now: datetime) -> int:
    """Make an entry of what the source says, seen by whoever sees the one that it was part of, or by fewer."""
    source = session.scalar(select(Source.slug).where(Source.id == appearance.source_id)) or ""
    said = draft_from_json(appearance.item["draft"])
    draft = replace(said, source=source, status=status if said.status is Status.PUBLISHED else said.status)
    atom_id = atom_id_of(draft, services.settings.authority)
    called = {slugify(name): name.strip() for name in draft.tags if _can_be_tag(name)}
    # With those that rules gave it, and without those that they took.
    names = {slug: called.get(slug, slug) for slug in appearance.upstream["tags"].split()}
    columns = columns_of(draft, atom_id, services.settings)
    new = NewEntry(draft, atom_id, columns, names, dict(appearance.upstream))
    return insert_entries(session, services.settings, [new], FreeSlugs(session, {}), now)[0]


def _can_be_tag(name: str) -> bool:
    """Whether a name was not left out when the item was imported."""
    try:
        return bool(slugify(name))
    except BadTag:
        return False


def undo_making_one(services: Services, kept: Mapping[str, Any]) -> Callable[[Session, datetime], list[str]]:
    """Take apart again what an operation made one."""

    def write(session: Session, now: datetime) -> list[str]:
        notes: list[str] = []
        for appearance_id in reversed(kept["appearances"]):
            appearance = session.get(Appearance, appearance_id)
            if appearance is None:
                notes.append("One of them was taken apart before.")
                continue
            notes += separate(session, services, appearance, now, "")[1]
        return notes

    return write
