"""JSON Feed 1.0 and 1.1; what becomes of an item is what becomes of one of RSS or Atom.

``external_url`` is what a linkblog links to, so it is the link's address. The rest of a feed in
several parts, at ``next_url``, is not fetched.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Item, Rejected
from blog.domain.errors import BadImport
from importers.feed import MAX_BYTES, read_items
from importers.feed_document import FeedDocument, FeedItem, Prose
from importers.json_stream import shape, whole
from importers.records import Record, as_record
from importers.stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importers.material import Material

_VERSION: Final = ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")
_CONTENT: Final = ("items[].content_html", "items[].content_text")


def detect(material: Material) -> bool:
    """Tell whether it names that version, or has items as only JSON Feed has them."""
    found = shape(material)
    named = found.get("version", "").replace("\\/", "/").startswith(_VERSION)
    return named or ("items[].id" in found and any(key in found for key in _CONTENT))


def count(material: Material) -> int | None:
    """Nothing that costs less than reading it."""
    return None


def parse(material: Material) -> Iterator[Item]:
    """Yield an entry for each item."""
    size = len(material.read(material.names()[0]))
    if size > MAX_BYTES:
        raise BadImport(f"The feed has {size:,} bytes, and no more than {MAX_BYTES:,} are read.")
    feed, now = as_record(whole(material)), datetime.now(UTC)
    items = feed.values.get("items")
    if not isinstance(items, list):
        raise BadImport("This feed has no list of items.")
    link = feed.text("home_page_url", "feed_url")
    read = tuple(_item(Record(item), now) for item in items if isinstance(item, dict))
    yield from read_items(FeedDocument(link, None, read, False), now=now, address=material.label)
    for item in items:
        if not isinstance(item, dict):
            yield Rejected(external_id=str(item)[:80], reason="It is not an object with keys and values.")


def _item(item: Record, now: datetime) -> FeedItem:
    return FeedItem(
        id=item.text("id"),
        link=item.text("external_url", "url"),
        title=Prose(item.text("title")),
        body=_body(item),
        published=item.time(now, "date_published"),
        updated=read_stamp(item.values.get("date_modified"), now),
        tags=tuple(item.names("tags")),
        images=tuple(_images(item)),
        via_url="",
        via_title="",
    )


def _body(item: Record) -> Prose:
    if html := item.text("content_html"):
        return Prose(html, "text/html")
    return Prose(item.text("content_text", "summary"))


def _images(item: Record) -> Iterator[str]:
    yield from filter(None, (item.text("image"), item.text("banner_image")))
    for attachment in item.records("attachments"):
        if attachment.text("mime_type").startswith("image/"):
            yield attachment.text("url")
