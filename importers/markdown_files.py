"""A folder of Markdown files with front matter, ours or that of Hugo, Jekyll, Pelican and others.

    ---
    title: Roaring bitmaps
    date: 2009-05-25T10:00:00Z
    tags: [scaling, C++]
    url: https://example.org/roaring
    ---
    Commentary in *Markdown*.

``_blog.yaml`` beside the files may say what no single file can: ``tags``, ``aliases``,
``series``, ``sources`` and ``redirects``. The keys are listed in ``docs/import.md``.

What ``crosstag export`` writes has what only we know below ``crosstag``, apart from the words that other
programs have a meaning of their own for.

Where notes link to each other as in Obsidian, all of them are read as Obsidian's, except those
that say their ``kind``: these are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, TypeVar

from blog.domain.entry import Draft, Item, Kind, LeftOut, Markup, Rejected, Status
from importers.blog_yaml import SIDECAR, read_sidecar
from importers.dates import read_date
from importers.front_matter import BrokenFrontMatter, begins_with_front_matter, split_front_matter
from importers.obsidian import has_links, read_note
from importers.text import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from importers.material import Material

_Word = TypeVar("_Word", bound=StrEnum)

_ENDINGS: Final = (".md", ".markdown", ".mdown", ".mkd")
_DATED_NAME = re.compile(r"(\d{4}-\d\d-\d\d)[-_](.+)")
_HEAD: Final = 2_000
# How many files are looked into for what tells Obsidian's notes from others.
_LOOKED_INTO: Final = 500
_OURS: Final = "crosstag"
_PAGE: Final = "page"
_CHANGES: Final = ("updated", "lastmod", "modified", "last_modified_at")
_FILED: Final = ("tags", "tag", "categories", "category")
_DATES: Final = ("date", "publishdate", "pubdate", "created", "date created")


def detect(material: Material) -> bool:
    """Tell whether any Markdown file begins with front matter or has a date in its name.

    A single file is taken for Markdown by its front matter alone, whatever it is called.
    """
    names = material.names()
    return any(
        (len(names) == 1 or _is_markdown(name)) and (_has_front_matter(material, name) or _is_dated(name))
        for name in names
    ) or (len(names) > 1 and _is_vault(material))


def _has_front_matter(material: Material, name: str) -> bool:
    return begins_with_front_matter(clean(material.head(name, _HEAD).decode("utf-8-sig", "replace")))


def _is_vault(material: Material) -> bool:
    """Whether any of the first files links to another as Obsidian does."""
    return any(_has_links(material.read(name)) for name in _entries_of(material)[:_LOOKED_INTO])


def _has_links(data: bytes) -> bool:
    try:
        values, body = _split(data.decode("utf-8-sig", "replace"))
    except BrokenFrontMatter:
        return False
    return "kind" not in values and has_links(body)


def _split(text: str) -> tuple[dict[str, object], str]:
    """The front matter and the text below it; what stands below ``crosstag`` is as if it stood at the top."""
    values, body = split_front_matter(clean(text))
    ours = values.get(_OURS)
    if isinstance(ours, dict):
        values = values | {str(key).lower(): value for key, value in ours.items()}
    return values, body


def _is_dated(name: str) -> bool:
    return _is_markdown(name) and bool(_named(PurePosixPath(name))[0])


def count(material: Material) -> int:
    """How many files will be read as entries."""
    return len(_entries_of(material))


def parse(material: Material) -> Iterator[Item]:
    """Yield what ``_blog.yaml`` says, then an entry for each file in the order of their names."""
    if SIDECAR in material.names():
        yield from read_sidecar(material.read(SIDECAR))
    first_with: dict[str, str] = {}
    is_vault = _is_vault(material)
    for name in _entries_of(material):
        item = _read(name, material.read(name), is_vault)
        if isinstance(item, Draft):
            earlier = first_with.setdefault(item.external_id, name)
            if earlier != name:
                item = Rejected(
                    external_id=name,
                    reason=f"{name}: {earlier} has the same id “{item.external_id}”; give one of them its own.",
                )
        yield item


def _entries_of(material: Material) -> list[str]:
    names = material.names()
    return names if len(names) == 1 else [name for name in names if _is_markdown(name)]


def _is_markdown(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)


def _read(name: str, data: bytes, is_vault: bool) -> Draft | Rejected | LeftOut:
    try:
        return _draft(name, data, is_vault)
    except (BrokenFrontMatter, _BadValue) as error:
        return Rejected(external_id=name, reason=f"{name}: {error}.")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Rejected(external_id=name, reason=f"{name}: Line {line} is not UTF-8; save the file as UTF-8.")


def _draft(name: str, data: bytes, is_vault: bool) -> Draft | LeftOut:
    path = PurePosixPath(name)
    if path.stem == "_index":
        raise _BadValue("This is the page of a section in Hugo, not an entry")
    values, body = _split(data.decode("utf-8-sig"))
    if isinstance(values.get(_OURS), dict) and values.get("kind") == _PAGE:
        return LeftOut(external_id=name, reason=f"{name} is a page and no entry.")
    if is_vault and "kind" not in values:
        values, body = _as_note(values, body, path)
    keys = _Keys(values)
    day, stem = _named(path)
    url, citation, title = keys.address("url", "link", "permalink"), keys.line("citation"), keys.line("title")
    kind = keys.one_of(Kind, "kind") or _kind(citation, url, title)
    if kind is Kind.LINK and not url:
        raise _BadValue("A link needs a “url” that begins with http:// or https://")
    return Draft(
        kind=kind,
        external_id=keys.line("id") or str(path.with_suffix("")),
        published=_published(keys, day),
        updated=keys.first_time(*_CHANGES),
        title=title,
        slug=keys.line("slug") or stem,
        body=body,
        markup=keys.one_of(Markup, "markup") or Markup.MARKDOWN,
        url=url,
        via_url=keys.address("via_url"),
        via_title=keys.line("via_title"),
        citation=citation,
        context=keys.text("context"),
        image_url=keys.address("image_url", "image"),
        image_alt=keys.line("image_alt"),
        tags=tuple(dict.fromkeys(keys.filed())),
        series=next(iter(keys.names("series")), ""),
        series_order=keys.whole("series_order"),
        source=keys.line("source"),
        status=_status(keys, path),
    )


def _as_note(values: dict[str, object], body: str, path: PurePosixPath) -> tuple[dict[str, object], str]:
    """A note of Obsidian's: its file's name is its title, and tags stand in its text, too."""
    plain, tags = read_note(body)
    written = [name.lstrip("#") for name in _Keys(values).names("tags")]
    return {**values, "title": values.get("title") or path.stem, "tags": [*written, *tags]}, plain


def _kind(citation: str, url: str, title: str) -> Kind:
    if citation:
        return Kind.QUOTATION
    if url:
        return Kind.LINK
    return Kind.ARTICLE if title else Kind.NOTE


def _status(keys: _Keys, path: PurePosixPath) -> Status:
    if status := keys.one_of(Status, "status"):
        return status
    is_draft = keys.is_("draft", True) or keys.is_("published", False) or "_drafts" in path.parts
    return Status.DRAFT if is_draft else Status.PUBLISHED


def _plain(value: object) -> str:
    try:
        return clean(str(value))
    except ValueError as error:  # YAML reads numbers of any length, Python writes only some
        raise _BadValue("It has a number with thousands of digits; put it in quotes") from error


def _published(keys: _Keys, day: str) -> datetime:
    if published := keys.first_time(*_DATES):
        return published
    if not day:
        raise _BadValue("It has no date; add a line “date: 2009-05-25T10:00:00Z” to its front matter")
    return _Keys({"date in its name": day}).time("date in its name") or read_date(day)


def _named(path: PurePosixPath) -> tuple[str, str]:
    """The day and the slug in a file's name; a page bundle's ``index.md`` is named by its folder."""
    stem = path.parent.name if path.stem == "index" and path.parent.name else path.stem
    dated = _DATED_NAME.fullmatch(stem)
    return (dated[1], dated[2]) if dated else ("", stem)


class _BadValue(ValueError):
    """A value cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """The values of one front matter, each read as what it is meant to be or refused."""

    values: dict[str, object]

    def text(self, key: str) -> str:
        """A single value as clean text."""
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str | int | float):
            raise _BadValue(f"“{key}” is not a single value; write it on one line")
        return _plain(value).strip()

    def line(self, key: str) -> str:
        """A single value on one line."""
        return one_line(self.text(key))

    def address(self, *keys: str) -> str:
        """The first of these that is an http or https address.

        Hugo's and Jekyll's ``url`` and ``permalink`` are paths on their own site as a rule.
        """
        given = (self.text(key) for key in keys if isinstance(self.values.get(key), str))
        return next((value for value in given if re.match(r"https?://[^\s/]", value)), "")

    def names(self, key: str) -> list[str]:
        """A list of names; as one string they stand apart by commas, else (Jekyll) by spaces."""
        value = self.values.get(key)
        if isinstance(value, str):
            value = value.split(",") if "," in value else value.split()
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(n, str | int | float) for n in value):
            raise _BadValue(f"“{key}” is not a list of names; write it like [python, scaling]")
        return [name for name in (one_line(_plain(part)) for part in value) if name]

    def whole(self, key: str) -> int | None:
        """A whole number, or None."""
        value = self.text(key)
        if value and not re.fullmatch(r"-?\d{1,9}", value):
            raise _BadValue(f"“{key}” is not a whole number")
        return int(value) if value else None

    def time(self, key: str) -> datetime | None:
        """A time in UTC, or None."""
        value = self.values.get(key)
        if value is None or value == "":
            return None
        try:
            return read_date(value)
        except ValueError as error:
            raise _BadValue(f"“{key}”: {error}") from error

    def first_time(self, *keys: str) -> datetime | None:
        """The first of these that is there, as a time in UTC."""
        return next(filter(None, (self.time(key) for key in keys)), None)

    def filed(self) -> list[str]:
        """Tags and categories, which Zola puts into a table of taxonomies."""
        within = self.values.get("taxonomies")
        tables = (self, _Keys(within) if isinstance(within, dict) else _Keys({}))
        return [name for table in tables for key in _FILED for name in table.names(key)]

    def one_of(self, words: type[_Word], key: str) -> _Word | None:
        """One of the words of an enumeration, or None."""
        value = self.text(key).lower()
        if value and value not in {word.value for word in words}:
            raise _BadValue(f"“{key}” is “{value[:40]}”; it can be {', '.join(words)}")
        return words(value) if value else None

    def is_(self, key: str, value: bool) -> bool:
        """Whether it is said to be true, or false, in so many words."""
        return self.text(key).lower() == str(value).lower()
