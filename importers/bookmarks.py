"""What all bookmark services have in common: a bookmark, and the entry it becomes.

The id of a bookmark is its address, so the same one is the same entry whichever service
exported it, and a later export finds it again. Files have some addresses twice, in two
folders as a rule: the first one is imported with the tags of all, and the others are
rejected, saying so. To know them beforehand, a file is read twice; nothing is kept of it
but eight bytes for each address.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from blog.domain.entry import Draft, Item, Kind, LeftOut, Markup, Rejected, Status
from blog.domain.urls import MAX_URL_LENGTH, web_url
from importers.breakage import BrokenFile, until_it_breaks
from importers.old_markup import has_html
from importers.stamps import UNDATED
from importers.text import clean, one_line, title_of_html, unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_TAGS: Final = 100
NO_TITLE: Final = "No title found"
"""What Readability and wallabag call a page without a title."""

_SIGN: Final = re.compile(r"([\\`*_\[\]])")
_LONGEST_ID: Final = 900
_LONGEST_TAG: Final = 100
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A bookmark as a service has it; what it lacks is empty.

    ``folders`` are those that it lies in, the outermost first, which as a rule are tags, too.
    ``own_id`` names what is no link, and may have no address: a note, a quotation.
    """

    url: str
    title: str = ""
    body: str = ""
    markup: Markup = Markup.TEXT
    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    added: datetime | None = None
    changed: datetime | None = None
    is_private: bool = False
    kind: Kind = Kind.LINK
    own_id: str = ""
    citation: str = ""
    context: str = ""


Read = Bookmark | Rejected | LeftOut


def as_items(read: Callable[[], Iterable[Read]], label: str) -> Iterator[Item]:
    """Yield an entry or a ``Rejected`` for each bookmark; ``read`` reads the file from its beginning.

    Raises:
        BadImport: the file is broken before its first bookmark.
    """
    return until_it_breaks(_items(read), label)


def _items(read: Callable[[], Iterable[Read]]) -> Iterator[Item]:
    again, last = _look_ahead(read())
    seen: set[bytes] = set()
    for bookmark in read():
        if isinstance(bookmark, Rejected | LeftOut):
            yield bookmark
        else:
            last = bookmark.added or last
            yield _item(bookmark, last, seen, again)


@dataclass(slots=True)
class _Again:
    """What the second and every further bookmark of an address says."""

    tags: list[str] = field(default_factory=list)
    is_private: bool = False


def _look_ahead(bookmarks: Iterable[Read]) -> tuple[dict[bytes, _Again], datetime]:
    """What stands in the file more than once, and the first date in it."""
    seen: set[bytes] = set()
    again: dict[bytes, _Again] = {}
    first: datetime | None = None
    try:
        for bookmark in bookmarks:
            if isinstance(bookmark, Rejected | LeftOut) or not _is_usable(bookmark):
                continue
            first = first or bookmark.added
            key = _key(bookmark)
            if key in seen:
                later = again.setdefault(key, _Again())
                later.tags += bookmark.tags
                later.is_private |= bookmark.is_private
            seen.add(key)
    except BrokenFile:
        pass  # the second reading comes to the same place, and says so
    return again, first or UNDATED


def _item(bookmark: Bookmark, published: datetime, seen: set[bytes], again: dict[bytes, _Again]) -> Item:
    if not _is_usable(bookmark):
        return _refused(bookmark)
    key = _key(bookmark)
    if key in seen:
        return Rejected(
            external_id=_id(bookmark),
            reason="The file has it more than once; the first has got the tags of all.",
        )
    seen.add(key)
    return _draft(bookmark, published, again.get(key, _Again()))


def _draft(bookmark: Bookmark, published: datetime, again: _Again) -> Draft:
    changed = bookmark.changed
    return Draft(
        kind=bookmark.kind,
        external_id=_id(bookmark),
        published=published,
        updated=changed if changed and changed > published else None,
        # Where a page had no title, services repeat its address.
        title=one_line("" if bookmark.title.strip() == bookmark.url.strip() else bookmark.title),
        body=clean(bookmark.body).strip(),
        markup=bookmark.markup,
        url=web_url(bookmark.url),
        citation=one_line(bookmark.citation),
        context=one_line(bookmark.context),
        tags=tidy_tags((*bookmark.tags, *again.tags)),
        status=Status.HIDDEN if bookmark.is_private or again.is_private else Status.PUBLISHED,
        folder="/".join(filter(None, (one_line(name, _LONGEST_TAG) for name in bookmark.folders))),
    )


def tidy_tags(names: Iterable[str]) -> tuple[str, ...]:
    """Names on one line each, without those that are empty or there already; not over ``MAX_TAGS``."""
    lines = (one_line(name, _LONGEST_TAG).lstrip("#").strip() for name in names)
    return tuple(dict.fromkeys(filter(None, lines)))[:MAX_TAGS]


def prose(text: str) -> tuple[str, Markup]:
    """What somebody wrote in a field of a form: HTML where it is HTML, else plain text."""
    return text, Markup.HTML if has_html(text) else Markup.TEXT


def title_of_markup(source: str) -> str:
    """A title as it stands in HTML, where a lone ``<template>`` is what it is about, and no element."""
    return title_of_html(source) if has_html(source) else one_line(unescape(source))


def quoted(text: str) -> str:
    """Somebody else's words as a quotation in Markdown, in which no sign of theirs means anything."""
    plain = _SIGN.sub(r"\\\1", text.strip()).replace("&", "&amp;").replace("<", "&lt;")
    return "\n".join(f"> {line}".rstrip() for line in plain.split("\n")) if plain else ""


def _is_usable(bookmark: Bookmark) -> bool:
    return bool(bookmark.own_id and (bookmark.title or bookmark.body)) or bool(web_url(bookmark.url))


def _refused(bookmark: Bookmark) -> Rejected:
    url = one_line(bookmark.url, 200)
    name = url or one_line(bookmark.title) or bookmark.own_id or "a bookmark without an address"
    if bookmark.own_id:
        return Rejected(external_id=name, reason="It has neither a title nor a text.")
    if not url:
        return Rejected(external_id=name, reason="It has no address.")
    if len(bookmark.url.strip()) > MAX_URL_LENGTH and web_url(bookmark.url[:MAX_URL_LENGTH]):
        return Rejected(external_id=name, reason=f"Its address has over {MAX_URL_LENGTH:,} characters.")
    return Rejected(external_id=name, reason=f"“{one_line(url, 80)}” is not an http or https address.")


def _key(bookmark: Bookmark) -> bytes:
    return hashlib.blake2b(_id(bookmark).encode(errors="replace"), digest_size=8).digest()


def _id(bookmark: Bookmark) -> str:
    return bookmark.own_id or bookmark_id(bookmark.url)


def bookmark_id(url: str) -> str:
    """What names a bookmark for ever: its address, as all browsers would ask for it."""
    name = f"bookmark:{_canonical(web_url(url))}"
    if len(name) <= _LONGEST_ID:
        return name
    digest = hashlib.blake2b(name.encode(errors="replace"), digest_size=16).hexdigest()
    return f"{name[: _LONGEST_ID - 40]}…{digest}"


def _canonical(url: str) -> str:
    """Scheme and host in lower case, no port that goes without saying, a path (RFC 3986, section 6.2.3)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    scheme, host = parts.scheme.lower(), parts.netloc.rpartition("@")
    bare = host[2].rpartition(":")[0] if port is not None or host[2].endswith(":") else host[2]
    name = bare.lower() + (f":{port}" if port not in {None, _PORTS.get(scheme)} else "")
    return parts._replace(scheme=scheme, netloc=f"{host[0]}{host[1]}{name}", path=parts.path or "/").geturl()


def clock() -> datetime:
    """Now: what a bookmark claims to be kept after it was not."""
    return datetime.now(UTC)
