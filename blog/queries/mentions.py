"""What other sites say of entries, for those who read it and for the author; and whom entries have told."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select

from blog.domain.addresses import parse_day, parse_text
from blog.domain.errors import BadFilter, NotThere
from blog.models import Entry
from blog.outreach import Mention, MentionHost, SentMention
from blog.queries.entries import beginning, permalink
from blog.queries.paging import PageLinks, count_pages, page_links
from blog.queries.permalinks import address_of_imported
from blog.queries.redirects import redirect_for

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from blog.services import Services

PAGE: Final = 50
STATES: Final = ("waiting", "approved", "rejected")
_SHOWN: Final = 200
_PERMALINK: Final = re.compile(r"/([0-9]{4})/([^/]{1,9})/([0-9]{1,2})/([^/]{1,400})/?")
_SHORT: Final = re.compile(r"/([ebqn])/([0-9]{1,9})/?")
_TABLES: Final = {"e": "entry", "b": "blogmark", "q": "quotation", "n": "note"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionView:
    """What a page says that links to an entry. ``name`` is its author, or its site, and never empty."""

    id: int
    kind: str
    state: str
    source: str
    host: str
    author_name: str
    author_url: str
    text: str
    at: datetime
    entry_id: int
    entry_name: str = ""
    entry_url: str = ""

    @property
    def name(self) -> str:
        """Who says it."""
        return self.author_name or self.host


@dataclass(frozen=True, slots=True)
class EntryMentions:
    """What is shown below an entry: those who like or share it, and those who say something."""

    likes: tuple[MentionView, ...] = ()
    reposts: tuple[MentionView, ...] = ()
    said: tuple[MentionView, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.likes or self.reposts or self.said)


@dataclass(frozen=True, slots=True)
class MentionPage:
    """A page of the mentions in a state, the newest first, and how many there are in each."""

    state: str
    items: list[MentionView]
    counts: Counter[str]
    rules: list[tuple[str, str]]
    page: int
    pages: int
    total: int
    links: PageLinks


def entry_mentions(services: Services, entry_id: int) -> EntryMentions:
    """Return what others say below an entry, the oldest first."""
    approved = select(Mention).where(Mention.entry_id == entry_id, Mention.state == "approved")
    with services.sessions.read() as session:
        found = session.scalars(approved.order_by(Mention.received, Mention.id).limit(_SHOWN)).all()
    views = [_view(one) for one in found]
    return EntryMentions(
        likes=tuple(one for one in views if one.kind == "like"),
        reposts=tuple(one for one in views if one.kind == "repost"),
        said=tuple(one for one in views if one.kind not in ("like", "repost")),
    )


def mentions(services: Services, state: str, page: int = 1) -> MentionPage:
    """Return a page of the mentions in a state.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    name = func.substr(Entry.text, 1, 300)
    columns = select(Mention, Entry.title, name, Entry.day, Entry.slug).join(
        Entry, Entry.id == Mention.entry_id
    )
    with services.sessions.read() as session:
        states = select(Mention.state, func.count()).group_by(Mention.state)
        counts = Counter(dict(session.execute(states).all()))
        pages = count_pages(counts[state], PAGE, page)
        some = columns.where(Mention.state == state).order_by(Mention.received.desc(), Mention.id.desc())
        items = [
            _view(one, title or beginning(text) or slug, permalink(day, slug))
            for one, title, text, day, slug in session.execute(some.limit(PAGE).offset((page - 1) * PAGE))
        ]
        rules = [(host, rule) for host, rule in session.execute(_RULES)]
    links = page_links(lambda number: f"/admin/webmentions/?state={state}&page={number}", page, pages)
    return MentionPage(state, items, counts, rules, page, pages, counts[state], links)


_RULES: Final = select(MentionHost.host, MentionHost.rule).order_by(MentionHost.host)


def waiting_mentions(services: Services) -> int:
    """Return how many mentions wait for the author."""
    with services.sessions.read() as session:
        return session.scalar(select(func.count()).where(Mention.state == "waiting")) or 0


def _view(row: Mention, entry_name: str = "", entry_url: str = "") -> MentionView:
    return MentionView(
        id=row.id,
        kind=row.kind,
        state=row.state,
        source=row.source,
        host=row.host,
        author_name=row.author_name,
        author_url=row.author_url,
        text=row.text,
        at=row.published or row.received,
        entry_id=row.entry_id,
        entry_name=entry_name,
        entry_url=entry_url,
    )


@dataclass(frozen=True, slots=True)
class SentView:
    """A link of an entry, and what became of telling its site."""

    target: str
    state: str
    is_gone: bool
    note: str
    at: datetime | None


def sent_mentions(services: Services, entry_id: int) -> list[SentView]:
    """Return whom an entry has told, or is about to."""
    columns = (SentMention.target, SentMention.state, SentMention.is_gone, SentMention.note, SentMention.at)
    statement = select(*columns).where(SentMention.entry_id == entry_id).order_by(SentMention.id)
    with services.sessions.read() as session:
        return [SentView(*row) for row in session.execute(statement)]


def entry_at(services: Services, url: str, hosts: Collection[str]) -> int:
    """Return the public entry that an address of this blog means, an old one that leads on included.

    ``hosts`` are the names, with their ports, that the blog goes by.

    Raises:
        NotThere: it is not of this blog, or no entry is there.
    """
    parts = urlsplit(url)
    if parts.netloc.lower() not in hosts:
        raise NotThere("The target is not a page of this blog.")
    try:
        path = parse_text(unquote(parts.path))
    except BadFilter as error:
        raise NotThere("The target is not an entry of this blog.") from error
    found = _entry_of(services, parts.path)
    if found is None:
        target = redirect_for(services, parts.hostname or "", path)
        found = _entry_of(services, urlsplit(target).path) if target else None
    if found is None:
        raise NotThere("The target is not an entry of this blog.")
    return found


def _entry_of(services: Services, path: str) -> int | None:
    if short := _SHORT.fullmatch(path):
        try:
            path = address_of_imported(services, f"{_TABLES[short[1]]}:{short[2]}")
        except NotThere:
            return None
    place = _PERMALINK.fullmatch(path)
    if place is None:
        return None
    try:
        day = parse_day(*place.group(1, 2, 3))
    except BadFilter:
        return None
    with services.sessions.read() as session:
        statement = select(Entry.id).where(Entry.day == day, Entry.slug == unquote(place[4]))
        found = session.scalar(statement)
    return found if found is not None and found in services.facets.current().everything else None
