"""``outbox.json`` of a Mastodon archive: one's own public posts, which become notes.

Boosts are other people's, and what was for followers or for somebody only stays that: they
are left out, and reported. What was unlisted is hidden.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Draft, Item, Kind, LeftOut, Markup, Rejected, Status
from blog.domain.urls import web_url
from importers.bookmarks import tidy_tags
from importers.breakage import until_it_breaks
from importers.json_stream import elements, shape
from importers.records import Record, as_record, marks
from importers.stamps import read_any_stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importers.material import Material

_PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_POSTS: Final = frozenset({"Note", "Question", "Article", "Page"})


def detect(material: Material) -> bool:
    """Tell whether it is an ordered collection of activities."""
    found = shape(material)
    return found.get("type", "").startswith("OrderedCollection") and "orderedItems[].type" in found


def count(material: Material) -> int:
    """How many posts and boosts there seem to be."""
    return marks(material, "actor")


def parse(material: Material) -> Iterator[Item]:
    """Yield a note for each public post, and a reason for everything else."""
    return until_it_breaks(_items(material), material.label)


def _items(material: Material) -> Iterator[Item]:
    ids: set[str] = set()
    for value in elements(material, "orderedItems"):
        yield _item(as_record(value), ids)


def _item(activity: Record, ids: set[str]) -> Item:
    post = activity.record("object")
    name = post.text("id", "url") or activity.text("id") or "an activity without an id"
    if activity.text("type") == "Announce":
        return LeftOut(external_id=activity.text("object") or name, reason="It is a boost of another post.")
    if activity.text("type") != "Create" or post.text("type") not in _POSTS:
        kind = activity.line("type") or "nothing known"
        return LeftOut(external_id=name, reason=f"It is no post ({kind}).")
    status = _status(activity, post)
    if status is None:
        return LeftOut(external_id=name, reason="It was for followers or for somebody only.")
    if name in ids:
        return Rejected(external_id=name, reason="The file has another post with the same id.")
    ids.add(name)
    return _note(post, name, status)


def _status(activity: Record, post: Record) -> Status | None:
    if _PUBLIC & {*_names(post, "to"), *_names(activity, "to")}:
        return Status.PUBLISHED
    return Status.HIDDEN if _PUBLIC & {*_names(post, "cc"), *_names(activity, "cc")} else None


def _names(record: Record, key: str) -> list[str]:
    return record.names(key, apart=r"\s+")


def _note(post: Record, name: str, status: Status) -> Item:
    published = read_any_stamp(post.values.get("published"))
    title, body = post.line("summary", "name"), _body(post)
    if published is None:
        return Rejected(external_id=name, reason="It has no usable date.")
    if not (title or body):
        return Rejected(external_id=name, reason="It has no text; of its pictures the file has only the names.")
    changed = read_any_stamp(post.values.get("updated"))
    image = next((one for one in post.records("attachment") if web_url(one.text("url"))), Record({}))
    return Draft(
        kind=Kind.NOTE,
        external_id=name,
        published=published,
        updated=changed if changed and changed > published else None,
        title=title,
        body=body,
        markup=Markup.HTML,
        image_url=web_url(image.text("url")),
        image_alt=image.line("name"),
        tags=tidy_tags(tag.text("name") for tag in post.records("tag") if tag.text("type") == "Hashtag"),
        status=status,
    )


def _body(post: Record) -> str:
    """The text, and below it what a poll gave to choose from."""
    options = [one.line("name") for key in ("oneOf", "anyOf") for one in post.records(key)]
    items = "".join(f"<li>{html.escape(option, quote=False)}</li>" for option in options)
    return "\n".join(filter(None, (post.text("content"), f"<ul>{items}</ul>" if items else "")))
