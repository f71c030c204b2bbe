"""JSON Feed, version 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from blog.syndication.items import Feed, FeedItem

MEDIA_TYPE: Final = "application/feed+json"
_VERSION: Final = "https://jsonfeed.org/version/1.1"


def write_json(feed: Feed) -> bytes:
    """Return the feed as a JSON Feed document in UTF-8."""
    document: dict[str, Any] = {
        "version": _VERSION,
        "title": feed.title,
        "home_page_url": feed.page_url,
        "feed_url": feed.json_url,
        "language": feed.language,
        "authors": [{"name": feed.author, "url": feed.base_url + "/"}],
        **({"next_url": feed.previous} if feed.previous else {}),
        "items": [_item(item) for item in feed.items],
    }
    if feed.subtitle:
        document["description"] = feed.subtitle
    if feed.hub:
        document["hubs"] = [{"type": "WebSub", "url": feed.hub}]
    return json.dumps(document, ensure_ascii=False, indent=1).encode(errors="replace")


def _item(item: FeedItem) -> dict[str, Any]:
    values = {
        "id": item.id,
        "url": item.url,
        "external_url": item.related,
        "title": item.title,
        "content_html": item.html,
        "image": item.image,
        "date_published": item.published.astimezone(UTC).isoformat(timespec="seconds"),
        "date_modified": item.updated.astimezone(UTC).isoformat(timespec="seconds"),
        "tags": [name for _, name in item.tags],
    }
    return {name: value for name, value in values.items() if value or name == "content_html"}
