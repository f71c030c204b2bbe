"""Netscape's bookmark file, which every browser and every bookmark service writes.

    <!DOCTYPE NETSCAPE-Bookmark-file-1>
    <DL><p>
        <DT><H3 ADD_DATE="1460294955">Databases</H3>
        <DL><p>
            <DT><A HREF="https://example.org/roaring" ADD_DATE="1463686918" TAGS="sets">Bitmaps</A>
            <DD>How they are made.
        </DL><p>
    </DL><p>

It is no HTML that any standard knows: ``DT`` and ``DD`` never end, and everybody has added
attributes. Folders become tags. A bookmark without a date has that of its last change, else
that of its folder, else that of the bookmark before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Item, Kind, Markup, Rejected
from importers.bookmarks import Bookmark, Read, as_items, clock, title_of_markup
from importers.decoding import beginning, pieces
from importers.html_stream import BreaksOff, Tag, tokens
from importers.old_markup import read_commentary
from importers.records import occurrences
from importers.stamps import read_stamp
from importers.text import one_line, unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from importers.material import Material

_DOCTYPE: Final = "<!doctype netscape-bookmark-file"
# Some programs leave the document type out; nobody else writes this.
_TELLING: Final = re.compile(r"<dt>\s*<(?:a|h3)\s[^<>]*\badd_date\s*=", re.IGNORECASE)

# What browsers call their own folders at the top, where no attribute tells.
_ROOTS: Final = frozenset(
    (
        *("bookmarks", "bookmarks bar", "bookmarks toolbar", "bookmarks menu", "personal toolbar"),
        *("other bookmarks", "mobile bookmarks", "synced bookmarks", "unsorted bookmarks", "unsorted"),
        *("favorites", "favorites bar", "favourites", "favourites bar", "other favorites", "links"),
        *("reading list", "speed dial", "imported", "imported bookmarks", "all bookmarks", "unlabeled", "root"),
    )
)
_ROOT_ATTRIBUTES: Final = ("personal_toolbar_folder", "unfiled_bookmarks_folder")
_ADDRESS: Final = re.compile(r"<a\s[^>]{0,20}\bhref", re.IGNORECASE)
_TRUE: Final = frozenset({"1", "true", "yes"})
_NOTES: Final = re.compile(r"\[linkding-notes\](.*?)\[/linkding-notes\]", re.DOTALL)
_OWN_NOTE: Final = re.compile(r"(?:\?|/?shaare/)([\w-]{6})")


def detect(material: Material) -> bool:
    """Tell whether it is one file of that document type, or one that shows that it could be."""
    names = material.names()
    if len(names) != 1:
        return False
    head = beginning(material, names[0])
    return _DOCTYPE in head[:4_000].lower() or bool(_TELLING.search(head))


def count(material: Material) -> int:
    """How many bookmarks there seem to be: addresses, which costs no parsing."""
    return occurrences(material, _ADDRESS)


def parse(material: Material) -> Iterator[Item]:
    """Yield a link for each bookmark, and a note for each of Shaarli's links to itself."""
    return as_items(partial(_bookmarks, material, clock()), material.label)


def _bookmarks(material: Material, now: datetime) -> Iterator[Read]:
    reader = _Reader(now)
    try:
        for token in tokens(pieces(material, material.names()[0])):
            if isinstance(token, str):
                reader.take_text(token)
            else:
                reader.take_tag(token)
                yield from reader.take_finished()
    except BreaksOff as error:
        reader.finish()
        yield from reader.take_finished()
        if re.match(r"<a\s", str(error), re.IGNORECASE):
            yield _broken(f"{error}")
        return
    yield from reader.end()


def _broken(what: str) -> Rejected:
    return Rejected(external_id=one_line(what, 200), reason="The file breaks off in the middle of it.")


@dataclass(slots=True)
class _Folder:
    """A folder: the tag that it is, or "", and when it was made."""

    tag: str = ""
    added: datetime | None = None


@dataclass(slots=True)
class _Found:
    """A bookmark as far as it was read."""

    attributes: dict[str, str]
    title: list[str] = field(default_factory=list)
    note: list[str] = field(default_factory=list)


class _Reader:
    """Where in the file we are: in which folders, in which bookmark, and what text belongs to."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._folders: list[_Folder] = []
        self._next = _Folder()
        self._heading: dict[str, str] = {}
        self._found: _Found | None = None
        self._text: list[str] | None = None
        self._finished: list[Read] = []
        self._tags: dict[str, Callable[[Tag], None]] = {
            "a": self._begin_bookmark,
            "/a": self._end_title,
            "dd": self._begin_note,
            "dt": lambda _: self.finish(),
            "hr": lambda _: self.finish(),
            "h3": self._begin_folder,
            "/h3": self._name_folder,
            "dl": self._enter_folder,
            "/dl": self._leave_folder,
        }

    def take_text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def take_tag(self, tag: Tag) -> None:
        self._tags.get(tag.name, self._keep)(tag)

    def take_finished(self) -> list[Read]:
        finished, self._finished = self._finished, []
        return finished

    def finish(self) -> None:
        """Nothing more belongs to the bookmark."""
        if self._found:
            self._finished.append(self._bookmark(self._found))
        self._found = self._text = None

    def end(self) -> list[Read]:
        """What there is at the end of the file, where a title that was begun has no end."""
        if self._found and self._text is self._found.title:
            self._finished.append(_broken(self._found.attributes.get("href") or "the last bookmark"))
            self._found = None
        self.finish()
        return self.take_finished()

    def _begin_bookmark(self, tag: Tag) -> None:
        said = tag.attributes()
        # A link in a note has no date; a bookmark has one, even where its DT was forgotten.
        if self._is_in_note() and "add_date" not in said:
            self._keep(tag)
            return
        self.finish()
        self._found = _Found(said)
        self._text = self._found.title

    def _end_title(self, tag: Tag) -> None:
        if self._is_in_note():
            self._keep(tag)
        else:
            self._text = None

    def _begin_note(self, _: Tag) -> None:
        # What stands below a folder's name is about the folder.
        self._text = self._found.note if self._found else None

    def _begin_folder(self, tag: Tag) -> None:
        said = tag.attributes()
        if self._is_in_note() and "add_date" not in said:
            self._keep(tag)
            return
        self.finish()
        self._heading, self._text = said, []

    def _name_folder(self, tag: Tag) -> None:
        if self._is_in_note():
            self._keep(tag)
            return
        name = one_line(unescape("".join(self._text or ())))
        added = read_stamp(self._heading.get("add_date"), self._now)
        self._next = _Folder("" if self._is_root(name) else name, added)
        self._text = None

    def _is_root(self, name: str) -> bool:
        marked = any(self._heading.get(key, "").lower() in _TRUE for key in _ROOT_ATTRIBUTES)
        return marked or (len(self._folders) <= 1 and name.lower() in _ROOTS)

    def _enter_folder(self, _: Tag) -> None:
        self.finish()
        self._folders.append(self._next)
        self._next = _Folder()

    def _leave_folder(self, _: Tag) -> None:
        self.finish()
        if self._folders:
            self._folders.pop()

    def _is_in_note(self) -> bool:
        return self._found is not None and self._text is self._found.note

    def _keep(self, tag: Tag) -> None:
        """Any other tag is part of what is written in a note or a title."""
        if self._text is not None:
            self._text.append(tag.source)

    def _bookmark(self, found: _Found) -> Bookmark:
        said, href = found.attributes, found.attributes.get("href", "").strip()
        # Scuttle has the note in an attribute.
        body, markup = _note("".join(found.note).strip() or said.get("description", ""))
        own = _OWN_NOTE.fullmatch(href)
        folders = tuple(folder.tag for folder in self._folders)
        return Bookmark(
            url=href,
            title=title_of_markup("".join(found.title)),
            body=body,
            markup=markup,
            tags=(*said.get("tags", "").split(","), *folders),
            folders=folders,
            added=self._added(said),
            changed=read_stamp(said.get("last_modified"), self._now),
            is_private=said.get("private", "").lower() in _TRUE,
            kind=Kind.NOTE if own else Kind.LINK,
            own_id=f"shaarli:{own[1]}" if own else "",
        )

    def _added(self, said: dict[str, str]) -> datetime | None:
        stamps = (read_stamp(said.get(name), self._now) for name in ("add_date", "last_modified"))
        folders = (folder.added for folder in reversed(self._folders))
        return next(filter(None, (*stamps, *folders)), None)


def _note(source: str) -> tuple[str, Markup]:
    """The text below a bookmark; linkding's notes, which are Markdown, make all of it Markdown."""
    notes = [unescape(note).strip() for note in _NOTES.findall(source)]
    text, markup = read_commentary(_NOTES.sub("", source).strip())
    if not any(notes):
        return text, markup
    return "\n\n".join(filter(None, (text, *notes))), Markup.MARKDOWN
