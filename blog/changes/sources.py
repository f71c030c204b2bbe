"""Writing sources: their names and addresses, putting two together, and letting one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, update

from blog.changes.appearances_kept import APPEARANCES
from blog.changes.entries import DELETED
from blog.changes.log import record, record_names
from blog.changes.redirects import lead_on
from blog.changes.rules import hand_over_rules
from blog.changes.subscriptions import hand_over
from blog.domain.errors import CrosstagError, NotThere
from blog.domain.filters import source_url
from blog.domain.urls import web_url
from blog.models import Appearance, Conflict, Departure, Entry, ImportItem, Revision, Source, Subscription

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from blog.services import Services

_LONGEST: Final = 200


class BadSource(CrosstagError):
    """The source cannot be changed like this; ``field`` names what is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def change_source(services: Services, source_id: int, name: str, url: str) -> None:
    """Give a source a name and an address; where its page lives stays.

    Raises:
        NotThere: there is no such source.
        BadSource: it has no name, or its address is none.
    """
    name, url = checked_name(name), url.strip()
    if url and not (known := web_url(url)):
        raise BadSource("url", "It takes an http or https address, or nothing.")
    with services.sessions.write() as session:
        source = _source(session, source_id)
        source.name, source.url = name, known if url else ""
        record_names(session, services.clock())


def checked_name(name: str) -> str:
    """Return a name as a source may have it.

    Raises:
        BadSource: it is empty, or too long.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST:
        raise BadSource("name", f"A source needs a name, of {_LONGEST} letters at most.")
    return name


def delete_source(services: Services, source_id: int) -> str:
    """Delete a source that no entry is of and that is not polled; return the name that it had.

    Raises:
        NotThere: there is no such source.
        BadSource: entries are of it, or it is polled.
    """
    with services.sessions.write() as session:
        source = _source(session, source_id)
        of_it = (Entry.source_id == source_id, Appearance.source_id == source_id)
        if any(session.scalar(select(func.count()).where(one)) for one in of_it):
            raise BadSource("", "It has entries. Put it together with another source instead.")
        if session.scalar(select(Subscription.id).where(Subscription.source_id == source_id)) is not None:
            raise BadSource("", "It is polled. Let go of it under “What is polled” first.")
        session.execute(delete(Source).where(Source.id == source_id))
        record_names(session, services.clock())
        return source.name


def merge_sources(services: Services, source_id: int, into_id: int) -> int:
    """Let all entries of one source be of another, and let the one go; return how many they are.

    Its page and its feeds lead to those of the other from then on, and what is polled for it is polled
    for the other, unless that has a feed of its own. What was deleted of the one is deleted of the other.

    Raises:
        NotThere: one of them is not there.
        BadSource: they are one and the same, or both have entries with the same id, which would then
            be two entries of one.
    """
    if source_id == into_id:
        raise BadSource("into", "Choose another source.")
    with services.sessions.write() as session:
        source, into, now = _source(session, source_id), _source(session, into_id), services.clock()
        if count := len(_names_at(session, source_id) & _names_at(session, into_id)):
            raise BadSource("into", f"{_entries(count)} the same id at both, so they cannot be one.")
        ids = list(session.scalars(select(Entry.id).where(Entry.source_id == source_id)))
        # What left the one's feed has left the other's; and these leave nothing, for the one leads there.
        for model in (Entry, Departure):
            session.execute(update(model).where(model.source_id == source_id).values(source_id=into_id))
        old, new = source_url(source.slug), source_url(into.slug)
        lead_on(session, [(old, new), *((_feed(old, kind), _feed(new, kind)) for kind in ("atom", "json"))])
        hand_over(session, source_id, into_id, now)
        hand_over_rules(session, source_id, into_id)
        _hand_over_deleted(session, source_id, into_id)
        ids += _hand_over_joined(session, source_id, into_id)
        # By these an import that is undone finds what joined others.
        items = update(ImportItem).where(ImportItem.source == source.slug)
        session.execute(items.values(source=into.slug))
        session.execute(delete(Source).where(Source.id == source_id))
        record_names(session, now)
        record(session, "updated", ids, now)
        return len(ids)


def _names_at(session: Session, source_id: int) -> set[str]:
    """The ids that a source gave entries, or items that have joined others."""
    entries = select(Entry.external_id).where(Entry.source_id == source_id)
    joined = select(Appearance.external_id).where(Appearance.source_id == source_id)
    return {*session.scalars(entries), *session.scalars(joined)}


def _hand_over_joined(session: Session, source_id: int, into_id: int) -> list[int]:
    """Let items that have joined entries be of the other source, and conflicts too; return the entries."""
    theirs = select(Appearance).where(Appearance.source_id == source_id)
    joined = list(session.scalars(theirs.with_only_columns(Appearance.entry_id)))
    for appearance in session.scalars(theirs.where(Appearance.item["fields"].as_string().is_not(None))):
        appearance.item = _of_another(appearance.item, source_id, into_id)
    session.flush()
    for model in (Appearance, Conflict):
        session.execute(update(model).where(model.source_id == source_id).values(source_id=into_id))
    return joined


def _hand_over_deleted(session: Session, source_id: int, into_id: int) -> None:
    """Let what was deleted of one source be of another: so an import knows it, and it comes back there."""
    deleted = select(Revision).where(Revision.reason == DELETED)
    theirs = deleted.where(Revision.fields["source_id"].as_integer() == source_id)
    for revision in session.scalars(theirs):
        revision.fields = revision.fields | {"source_id": into_id}
    joined = deleted.where(Revision.fields[APPEARANCES].as_string().is_not(None))
    for revision in session.scalars(joined):
        kept = [
            one | {"source_id": into_id, "item": _of_another(one["item"], source_id, into_id)}
            if one["source_id"] == source_id
            else one
            for one in revision.fields[APPEARANCES]
        ]
        revision.fields = revision.fields | {APPEARANCES: kept}


def _of_another(item: dict[str, Any], source_id: int, into_id: int) -> dict[str, Any]:
    """What an appearance holds, with the entry that it was being of the other source."""
    fields = item.get("fields")
    if fields is None or fields["source_id"] != source_id:
        return item
    return item | {"fields": fields | {"source_id": into_id}}


def _entries(count: int) -> str:
    return "One entry has" if count == 1 else f"{count:,} entries have"


def _feed(address: str, kind: str) -> str:
    return f"{address.rstrip('/')}.{kind}"


def _source(session: Session, source_id: int) -> Source:
    found = session.get(Source, source_id)
    if found is None:
        raise NotThere(f"There is no source number {source_id}.")
    return found
