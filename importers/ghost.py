"""Ghost's export, JSON: posts and pages, with their tags in tables of their own.

The file is a copy of the whole database, with users, their passwords' digests, tokens, keys
and members. Only the tables named here are read; all others are passed over unseen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Draft, Item, Kind, Markup, Rejected, Status, TagDraft
from blog.domain.urls import web_url
from importers.bookmarks import tidy_tags
from importers.breakage import until_it_breaks
from importers.json_stream import elements, outlines, shape
from importers.records import Record, as_record, marks
from importers.stamps import read_any_stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from importers.material import Material

_HOME: Final = "__GHOST_URL__"
_UNTITLED: Final = "(untitled)"
_STATUSES: Final = {"published": Status.PUBLISHED, "scheduled": Status.PUBLISHED, "sent": Status.HIDDEN}


def detect(material: Material) -> bool:
    """Tell whether it is an object with Ghost's tables, which are in a list called ``db`` or not."""
    found = shape(material)
    tables = "db[].data" in found or ("data" in found and "meta.exported_on" in found)
    return tables or "db[].meta.exported_on" in found


def count(material: Material) -> int:
    """How many posts there seem to be."""
    return marks(material, "feature_image", "meta_description") // 2


def parse(material: Material) -> Iterator[Item]:
    """Yield tags that are described, then an entry for each post and page."""
    return until_it_breaks(_items(material), material.label)


def _items(material: Material) -> Iterator[Item]:
    path = ("db", "data") if any(key.startswith("db") for key in shape(material)) else ("data",)
    filing = _Filing.read(material, path)
    yield from filing.described
    ids: set[str] = set()
    for value in elements(material, *path, "posts"):
        yield _item(as_record(value), filing, ids)


@dataclass(frozen=True, slots=True)
class _Filing:
    """The tags of each post, the words on its picture, and the tags that are described."""

    tags: dict[str, list[str]]
    alternatives: dict[str, str]
    described: list[TagDraft]

    @classmethod
    def read(cls, material: Material, path: tuple[str, ...]) -> _Filing:
        names: dict[str, str] = {}
        described = []
        for tag in map(Record, outlines(material, *path, "tags")):
            name = tag.line("name")
            if name and not name.startswith("#") and tag.text("visibility") != "internal":
                names[tag.text("id")] = name
                if description := tag.text("description"):
                    described.append(TagDraft(name=name, description=description))
        tags: dict[str, list[str]] = {}
        for one in sorted(map(Record, outlines(material, *path, "posts_tags")), key=_order):
            if one.text("tag_id") in names:
                tags.setdefault(one.text("post_id"), []).append(names[one.text("tag_id")])
        meta = map(Record, outlines(material, *path, "posts_meta"))
        return cls(tags, {one.text("post_id"): one.line("feature_image_alt") for one in meta}, described)


def _order(place: Record) -> int:
    order = place.values.get("sort_order")
    return order if isinstance(order, int) else 0


def _item(post: Record, filing: _Filing, ids: set[str]) -> Item:
    number, title = post.text("id"), post.line("title")
    external_id = f"ghost:{post.text('uuid', 'id', 'slug')}"
    body, markup = _body(post)
    published = _published(post)
    if external_id in ids:
        return Rejected(external_id=external_id, reason="The file has another post with the same id.")
    if not (title or body):
        return Rejected(external_id=external_id, reason="It has neither a title nor a text.")
    if published is None:
        return Rejected(external_id=external_id, reason="It has no usable date.")
    ids.add(external_id)
    title = "" if title.lower() == _UNTITLED else title
    changed = read_any_stamp(post.values.get("updated_at"))
    return Draft(
        kind=Kind.ARTICLE if title else Kind.NOTE,
        external_id=external_id,
        published=published,
        updated=changed if changed and changed > published else None,
        title=title,
        slug=post.line("slug"),
        body=body.replace(_HOME, ""),
        markup=markup,
        image_url=web_url(post.text("feature_image", "image")),
        image_alt=filing.alternatives.get(number, ""),
        tags=tidy_tags(filing.tags.get(number, [])),
        status=_status(post),
    )


def _published(post: Record) -> datetime | None:
    stamps = (read_any_stamp(post.values.get(key)) for key in ("published_at", "created_at", "updated_at"))
    return next(filter(None, stamps), None)


def _status(post: Record) -> Status:
    status = _STATUSES.get(post.text("status"), Status.DRAFT)
    is_for_all = post.text("visibility") in {"", "public"}
    return status if is_for_all or status is not Status.PUBLISHED else Status.HIDDEN


def _body(post: Record) -> tuple[str, Markup]:
    """The text: as HTML where Ghost has made that, else as it was written."""
    if html := post.text("html"):
        return html, Markup.HTML
    if markdown := post.text("markdown") or _markdown_card(post.text("mobiledoc")):
        return markdown, Markup.MARKDOWN
    return post.text("plaintext"), Markup.TEXT


def _markdown_card(mobiledoc: str) -> str:
    try:
        cards = as_record(json.loads(mobiledoc or "{}", strict=False)).values.get("cards")
    except (ValueError, RecursionError):
        return ""
    pairs = [card for card in cards if isinstance(card, list)] if isinstance(cards, list) else []
    return "\n\n".join(filter(None, (as_record(card[-1]).text("markdown") for card in pairs if card)))
