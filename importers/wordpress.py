"""WordPress's export (WXR): RSS with everything in it, also what was never published.

Posts and pages become articles, or notes where they have no title or are asides. What was
pending is a draft, and what was private, or behind a password, is hidden. Pictures stay where
they are and are referred to; their items are read first for the addresses of leading images.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from blog.domain.entry import Draft, Item, Kind, LeftOut, Markup, Rejected, Status, TagDraft
from importers.bookmarks import tidy_tags, title_of_markup
from importers.breakage import BrokenFile, until_it_breaks
from importers.decoding import beginning
from importers.records import occurrences
from importers.stamps import read_any_stamp
from importers.text import clean, one_line, unescape
from importers.xml_stream import Start, events, root_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from importers.material import Material

_ITEM: Final = re.compile(r"<item[\s>]")
_STATUSES: Final = {
    "publish": Status.PUBLISHED,
    "future": Status.PUBLISHED,
    "private": Status.HIDDEN,
}
_NOTE_FORMATS: Final = frozenset({"post-format-aside", "post-format-status"})
_LINK_FORMAT: Final = "post-format-link"
# Types by which WordPress keeps the look of a site and its own books.
_INNER_TYPES: Final = frozenset(
    "nav_menu_item revision custom_css customize_changeset oembed_cache user_request wp_block wp_template "
    "wp_template_part wp_global_styles wp_navigation wp_font_family wp_font_face feedback".split()
)
_DATES: Final = ("wp:post_date_gmt", "pubDate", "wp:post_date", "wp:post_modified_gmt", "wp:post_modified")
_LONGEST_ID: Final = 900

_HAS_BLOCKS: Final = re.compile(r"<!-- wp:|<p[\s>]", re.IGNORECASE)
_BLOCK: Final = re.compile(
    r"</?(?:address|article|aside|blockquote|div|dl|figure|form|h[1-6]|hr|iframe|ol|p|pre|section|table|ul)\b",
    re.IGNORECASE,
)
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n\s*")
_OPENED: Final = re.compile(r"<(pre|script|style|textarea)\b", re.IGNORECASE)
_OF_EDITOR: Final = re.compile(
    r"<!--\s?(?:/?wp:[^>]{0,20000}+|more[^>]{0,500}+|nextpage|noteaser)-*+>\n?", re.IGNORECASE
)
_CAPTION: Final = re.compile(r"\[/?caption[^\]]{0,500}\]")
_HREF: Final = re.compile(r"""<a\s[^<>]*?href\s*=\s*["'](https?://[^"'<>\s]+)""", re.IGNORECASE)


def detect(material: Material) -> bool:
    """Tell whether it is RSS that declares WordPress's names for exports."""
    if root_of(material) != "rss":
        return False
    return "//wordpress.org/export/" in beginning(material, material.names()[0])


def count(material: Material) -> int:
    """How many items there seem to be, pictures and menus among them."""
    return occurrences(material, _ITEM)


def parse(material: Material) -> Iterator[Item]:
    """Yield tags that are described, and an entry, or a reason, for each item."""
    return until_it_breaks(_items(material), material.label)


def _items(material: Material) -> Iterator[Item]:
    reader = _Reader(_images(material))
    for thing in _things(material):
        yield from reader.read(thing)


@dataclass(slots=True)
class _Thing:
    """An item, a category or a tag: the text of each element in it, and what it is filed under."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    filed: list[tuple[str, str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    def text(self, *names: str) -> str:
        """The first of these that is there."""
        return next(filter(None, (clean(self.values.get(name, "")).strip() for name in names)), "")

    def take(self, path: list[str], attributes: dict[str, str], text: str) -> None:
        """Take the text of an element that has ended, at ``path`` within this."""
        match path:
            case ["category"]:
                self.filed.append((attributes.get("domain", ""), attributes.get("nicename", ""), text))
            case [name]:
                self.values.setdefault(name, text)
            case ["wp:postmeta", "wp:meta_key"]:
                self.values["key"] = text
            case ["wp:postmeta", "wp:meta_value"] if self.values.get("key") == "_thumbnail_id":
                self.meta["_thumbnail_id"] = text.strip()


def _things(material: Material) -> Iterator[_Thing]:
    thing: _Thing | None = None
    path: list[tuple[str, dict[str, str]]] = []
    text: list[str] = []
    for event in events(material):
        if isinstance(event, str):
            text.append(event)
        elif isinstance(event, Start):
            if thing is None:
                thing = _Thing(event.name) if event.name in {"item", "wp:category", "wp:tag"} else None
            else:
                path.append((event.name, event.attributes))
            text.clear()
        elif thing is not None:
            if path:
                thing.take([name for name, _ in path], path[-1][1], "".join(text))
                path.pop()
            else:
                yield thing
                thing = None
            text.clear()


def _images(material: Material) -> dict[str, str]:
    """The addresses of attachments by their number, as far as the file can be read."""
    found: dict[str, str] = {}
    try:
        for thing in _things(material):
            if address := thing.text("wp:attachment_url"):
                found[thing.text("wp:post_id")] = address
    except BrokenFile:
        pass  # the second reading comes to the same place, and says so
    return found


class _Reader:
    """What becomes of each thing, with the ids that are taken."""

    def __init__(self, images: dict[str, str]) -> None:
        self._images = images
        self._ids: set[str] = set()

    def read(self, thing: _Thing) -> Iterator[Item]:
        if thing.name == "item":
            yield self._item(thing)
        elif described := thing.text("wp:category_description", "wp:tag_description"):
            name = one_line(unescape(thing.text("wp:cat_name", "wp:tag_name")))
            yield TagDraft(name=name, description=described)

    def _item(self, item: _Thing) -> Item:
        kind, status = item.text("wp:post_type"), item.text("wp:status")
        name = item.text("guid", "link") or f"wordpress:{item.text('wp:post_id')}"
        if kind == "attachment":
            where = item.text("wp:attachment_url", "guid")
            return LeftOut(external_id=name, reason=f"It is a file, which stays at {where}.")
        if kind in _INNER_TYPES:
            return LeftOut(external_id=name, reason=f"It is part of how the site looked ({kind}).")
        if status in {"trash", "auto-draft"}:
            return LeftOut(external_id=name, reason="It is in the trash, or nothing was ever written.")
        if kind not in {"post", "page"}:
            return Rejected(external_id=name, reason=f"It is of the type “{kind}”, and no post and no page.")
        return self._entry(item, self._unused(name, item.text("wp:post_id")))

    def _unused(self, name: str, number: str) -> str:
        """The id; an import of WordPress's own gives some posts the same one."""
        external_id = name[:_LONGEST_ID] if name not in self._ids else f"{name[:_LONGEST_ID]}#{number}"
        self._ids.add(external_id)
        return external_id

    def _entry(self, item: _Thing, external_id: str) -> Item:
        title, body = (
            title_of_markup(item.text("title")),
            _body(item.text("content:encoded", "excerpt:encoded")),
        )
        published = _published(item)
        if not (title or body):
            return Rejected(external_id=external_id, reason="It has neither a title nor a text.")
        if published is None:
            return Rejected(external_id=external_id, reason="It has no usable date.")
        kind, url = _kind(item, title, body)
        image = item.meta.get("_thumbnail_id", "")
        return Draft(
            kind=kind,
            external_id=external_id,
            published=published,
            updated=_later(published, read_any_stamp(item.text("wp:post_modified_gmt"))),
            title=title,
            slug=unquote(item.text("wp:post_name"), errors="replace"),
            body=body,
            markup=Markup.HTML,
            url=url,
            image_url=self._images.get(image, ""),
            tags=_tags(item),
            status=_status(item),
        )


def _published(item: _Thing) -> datetime | None:
    return next(filter(None, (read_any_stamp(item.text(name)) for name in _DATES)), None)


def _later(published: datetime, changed: datetime | None) -> datetime | None:
    return changed if changed and changed > published else None


def _status(item: _Thing) -> Status:
    status = _STATUSES.get(item.text("wp:status"), Status.DRAFT)
    return Status.HIDDEN if status is Status.PUBLISHED and item.text("wp:post_password") else status


def _kind(item: _Thing, title: str, body: str) -> tuple[Kind, str]:
    formats = {slug for domain, slug, _ in item.filed if domain == "post_format"}
    if _LINK_FORMAT in formats and (found := _HREF.search(body)):
        return Kind.LINK, unescape(found[1])
    return Kind.NOTE if formats & _NOTE_FORMATS or not title else Kind.ARTICLE, ""


def _tags(item: _Thing) -> tuple[str, ...]:
    return tidy_tags(
        unescape(name)
        for domain, slug, name in item.filed
        if domain != "post_format" and slug != "uncategorized" and name != "Uncategorized"
    )


def _body(source: str) -> str:
    """The text with paragraphs, which old texts have only where they are shown."""
    text = _OF_EDITOR.sub("", _CAPTION.sub("", source)).strip()
    if _HAS_BLOCKS.search(source):
        return text
    return "\n\n".join(filter(None, _parts(text)))


def _parts(text: str) -> Iterator[str]:
    """Paragraphs, and between them what is kept as it is."""
    at = 0
    while opened := _OPENED.search(text, at):
        closed = re.compile(rf"</{opened[1]}\s*>", re.IGNORECASE).search(text, opened.end())
        if not closed:
            break
        yield _paragraphs(text[at : opened.start()])
        yield text[opened.start() : closed.end()]
        at = closed.end()
    yield _paragraphs(text[at:])


def _paragraphs(text: str) -> str:
    parts = (part.strip() for part in _BLANK_LINES.split(text.strip()))
    return "\n\n".join(_paragraph(part) for part in parts if part)


def _paragraph(part: str) -> str:
    return part if _BLOCK.match(part) else f"<p>{part.replace(chr(10), '<br>' + chr(10))}</p>"
